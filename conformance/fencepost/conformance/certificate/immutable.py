"""Whether a version names one implementation for good, or a moving target."""

MOVING = frozenset(("latest", "dev", "main", "master", "head", "snapshot", "unknown"))
"""The words that mark a version as a moving target."""


def why_mutable(version: str) -> str | None:
    """The reason why this version is a moving target; None if it is not.

    A version is a moving target if it is empty, if it is one of the words or ends with one after a separator, or if it
    names changes outside version control.

    >>> why_mutable("1.4.0+dirty")
    "'1.4.0+dirty' says that it is not what is under version control"
    """
    told = version.strip().casefold()
    if not told:
        return "the statement names no version"
    if told.endswith(("+dirty", "-dirty", ".dirty")):
        return f"{version!r} says that it is not what is under version control"
    last = told.replace("+", "-").rpartition("-")[2]
    if told in MOVING or last in MOVING:
        return f"{version!r} names whatever is current, not one version"
    return None

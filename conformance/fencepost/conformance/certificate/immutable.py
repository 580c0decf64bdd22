"""Whether a version names one implementation for good, or whatever is current."""

MOVING = frozenset(("latest", "dev", "main", "master", "head", "snapshot", "unknown"))
"""The words by which a version says that it moves."""


def why_mutable(version: str) -> str | None:
    """The reason why a certificate for this version would say nothing tomorrow; None where there is none.

    A version moves that is empty, that is one of the words or ends with one after a separator, or that names changes
    beyond what is under version control.

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

"""Whether a version names one implementation for good, or a moving target."""

import re
import unicodedata

MOVING = frozenset(
    (
        *("latest", "dev", "devel", "develop", "development", "main", "master", "trunk", "head", "tip", "default"),
        *("snapshot", "nightly", "daily", "weekly", "edge", "canary", "bleeding", "rolling", "current", "newest"),
        *("next", "stable", "unstable", "testing", "beta", "alpha", "preview", "local", "custom", "unknown"),
        *("undefined", "none"),
        *("null", "nil", "na", "todo", "tbd", "dirty", "modified", "uncommitted", "wip", "branch", "x"),
    )
)
"""Words that name whatever is current, or nothing: any of them in a version marks a moving target."""

_COMMIT = re.compile(r"[0-9a-f]{12,64}", re.ASCII)
_RELEASES = {"alpha", "beta", "preview", "stable", "next", "dev"}
"""Moving words that a numbered release may hold: 2.0-beta.3, 1.0.dev4."""


def why_mutable(version: str) -> str | None:
    """The reason why this version is a moving target; None if it is not.

    The version is split at everything that is neither letter nor digit. A moving word in it marks a moving target,
    unless a commit id of 12 or more hexadecimal digits stands beside the word. Changes outside version control
    (`dirty`) always do. A version needs a digit.

    >>> why_mutable("1.4.0+dirty.1")
    "'1.4.0+dirty.1' says that it is not what is under version control"
    >>> why_mutable("vault:2-latest")
    "'vault:2-latest' names whatever is current, not one version"
    >>> why_mutable("main-0f6a0b712c3d")
    """
    if not version.strip():
        return "the statement names no version"
    strange = [char for char in version if unicodedata.category(char).startswith(("C", "Z")) and char != " "]
    if strange:
        return f"{version!a} holds a character that is not seen ({strange[0]!a})"
    parts = re.findall(r"[^\W_]+", version.casefold())
    if {"dirty", "modified", "uncommitted"} & set(parts):
        return f"{version!r} says that it is not what is under version control"
    if any(_COMMIT.fullmatch(part) and any(char.isdigit() for char in part) for part in parts):
        return None
    if not any(char.isdigit() for char in version):
        return f"{version!r} has no number: it names whatever is current, not one version"
    if "*" in version:
        return f"{version!r} names a range of versions, not one version"
    for place, part in enumerate(parts):
        is_numbered = part in _RELEASES and any(other.isdigit() for other in parts[place + 1 :])
        if part in MOVING and not is_numbered:
            return f"{version!r} names whatever is current, not one version"
    return None

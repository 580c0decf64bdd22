"""Which commands may ask a subject that is Python code in the command's own process."""

from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path

_LIBRARY = "library"
_GROUPS = ("fencepost.carriers", "fencepost.adapters")
_SHIPPED = "fencepost."


def runs_in_process(words: Sequence[str]) -> bool:
    """Whether a command line of these words may run somebody's Python code in its own process.

    That is a `library:` subject, or a subject by a carrier or an adapter of another package, on the command line or in
    `[tool.fencepost]`; or a shard of a campaign, whose plan names the subjects.
    """
    if words[:2] == ["campaign", "run"]:
        return True
    named = {word.partition(":")[0] for word in (*words[1:], *_configured(words))}
    if _LIBRARY in named:
        return True
    points = (point for group in _GROUPS for point in entry_points(group=group))
    return any(point.name in named and not point.value.startswith(_SHIPPED) for point in points)


def _configured(words: Sequence[str]) -> Iterator[str]:
    """The subject of `[tool.fencepost]`, where the command reads it; the command itself names a mistake in the file."""
    if "check" not in words[:1]:
        return
    from fencepost.conformance.commands.project_settings import FILE_NAME, ISOLATED, settings_in  # loads the contract

    if ISOLATED in words:
        return
    subject = settings_in(Path(FILE_NAME)).get("subject")
    if isinstance(subject, str):
        yield subject

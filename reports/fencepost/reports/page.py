"""The properties of an output: its width, whether it shows colours, and how much is to be shown."""

import io
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TextIO

from rich.console import Console, RenderableType
from rich.text import Text

NARROWEST, WIDEST = 60, 10_000
UNKNOWN_WIDTH = 100
"""The width in columns of an output that is no terminal (a file, a pipe), unless `COLUMNS` is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A width in columns, whether colours show, whether lines may be cut to fit a screen, and whether all is shown.

    Four fields are no part of a report's body. `began` is the time when the run began, in ISO 8601, `seconds` its
    duration, and `clause_seconds` the share of each clause in it. `source` is the file of the user's repository that is
    or names the subject.
    """

    width: int = UNKNOWN_WIDTH
    colour: bool = False
    is_screen: bool = False
    is_verbose: bool = False
    began: str = ""
    seconds: float | None = None
    source: str = ""
    clause_seconds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, stream: TextIO, *, is_verbose: bool = False) -> "Page":
        """The properties of a stream: colours only on a terminal that has them, and not with `NO_COLOR`."""
        is_terminal = stream.isatty()
        colour = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        width = shutil.get_terminal_size((UNKNOWN_WIDTH, 24)).columns if is_terminal else _columns()
        return cls(
            width=min(max(width, NARROWEST), WIDEST), colour=colour, is_screen=is_terminal, is_verbose=is_verbose
        )

    @classmethod
    def since(
        cls, began: datetime, *, source: str = "", clause_seconds: Mapping[str, float] = MappingProxyType({})
    ) -> "Page":
        """The page of a run that began then, in UTC, and ends now."""
        seconds = (datetime.now(UTC) - began).total_seconds()
        shares = {clause: round(share, 3) for clause, share in clause_seconds.items()}
        began_at = f"{began:%Y-%m-%dT%H:%M:%S}"
        return cls(began=began_at, seconds=round(seconds, 3), source=source, clause_seconds=shares)

    def draw(self, *parts: RenderableType) -> str:
        """The parts one below the other as text; without escape sequences where colours do not show.

        Texts are taken as they are: nothing in them is read as markup. A text that is `no_wrap` with the overflow
        `ignore` stays one line however long it is, so that it can be copied. No line end closes the last line.
        """
        console = Console(
            file=io.StringIO(),
            width=self.width,
            force_terminal=self.colour,
            color_system="standard" if self.colour else None,
            no_color=not self.colour,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        )
        with console.capture() as capture:
            for part in parts:
                stays_whole = isinstance(part, Text) and part.no_wrap is True and part.overflow == "ignore"
                console.print(part, soft_wrap=stays_whole)
        lines = capture.get().removesuffix("\n").split("\n")
        return "\n".join(line.rstrip(" ") for line in lines)


def _columns() -> int:
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isascii() and columns.isdecimal() else UNKNOWN_WIDTH

"""The types of options that several commands share: seconds, an effort, a seed, a profile, a folder."""

import os
from math import isfinite
from pathlib import Path

import click
from click.shell_completion import CompletionItem
from fencepost.conformance.bench.effort import EFFORTS, LARGEST_SEED
from fencepost.conformance.catalogue import UnknownVersion, catalogue
from fencepost.conformance.commands.completion import completed
from fencepost.reference import UnknownProfile, load_profile, profile_names

_MOST_SECONDS = 1_000_000
"""The longest time that an option may name, eleven days: a clock can add it, and a run that waits so long ends."""


class Seconds(click.FloatRange):
    """A finite number of seconds, `min` or more."""

    name = "seconds"

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number of seconds; bad usage if the value is none."""
        seconds = float(super().convert(value, param, ctx))
        if not isfinite(seconds) or seconds > _MOST_SECONDS:
            self.fail(f"expected a finite number of seconds, at most {_MOST_SECONDS:,}, got {value!r}", param, ctx)
        return seconds


WAITING = Seconds(min=0, min_open=True)
"""The type of a time limit."""

SETTLING = Seconds(min=0)
"""The type of a settle time."""

COUNT = click.IntRange(min=1)
"""The type of a number of things, one or more."""

FILE = click.Path(dir_okay=False, path_type=Path)
"""The type of a file, there or to be written."""

OLD_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)
OLD_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
"""The types of a file and of a folder that are there."""

EFFORT = click.Choice(list(EFFORTS), case_sensitive=False)
"""The type of an effort, in any case."""

SEED = click.IntRange(min=0, max=LARGEST_SEED)
"""The type of a seed: a number that every form of the report can hold."""


class _ProfileName(click.ParamType[str]):
    """The name of a profile that there is."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name; bad usage if there is no such profile."""
        try:
            return load_profile(value).name
        except UnknownProfile as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The profiles that begin so."""
        return completed(profile_names)(ctx, param, incomplete)


PROFILE = _ProfileName()
"""The type of the name of a profile."""


class _SuiteVersion(click.ParamType[str]):
    """A version that the suite has had."""

    name = "version"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text unchanged; bad usage if the suite had no such version."""
        try:
            catalogue().at(value)
        except UnknownVersion as error:
            self.fail(str(error), param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The versions in which a clause came, that begin so."""
        versions = sorted({clause.since for clause in catalogue().clauses})
        return completed(lambda: versions)(ctx, param, incomplete)


SUITE_VERSION = _SuiteVersion()
"""The type of a version of the suite."""


class _Folder(click.Path):
    """The path of a folder; an empty text, which would be the current folder, is refused."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """The path; bad usage if the text is empty."""
        if str(value) == "":
            self.fail("the name of the folder is empty; '.' is the current folder", param, ctx)
        return super().convert(value, param, ctx)


NEW_FOLDER = _Folder()
"""The type of a folder to write into."""

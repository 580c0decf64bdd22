"""Finds and reads stored cases: by file, by folder, or by id in the default folder."""

import difflib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import click
from fencepost.conformance.regression.known import FORMAT as KNOWN_FAILURES
from fencepost.conformance.regression.known import known_from_json
from fencepost.conformance.regression.reading import NotACase
from fencepost.conformance.regression.stored_case import StoredCase, stored_from_json
from fencepost.conformance.rule_files.json_file import UnreadableInput
from fencepost.conformance.run.earlier import case_at, cases_at, read_at
from fencepost.reports.counted import counted

_T = TypeVar("_T")
_ID = re.compile(r"[A-Za-z]+-[0-9]+-[0-9a-f]+")


def read_case(path: Path) -> StoredCase:
    """The stored case in the file; bad usage, with every reason, if there is none."""
    return _read(path, case_at)


def _read(path: Path, take: Callable[[Path], _T]) -> _T:
    try:
        return take(path)
    except (UnreadableInput, NotACase) as error:
        raise click.UsageError(str(error)) from None


def read_folder(folder: Path) -> tuple[StoredCase, ...]:
    """Every stored case of the folder, in the order of the file names; bad usage if one cannot be read."""
    return _read(folder, cases_at)


def _case_or_list(value: object) -> tuple[StoredCase, ...]:
    """The stored case, or the stored cases of a list of known failures."""
    if not isinstance(value, dict) or value.get("format") != KNOWN_FAILURES:
        return (stored_from_json(value),)
    return tuple(
        StoredCase(clause=one.clause, profile=one.profile, calls=one.calls, expected=one.expected, why=one.reason)
        for one in known_from_json(value)
    )


def found_cases(named: str, folder: Path) -> tuple[StoredCase, ...]:
    """The case with that file or id, or every case of that folder or list; bad usage with similar ids otherwise."""
    path = Path(named)
    if path.is_dir():
        cases = read_folder(path)
        if not cases:
            raise click.UsageError(f"{path}: no stored case is in this folder")
        return cases
    if path.is_file():
        cases = _read(path, partial(read_at, take=_case_or_list))
        if not cases:
            raise click.UsageError(f"{path}: the list of known failures is empty")
        return cases
    if _ID.fullmatch(named) and (folder / f"{named}.json").is_file():
        return (read_case(folder / f"{named}.json"),)
    known = sorted(one.stem for one in folder.glob("*.json"))
    near = difflib.get_close_matches(named, known, n=3, cutoff=0.4)
    meant = f"; did you mean {' or '.join(near)}?" if near else f"; {folder} holds {counted(len(known), 'case')}"
    raise click.UsageError(f"{named}: no file, no folder, and no case of this id{meant}")

"""A counterexample as a file: portable JSON for code review, with an id that follows from its content."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fencepost.conformance.catalogue import UnknownClause, catalogue
from fencepost.conformance.lockstep.case import Case, case_from_calls
from fencepost.conformance.regression.reading import NotACase, calls_from_json, unknown_members
from fencepost.reference import UnknownProfile, load_profile
from fencepost.reports.files import write_atomically
from fencepost.reports.model import Call, Counterexample, Report

FORMAT = "fencepost-regression"
VERSION = 1
FOLDER = "fencepost-regressions"
"""The default folder in which `check --regressions` stores cases and `replay ID` looks for them."""

_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """One stored case: its calls, the clause that a wrong answer to its last call breaks, and the expected answer.

    `expected` and `why` are for the reader; a replay asks the reference again.
    """

    clause: str
    profile: str
    calls: tuple[Call, ...]
    expected: str
    why: str = ""

    @property
    def id(self) -> str:
        """The clause and a digest of clause, profile and calls: the same case has the same id everywhere."""
        return case_id(self.clause, self.profile, self.calls)

    @property
    def case(self) -> Case:
        """The case in the form for a replay."""
        return case_from_calls(self.calls)

    def to_json(self) -> dict[str, object]:
        """The content of the file."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "id": self.id,
            "clause": self.clause,
            "profile": self.profile,
            "expected": self.expected,
            "why": self.why,
            "calls": calls_to_json(self.calls),
        }


def case_id(clause: str, profile: str, calls: Iterable[Call]) -> str:
    """The clause, and the first twelve hexadecimal digits of the SHA-256 of clause, profile and calls as JSON."""
    text = json.dumps([clause, profile, calls_to_json(calls)], sort_keys=True, separators=(",", ":"))
    return f"{clause}-{hashlib.sha256(text.encode('ascii')).hexdigest()[:_DIGITS]}"


def calls_to_json(calls: Iterable[Call]) -> list[dict[str, object]]:
    """The calls as plain JSON values."""
    return [{"method": call.method, "params": dict(call.params)} for call in calls]


def json_text(value: object) -> str:
    """JSON in ASCII, indented, with a final newline, so that a diff shows it well."""
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def stored_from(found: Counterexample, profile: str) -> StoredCase:
    """The stored form of a counterexample that a run found in this profile."""
    return StoredCase(clause=found.clause, profile=profile, calls=found.calls, expected=found.expected, why=found.why)


def stored_from_report(report: Report) -> tuple[StoredCase, ...]:
    """Every counterexample of a run."""
    return tuple(stored_from(found, report.profile) for row in report.clauses for found in row.counterexamples)


def stored_from_json(value: object) -> StoredCase:
    """The stored case that a JSON value describes; `NotACase` lists every fault."""
    if not isinstance(value, dict):
        raise NotACase(reasons=(f"$: expected an object, got {type(value).__name__}",))
    if value.get("format") != FORMAT or value.get("version") != VERSION:
        stated = f"format {value.get('format')!r}, version {value.get('version')!r}"
        raise NotACase(reasons=(f"$.format: expected {FORMAT!r}, version {VERSION}, got {stated}",))
    calls, reasons = checked_calls(value)
    reasons += [
        f"$.{name}: expected a text" for name in ("expected", "why") if not isinstance(value.get(name, ""), str)
    ]
    if not reasons:
        found = case_id(value["clause"], value["profile"], calls)
        if value.get("id", found) != found:
            reasons.append(
                f"$.id: the content has the id {found!r}, not {value['id']!r}: it was changed since it was stored"
            )
    if reasons:
        raise NotACase(reasons=tuple(reasons))
    return StoredCase(
        clause=value["clause"],
        profile=value["profile"],
        calls=calls,
        expected=value.get("expected", ""),
        why=value.get("why", ""),
    )


def checked_calls(value: Mapping[str, object]) -> tuple[tuple[Call, ...], list[str]]:
    """The calls of a JSON object that also names clause and profile, and the faults of all three.

    An object without an id was written by hand: a member that the contract does not know counts as misspelt there.
    """
    reasons = []
    clause, profile = value.get("clause"), value.get("profile")
    try:
        catalogue()[str(clause)]
    except UnknownClause as error:
        reasons.append(f"$.clause: {error}")
    try:
        load_profile(str(profile))
    except UnknownProfile as error:
        reasons.append(f"$.profile: {error}")
    entries: Any = value.get("calls")
    try:
        calls = calls_from_json(entries)
    except NotACase as error:
        return (), [*reasons, *error.reasons]
    misspelt = list(unknown_members(entries)) if "id" not in value else []
    if misspelt and not reasons:
        meant = case_id(str(clause), str(profile), calls)
        misspelt.append(f"$.id: a case that is about such a member has its id: {meant!r}")
    return calls, [*reasons, *misspelt]


def store(cases: Sequence[StoredCase], folder: Path) -> tuple[Path, ...]:
    """Write each case that the folder does not hold yet, and return the new files; the folder is made if missing.

    Each file is there whole or not at all, since other processes may read the folder. What has the name already stays,
    a symbolic link that leads nowhere too.
    """
    written = []
    for one in cases:
        path = folder / f"{one.id}.json"
        if not os.path.lexists(path):
            write_atomically(path, json_text(one.to_json()).encode("ascii"))
            written.append(path)
    return tuple(written)

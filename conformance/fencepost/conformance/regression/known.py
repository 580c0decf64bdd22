"""Known failures: the failures that a run tolerates, the issue that tracks each, and the last day of tolerance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from fencepost.conformance.lockstep.case import Case, case_from_calls
from fencepost.conformance.regression.reading import NotACase
from fencepost.conformance.regression.stored_case import calls_to_json, case_id, checked_calls
from fencepost.reports.model import Call, Counterexample, Report

FORMAT = "fencepost-known-failures"
VERSION = 1
ANSWERS = ("allow", "deny", "codes", "accepted", "refused", "otherwise")
"""The kinds of a wrong answer: an outcome, a denial with a wrong status or code, a write, or a read-back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFailure:
    """One entry: a smallest case whose wrong answer, `got`, is tolerated up to and including the day `expires`."""

    clause: str
    profile: str
    calls: tuple[Call, ...]
    expected: str
    got: str
    reason: str
    issue: str
    expires: date

    @property
    def id(self) -> str:
        """The id that the same case has as a stored counterexample."""
        return case_id(self.clause, self.profile, self.calls)

    @property
    def case(self) -> Case:
        """The case in the form for a replay."""
        return case_from_calls(self.calls)

    def is_expired(self, today: date) -> bool:
        """Whether the day `expires` is over."""
        return today > self.expires

    def to_json(self) -> dict[str, object]:
        """The entry as the file has it."""
        return {
            "id": self.id,
            "clause": self.clause,
            "profile": self.profile,
            "reason": self.reason,
            "issue": self.issue,
            "expires": self.expires.isoformat(),
            "expected": self.expected,
            "got": self.got,
            "calls": calls_to_json(self.calls),
        }


def known_from(found: Counterexample, profile: str, *, reason: str, issue: str, expires: date) -> KnownFailure:
    """The entry for a counterexample of a run in this profile."""
    return KnownFailure(
        clause=found.clause,
        profile=profile,
        calls=found.calls,
        expected=found.expected,
        got=answer_of(found.got),
        reason=reason,
        issue=issue,
        expires=expires,
    )


def answer_of(got: str) -> str:
    """The kind of answer, one of `ANSWERS`, that the text of a counterexample states."""
    word = got.split(maxsplit=1)[0] if got.split() else ""
    if word not in ANSWERS:
        return "otherwise"
    return "codes" if word == "deny" and got.startswith("deny with ") else word


def file_content(entries: Iterable[KnownFailure]) -> dict[str, object]:
    """The content of a file with these entries, in the order of their ids."""
    ordered = sorted(entries, key=lambda one: one.id)
    return {"format": FORMAT, "version": VERSION, "entries": [one.to_json() for one in ordered]}


def known_from_json(value: object) -> tuple[KnownFailure, ...]:
    """The entries of a file; `NotACase` lists every reason with its JSON path."""
    if not isinstance(value, dict) or value.get("format") != FORMAT or value.get("version") != VERSION:
        stated = (
            f"{value.get('format')!r}, version {value.get('version')!r}" if isinstance(value, dict) else "no object"
        )
        raise NotACase(reasons=(f"$.format: expected {FORMAT!r}, version {VERSION}, got {stated}",))
    entries = value.get("entries")
    if not isinstance(entries, list):
        raise NotACase(reasons=("$.entries: expected a list",))
    found: dict[str, KnownFailure] = {}
    reasons: list[str] = []
    for index, entry in enumerate(entries):
        path = f"$.entries[{index}]"
        if not isinstance(entry, dict):
            reasons.append(f"{path}: expected an object")
            continue
        try:
            one = _entry(entry)
        except NotACase as error:
            reasons += [reason.replace("$", path, 1) for reason in error.reasons]
            continue
        if one.id in found:
            reasons.append(f"{path}: the entry {one.id} is there twice")
        found[one.id] = one
    if reasons:
        raise NotACase(reasons=tuple(reasons))
    return tuple(found.values())


def _entry(value: dict[str, object]) -> KnownFailure:
    calls, reasons = checked_calls(value)
    texts = {name: str(value.get(name) or "") for name in ("reason", "issue", "expected", "got", "clause", "profile")}
    if not texts["reason"].strip():
        reasons.append("$.reason: why is it put up with?")
    if not is_url(texts["issue"]):
        reasons.append(f"$.issue: expected the URL of an issue, got {texts['issue']!r}")
    if texts["got"] not in ANSWERS:
        reasons.append(f"$.got: expected one of {', '.join(ANSWERS)}, got {texts['got']!r}")
    try:
        expires = date.fromisoformat(str(value.get("expires")))
    except ValueError:
        reasons.append(f"$.expires: expected a date, YYYY-MM-DD, got {value.get('expires')!r}")
        expires = date.min
    if not reasons:
        known = case_id(texts["clause"], texts["profile"], calls)
        if value.get("id", known) != known:
            reasons.append(f"$.id: the content has the id {known!r}, not {value['id']!r}: it was changed since")
    if reasons:
        raise NotACase(reasons=tuple(reasons))
    return KnownFailure(calls=calls, expires=expires, **texts)


def is_url(text: str) -> bool:
    """Whether the text is a URL that a person can open."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text


def of_run(report: Report, clauses: Sequence[str] = ()) -> tuple[Counterexample, ...]:
    """The counterexamples of a run, all of them or those of the given clauses."""
    return tuple(found for row in report.clauses for found in row.counterexamples if not clauses or row.id in clauses)

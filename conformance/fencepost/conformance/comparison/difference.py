"""Compares two runs: new failures, fixed failures, remaining failures, and changed limits and open points."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.judging.verdicts import outside_the_selection
from fencepost.conformance.regression.stored_case import case_id
from fencepost.reports.causes import causes_of
from fencepost.reports.headline import headline, standing_in_words
from fencepost.reports.model import CAMPAIGN, Clause, LedgerEntry, Report
from fencepost.reports.summary import beside_the_clauses
from fencepost.reports.visible import abridged, as_json

Kind: TypeAlias = Literal["new failure", "fixed", "still failing", "verdict changed", "limit changed", "ledger changed"]
KINDS: tuple[Kind, ...] = (
    *("new failure", "still failing", "fixed"),
    *("verdict changed", "limit changed", "ledger changed"),
)
"""The kinds in the order in which they are shown."""

_ABSENT = "not in the run"
_OUTSIDE = "fail outside the selection"
_RUN = "the run"
"""What a change is of that belongs to no clause and no open point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference: the clause, open point or run, its old and new state, and whether the change is for the worse.

    `case` is the smallest case of a failure that the earlier run does not show, in lines, of which the last replays it.
    """

    kind: Kind
    key: str
    before: str
    after: str
    detail: str = ""
    is_worse: bool = False
    case: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All differences of two runs; `caveats` say why the two runs may not be comparable."""

    changes: tuple[Change, ...]
    caveats: tuple[str, ...]

    @property
    def is_worse(self) -> bool:
        """Whether a change is for the worse: a new failure, a lost pass, a newly broken choice, a run that fails."""
        return any(change.is_worse for change in self.changes)

    @property
    def is_any(self) -> bool:
        """Whether anything differs; a failure that both runs show by the same case does not count."""
        return any(change.kind != "still failing" or change.detail for change in self.changes)

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)


def difference(before: Report, after: Report) -> Difference:
    """What changed from one run to the other. A pass is lost, too, where the later run did not ask the clause.

    A run that no longer ends with exit status 0 is for the worse, whatever the reason: it is a change of its own where
    no other change is for the worse. Only the headline FIXED is left out: a list of known failures is out of date.
    """
    changes = [*_clauses(before, after), *_limits(before, after), *_ledger(before, after), *_beside(before, after)]
    if not any(change.is_worse for change in changes):
        changes += _ending(before, after)
    ordered = sorted(changes, key=lambda change: KINDS.index(change.kind))
    return Difference(changes=tuple(ordered), caveats=tuple(_caveats(before, after)))


def _caveats(before: Report, after: Report) -> Iterator[str]:
    pairs = (
        ("profile", before.profile, after.profile),
        ("effort", before.effort, after.effort),
        ("seed", before.seed, after.seed),
        ("bounds", before.bounds or "none", after.bounds or "none"),
        ("options", before.options or "none", after.options or "none"),
        ("asked in", _asked_in(before), _asked_in(after)),
        ("catalogue", before.catalogue_version, after.catalogue_version),
        ("suite version", before.kit_version, after.kit_version),
        ("implementation", before.subject.name, after.subject.name),
        ("implementation's version", before.subject.version, after.subject.version),
        ("the suite as of", before.suite_version or "all", after.suite_version or "all"),
        ("selection", ", ".join(before.selected) or "all", ", ".join(after.selected) or "all"),
    )
    for name, one, other in pairs:
        if one != other:
            yield f"{name}: {one} before, {other} now"


def _asked_in(report: Report) -> str:
    """A single run, or the campaign by its note: its tasks, shards and seeds."""
    found = (note for note in report.notes if note.startswith(CAMPAIGN))
    return next(found, "a single run").partition(";")[0]


def _clauses(before: Report, after: Report) -> Iterator[Change]:
    old, new = _rows(before), _rows(after)
    for key in dict.fromkeys((*new, *old, *_outside(after), *_outside(before))):
        was, now = old.get(key), new.get(key)
        change = _change(key, was, now, before, after)
        if change is not None:
            yield change


def _change(key: str, was: Clause | None, now: Clause | None, before: Report, after: Report) -> Change | None:
    earlier, later = _standing(key, was, before), _standing(key, now, after)
    failed = earlier == _OUTSIDE or (was is not None and was.verdict == "fail")
    fails = later == _OUTSIDE or (now is not None and now.verdict == "fail")
    if failed and fails:
        is_other = was is not None and now is not None and _examples(was, before) != _examples(now, after)
        detail, case = ("by another case", _smallest(now)) if is_other else ("", ())
        return Change(kind="still failing", key=key, before=earlier, after=later, detail=detail, case=case)
    if fails:
        detail, case = _story(now), _smallest(now)
        return Change(kind="new failure", key=key, before=earlier, after=later, detail=detail, is_worse=True, case=case)
    if failed and later == "pass":
        return Change(kind="fixed", key=key, before=earlier, after=later)
    if earlier == later:
        return None
    worse = earlier == "pass"
    detail = now.detail.removeprefix("not asked: ") if now is not None else "a pass is lost" if worse else ""
    return Change(kind="verdict changed", key=key, before=earlier, after=later, detail=detail, is_worse=worse)


def _standing(key: str, row: Clause | None, report: Report) -> str:
    """The standing of a clause in a run, in words; a clause without a row may have failed outside the selection."""
    if row is not None:
        return standing_in_words(row)
    return _OUTSIDE if outside_the_selection(key) in report.further_failures else _ABSENT


def _outside(report: Report) -> tuple[str, ...]:
    """The clauses that failed outside the selection."""
    found = {*report.further_failures}
    return tuple(one.id for one in catalogue().clauses if outside_the_selection(one.id) in found)


def _beside(before: Report, after: Report) -> Iterator[Change]:
    """The failures of the run that belong to no clause, where only one of the runs has them."""
    old, new = (_of_no_clause(report) for report in (before, after))
    for text in new:
        if text not in old:
            yield Change(kind="new failure", key=_RUN, before="no such failure", after=text, is_worse=True)
    for text in old:
        if text not in new:
            yield Change(kind="verdict changed", key=_RUN, before=text, after="no such failure")


def _of_no_clause(report: Report) -> tuple[str, ...]:
    of_clauses = {outside_the_selection(key) for key in _outside(report)}
    return tuple(text for text in report.further_failures if text not in of_clauses)


def _ending(before: Report, after: Report) -> Iterator[Change]:
    """The end of a run that fails where the earlier one did not, and why."""
    was, now = headline(before), headline(after)
    if before.exit_status == 0 != after.exit_status and now != "FIXED":
        detail = "; ".join(beside_the_clauses(after)) or "; ".join(after.notes)
        yield Change(kind="verdict changed", key=_RUN, before=was, after=now, detail=detail, is_worse=True)


def _story(row: Clause | None) -> str:
    found = row.counterexamples[:1] if row is not None else ()
    return f"expected {found[0].expected}, got {found[0].got}" if found else ""


def _smallest(row: Clause | None) -> tuple[str, ...]:
    """The smallest case of a clause in lines: its rules, its request, and the command that replays it."""
    found = causes_of(row) if row is not None else ()
    if not found:
        return ()
    one = min((cause.smallest for cause in found), key=lambda case: len(case.calls))
    lines = [f"rules    {as_json(abridged(one.rules))}"] if one.rules is not None else []
    if one.request:
        lines.append(f"{'request' if one.rules is not None else 'written'}  {as_json(abridged(one.request))}")
    return (*lines, f"expected {abridged(one.expected)}, got {abridged(one.got)}", f"replay   {one.replay}")


def _examples(row: Clause | None, report: Report) -> set[str]:
    found = row.counterexamples if row is not None else ()
    return {case_id(one.clause, report.profile, one.calls) for one in found}


def _limits(before: Report, after: Report) -> Iterator[Change]:
    old, new = _rows(before), _rows(after)
    for key, row in new.items():
        was = old[key].limit_found if key in old else None
        if row.limit_found != was and key in old:
            yield Change(
                kind="limit changed", key=key, before=was or "none found", after=row.limit_found or "none found"
            )


def _ledger(before: Report, after: Report) -> Iterator[Change]:
    old = {entry.key: entry for entry in before.ledger}
    for entry in after.ledger:
        was = old.get(entry.key)
        if was is None or (was.declared, was.found, was.broken) != (entry.declared, entry.found, entry.broken):
            worse = entry.broken and not (was is not None and was.broken)
            text = "the declared choice is broken" if worse else ""
            yield Change(
                kind="ledger changed",
                key=entry.key,
                before=_stands(was),
                after=_stands(entry),
                detail=text,
                is_worse=worse,
            )


def _stands(entry: LedgerEntry | None) -> str:
    if entry is None:
        return _ABSENT
    return f"declared {entry.declared or 'nothing'}, found {entry.found or 'nothing'}"


def _rows(report: Report) -> dict[str, Clause]:
    return {row.id: row for row in report.clauses}

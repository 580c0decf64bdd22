"""The findings of many tasks, added up to the findings of one run."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from fencepost.adapters.contract import Statement
from fencepost.conformance.judging.tally import ClauseRecord, Tally
from fencepost.conformance.regression.baseline import Entry
from fencepost.conformance.regression.stored_case import case_id
from fencepost.conformance.run.findings import Findings
from fencepost.reports.causes import in_short
from fencepost.reports.model import Counterexample, Decoy, LedgerEntry, Standing, Totals, encoded

KEPT = 3
"""So many counterexamples are kept of a clause and of a kind of wrong answer, the smallest."""

_T = TypeVar("_T")
_WEIGHTIEST: tuple[Standing, ...] = ("another failure", "expired", "unmatched", "known", "unexpected success")
"""Of two standings of a known failure, the first of these stays."""

_NOT_FOUND = (None, "error")
_SUMS = ("allowed", "denied", "inconclusive", "inconclusive_writes", "faults")


def together(one: Findings, other: Findings) -> Findings:
    """What both have found, the first of which is used up. Of what can be there once only, the first stays."""
    first = one.first_failure
    if first is None and other.first_failure is not None:
        first = one.explored + other.first_failure
    return Findings(
        statement=one.statement,
        tally=_tally(one.tally, other.tally),
        ledger=_ledger(one.ledger, other.ledger),
        decoys=_decoys(one.decoys, other.decoys),
        served=one.served | other.served,
        unfinished=one.unfinished or other.unfinished,
        ended=one.ended or other.ended,
        changed_members=tuple(
            sorted({*one.changed_members, *other.changed_members, *_changed(one.statement, other.statement)})
        ),
        undescribed=one.undescribed or other.undescribed,
        explored=one.explored + other.explored,
        first_failure=first,
        totals=_totals(one.totals, other.totals),
        log=one.log or other.log,
        known=_known(one.known, other.known),
    )


def _changed(one: Statement, other: Statement) -> set[str]:
    """The members of the statement that are not the same in both."""
    before, after = (msgspec.to_builtins(statement) for statement in (one, other))
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _totals(one: Totals, other: Totals) -> Totals:
    names = Totals.__struct_fields__
    return Totals(**{name: getattr(one, name) + getattr(other, name) for name in names})


def _tally(one: Tally, other: Tally) -> Tally:
    """Both tallies; the first is used up."""
    for clause, record in other.records.items():
        one.records[clause] = _record(one[clause], record)
    for name in _SUMS:
        setattr(one, name, getattr(one, name) + getattr(other, name))
    one.writes_by_kind = _both(one.writes_by_kind, other.writes_by_kind, lambda a, b: (a[0] + b[0], a[1] + b[1]))
    one.clauses_by_kind = _both(one.clauses_by_kind, other.clauses_by_kind, lambda a, b: tuple(dict.fromkeys((*a, *b))))
    ours, theirs = one.not_put, other.not_put
    ours.answered = _both(ours.answered, theirs.answered, int.__add__)
    ours.missing = _both(ours.missing, theirs.missing, int.__add__)
    ours.take_addresses(theirs)
    ours.again = _both(ours.again, theirs.again, lambda a, b: a or b)
    return one


def _record(one: ClauseRecord, other: ClauseRecord) -> ClauseRecord:
    """Both records of a clause: the sums of their counts, the smallest of their failures, the first of their texts."""
    values: dict[str, Any] = {}
    for name in ClauseRecord.__struct_fields__:
        ours, theirs = getattr(one, name), getattr(other, name)
        if isinstance(theirs, int):
            values[name] = ours + theirs
        elif isinstance(theirs, list):
            values[name] = _smallest((*ours, *theirs)) if theirs else ours
        else:
            values[name] = theirs if ours is None else ours
    return ClauseRecord(**values)


def _both(one: Mapping[str, _T], other: Mapping[str, _T], add: Callable[[_T, _T], _T]) -> dict[str, _T]:
    """What either has; what both have is added."""
    return {**one, **{key: add(one[key], value) if key in one else value for key, value in other.items()}}


def _smallest(found: tuple[Counterexample, ...]) -> list[Counterexample]:
    """The smallest of each kind of wrong answer, each case once."""
    cases = {_id(case): case for case in reversed(found)}
    kept = []
    kinds = Counter[tuple[str, str]]()
    for case in sorted(cases.values(), key=lambda case: (len(case.calls), len(encoded(case)), _id(case))):
        kind = (in_short(case.expected), in_short(case.got))
        kinds[kind] += 1
        if kinds[kind] <= KEPT:
            kept.append(case)
    return kept


def _id(case: Counterexample) -> str:
    return case_id(case.clause, "", case.calls)


def _ledger(one: tuple[LedgerEntry, ...], other: tuple[LedgerEntry, ...]) -> tuple[LedgerEntry, ...]:
    """The entries of both. Where a probe found one thing and then another, the entry says so and breaks no choice."""
    theirs = {entry.key: entry for entry in other}
    entries = []
    for entry in one:
        again = theirs.pop(entry.key, entry)
        if entry.found in _NOT_FOUND:
            entry = again
        elif again.found not in (entry.found, *_NOT_FOUND) and not entry.detail.startswith("unstable: "):
            detail = f"unstable: {entry.found}, then {again.found}"
            entry = msgspec.structs.replace(entry, broken=False, detail=detail)
        entries.append(entry)
    return (*entries, *theirs.values())


def _known(one: tuple[Entry, ...], other: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Each entry of the list once; as in a replay, an answer that was wrong once is still wrong."""
    found = {entry.failure.id: entry for entry in one}
    for entry in other:
        known = found.get(entry.failure.id, entry)
        found[entry.failure.id] = min(known, entry, key=lambda each: _WEIGHTIEST.index(each.standing))
    return tuple(found.values())


def _decoys(one: tuple[Decoy, ...], other: tuple[Decoy, ...]) -> tuple[Decoy, ...]:
    """The decoys of both: a fault that was noticed once is noticed, by the fewest decisions that it took."""
    found = {decoy.id: decoy for decoy in one}
    for decoy in other:
        known = found.get(decoy.id)
        if known is None:
            found[decoy.id] = decoy
        elif known.caught or decoy.caught:
            found[decoy.id] = min((known, decoy), key=lambda each: (not each.caught, each.decisions))
        else:
            found[decoy.id] = msgspec.structs.replace(known, decisions=known.decisions + decoy.decisions)
    return tuple(found[key] for key in sorted(found))

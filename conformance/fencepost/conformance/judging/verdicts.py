"""From counts to verdicts: a clause that was never decisive does not pass, nor does a run that saw one outcome only."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.catalogue import Clause
from fencepost.conformance.judging.tally import Count, Tally
from fencepost.reference.ledger import ANSWERS
from fencepost.reports.model import Clause as Row
from fencepost.reports.model import Decoy, LedgerEntry, Result, Verdict

DECISIVE = 20
"""How often a clause must have been decisive, at any effort, for its pass to say something."""

DECISIONS = 500
"""The fewest decisions of a run of all clauses."""

SHARE = 0.02
"""The smallest share that either outcome may have in a run of all clauses."""

_NAMED = 3
_SELDOM = {"LIM-1": 20, "LIM-5": 20, "STA-5": 15, "LIM-9": 8, "LIM-7": 4, "LIM-8": 12}


def results(
    clauses: Iterable[Clause],
    capabilities: Capabilities,
    tally: Tally,
    *,
    explored: frozenset[str],
    unfinished: str,
    known_failures: Collection[str] = (),
    has_ended_at_failure: bool = False,
) -> Iterator[Row]:
    """A row a clause, in the catalogue's order.

    Wrong answers whose smallest cases break other clauses are said in the row; where they are more than a few, or no
    case shows them, the clause does not pass. Beside a known failure they are taken for that failure's;
    `known_failures` are the clauses of those that hold. What an unfinished run has not asked is in error, unless it was
    to end at its first failure.
    """
    for clause in clauses:
        count = tally.counts[clause.id]
        verdict, detail = _verdict(clause, capabilities, tally, explored=explored, unfinished=unfinished)
        is_unreached = bool(unfinished) and detail == unfinished
        if has_ended_at_failure and is_unreached:
            verdict = "inconclusive"
        shown_under: tuple[str, ...] = ()
        if verdict in ("pass", "vacuous") and count.wrong:
            shown_under = tuple(sorted({*tally.failures, *known_failures}))
        if verdict in ("pass", "vacuous") and count.wrong and not known_failures:
            is_side_effect = bool(tally.failures) and not count.is_broken
            verdict = verdict if verdict == "pass" and is_side_effect else "inconclusive"
            detail = "; ".join(filter(None, (_told_elsewhere(count, tally), detail if verdict == "pass" else "")))
        yield Row(
            id=clause.id,
            level=clause.level,
            group=clause.group,
            text=clause.text,
            note=clause.note,
            basis=clause.basis,
            source=clause.source,
            verdict=verdict,
            asked=count.asked,
            decisive=count.decisive,
            required=_required(clause.id) if verdict != "not applicable" else 0,
            allowed=count.allowed,
            denied=count.denied,
            inconclusive=count.inconclusive,
            not_asked=is_unreached,
            needs=capabilities.missing_for(clause) if verdict == "not applicable" else (),
            shown_under=shown_under,
            detail=detail,
            limit_found=tally.limits.get(clause.id),
            counterexamples=tuple(tally.failures.get(clause.id, ())),
        )


def _told_elsewhere(count: Count, tally: Tally) -> str:
    """Why a clause with wrong answers has not failed: their smallest cases break other clauses, or none can be shown."""
    told = sorted(tally.failures)
    where = "and no time was left to ask again" if tally.unconfirmed else "and not repeatable"
    if told:
        where = f"shown under {', '.join(told[:_NAMED])}{' …' if len(told) > _NAMED else ''}"
    return f"{count.wrong:,} of {count.asked:,} answers were wrong, {where}"


def _required(clause: str) -> int:
    return _SELDOM.get(clause, DECISIVE)


def _verdict(
    clause: Clause, capabilities: Capabilities, tally: Tally, *, explored: frozenset[str], unfinished: str
) -> tuple[Verdict, str]:
    """The first that holds: fail, not applicable, error, inconclusive, vacuous, pass."""
    key, count = clause.id, tally.counts[clause.id]
    if tally.failures.get(key):
        return "fail", ""
    missing = capabilities.missing_for(clause)
    if missing:
        return "not applicable", f"needs {', '.join(missing)}"
    if key in tally.left_out and count.decisive < _required(key):
        return "not applicable", tally.left_out[key]
    if key in tally.errors:
        return "error", tally.errors[key]
    if key in tally.unconfirmed:
        return "inconclusive", tally.unconfirmed[key]
    if key in tally.unstable:
        return "inconclusive", tally.unstable[key]
    if tally.unstable and count.wrong:
        return "inconclusive", "a wrong answer came, of a subject that does not answer the same calls alike"
    if unfinished and (key not in explored or count.decisive < _required(key)):
        return "error", unfinished
    if count.decisive < _required(key):
        if count.inconclusive and count.asked - count.inconclusive < _required(key):
            return "inconclusive", f"{count.inconclusive} of {count.asked} requests could not be put as asked"
        if key in tally.hindered:
            return "error", tally.hindered[key]
        if tally.errors:
            other, fault = next(iter(tally.errors.items()))
            return "error", f"asked too little, for want of a harness that answers ({other}: {fault})"
        floor = f"decisive {count.decisive} times of the {_required(key)} that a pass takes"
        return "vacuous", f"{floor}: ask more of it (--effort), or mend what keeps it from being asked"
    if count.inconclusive and count.allowed + count.denied < _required(key):
        return "inconclusive", f"{count.inconclusive} of {count.asked} requests could not be put as asked"
    return "pass", tally.remarks.get(key, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the run comes to as a whole."""

    result: Result
    exit_status: int
    level: str | None
    notes: tuple[str, ...]


def summed_up(
    rows: Sequence[Row],
    ledger: Sequence[LedgerEntry],
    tally: Tally,
    decoys: Sequence[Decoy] = (),
    *,
    selected: bool,
    unfinished: str = "",
    is_restricted: bool = False,
) -> Summary:
    """Exit status, the first that holds: 1 failed, 2 error or inconclusive, 3 vacuous, otherwise 0.

    The result is partial, which is still 0, if a core clause does not apply, the subject declares that it can do less
    than a whole vault (`is_restricted`), or clauses were selected. A run of all clauses is vacuous, too, where
    it decided too little, saw hardly more than one outcome, or did not notice one of its own decoys. A run that ended
    before its end comes to an error at least, though every clause may be through: its control is not.
    """
    verdicts = {row.verdict for row in rows}
    notes = [f"{entry.key}: declared {entry.declared}, found {entry.found}" for entry in ledger if entry.broken]
    outside = sorted(set(tally.failures) - {row.id for row in rows})
    notes += [f"{clause} failed too, outside the selection" for clause in outside]
    is_failed = "fail" in verdicts or bool(notes)
    notes += _third_ways(ledger)
    result: Result
    if is_failed:
        result, status = "fail", 1
    elif "error" in verdicts or unfinished:
        result, status = "error", 2
    elif "inconclusive" in verdicts:
        result, status = "inconclusive", 2
    else:
        floors = [] if selected else [*_floors(tally), *_unnoticed(decoys)]
        notes += floors
        judged = verdicts - {"not applicable"}
        if "vacuous" in verdicts or floors or not judged:
            result, status = "vacuous", 3
        else:
            result, status = ("partial" if selected or is_restricted or _lacks_core(rows) else "pass"), 0
    notes += [unfinished] if unfinished else []
    level = _level(rows) if status == 0 and not selected else None
    return Summary(result=result, exit_status=status, level=level, notes=tuple(notes))


def _third_ways(ledger: Sequence[LedgerEntry]) -> list[str]:
    """The open points that were found to be answered in a way that nobody can declare."""
    return [
        f"{one.key}: answered in a third way: {one.found}"
        for one in ledger
        if one.key in ANSWERS and one.key != "reserved-ranges" and one.found not in (None, "error", *ANSWERS[one.key])
    ]


def _floors(tally: Tally) -> Iterator[str]:
    total = tally.allowed + tally.denied
    if total < DECISIONS:
        yield f"only {total} decisions; a run of all clauses takes {DECISIONS}: ask more (--effort), or mend what refuses rules"
    for outcome, seen in (("allowed", tally.allowed), ("denied", tally.denied)):
        if total and seen < SHARE * total:
            told = "a run looks at one side only: mend what keeps the rules from taking effect"
            yield f"only {seen} of {total} decisions {outcome}; below {SHARE:.0%} {told}"


def _unnoticed(decoys: Sequence[Decoy]) -> Iterator[str]:
    for decoy in decoys:
        if not decoy.caught:
            yield f"the run would not have noticed a subject that {decoy.text} ({decoy.clause}): its pass says nothing"


def _level(rows: Sequence[Row]) -> str:
    """The level that the rows reach: names a certificate, and never softens the exit status."""
    if _lacks_core(rows):
        return "partial"
    return "core" if any(row.verdict != "pass" for row in rows) else "core+extended"


def _lacks_core(rows: Sequence[Row]) -> bool:
    return any(row.verdict == "not applicable" for row in rows if row.level == "core")

"""From counts to verdicts, by two ordered tables: the verdict of each clause, and the result of the run."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.catalogue import Clause
from fencepost.conformance.judging.tally import ClauseRecord, Tally
from fencepost.reference.open_points import ANSWERS
from fencepost.reports.counted import counted
from fencepost.reports.model import Clause as Row
from fencepost.reports.model import Decoy, LedgerEntry, Result, Verdict

DECISIVE = 20
"""To pass, a clause must have been decisive this many times, at any effort."""

UNSEEN = "accepted: kept or collapsed, there is no reading back"
"""What is found of the open point `duplicates` where nothing can be read back: an answer like any other."""

DECISIONS = 500
"""A run of all clauses must have at least this many decisions."""

SHARE = 0.02
"""In a run of all clauses each outcome must have at least this share of the decisions."""

_NAMED = 3
_SELDOM = {
    "STA-5": 15,
    "LIM-9": 8,
    "LIM-7": 4,
    "LIM-8": 12,
    **{f"WIRE-{number}": 8 for number in range(1, 7)},
}
"""Clauses that few requests can decide, and how often they must have been decisive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """The facts about one clause at the end of a run."""

    clause: Clause
    capabilities: Capabilities
    tally: Tally
    is_explored: bool
    unfinished: str
    has_known_failures: bool
    has_ended_at_failure: bool

    @property
    def id(self) -> str:
        return self.clause.id

    @property
    def record(self) -> ClauseRecord:
        return self.tally[self.id]

    @property
    def required(self) -> int:
        return _SELDOM.get(self.id, DECISIVE)

    @property
    def is_short(self) -> bool:
        """Whether the clause was decisive too seldom."""
        return self.record.decisive < self.required

    @property
    def needs(self) -> str | None:
        """The features that the clause needs and the subject does not offer."""
        missing = self.capabilities.missing_for(self.clause)
        return f"needs {', '.join(missing)}" if missing else None

    @property
    def not_finished(self) -> str | None:
        """Why the run ended before the clause was asked enough, if it did."""
        return self.unfinished if self.unfinished and (not self.is_explored or self.is_short) else None

    @property
    def is_wrong(self) -> bool:
        """Whether answers were wrong. Beside a known failure they count as that failure's."""
        return bool(self.record.wrong) and not self.has_known_failures

    @property
    def is_unexplained(self) -> bool:
        """Whether wrong answers are more than a side effect of another clause's failure."""
        is_side_effect = bool(self.tally.failures) and not self.record.is_broken
        return self.is_wrong and (self.is_short or not is_side_effect)

    def with_remark(self, detail: str) -> str:
        """The detail, with any remark on a pass."""
        return "; ".join(filter(None, (detail, self.record.remark)))


def _wrong_answers(at: _Standing) -> str:
    """Where wrong answers are reported: under the clauses that their smallest cases break, or nowhere."""
    failed = sorted(at.tally.failed)
    where = "and no time was left to ask again" if at.tally.reasons("unconfirmed") else "and not repeatable"
    if failed:
        where = f"shown under {', '.join(failed[:_NAMED])}{' …' if len(failed) > _NAMED else ''}"
    return f"{at.record.wrong:,} of {at.record.asked:,} answers were wrong, {where}"


def _not_put_as_asked(at: _Standing) -> str | None:
    record = at.record
    answered = record.asked - record.inconclusive if at.is_short else record.allowed + record.denied
    of_requests = record.inconclusive - record.inconclusive_writes
    if not (record.inconclusive if at.is_short else of_requests) or answered >= at.required:
        return None
    if not at.is_short and answered + of_requests < at.required:
        return None  # the clause is shown by writes: so few requests would not be enough if each were answered
    what = "requests" if of_requests else "writes"
    return f"{record.inconclusive} of {record.asked} {what} could not be put as asked"


def _never_put(at: _Standing) -> str | None:
    kind = at.tally.kinds_never_put.get(at.id)
    return f"no write of this kind could be put as asked: {kind}" if kind is not None else None


def _fault_of_another(at: _Standing) -> str | None:
    reason = "asked too little, for want of a harness that answers"
    faults = (f"{reason} ({other}: {fault})" for other, fault in at.tally.reasons("error").items())
    return next(faults, None) if at.is_short else None


def _seldom(at: _Standing) -> str | None:
    floor = f"decisive {at.record.decisive} times of the {at.required} that a pass takes"
    reason = f"{floor}: ask more of it (--effort), or mend what keeps it from being asked"
    return reason if at.is_short else None


_NOT_EVERY_TIME = "wrong, and not every time: the same was asked again, and got the right answer"
_UNSTABLE = "a wrong answer came, of a subject that does not answer the same calls alike"

VERDICTS: tuple[tuple[str, Verdict, Callable[[_Standing], str | None]], ...] = (
    ("the clause failed", "fail", lambda at: "" if at.record.failures else None),
    ("failed, and not every time", "fail", lambda at: _NOT_EVERY_TIME if at.record.unsteady else None),
    ("needs what is not offered", "not applicable", lambda at: at.needs),
    ("was left out", "not applicable", lambda at: at.record.left_out if at.is_short else None),
    ("the harness failed", "error", lambda at: at.record.error),
    ("no time to confirm", "inconclusive", lambda at: at.record.unconfirmed),
    ("depended on the rules", "inconclusive", lambda at: at.record.depends),
    ("not reproduced", "inconclusive", lambda at: at.record.unstable),
    ("wrong and unstable", "inconclusive", lambda at: _UNSTABLE if at.record.wrong and at.tally.is_unstable else None),
    ("ended at a failure", "inconclusive", lambda at: at.not_finished if at.has_ended_at_failure else None),
    ("ended early", "error", lambda at: at.not_finished),
    ("not put as asked", "inconclusive", _not_put_as_asked),
    ("a fault hindered it", "error", lambda at: at.record.hindered if at.is_short else None),
    ("a fault of another clause", "error", _fault_of_another),
    ("wrong without a failure", "inconclusive", lambda at: _wrong_answers(at) if at.is_unexplained else None),
    ("seldom decisive", "vacuous", _seldom),
    ("a kind of write was never put", "inconclusive", _never_put),
    ("a kind of request was never put", "inconclusive", lambda at: dict(at.tally.not_put.kinds_never_put()).get(at.id)),
    ("too few addresses", "inconclusive", lambda at: at.tally.not_put.clauses_without_addresses().get(at.id)),
    ("wrong by side effect", "pass", lambda at: at.with_remark(_wrong_answers(at)) if at.is_wrong else None),
    ("passed", "pass", lambda at: at.with_remark("")),
)
"""The verdict of a clause: the first row that holds. Its function gives the detail, or None if it does not hold."""

_UNREACHED = ("ended at a failure", "ended early")
_JUDGED_BY_ANSWERS = ("wrong without a failure", "seldom decisive", "wrong by side effect", "passed")


def is_settled(clause: Clause, tally: Tally) -> bool:
    """Whether the clause has failed already, or has been decisive as often as a pass takes."""
    record = tally[clause.id]
    return bool(record.failures or record.unsteady) or record.decisive >= _SELDOM.get(clause.id, DECISIVE)


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
    """A row for each clause, in the catalogue's order. See `VERDICTS` for the order of the verdicts.

    If answers were wrong but shrank to another clause, the row says so. If they are more than a quarter of the answers,
    or none could be reproduced, the clause does not pass. `known_failures` are the clauses whose failures are known:
    wrong answers beside them are taken for theirs. `unfinished` says why the run ended early, if it did.
    """
    for clause in clauses:
        at = _Standing(
            clause=clause,
            capabilities=capabilities,
            tally=tally,
            is_explored=clause.id in explored,
            unfinished=unfinished,
            has_known_failures=bool(known_failures),
            has_ended_at_failure=has_ended_at_failure,
        )
        rule, verdict, detail = next(
            (rule, verdict, detail) for rule, verdict, why in VERDICTS if (detail := why(at)) is not None
        )
        record = at.record
        is_shown_elsewhere = rule in _JUDGED_BY_ANSWERS and record.wrong
        yield Row(
            id=clause.id,
            level=clause.level,
            group=clause.group,
            text=clause.text,
            note=clause.note,
            basis=clause.basis,
            source=clause.source,
            verdict=verdict,
            asked=record.asked,
            decisive=record.decisive,
            required=at.required if verdict != "not applicable" else 0,
            allowed=record.allowed,
            denied=record.denied,
            inconclusive=record.inconclusive,
            not_asked=rule in _UNREACHED,
            needs=capabilities.missing_for(clause) if verdict == "not applicable" else (),
            shown_under=tuple(sorted({*tally.failed, *known_failures})) if is_shown_elsewhere else (),
            detail=detail,
            limit_found=record.limit,
            counterexamples=(*record.failures, *record.unsteady),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The result of the run as a whole; `further_failures` are those that neither a row nor the ledger shows."""

    result: Result
    exit_status: int
    level: str | None
    notes: tuple[str, ...]
    further_failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The facts about a run at its end. `failures` are beside the rows, `shortcomings` what it did not see."""

    verdicts: frozenset[str]
    failures: tuple[str, ...]
    unfinished: str
    shortcomings: tuple[str, ...]
    is_partial: bool


RESULTS: tuple[tuple[Result, int, Callable[[_Run], bool]], ...] = (
    ("fail", 1, lambda run: "fail" in run.verdicts or bool(run.failures)),
    ("error", 2, lambda run: "error" in run.verdicts or bool(run.unfinished)),
    ("inconclusive", 2, lambda run: "inconclusive" in run.verdicts),
    ("vacuous", 3, lambda run: "vacuous" in run.verdicts or bool(run.shortcomings)),
    ("vacuous", 3, lambda run: run.verdicts <= {"not applicable"}),
    ("partial", 0, lambda run: run.is_partial),
    ("pass", 0, lambda _: True),
)
"""The result of a run and its exit status: the first that holds."""


def summed_up(
    rows: Sequence[Row],
    ledger: Sequence[LedgerEntry],
    tally: Tally,
    decoys: Sequence[Decoy] = (),
    *,
    selected: bool,
    unfinished: str = "",
    is_restricted: bool = False,
    least_decisions: int = DECISIONS,
    later: Collection[str] = (),
) -> Summary:
    """The summary of a run. See `RESULTS` for the order of the results.

    The result is partial, which is still 0, in three cases: a core clause does not apply, the subject declares that it
    can do less (`is_restricted`), or clauses were selected. A run of all clauses is vacuous, too, in three cases: it
    decided too little, it saw hardly more than one outcome, or it did not notice one of its own decoys. A run that
    ended early is an error even if every clause passes: it had no positive control. A failure of a clause in `later`
    is a note alone: the clause came into the suite after the version that was asked for.
    """
    broken = [f"{entry.key}: declared {entry.declared}, found {entry.found}" for entry in ledger if entry.broken]
    outside = sorted(tally.failed - {row.id for row in rows} - {*later})
    run = _Run(
        verdicts=frozenset(row.verdict for row in rows),
        failures=(
            *broken,
            *(f"{clause} failed too, outside the selection: --clause {clause} shows its case" for clause in outside),
        ),
        unfinished=unfinished,
        shortcomings=() if selected else (*_floors(tally, least_decisions), *_unnoticed(decoys)),
        is_partial=selected or is_restricted or _lacks_core(rows),
    )
    result, status = next((result, status) for result, status, holds in RESULTS if holds(run))
    uncounted = [
        f"{clause} failed, and counts for nothing: it came later" for clause in sorted(tally.failed & {*later})
    ]
    notes = (*run.failures, *uncounted, *_not_declarable(ledger))
    if result == "vacuous":
        notes = (*notes, *run.shortcomings)
    if unfinished:
        notes = (*notes, unfinished)
    level = _level(rows) if status == 0 and not selected else None
    further = tuple(map(outside_the_selection, outside))
    return Summary(result=result, exit_status=status, level=level, notes=notes, further_failures=further)


def outside_the_selection(clause: str) -> str:
    """The words for a clause that was not selected, and failed."""
    return f"{clause} failed outside the selection"


def _not_declarable(ledger: Sequence[LedgerEntry]) -> list[str]:
    """The open points whose probed answers are no choice that can be declared."""
    return [
        f"the open point {entry.key} has an answer that no statement can declare: {entry.found}"
        for entry in ledger
        if entry.key in ANSWERS
        and entry.key != "reserved-ranges"
        and entry.found not in (None, "error", UNSEEN, *ANSWERS[entry.key])
    ]


def _floors(tally: Tally, least: int) -> Iterator[str]:
    total = tally.allowed + tally.denied
    if total < least:
        mend = "ask more (--effort), or mend what refuses rules"
        yield f"only {counted(total, 'decision')}; a run of all clauses takes {least}: {mend}"
    for outcome, seen in (("allowed", tally.allowed), ("denied", tally.denied)):
        if total and seen < SHARE * total:
            mend = "a run looks at one side only: mend what keeps the rules from taking effect"
            yield f"only {seen} of {total} decisions {outcome}; below {SHARE:.0%} {mend}"


def _unnoticed(decoys: Sequence[Decoy]) -> Iterator[str]:
    for decoy in decoys:
        if not decoy.caught:
            yield f"the run would not have noticed a subject that {decoy.text} ({decoy.clause}): its pass says nothing"


def _level(rows: Sequence[Row]) -> str:
    """The level that the rows reach. A certificate names it; the exit status ignores it."""
    if _lacks_core(rows):
        return "partial"
    return "core" if any(row.verdict != "pass" for row in rows) else "core+extended"


def _lacks_core(rows: Sequence[Row]) -> bool:
    return any(row.verdict == "not applicable" for row in rows if row.level == "core")

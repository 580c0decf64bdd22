"""Diagnosis of a mismatch, as a line: reproduce it, shrink its case, attribute it to a clause, record the failure."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from fencepost.conformance.diagnosis.attribution import STATE, clause_of, provisional_clause
from fencepost.conformance.diagnosis.recorder import FailureRecorder, KnownFailures
from fencepost.conformance.diagnosis.replays import Replays
from fencepost.conformance.diagnosis.reproduction import (
    Conversation,
    in_another_order,
    in_the_same_state,
    plain_case,
    reproduce,
    wrong_gate,
)
from fencepost.conformance.diagnosis.shrink import shrink
from fencepost.conformance.diagnosis.trials import Reproduction
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, case_from_calls
from fencepost.conformance.lockstep.deadline import OutOfTime
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Found, Mismatch, WrongDecision
from fencepost.reports.model import Call

_PER_CLAUSE = 3
"""So many mismatches of a kind are diagnosed, as long as their clause has not failed."""

_MANY_UNREPRODUCED = 20
"""After so many mismatches that no replay has shown again, only the first of each kind is diagnosed."""

_CONFIRMATIONS, _WHEN_UNSTABLE, _IN_REVIEW = 3, 9, 20
"""How many replays must show a mismatch; in a review enough that a random subject does not pass for a steady one."""


class Diagnosis:
    """Diagnoses the mismatches of one subject. Its calls are counted apart: they are no part of the effort."""

    def __init__(
        self,
        lockstep: Lockstep,
        tally: Tally,
        replay_line: Callable[[str], str],
        known_failures: KnownFailures | None = None,
        *,
        allows_another: Callable[[], bool] = lambda: True,
    ) -> None:
        self._known_failures = known_failures
        self._allows_another = allows_another
        self._lockstep = lockstep
        self._tally = tally
        self._replays = Replays(lockstep)
        self._recorder = FailureRecorder(tally, replay_line, known_failures)
        self._begun: Counter[tuple[str, str | None]] = Counter()

    def wants(self, found: Found) -> bool:
        """Whether to diagnose this mismatch: its clause may fail by it, and its kind has not been diagnosed often."""
        if not self._allows_another():
            return False
        clause = provisional_clause(found.mismatch, found.aim)
        if self._known_failures is not None and self._known_failures.looks_known(clause, found.mismatch):
            return False
        times = 1 if self._recorder.unreproduced >= _MANY_UNREPRODUCED else _PER_CLAUSE
        return not self._recorder.is_done(clause) and self._begun[clause, found.aim] < times

    def diagnose(self, found: Found) -> None:
        """Diagnose the mismatch, and record the result. The subject is left in another state: restore it."""
        provisional = provisional_clause(found.mismatch, found.aim)
        self._begun[provisional, found.aim] += 1
        try:
            self._diagnose(found, provisional)
        except OutOfTime:
            self._recorder.no_time_left(provisional, found.mismatch)
            raise
        known = self._known_failures
        if known is not None and known.goes_on and known.looks_known(provisional, found.mismatch):
            self._begun[provisional, found.aim] -= 1  # a run that knows this failure does not diagnose it

    def _diagnose(self, found: Found, provisional: str) -> None:
        lockstep, recorder = self._lockstep, self._recorder
        conversation = Conversation(case=lockstep.case(), recent=lockstep.recent_case(), before=lockstep.before)
        gate = wrong_gate(found.mismatch, self._replays)
        if gate is not None and not self._shows(gate):
            self._not_every_time(clause_of(gate.mismatch, gate.case, found.aim), gate.mismatch, gate.case)
            return
        reproduction = gate or self._reproduced(found, conversation)
        if reproduction is None:
            if recorder.is_batch_dependent:
                recorder.unreproduced += 1
            else:
                self._not_every_time(provisional, found.mismatch, in_the_same_state(found, conversation.case))
            return
        smallest = self._smallest(reproduction)
        if smallest is None:
            self._not_every_time(provisional, reproduction.mismatch, reproduction.case)
            return
        clause = clause_of(smallest.mismatch, smallest.case, found.aim)
        if recorder.takes(clause, smallest):
            smallest = self._beside_the_plain_case(smallest)
        recorder.record(clause, smallest)
        self._keep_for_its_decider(reproduction, smallest)

    def _not_every_time(self, clause: str, mismatch: Mismatch, case: Case) -> None:
        """No replay shows the mismatch each time: that it is wrong and right in turn breaks the clause as well.

        Of a call with many requests only the mismatch's request is put again: the others may be wrong by chance too.
        """
        last = case.steps[-1]
        if isinstance(mismatch, WrongDecision) and isinstance(last, AskStep) and mismatch.request in last.requests:
            case = case.with_last(last.only(last.requests.index(mismatch.request)))
        is_right_again = any(self._replays.is_right(case) for _ in range(_IN_REVIEW))
        self._recorder.not_reproduced(clause, mismatch, case if is_right_again else None)

    def _reproduced(self, found: Found, conversation: Conversation) -> Reproduction | None:
        is_about_state = found.aim is not None and found.aim.startswith(STATE)
        with_batch = is_about_state or not self._recorder.is_batch_dependent
        return reproduce(
            found,
            conversation,
            self._replays,
            times=self._times,
            with_batch=with_batch,
            with_earlier_batch=with_batch and self._recorder.unreproduced < _PER_CLAUSE,
        )

    def _keep_for_its_decider(self, reproduction: Reproduction, smallest: Reproduction) -> None:
        """If another clause decides the smallest case, keep the smallest case that the original clause still decides.

        A subject that lets everybody in breaks many clauses, and the case of each shrinks to the same smallest case.
        """
        decider = _decider(reproduction.mismatch)
        if decider is None or decider == _decider(smallest.mismatch) or self._recorder.has(decider):
            return
        kept = self._smallest(reproduction, keeps=lambda mismatch: _decider(mismatch) == decider)
        if kept is not None and clause_of(kept.mismatch, kept.case) == decider:
            self._recorder.kept[decider] = kept

    def _smallest(
        self, reproduction: Reproduction, *, keeps: Callable[[Mismatch], bool] = lambda _: True
    ) -> Reproduction | None:
        """The smallest case, if it shows each time. If the run's time is over, it need not show again."""
        replay, beside = self._replays.way_of(reproduction.case)
        smallest = shrink(reproduction, replay, keeps=keeps, beside=beside)
        self._replays.calls += smallest.calls
        try:
            return smallest if smallest.is_cut_short or self._shows(smallest) else None
        except OutOfTime:
            return smallest

    def _beside_the_plain_case(self, smallest: Reproduction) -> Reproduction:
        """The same, and whether its history, its other requests or the order of its rules matter.

        It is asked alone under the rules put at once, or else under the rules in another order.
        """
        plain = plain_case(smallest.case, smallest.mismatch)
        if smallest.is_cut_short:
            return smallest
        try:
            if plain is not None:
                return replace(smallest, is_right_plainly=self._replays.is_right(plain))
            orders = in_another_order(smallest.case)
            right = next((order for order, turned in orders if self._replays.is_right(turned)), "")
            return replace(smallest, right_order=right)
        except OutOfTime:
            return smallest

    @property
    def _times(self) -> int:
        return _WHEN_UNSTABLE if self._recorder.is_unstable else _CONFIRMATIONS

    def _shows(self, reproduction: Reproduction, times: int | None = None) -> bool:
        confirmed = self._replays.confirm(reproduction.case, reproduction.mismatch, times or self._times)
        return confirmed is not None

    def record_kept(self) -> None:
        """The run is over: record the failures of clauses that have too many wrong answers to be a side effect."""
        self._recorder.record_kept()

    def review(self) -> None:
        """If the subject is unstable, replay each recorded case again, and mark those that fail as unsteady."""
        self._recorder.review(lambda smallest: self._shows(smallest, _IN_REVIEW))

    def give_up_review(self) -> None:
        """There is no time for a review: if the subject is unstable, no failure stands."""
        self._recorder.give_up_review()

    @property
    def calls(self) -> int:
        """Calls that went into diagnoses."""
        return self._replays.calls

    @property
    def begun(self) -> tuple[tuple[str, str | None, int], ...]:
        """How often each kind of mismatch has been diagnosed: the provisional clause, the aim, the number."""
        return tuple((clause, aim, times) for (clause, aim), times in self._begun.items())

    @property
    def recorded(self) -> tuple[str, ...]:
        """The clauses whose failures are this diagnosis's and can be shown again."""
        return tuple(self._recorder.recorded)

    @property
    def kept(self) -> tuple[tuple[str, tuple[Call, ...], int], ...]:
        """The failures that may be recorded at the end: the clause, the smallest case's calls, the calls to find it."""
        return tuple((clause, kept.case.calls(), kept.calls) for clause, kept in self._recorder.kept.items())

    def resume(
        self,
        *,
        calls: int,
        begun: Iterable[tuple[str, str | None, int]],
        recorded: Iterable[str],
        kept: Iterable[tuple[str, tuple[Call, ...], int]],
    ) -> None:
        """Go on from another run's counts. Each failure that the run has recorded must show once more to stand."""
        self._recorder.resume(
            [(clause, case_from_calls(one.calls)) for clause in recorded for one in self._tally[clause].failures],
            [(clause, case_from_calls(calls_of_case), cost) for clause, calls_of_case, cost in kept],
            self._replays.replay,
        )
        self._replays.calls = calls
        self._begun = Counter({(clause, aim): times for clause, aim, times in begun})


def _decider(mismatch: Mismatch) -> str | None:
    """The clause by which the reference decides; None if the answer in question is no outcome."""
    if not isinstance(mismatch, WrongDecision) or mismatch.is_about_codes:
        return None
    return mismatch.expected.clause

"""The recorder: which failures a run has found, which it keeps for its end, and which do not stand."""

from collections.abc import Callable, Iterable
from typing import Protocol

from fencepost.conformance.diagnosis.counterexample import beside_the_plain_case, counterexample
from fencepost.conformance.diagnosis.trials import Reproduction
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import Case
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision
from fencepost.reports.model import Counterexample
from msgspec import structs

SAME_ANSWER = "DEC-17"
"""The clause of answers that depend on other requests, or on chance."""

_MOST_WAYS = 20
"""So many failures of one clause are recorded beside known failures: each is like no other."""

_LONG_HISTORY = 10
"""The longest case that is still recorded of a subject that other requests sway."""

_AGAIN = "{} came once, and {} when the same was put again: not every time."
_LATER = "It came each time that it was put when it was found, and at the end of the run not every time."
_DIFFERENT = "the same calls got different answers"


class KnownFailures(Protocol):
    """The failures of a subject that are known already, and are not to be found again."""

    @property
    def goes_on(self) -> bool:
        """Whether a clause that has failed is searched on for failures that are not like those found."""
        ...

    def looks_known(self, provisional: str, mismatch: Mismatch) -> bool:
        """Whether a mismatch looks like a known failure before its case is shrunk."""
        ...

    def knows(self, clause: str, case: Case, mismatch: Mismatch) -> bool:
        """Whether a smallest case is a known failure."""
        ...

    def learn(self, clause: str, case: Case, mismatch: Mismatch) -> None:
        """Take a smallest case for a known failure from now on."""
        ...


class FailureRecorder:
    """Records failures in the tally. `recorded` and `kept` have the smallest cases by clause.

    `unreproduced` counts the mismatches that no replay has shown again.
    """

    def __init__(
        self, tally: Tally, replay_line: Callable[[str], str], known_failures: KnownFailures | None = None
    ) -> None:
        self.unreproduced = 0
        self.recorded: dict[str, Reproduction] = {}
        self.kept: dict[str, Reproduction] = {}
        self._tally = tally
        self._replay_line = replay_line
        self._known_failures = known_failures
        self._reviewed: set[str] = set()

    @property
    def is_unstable(self) -> bool:
        """Whether the subject has answered the same calls differently."""
        return self._tally.is_unstable

    @property
    def is_batch_dependent(self) -> bool:
        """Whether other requests are known to sway the subject (DEC-17)."""
        return self.has_failed(SAME_ANSWER)

    @property
    def is_context_dependent(self) -> bool:
        """Whether a failure that shows each time says that other requests, or an earlier vault, sway the subject."""
        return self.is_batch_dependent or any(one.case.spans_vaults for one in self.recorded.values())

    def has(self, clause: str) -> bool:
        """Whether the clause has failed, or a failure of it is kept."""
        return self.has_failed(clause) or clause in self.kept

    def has_failed(self, clause: str) -> bool:
        """Whether a failure of the clause is recorded."""
        return bool(self._tally[clause].failures)

    def is_done(self, clause: str) -> bool:
        """Whether no further failure of the clause is recorded.

        It has failed, and is not searched on beside known failures; or it has failed in very many ways.
        """
        most = _MOST_WAYS if self._known_failures is not None and self._known_failures.goes_on else 1
        return len(self._tally[clause].failures) >= most

    def takes(self, clause: str, smallest: Reproduction) -> bool:
        """Whether the failure is to be recorded: its clause is not done, it is not known, and its case not too long."""
        case, mismatch = smallest.case, smallest.mismatch
        if self.is_done(clause) or (self.is_batch_dependent and len(case.steps) > _LONG_HISTORY):
            return False
        return self._known_failures is None or not self._known_failures.knows(clause, case, mismatch)

    def record(self, clause: str, smallest: Reproduction) -> None:
        """Record a failure of the clause, if it is to be recorded."""
        case, mismatch = smallest.case, smallest.mismatch
        if not self.takes(clause, smallest):
            return
        self._learn(clause, smallest)
        self.recorded.setdefault(clause, smallest)
        line = self._replay_line(clause)
        one = counterexample(clause, case, mismatch, replay=line, calls_to_shrink=smallest.calls)
        if smallest.is_right_plainly:
            one = structs.replace(one, why=f"{one.why} {beside_the_plain_case(case, mismatch)}")
        elif smallest.right_order:
            right, wrong = mismatch.direction
            orders = f"With the same rules {smallest.right_order}: {right}; in this order: {wrong}."
            one = structs.replace(one, why=f"{one.why} {orders}")
        self._tally[clause].failures.append(one)

    def _learn(self, clause: str, smallest: Reproduction) -> None:
        if self._known_failures is not None and self._known_failures.goes_on:
            self._known_failures.learn(clause, smallest.case, smallest.mismatch)

    def record_kept(self) -> None:
        """Record what was kept, for clauses with too many wrong answers to be a side effect of another failure."""
        for clause, smallest in self.kept.items():
            if self._tally.failures and self._tally[clause].is_broken:
                self.record(clause, smallest)
        self.kept.clear()

    def not_reproduced(self, clause: str, mismatch: Mismatch, again: Case | None) -> None:
        """Note that no replay shows the mismatch each time.

        `again` is a case that puts the same and has got the right answer: the clause fails with it, and where it is a
        decision, so does the clause of answers that depend on chance. Where it is None, they get no verdict from this.
        """
        self.unreproduced += 1
        expected, got = mismatch.direction
        reason = f"expected {expected}, got {got} once; the same calls again got another answer"
        self._tally.note(SAME_ANSWER, unstable=reason)
        self._tally.note(clause, unstable=reason)
        if again is None or (self._known_failures is not None and self._known_failures.knows(clause, again, mismatch)):
            return
        for broken in dict.fromkeys((clause, *([SAME_ANSWER] if isinstance(mismatch, WrongDecision) else []))):
            if not self._tally[broken].unsteady:
                line = self._replay_line(broken)
                one = counterexample(broken, again, mismatch, replay=line, calls_to_shrink=0)
                text = _AGAIN.format(got, expected)
                self._tally[broken].unsteady = [_unsteady(one, f"{one.got}, then {expected}", text)]

    def no_time_left(self, clause: str, mismatch: Mismatch) -> None:
        """Note that the run's time was over before the mismatch could be replayed."""
        expected, got = mismatch.direction
        reason = f"expected {expected}, got {got}, and no time was left to ask again"
        self._tally.note(clause, unconfirmed=reason)

    def review(self, shows: Callable[[Reproduction], bool]) -> None:
        """If the subject is unstable, each recorded failure that does not show again is unsteady.

        Of a subject that other requests sway it is dropped: that fails by a clause of its own.
        """
        if not self.is_unstable and not self.unreproduced:
            return
        for clause, smallest in list(self.recorded.items()):
            if clause not in self._reviewed:
                self._reviewed.add(clause)
                if not shows(smallest):
                    record = self._tally[clause]
                    record.unsteady = [_unsteady(one, one.got, _LATER) for one in record.failures]
                    self._drop(clause)
        if self.is_context_dependent:  # a failure that shows each time explains the others
            for record in self._tally.records.values():
                record.unsteady = []
        self._drop_what_cannot_be_shown()

    def give_up_review(self) -> None:
        """There is no time for a review: if the subject is unstable, drop every failure."""
        if self.is_unstable or self.unreproduced:
            for clause in list(self.recorded):
                self._drop(clause)
            self._drop_what_cannot_be_shown()

    def resume(
        self,
        recorded: Iterable[tuple[str, Case]],
        kept: Iterable[tuple[str, Case, int]],
        replay: Callable[[Case], Mismatch | None],
    ) -> None:
        """Take over another run's failures; each of them must show again to stand."""
        for clause, case in recorded:
            if (mismatch := replay(case)) is not None:
                again = Reproduction(case=case, mismatch=mismatch)
                self.recorded.setdefault(clause, again)
                self._learn(clause, again)
            else:
                self._does_not_stand(clause)
        for clause, case, calls in kept:
            if (mismatch := replay(case)) is not None:
                self.kept[clause] = Reproduction(case=case, mismatch=mismatch, calls=calls)

    def _drop_what_cannot_be_shown(self) -> None:
        """Drop failures that only overlapping calls or the clock have shown: an unstable subject may fail by chance."""
        if self.is_unstable:
            for clause in sorted(self._tally.failures.keys() - self.recorded.keys()):
                self._drop(clause)

    def _drop(self, clause: str) -> None:
        self.recorded.pop(clause, None)
        self._does_not_stand(clause)
        self._tally.note(SAME_ANSWER, unstable=_DIFFERENT)

    def _does_not_stand(self, clause: str) -> None:
        record = self._tally[clause]
        record.failures, record.unstable = [], _DIFFERENT


def _unsteady(one: Counterexample, got: str, remark: str) -> Counterexample:
    return structs.replace(one, got=f"{got} (not every time)", why=f"{one.why} {remark}")

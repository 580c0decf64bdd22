"""Replays on the subject, which are counted: they are no part of a run's effort."""

from collections.abc import Callable

from fencepost.conformance.diagnosis.trials import Reproduction
from fencepost.conformance.lockstep.case import Case, WriteStep
from fencepost.conformance.lockstep.lockstep import CALLS_APART, Lockstep
from fencepost.conformance.lockstep.mismatch import Mismatch


class Replays:
    """Replays cases. `calls` is the number of calls that this has taken so far."""

    def __init__(self, lockstep: Lockstep) -> None:
        self.calls = 0
        self._lockstep = lockstep

    def replay(self, case: Case, like: Mismatch | None = None) -> Mismatch | None:
        """The mismatch of the case's last answer; see `Lockstep.replay`. A case of several vaults is replayed apart."""
        replay, beside = self.way_of(case)
        self.calls += len(case.steps) + 1 + beside
        return replay(case, like)

    def is_right(self, case: Case) -> bool:
        """Whether the case can be run once more, and its last answer is right."""
        self.calls += len(case.steps) + 1
        return self._lockstep.is_answered_rightly(case)

    def replay_apart(self, case: Case, like: Mismatch | None = None) -> Mismatch | None:
        """The same after the rules in force were replaced by default rules, so that earlier vaults cannot matter."""
        self.calls += len(case.steps) + 1 + CALLS_APART
        return self._lockstep.replay_apart(case, like)

    def way_of(self, case: Case) -> tuple[Callable[[Case, Mismatch | None], Mismatch | None], int]:
        """How to replay a case and its like, uncounted, and how many calls that takes beside the case's own."""
        return (self._lockstep.replay_apart, CALLS_APART) if case.spans_vaults else (self._lockstep.replay, 0)

    def confirm(self, case: Case, mismatch: Mismatch, times: int) -> Mismatch | None:
        """The mismatch of the last of so many replays; None unless each of them shows the same kind of mismatch."""
        shown: Mismatch | None = None
        for _ in range(times):
            shown = self.replay(case, mismatch)
            if not mismatch.is_like(shown):
                return None
        return shown

    def stands_alone(self, reproduction: Reproduction) -> bool:
        """Whether the case shows the mismatch whatever earlier vaults have left in force."""
        first = reproduction.case.steps[0]
        if isinstance(first, WriteStep) and first.method == "putRules":
            return True
        return reproduction.mismatch.is_like(self.replay_apart(reproduction.case, reproduction.mismatch))

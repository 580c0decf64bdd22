"""The search for a smaller case: what has been tried, which case is the smallest so far, and what it may cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from fencepost.conformance.lockstep.case import AskStep, Case, Step, WriteStep
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision

_T = TypeVar("_T")
Replay: TypeAlias = Callable[[Case, Mismatch], Mismatch | None]
"""Replays a case; of several wrong answers, one that is like the mismatch goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """A case that shows a mismatch.

    `calls` is the number of calls that went into making it small. `is_right_plainly` is True if the answer is right
    where the same rules are put at once and nothing else is asked. `right_order` says in which other order of the rules
    it is right, if it is in one. `is_cut_short` is True if the run's time was over before the smallest case was found.
    """

    case: Case
    mismatch: Mismatch
    calls: int = 0
    is_right_plainly: bool = False
    right_order: str = ""
    is_cut_short: bool = False


def decider(mismatch: Mismatch) -> str | None:
    """The clause by which the reference decides; None where the answer in question is no decision."""
    return mismatch.expected.clause if isinstance(mismatch, WrongDecision) else None


class RationSpentError(Exception):
    """The ration of calls is spent: the smallest case so far stands."""


class Trials:
    """Tries smaller cases within a `ration` of calls. `case` and `mismatch` are the smallest so far.

    A smaller case counts only if `keeps` accepts its mismatch. `beside` is the number of calls that a replay takes in
    addition to those of its case.
    """

    def __init__(
        self,
        reproduction: Reproduction,
        replay: Replay,
        *,
        ration: int,
        keeps: Callable[[Mismatch], bool] = lambda _: True,
        beside: int = 0,
    ) -> None:
        self.case = reproduction.case
        self.mismatch = reproduction.mismatch
        self.calls = 0
        self._replay = replay
        self.ration = ration
        self._keeps = keeps
        self._beside = beside
        self._tried: set[str] = set()

    def attempt(self, case: Case, *, keeps_decider: bool = False) -> bool:
        """Replay a smaller case; whether it shows the same kind of mismatch, and so is the smallest so far.

        With `keeps_decider` the same clause must decide the request.
        """
        key = repr(case)
        if case == self.case or key in self._tried:
            return False
        self._tried.add(key)
        cost = len(case.steps) + 1 + self._beside
        if self.calls + cost > self.ration:
            raise RationSpentError
        self.calls += cost
        mismatch = self._replay(case, self.mismatch)
        if mismatch is None or not mismatch.is_like(self.mismatch) or not self._keeps(mismatch):
            return False
        if keeps_decider and decider(mismatch) != decider(self.mismatch):
            return False
        self.case, self.mismatch = case, mismatch
        return True

    def keep_needed(
        self,
        items: Sequence[_T],
        rebuild: Callable[[tuple[_T, ...]], Case],
        *,
        finest: int = 1,
        coarsest: int | None = None,
    ) -> None:
        """Delta debugging: take away runs of items, halving their length down to `finest`, while the mismatch stays.

        The first runs have all items, or `coarsest` of them.
        """
        left = tuple(items)
        size = len(left) if coarsest is None else min(len(left), coarsest)
        while size >= finest and left:
            start = 0
            while start < len(left):
                fewer = left[:start] + left[start + size :]
                if self.attempt(rebuild(fewer)):
                    left = fewer
                else:
                    start += size
            size //= 2

    def smallest_count(self, count: int, rebuild: Callable[[int], Case]) -> int:
        """The smallest count that still shows the mismatch, by bisection. `count` itself shows it."""
        low = 0
        while low < count:
            middle = (low + count) // 2
            if self.attempt(rebuild(middle)):
                count = middle
            else:
                low = middle + 1
        return count

    def place_in_question(self, step: AskStep) -> int:
        """The place, in the last call, of the request whose answer is wrong."""
        assert isinstance(self.mismatch, WrongDecision)
        return max(place for place, request in enumerate(step.requests) if request == self.mismatch.request)

    def with_step(self, index: int, step: Step) -> Case:
        """The case with another step at this place."""
        steps = self.case.steps
        return replace(self.case, steps=(*steps[:index], step, *steps[index + 1 :]))

    def acls(self, index: int) -> dict[str, object] | None:
        """The `networkAcls` of a step; None if it is not `putRules`."""
        step = self.case.steps[index]
        acls = step.params.get("networkAcls") if isinstance(step, WriteStep) else None
        return acls if isinstance(acls, dict) else None

    def with_acls(self, index: int, **members: object) -> Case:
        """The case with other members in the `networkAcls` of this `putRules`."""
        acls = {**(self.acls(index) or {}), **members}
        return self.with_step(index, WriteStep(method="putRules", params={"networkAcls": acls}))

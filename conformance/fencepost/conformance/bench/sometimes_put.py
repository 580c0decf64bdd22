"""Requests that were put as asked at one time and not at another, in one vault."""

from collections.abc import Sequence

from fencepost.conformance.lockstep.case import AskStep
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.reference import Request


class SometimesPut:
    """Finds requests of the present vault that were answered, and once were inconclusive.

    The calls since `reset` are looked through only after the first inconclusive answer of a vault.
    """

    def __init__(self, lockstep: Lockstep) -> None:
        self._lockstep = lockstep
        self._steps = lockstep.steps
        self._looked_through = len(self._steps)
        self._put = set[Request]()
        self._not_put = set[Request]()

    def found(self, requests: Sequence[Request], outcomes: Sequence[str]) -> set[Request]:
        """Those of the latest call's requests that were put as asked at one time, and not at another."""
        steps = self._lockstep.steps
        if steps is not self._steps:
            self._steps, self._looked_through = steps, len(steps) - 1
            self._put.clear()
            self._not_put.clear()
        missing = {one for one, outcome in zip(requests, outcomes, strict=True) if outcome == "inconclusive"}
        if not missing and not self._not_put:
            return set()
        if not self._not_put:  # so far every request was answered
            earlier = steps[self._looked_through : -1]
            self._put.update(one for step in earlier if isinstance(step, AskStep) for one in step.requests)
        self._put.update(one for one, outcome in zip(requests, outcomes, strict=True) if outcome != "inconclusive")
        self._not_put |= missing
        self._looked_through = len(steps)
        return self._put.intersection(self._not_put, requests)

"""How much of an effort is used up, counterexamples left aside."""

from collections.abc import Iterator
from contextlib import contextmanager

from fencepost.conformance.effort import Effort
from fencepost.conformance.exchange import Meter


class EffortSpent(Exception):
    """The effort's ration of writes or decisions is used up."""


class Ration:
    """What an effort allows; `aside` is the number of writes and decisions that are no part of it."""

    def __init__(self, effort: Effort, *, aside: tuple[int, int] = (0, 0)) -> None:
        self._effort = effort
        self.aside = aside

    def check(self, meter: Meter) -> None:
        """Raise `EffortSpent` where nothing is left."""
        writes, decisions = self.aside
        if meter.writes - writes >= self._effort.writes or meter.decisions - decisions >= self._effort.decisions:
            raise EffortSpent

    @contextmanager
    def beside(self, meter: Meter) -> Iterator[None]:
        """What is sent here is no part of the effort: it goes into a counterexample, or undoes that."""
        writes, decisions = meter.writes, meter.decisions
        try:
            yield
        finally:
            self.aside = (self.aside[0] + meter.writes - writes, self.aside[1] + meter.decisions - decisions)

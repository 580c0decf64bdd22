"""How much of an effort is used up, counterexamples left aside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.lockstep.lockstep import Meter

ASIDE_WRITES, ASIDE_DECISIONS = 2_000, 200_000
"""What a run at quick effort may spend on counterexamples at the most; at other efforts as many times as much as they ask."""


class EffortSpent(Exception):
    """The effort's ration of writes or decisions is used up."""


class EffortMeter:
    """What an effort allows, and what has gone into counterexamples beside it: `aside`.

    That comes to at most `ASIDE_WRITES` and `ASIDE_DECISIONS`, and one counterexample more.
    """

    def __init__(self, effort: Effort, *, aside: Meter | None = None) -> None:
        self._effort = effort
        self.aside = aside or Meter()

    def check(self, meter: Meter) -> None:
        """Raise `EffortSpent` where nothing is left."""
        asked = meter.less(self.aside)
        if asked.writes >= self._effort.writes or asked.decisions >= self._effort.decisions:
            raise EffortSpent

    def allows_another(self) -> bool:
        """Whether there is anything left for another counterexample."""
        scale = self._effort.scale
        return self.aside.writes < ASIDE_WRITES * scale and self.aside.decisions < ASIDE_DECISIONS * scale

    @contextmanager
    def beside(self, meter: Meter) -> Iterator[None]:
        """What is sent here is no part of the effort: it goes into a counterexample, or undoes that."""
        before = replace(meter)
        try:
            yield
        finally:
            self.aside = self.aside.plus(meter.less(before))

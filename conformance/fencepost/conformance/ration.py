"""How much of an effort is used up, counterexamples left aside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fencepost.conformance.effort import Effort
from fencepost.conformance.exchange import Meter

ASIDE = 2
"""How many times its effort a run may spend on counterexamples at the most."""


class EffortSpent(Exception):
    """The effort's ration of writes or decisions is used up."""


class Ration:
    """What an effort allows, and what has gone into counterexamples beside it: `aside`.

    That comes to at most `ASIDE` times the effort's writes or decisions, and one counterexample more.
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
        effort = self._effort
        return self.aside.writes < ASIDE * effort.writes and self.aside.decisions < ASIDE * effort.decisions

    @contextmanager
    def beside(self, meter: Meter) -> Iterator[None]:
        """What is sent here is no part of the effort: it goes into a counterexample, or undoes that."""
        before = replace(meter)
        try:
            yield
        finally:
            self.aside = self.aside.plus(meter.less(before))

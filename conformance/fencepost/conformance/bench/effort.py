"""Effort: how much is asked, counted in calls and never in seconds, so that a seed gives the same run everywhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from fencepost.conformance.lockstep.cost import Cost

LARGEST_SEED = 2**63 - 1
"""The largest number that every form of the report can hold."""

CONTROL_WRITES, CONTROL_DECISIONS = 40, 1_000
"""The share of every effort that is kept for the sensitivity control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """At most so many writes and decisions; `scale` multiplies the rounds of every exploration.

    A decisions-only subject is asked three tenths of it. Counterexamples cost extra calls: see
    `diagnosis.shrink.RATION`.
    """

    name: str
    scale: int
    writes: int
    decisions: int

    def offered(self, *, with_refusals: bool) -> "Effort":
        """The effort itself, or the smaller effort for a subject that only decides."""
        return self if with_refusals else self.for_decisions_only()

    def for_decisions_only(self) -> "Effort":
        """The smaller effort for a subject that only decides."""
        return Effort(
            name=self.name, scale=self.scale, writes=self.writes * 3 // 10, decisions=self.decisions * 3 // 10
        )

    def without_control(self) -> "Effort":
        """The effort left for the explorations if decoys follow them."""
        return self.less(CONTROL_WRITES, CONTROL_DECISIONS)

    def less(self, writes: int, decisions: int) -> "Effort":
        """The effort left after these writes and decisions."""
        return replace(self, writes=self.writes - writes, decisions=self.decisions - decisions)

    def within(self, other: "Effort") -> "Effort":
        """The smaller of both efforts."""
        return replace(self, writes=min(self.writes, other.writes), decisions=min(self.decisions, other.decisions))


EFFORTS = {
    effort.name: effort
    for effort in (
        Effort(name="quick", scale=1, writes=1_500, decisions=100_000),
        Effort(name="standard", scale=5, writes=7_500, decisions=500_000),
        Effort(name="thorough", scale=20, writes=30_000, decisions=2_000_000),
    )
}
"""The efforts by name; `quick` is the default."""

ASIDE_WRITES, ASIDE_DECISIONS = 2_000, 200_000
"""What a run may spend on counterexamples at quick effort; at other efforts this is multiplied by their scale."""


class EffortSpent(Exception):
    """The effort's writes or decisions are used up."""


class CostMeter:
    """The cost so far: `aside` is the cost of counterexamples, `explored` the cost of the explorations.

    `cost` is the sum of both. Counterexamples cost at most `ASIDE_WRITES` and `ASIDE_DECISIONS`, and the cost of the
    last counterexample. `kept` is left of the effort for explorations that come later. `first_failure` is the
    cost of the explorations up to the first wrong answer.
    """

    def __init__(self, effort: Effort, cost: Callable[[], Cost]) -> None:
        self._effort = effort
        self._cost = cost
        self.aside = Cost()
        self.explored = Cost()
        self.kept = Cost()
        self.first_failure: Cost | None = None

    @property
    def spent(self) -> Cost:
        """What has been spent of the effort."""
        return self._cost() - self.aside

    def check(self, decisions: int = 1) -> None:
        """Raise `EffortSpent` if no write or fewer than so many decisions are left."""
        spent = self.spent
        if (
            spent.writes >= self._effort.writes - self.kept.writes
            or spent.decisions + decisions > self._effort.decisions - self.kept.decisions
        ):
            raise EffortSpent

    def allows_another(self) -> bool:
        """Whether anything is left for another counterexample."""
        scale = self._effort.scale
        return self.aside.writes < ASIDE_WRITES * scale and self.aside.decisions < ASIDE_DECISIONS * scale

    def failed_at(self, cost: Cost) -> None:
        """Record the cost at which a clause failed, if it is the first failure."""
        self.first_failure = self.first_failure or cost

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Calls in this context are not part of the effort: they belong to a counterexample, or restore the state."""
        before = self._cost()
        try:
            yield
        finally:
            self.aside += self._cost() - before

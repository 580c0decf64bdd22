"""From what each first kill cost to medians and to the score that any spend buys."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1, 1.5, 2, 3, 5, 7)


@dataclass(frozen=True, slots=True)
class Costs:
    """What the first kill cost in each of `trials` trials, in one unit; those that ended without one have no cost."""

    killed: tuple[int, ...]
    trials: int

    @classmethod
    def of(cls, costs: Sequence[int | None]) -> "Costs":
        """The costs of trials, None for one without a kill."""
        return cls(tuple(sorted(cost for cost in costs if cost is not None)), len(costs))

    def quantile(self, share: float) -> float | None:
        """The cost within which this share of the trials ended in a kill; None where fewer did.

        >>> Costs.of([10, 30, 20, None]).quantile(0.5)
        20
        """
        rank = max(1, -(-int(share * self.trials * 1000) // 1000))
        return self.killed[rank - 1] if rank <= len(self.killed) else None

    def score(self, spent: int) -> float:
        """The share of the trials that so much spending ends in a kill.

        >>> Costs.of([10, 30, 20, None]).score(25)
        0.5
        """
        return bisect_right(self.killed, spent) / self.trials if self.trials else 0.0

    def curve(self, until: int) -> tuple[tuple[int, float], ...]:
        """The score at round numbers up to `until`, the ends included."""
        found, scale = [1], 1
        while scale <= until:
            found += [round(step * scale) for step in _STEPS]
            scale *= 10
        spends = sorted({spent for spent in (*found, until) if spent <= until})
        return tuple((spent, self.score(spent)) for spent in spends)

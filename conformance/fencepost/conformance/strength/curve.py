"""From the cost of each first kill to medians, and to the score for any cost."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1, 1.5, 2, 3, 5, 7)


@dataclass(frozen=True, slots=True)
class Costs:
    """The cost of the first kill in each of `trials` trials, in one unit; trials without a kill have no cost."""

    killed: tuple[int, ...]
    trials: int

    @classmethod
    def of(cls, costs: Sequence[int | None]) -> "Costs":
        """The costs of trials; None is a trial without a kill."""
        return cls(tuple(sorted(cost for cost in costs if cost is not None)), len(costs))

    def quantile(self, share: float) -> float | None:
        """The cost within which this share of the trials had a kill; None if fewer had.

        >>> Costs.of([10, 30, 20, None]).quantile(0.5)
        20
        """
        rank = max(1, -(-int(share * self.trials * 1000) // 1000))
        return self.killed[rank - 1] if rank <= len(self.killed) else None

    def score(self, spent: int) -> float:
        """The share of the trials with a kill within this cost.

        >>> Costs.of([10, 30, 20, None]).score(25)
        0.5
        """
        return bisect_right(self.killed, spent) / self.trials if self.trials else 0.0

    def curve(self, until: int) -> tuple[tuple[int, float], ...]:
        """The score at round numbers up to `until`, including both ends."""
        found, scale = [1], 1
        while scale <= until:
            found += [round(step * scale) for step in _STEPS]
            scale *= 10
        spends = sorted({spent for spent in (*found, until) if spent <= until})
        return tuple((spent, self.score(spent)) for spent in spends)

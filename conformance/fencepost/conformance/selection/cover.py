"""Greedy cover: what a candidate would add to the fault classes covered so far."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import TypeVar

FaultClass = tuple[object, ...]
"""A kind of fault that a configuration or request would show: its kind, then what distinguishes it within the kind."""

_T = TypeVar("_T")

_FADING = 0.4


class _Worth(dict[FaultClass, float]):
    """The worth of covering each fault class once more."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        self._weights = weights

    def __missing__(self, one: FaultClass) -> float:
        return self._weights.get(str(one[0]), 1.0)


class Cover:
    """How often each fault class has been covered; each repetition is worth less than the one before.

    `weights` gives what the first time is worth for each kind of fault class, by default 1.
    """

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        self.times = Counter[FaultClass]()
        self._worth = _Worth(weights or {})

    def gain(self, classes: Iterable[FaultClass]) -> float:
        """The worth that covering these would add: the same, to the last bit, in any order of the set."""
        return fsum(map(self._worth.__getitem__, classes))

    def add(self, classes: Iterable[FaultClass]) -> None:
        """Count each of these as covered once more."""
        for one in classes:
            self.times[one] += 1
            self._worth[one] *= _FADING

    def choose(self, offered: Sequence[tuple[_T, frozenset[FaultClass]]], most: int) -> list[_T]:
        """At most `most` candidates, each the candidate that adds most to those before it; of equals the first offered.

        >>> Cover().choose([("one", frozenset({(1,)})), ("both", frozenset({(1,), (2,)}))], 1)
        ['both']
        """
        # A candidate's gain only falls as others are chosen: a fresh value that is still the best is the best.
        waiting = [(-self.gain(classes), place) for place, (_, classes) in enumerate(offered)]
        heapq.heapify(waiting)
        chosen: list[_T] = []
        while waiting and len(chosen) < most:
            _, place = waiting[0]
            value, classes = offered[place]
            fresh = (-self.gain(classes), place)
            if len(waiting) > 1 and fresh > min(waiting[1:3]):
                heapq.heapreplace(waiting, fresh)
                continue
            heapq.heappop(waiting)
            self.add(classes)
            chosen.append(value)
        return chosen

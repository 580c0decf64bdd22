"""Greedy cover: what a candidate would add to the fault classes that have been asked already."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

FaultClass = tuple[object, ...]
"""A way to be wrong that a configuration or a request would show: its kind, then what tells it from others of the kind."""

_T = TypeVar("_T")

_FADING = 0.4


@dataclass(slots=True)
class Cover:
    """How often each fault class has been covered; each time again is worth less than the time before.

    `weights` says what the first time is worth for each kind of fault class; 1 where it does not say.
    """

    weights: Mapping[object, float] = field(default_factory=lambda: MappingProxyType({}))
    times: Counter[FaultClass] = field(default_factory=Counter)

    def gain(self, classes: Iterable[FaultClass]) -> float:
        """What covering these would add."""
        weights, times = self.weights, self.times
        return sum(weights.get(one[0], 1.0) * _FADING ** times[one] for one in classes)

    def add(self, classes: Iterable[FaultClass]) -> None:
        """They are covered once more."""
        self.times.update(classes)

    def choose(self, offered: Sequence[tuple[_T, frozenset[FaultClass]]], most: int) -> list[_T]:
        """At most so many of the offered, each the one that adds most to those before it; of equals the first offered.

        >>> Cover().choose([("one", frozenset({(1,)})), ("both", frozenset({(1,), (2,)}))], 1)
        ['both']
        """
        # What a candidate adds only falls while others are chosen: one whose value is fresh and still the best is the best.
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

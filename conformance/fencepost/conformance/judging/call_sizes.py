"""How many requests a call carries: each kind of request must be right alone, among few, and in calls of each size."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, cycle, islice
from typing import TypeAlias

FIRSTS = (1, 2, 9, 65, 513, 4_096)
"""The smallest number of requests of each class of sizes; the last class is a full call alone."""

_WANTED = (3, 3, 1, 1, 1, 1, 1, 1, 1, 2)
"""How often each kind of request is to be decisive in a call of each class; then first, second, last, and between."""

_NEVER = "0" * len(_WANTED)
_ENOUGH = "".join(map(str, _WANTED))
_ALONE, _FEW, _MORE = range(3)
_FIRST, _SECOND, _LAST, _BETWEEN = range(len(FIRSTS), len(_WANTED))

_SMALLEST, _SMALL = 3, 8
"""A further call of few requests has at least so many, since only then its places differ, and at most so many."""

_ROUNDS = (4, 2, 1)
"""Early in a run, at most so many further calls of each kind follow one call: alone, few, and more."""

_WORTH = 3
"""Early in a run, a further call is made only if so many kinds lack it."""

_DEAR = 150
"""A further call may have so many requests for each kind that lacks it."""

SHARE, EARLY_SHARE = 4, 16
"""There is at most one further call for so many calls of explorations; early in a run, for so many."""

Kinds: TypeAlias = tuple[str, ...]


def class_of(size: int) -> int:
    """The class of sizes of a call with so many requests."""
    return bisect_right(FIRSTS, size) - 1


def intended(requests: int) -> list[int]:
    """The sizes of the calls that carry so many requests to a subject that is not slow."""
    full, rest = divmod(requests, FIRSTS[-1])
    return [FIRSTS[-1]] * full + [rest] * bool(rest)


def in_words(place: int) -> str:
    """The sizes of a class."""
    last = FIRSTS[place + 1] - 1 if place + 1 < len(FIRSTS) else FIRSTS[place]
    return f"{FIRSTS[place]:,}" if last == FIRSTS[place] else f"{FIRSTS[place]:,} to {last:,}"


def _columns(size: int, place: int) -> tuple[int, ...]:
    """The columns of a right answer at this place of a call with so many requests; places count from three on."""
    if size < _SMALLEST:
        return (class_of(size),)
    at = _LAST if place == size - 1 else (_FIRST, _SECOND, _BETWEEN)[min(place, 2)]
    return class_of(size), at


@dataclass(slots=True)
class CallSizes:
    """How often each kind of request was answered rightly in calls of each class, and at each place of a call.

    A kind is named by a text; its value has a digit for each class and each place, which counts as far as it is wanted.
    `asked` counts calls of explorations, `further` those beside them. `is_late` once the exploration of call sizes has
    come, which has nearly every kind: until then most of the further calls are saved for it, if it is to come.
    """

    seen: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    further: int = 0
    is_late: bool = False

    def count(self, kinds: Sequence[str], size: int, place: int) -> None:
        """Count a right answer to a request of these kinds, at this place of a call of this size."""
        for column in _columns(size, place):
            for kind in kinds:
                before = self.seen.get(kind, _NEVER)
                if int(before[column]) < _WANTED[column]:
                    self.seen[kind] = f"{before[:column]}{int(before[column]) + 1}{before[column + 1 :]}"

    def most(self, calls: int) -> int:
        """How many further calls may have been made beside so many calls of explorations."""
        return calls // (SHARE if self.is_late else EARLY_SHARE)

    def calls(self, kinds: Sequence[Kinds], *, most: int) -> Iterator[list[int]]:
        """Further calls with requests of a call whose requests are of these kinds: for each its requests' places.

        A request without a kind is not put. The call that most kinds lack comes first. `most` is how many further calls
        a run may have made at the end.
        """
        pool = {one: place for place, one in enumerate(kinds) if one}
        fillers = [place for place, one in enumerate(kinds) if one]
        left = list(_ROUNDS)
        while pool and self.further < most:
            every = {kind for kinds in pool for kind in kinds}
            small = {kind for kind in every if self._lacks_small(kind)}
            lacking = [kinds for kinds in pool if not small.isdisjoint(kinds)]
            found = self._alone(pool, lacking), self._few(pool, lacking), self._more(pool, every, fillers)
            turn = max(range(len(found)), key=lambda turn: found[turn][0] if left[turn] or self.is_late else 0)
            left[turn] -= 1
            lacked_by, places = found[turn]
            if lacked_by < (1 if self.is_late else _WORTH) or (left[turn] < 0 and not self.is_late):
                return
            yield places

    def _alone(self, pool: Mapping[Kinds, int], lacking: Sequence[Kinds]) -> tuple[int, list[int]]:
        """How many kinds lack the best call of one request, and that call."""
        lacks = {kind: self._lacks(kind, _ALONE) > 0 for kind in {kind for kinds in lacking for kind in kinds}}
        lacked_by = {kinds: sum(map(lacks.__getitem__, kinds)) for kinds in lacking}
        best = max(lacking, key=lacked_by.__getitem__, default=None)
        return (0, []) if best is None else (lacked_by[best], [pool[best]])

    def _few(self, pool: Mapping[Kinds, int], lacking: Sequence[Kinds]) -> tuple[int, list[int]]:
        """How many kinds lack the best call of three to eight requests or its places, and that call."""
        if not lacking:
            return 0, []
        need = {kind: self._lacks(kind, _FEW) for kind in {kind for kinds in lacking for kind in kinds}}
        rest, fillers = {kinds: pool[kinds] for kinds in lacking}, cycle(pool.values())
        lacked_by, found = 0, []
        for column in (_FIRST, _SECOND, _LAST, *[None] * (_SMALL - _SMALLEST)):
            gain = {
                kind: (few > 0) + (column is not None and self._lacks(kind, column) > 0) for kind, few in need.items()
            }
            gains = {kinds: sum(map(gain.__getitem__, kinds)) for kinds in rest}
            best = max(gains, key=gains.__getitem__, default=None)
            if best is None or not gains[best]:
                found.append(next(fillers))
                continue
            lacked_by += gains[best]
            found.append(rest.pop(best))
            for kind in best:
                need[kind] -= 1
        first, second, last, *between = found
        return lacked_by, [first, second, *between, last]

    def _more(self, pool: Mapping[Kinds, int], every: set[str], fillers: Sequence[int]) -> tuple[int, list[int]]:
        """How many kinds lack the best call of nine requests, or late in a run of more, and that call."""
        lacked_by, found = 0, list[int]()
        for column in range(_MORE, len(FIRSTS) if self.is_late else _MORE + 1):
            lacking = {kind for kind in every if self._lacks(kind, column)}
            if len(lacking) > max(lacked_by, FIRSTS[column] // _DEAR):
                lacked_by = len(lacking)
                wanted = (place for kinds, place in pool.items() if not lacking.isdisjoint(kinds))
                found = [*islice(chain(wanted, cycle(fillers)), FIRSTS[column])]
        return lacked_by, found

    def _lacks_small(self, kind: str) -> bool:
        """Whether the kind lacks a call of one request or of few, or a place in a call of few."""
        seen = self.seen.get(kind, _NEVER)
        return seen[:_MORE] != _ENOUGH[:_MORE] or seen[_FIRST:_BETWEEN] != _ENOUGH[_FIRST:_BETWEEN]

    def _lacks(self, kind: str, column: int) -> int:
        """How many right answers of this column the kind lacks."""
        return _WANTED[column] - int(self.seen.get(kind, _NEVER)[column])

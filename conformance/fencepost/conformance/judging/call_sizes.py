"""How many requests a call carries: each kind of request must be right alone, among few, and in calls of each size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice

FIRSTS = (1, 2, 9, 65, 513, 4_096)
"""The smallest number of requests of each class of sizes; the last class is a full call alone."""

_WANTED = (3, 3, 1, 1, 1, 1)
"""How often each kind of request is to be decisive in a call of each class."""

_ALONE, _FEW = 4, 8
"""At most so many requests of one call are put again alone, and so many in a small call."""

_LOOKED_AT = 64
"""Of a call with more requests than these, the last ones are looked at."""

SHARE = 4
"""There is at most one further call for so many calls of explorations."""


def class_of(size: int) -> int:
    """The class of sizes of a call with so many requests."""
    return sum(size >= first for first in FIRSTS[1:])


def intended(requests: int) -> list[int]:
    """The sizes of the calls that carry so many requests to a subject that is not slow."""
    full, rest = divmod(requests, FIRSTS[-1])
    return [FIRSTS[-1]] * full + [rest] * bool(rest)


def in_words(place: int) -> str:
    """The sizes of a class."""
    last = FIRSTS[place + 1] - 1 if place + 1 < len(FIRSTS) else FIRSTS[place]
    return f"{FIRSTS[place]:,}" if last == FIRSTS[place] else f"{FIRSTS[place]:,} to {last:,}"


@dataclass(slots=True)
class CallSizes:
    """How often each kind of request was answered rightly in calls of each class; counted as far as it is wanted.

    A kind is named by a text; its value has a digit for each class. `asked` counts calls of explorations, `further`
    those beside them.
    """

    seen: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    further: int = 0

    def count(self, kinds: Sequence[str], size: int) -> None:
        """Count a right answer to a request of these kinds, in a call of this size."""
        place = class_of(size)
        for kind in kinds:
            before = self.seen.get(kind, "000000")
            if int(before[place]) < _WANTED[place]:
                self.seen[kind] = f"{before[:place]}{int(before[place]) + 1}{before[place + 1 :]}"

    def lacking(self, kinds: Sequence[str], place: int) -> int:
        """How many of these kinds were not seen often enough in calls of this class."""
        return sum(int(self.seen.get(kind, "000000")[place]) < _WANTED[place] for kind in kinds)

    def calls(self, kinds: Sequence[Sequence[str]], *, most: int) -> Iterator[list[int]]:
        """Further calls with requests of a call whose requests are of these kinds: for each its requests' places.

        Some are put alone, some among few, and some among more than eight. `most` is how many further calls a run may
        have made when this one ends.
        """
        places = [*range(len(kinds))][-_LOOKED_AT:]
        for place, limit in ((1, _FEW), (2, FIRSTS[2])):
            wanted = [one for one in places if self.lacking(kinds[one], place)][:limit]
            if wanted and self.further < most:
                fillers = cycle(range(len(kinds)))
                yield [*wanted, *islice(fillers, max(0, FIRSTS[place] - len(wanted)))]
        for _ in range(_ALONE):
            best = max(places, key=lambda one: self.lacking(kinds[one], 0))
            if self.further >= most or not self.lacking(kinds[best], 0):
                return
            yield [best]

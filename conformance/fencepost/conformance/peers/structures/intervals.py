"""Sorted ranges, merged into disjoint ones when they are first asked, and searched by bisection."""

from bisect import bisect_left, bisect_right, insort


class Structure:
    """The ranges as they were added, and the starts and ends of the merged ones."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._stale = False

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        insort(self._ranges, (first, self._last(first, length)))
        self._stale = True

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        at = bisect_left(self._ranges, (first, self._last(first, length)))
        del self._ranges[at]
        self._stale = True

    def clear(self) -> None:
        """Take every block out."""
        self._ranges.clear()
        self._stale = True

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        if self._stale:
            self._merge()
        at = bisect_right(self._starts, address) - 1
        return at >= 0 and address <= self._ends[at]

    def _merge(self) -> None:
        starts: list[int] = []
        ends: list[int] = []
        for first, last in self._ranges:
            if ends and first <= ends[-1] + 1:
                ends[-1] = max(ends[-1], last)
            else:
                starts.append(first)
                ends.append(last)
        self._starts = list(starts)
        self._ends = list(ends)
        self._stale = False

    def _last(self, first: int, length: int) -> int:
        return first + (1 << (32 - length)) - 1

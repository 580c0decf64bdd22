"""An interval tree in a sorted array: the middle is the root, and each node knows the highest end below it."""

from bisect import bisect_left, insort


class Structure:
    """The ranges by their first address, and the highest last address of each subtree."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []
        self._highest: list[int] = []

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        insort(self._ranges, (first, first + (1 << (32 - length)) - 1))
        self._highest = []

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        del self._ranges[bisect_left(self._ranges, (first, first + (1 << (32 - length)) - 1))]
        self._highest = []

    def clear(self) -> None:
        """Take every block out."""
        self._ranges.clear()
        self._highest.clear()

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        if not self._highest:
            self._highest = [0] * len(self._ranges)
            self._augment(0, len(self._ranges))
        return self._search(address, 0, len(self._ranges))

    def _augment(self, start: int, stop: int) -> int:
        if start >= stop:
            return -1
        middle = (start + stop) // 2
        below = max(self._augment(start, middle), self._augment(middle + 1, stop))
        self._highest[middle] = max(below, self._ranges[middle][1])
        return self._highest[middle]

    def _search(self, address: int, start: int, stop: int) -> bool:
        if start >= stop:
            return False
        middle = (start + stop) // 2
        if address > self._highest[middle]:
            return False
        if self._search(address, start, middle):
            return True
        first, last = self._ranges[middle]
        if address < first:
            return False
        return address <= last or self._search(address, middle + 1, stop)

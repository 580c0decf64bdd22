"""A write-ahead journal: changes are appended, the latest counts, and a long journal is folded into the base."""

FOLDED_AT = 16


class Structure:
    """The blocks at the last folding, and the changes since then, each with whether it adds."""

    def __init__(self) -> None:
        self._base: set[tuple[int, int]] = set()
        self._journal: list[tuple[bool, int, int]] = []

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        self._journal.append((True, first, length))
        if len(self._journal) >= FOLDED_AT:
            self._fold()

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        self._journal.append((False, first, length))
        if len(self._journal) >= FOLDED_AT:
            self._fold()

    def clear(self) -> None:
        """Take every block out."""
        self._base = set()
        self._journal = []

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        changed = set[tuple[int, int]]()
        for adds, first, length in reversed(self._journal):
            if adds and (first, length) not in changed and self._holds(first, length, address):
                return True
            changed.add((first, length))
        for first, length in self._base:
            if (first, length) not in changed and self._holds(first, length, address):
                return True
        return False

    def _fold(self) -> None:
        folded = set(self._base)
        for adds, first, length in self._journal:
            if adds:
                folded.add((first, length))
            else:
                folded.discard((first, length))
        self._base = folded
        self._journal = []

    def _holds(self, first: int, length: int, address: int) -> bool:
        return 0 <= address - first < 1 << (32 - length)

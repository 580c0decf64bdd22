"""Reference counts: how many short blocks need each /8, and for each /8 the longer blocks in it."""


class Structure:
    """The counts of the /8 that are covered as a whole, and the blocks that lie within one."""

    def __init__(self) -> None:
        self._needed: dict[int, int] = {}
        self._within: dict[int, frozenset[tuple[int, int]]] = {}

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        top = first >> 24
        if length <= 8:
            for octet in range(top, top + (1 << (8 - length))):
                self._needed[octet] = self._needed.get(octet, 0) + 1
        else:
            self._within[top] = self._within.get(top, frozenset()) | {(first, length)}

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        top = first >> 24
        if length <= 8:
            for octet in range(top, top + (1 << (8 - length))):
                self._needed[octet] -= 1
                if self._needed[octet] == 0:
                    del self._needed[octet]
        else:
            self._within[top] = self._within[top] - {(first, length)}

    def clear(self) -> None:
        """Take every block out."""
        self._needed.clear()
        self._within.clear()

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        octet = address >> 24
        if octet in self._needed:
            return True
        for first, length in self._within.get(octet, frozenset()):  # noqa: SIM110 - a loop has more places to go wrong
            if (address ^ first) >> (32 - length) == 0:
                return True
        return False

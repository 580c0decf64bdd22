"""One hash set of leading bits for each prefix length in use."""


class Structure:
    """The leading bits of the blocks, by prefix length; no set is empty."""

    def __init__(self) -> None:
        self._sets: dict[int, set[int]] = {}

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        if length not in self._sets:
            self._sets[length] = set()
        self._sets[length].add(first >> (32 - length))

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        heads = self._sets[length]
        heads.remove(first >> (32 - length))
        if not heads:
            del self._sets[length]

    def clear(self) -> None:
        """Take every block out."""
        self._sets.clear()

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        for length, heads in self._sets.items():  # noqa: SIM110 - a loop has more places to go wrong
            if address >> (32 - length) in heads:
                return True
        return False

"""A list of blocks, read from its beginning for each address."""


class Structure:
    """The blocks in the order in which they came."""

    def __init__(self) -> None:
        self._blocks: list[tuple[int, int]] = []

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        self._blocks.append((first, length))

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        self._blocks.remove((first, length))

    def clear(self) -> None:
        """Take every block out."""
        self._blocks.clear()

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        for first, length in self._blocks:
            rest = 32 - length
            if address >> rest == first >> rest:
                return True
        return False

"""What every structure offers: a changing set of CIDR blocks that is asked for addresses."""

from typing import Protocol


class Matcher(Protocol):
    """A set of blocks. A block is its first address as a number, and its prefix length.

    No block is added that is in the set, and none removed that is not.
    """

    def add(self, first: int, length: int) -> None:
        """Take the block in."""

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""

    def clear(self) -> None:
        """Take every block out."""

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""

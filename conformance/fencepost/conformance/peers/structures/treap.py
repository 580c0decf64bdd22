"""A treap of boundaries: where a block begins the count rises, behind its end it falls; subtrees know their sum."""

from dataclasses import dataclass
from zlib import crc32


@dataclass(slots=True)
class Node:
    """An address at which the number of blocks changes, by how much, and the sum of the changes in the subtree."""

    key: int
    change: int
    total: int
    low: "Node | None" = None
    high: "Node | None" = None


def _priority(key: int) -> int:
    """A number without the order of the keys. With a multiple of the key, evenly spaced keys would form a chain."""
    return crc32(key.to_bytes(5, "big"))


class Structure:
    """The root; no node changes by nothing."""

    def __init__(self) -> None:
        self._root: Node | None = None

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        self._shift(first, 1)
        self._shift(first + (1 << (32 - length)), -1)

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        self._shift(first, -1)
        self._shift(first + (1 << (32 - length)), 1)

    def clear(self) -> None:
        """Take every block out."""
        self._root = None

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        count, node = 0, self._root
        while node is not None:
            if node.key <= address:
                count += node.change
                if node.low is not None:
                    count += node.low.total
                node = node.high
            else:
                node = node.low
        return count > 0

    def _shift(self, key: int, change: int) -> None:
        low, rest = self._split(self._root, key)
        middle, high = self._split(rest, key + 1)
        if middle is None:
            middle = Node(key, change, change)
        else:
            middle.change += change
            self._sum(middle)
        if middle.change == 0:
            self._root = self._join(low, high)
        else:
            self._root = self._join(self._join(low, middle), high)

    def _split(self, node: Node | None, key: int) -> tuple[Node | None, Node | None]:
        """The nodes below the key, and the others."""
        if node is None:
            return None, None
        if node.key < key:
            node.high, rest = self._split(node.high, key)
            self._sum(node)
            return node, rest
        rest, node.low = self._split(node.low, key)
        self._sum(node)
        return rest, node

    def _join(self, low: Node | None, high: Node | None) -> Node | None:
        if low is None or high is None:
            return high if low is None else low
        if _priority(low.key) > _priority(high.key):
            low.high = self._join(low.high, high)
            self._sum(low)
            return low
        high.low = self._join(low, high.low)
        self._sum(high)
        return high

    def _sum(self, node: Node) -> None:
        node.total = node.change
        if node.low is not None:
            node.total += node.low.total
        if node.high is not None:
            node.total += node.high.total

"""A Patricia trie: a node for each block and for each place where two blocks part; removal takes needless nodes out."""

from dataclasses import dataclass


@dataclass(slots=True)
class Node:
    """The leading bits that all blocks below have in common."""

    first: int
    length: int
    is_block: bool
    low: "Node | None" = None
    high: "Node | None" = None


def _bit(value: int, at: int) -> int:
    return value >> (31 - at) & 1


def _common(one: int, other: int) -> int:
    return 32 - (one ^ other).bit_length()


class Structure:
    """The root; every node but a block has two children."""

    def __init__(self) -> None:
        self._root: Node | None = None

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        self._root = self._with(self._root, first, length)

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        self._root = self._without(self._root, first, length)

    def clear(self) -> None:
        """Take every block out."""
        self._root = None

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        node = self._root
        while node is not None and _common(address, node.first) >= node.length:
            if node.is_block:
                return True
            node = node.high if _bit(address, node.length) else node.low
        return False

    def _with(self, node: Node | None, first: int, length: int) -> Node:
        if node is None:
            return Node(first, length, is_block=True)
        shared = min(_common(first, node.first), length, node.length)
        if shared < node.length:
            above = Node(first, shared, is_block=shared == length)
            self._hang(above, node)
            if shared < length:
                self._hang(above, Node(first, length, is_block=True))
            return above
        if length == node.length:
            node.is_block = True
        else:
            below = node.high if _bit(first, node.length) else node.low
            self._hang(node, self._with(below, first, length))
        return node

    def _hang(self, above: Node, below: Node) -> None:
        if _bit(below.first, above.length):
            above.high = below
        else:
            above.low = below

    def _without(self, node: Node | None, first: int, length: int) -> Node | None:
        if node is None:
            return None
        if node.length == length:
            node.is_block = False
        elif _bit(first, node.length):
            node.high = self._without(node.high, first, length)
        else:
            node.low = self._without(node.low, first, length)
        if node.is_block or (node.low is not None and node.high is not None):
            return node
        return node.high if node.low is None else node.low

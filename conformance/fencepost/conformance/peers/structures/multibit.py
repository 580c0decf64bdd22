"""A trie that reads eight bits a step; a block is expanded over the slots of its level, each of which counts blocks."""


class Node:
    """256 slots: how many blocks fill each, and what lies below it."""

    def __init__(self) -> None:
        self.counts = [0] * 256
        self.children: dict[int, Node] = {}
        self.filled = 0


class Structure:
    """The root; a node without blocks and without children is taken out."""

    def __init__(self) -> None:
        self._root = Node()

    def add(self, first: int, length: int) -> None:
        """Take the block in."""
        level = max(length - 1, 0) // 8
        node = self._root
        for step in range(level):
            byte = first >> (24 - 8 * step) & 255
            if byte not in node.children:
                node.children[byte] = Node()
            node = node.children[byte]
        self._fill(node, first, length, 1)

    def remove(self, first: int, length: int) -> None:
        """Take the block out."""
        level = max(length - 1, 0) // 8
        node, path = self._root, list[tuple[Node, int]]()
        for step in range(level):
            byte = first >> (24 - 8 * step) & 255
            path.append((node, byte))
            node = node.children[byte]
        self._fill(node, first, length, -1)
        while path and node.filled == 0 and not node.children:
            node, byte = path.pop()
            del node.children[byte]

    def clear(self) -> None:
        """Take every block out."""
        self._root = Node()

    def covers(self, address: int) -> bool:
        """Whether the address is in a block."""
        node = self._root
        for step in range(4):
            byte = address >> (24 - 8 * step) & 255
            if node.counts[byte] > 0:
                return True
            if byte not in node.children:
                return False
            node = node.children[byte]
        return False

    def _fill(self, node: Node, first: int, length: int, change: int) -> None:
        level = max(length - 1, 0) // 8
        start = first >> (24 - 8 * level) & 255
        for slot in range(start, start + (1 << (8 * level + 8 - length))):
            node.counts[slot] += change
        node.filled += change

"""Structures that find whether a range covers an address: tables by length, trees, sorted edges.

`fault` names what a structure does wrong; without a fault it is right.
"""

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network


class Index:
    """The ranges in force, in the order in which they came."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.held: list[IPv4Network] = []

    def add(self, rule: IPv4Network) -> None:
        self.held.append(rule)

    def remove(self, rule: IPv4Network) -> None:
        self.held = [one for one in self.held if one != rule]

    def renewed(self) -> "Index":
        """What a new vault begins with."""
        return type(self)(self.fault)

    def refused(self, named: list[IPv4Network]) -> None:
        """A refused whole set has named these ranges."""

    def covers(self, address: int) -> bool:
        return any(IPv4Address(address) in one for one in self.held)


def bits(rule: IPv4Network) -> str:
    return f"{int(rule.network_address):032b}"[: rule.prefixlen]


class LengthTables(Index):
    """A set of prefixes for each length, and the lengths that are in use."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.tables: dict[int, set[str]] = {}
        self.count: Counter[int] = Counter()

    def add(self, rule: IPv4Network) -> None:
        self.tables.setdefault(rule.prefixlen, set()).add(bits(rule))
        self.count[rule.prefixlen] += 1

    def remove(self, rule: IPv4Network) -> None:
        self.tables[rule.prefixlen].discard(bits(rule))
        self.count[rule.prefixlen] -= 1
        if self.fault == "length forgotten":
            self.count[rule.prefixlen] = 0
        if self.fault == "same base removed":
            for length, table in self.tables.items():
                table.discard(bits(IPv4Network((rule.network_address, length), strict=False)))
        if self.fault == "longer lengths forgotten" and not self.count[rule.prefixlen]:
            self.count = Counter({length: n for length, n in self.count.items() if length <= rule.prefixlen})

    def covers(self, address: int) -> bool:
        text = f"{address:032b}"
        return any(text[:length] in table for length, table in self.tables.items() if self.count[length] > 0)


@dataclass(slots=True)
class Node:
    children: dict[str, "Node"] = field(default_factory=dict)
    ends: bool = False


class DeletingTrie(Index):
    """A binary trie whose unused nodes are freed, and used again."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.root = Node()
        self.free: list[Node] = []

    def _path(self, rule: IPv4Network) -> list[Node]:
        path = [self.root]
        for bit in bits(rule):
            node = path[-1]
            if bit not in node.children:
                node.children[bit] = self.free.pop() if self.free else Node()
            path.append(node.children[bit])
        return path

    def add(self, rule: IPv4Network) -> None:
        self._path(rule)[-1].ends = True

    def remove(self, rule: IPv4Network) -> None:
        path, text = self._path(rule), bits(rule)
        path[-1].ends = self.fault == "freed node keeps its mark" and not path[-1].children
        if self.fault == "subtree dropped" and len(path[-1].children) == 1:
            path[-1].children.clear()
        for depth in range(len(text), 0, -1):
            node = path[depth]
            is_used = bool(node.children) or (node.ends and depth < len(text))
            if self.fault == "marked parents pruned":
                is_used = bool(node.children)
            if self.fault == "glue with one child dropped" and not node.ends and depth < len(text):
                is_used = len(node.children) > 1
            if is_used:
                break
            del path[depth - 1].children[text[depth - 1]]
            self.free.append(node)

    def covers(self, address: int) -> bool:
        node: Node | None = self.root
        for bit in f"{address:032b}":
            if node is None or node.ends:
                break
            node = node.children.get(bit)
        return node is not None and node.ends


class PushedLeaves(Index):
    """A list of cuts; each piece knows the longest range that covers it, as leaf pushing keeps it."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.leaf: dict[IPv4Network, IPv4Network | None] = {}

    def add(self, rule: IPv4Network) -> None:
        parents = [one for one in self.held if one != rule and one.supernet_of(rule)]
        self.leaf[rule] = max(parents, key=lambda one: one.prefixlen, default=None)
        for one in self.held:
            above = self.leaf[one]
            if rule.supernet_of(one) and (above is None or above.supernet_of(rule)):
                self.leaf[one] = rule
        self.held.append(rule)

    def remove(self, rule: IPv4Network) -> None:
        above = self.leaf.pop(rule, None)
        self.held = [one for one in self.held if one != rule]
        for one in self.held:
            if self.leaf[one] == rule:
                self.leaf[one] = None if self.fault == "grandparent lost" else above
        if self.fault == "cover not restored" and above is not None and above.network_address == rule.network_address:
            self.held.remove(above)
            del self.leaf[above]
            self.leaf = {one: None if of == above else of for one, of in self.leaf.items()}

    def covers(self, address: int) -> bool:
        caller = IPv4Address(address)
        if self.fault != "grandparent lost":
            return any(caller in one for one in self.held)
        # looks back from the nearest first address, and then along the covering ranges
        before = [one for one in self.held if int(one.network_address) <= address]
        at: IPv4Network | None = max(before, key=lambda one: (one.network_address, one.prefixlen), default=None)
        while at is not None and caller not in at:
            at = self.leaf[at]
        return at is not None


class Sweep(Index):
    """How many ranges begin and end at each address."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.steps: Counter[int] = Counter()

    def add(self, rule: IPv4Network) -> None:
        self.steps[int(rule[0])] += 1
        self.steps[int(rule[-1]) + 1] -= 1

    def remove(self, rule: IPv4Network) -> None:
        if self.fault == "shared edge deleted" and self.steps[int(rule[0])] > 1:
            del self.steps[int(rule[0])]
            self.steps[int(rule[-1]) + 1] += 1
            return
        self.steps[int(rule[0])] -= 1
        self.steps[int(rule[-1]) + 1] += 1

    def covers(self, address: int) -> bool:
        return sum(step for at, step in self.steps.items() if at <= address) > 0


class MergedIntervals(Index):
    """The union as disjoint intervals."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.gaps: list[IPv4Network] = []

    def add(self, rule: IPv4Network) -> None:
        super().add(rule)
        self.gaps = [one for one in self.gaps if not one.overlaps(rule)]

    def remove(self, rule: IPv4Network) -> None:
        super().remove(rule)
        if self.fault == "inner taken out of outer" and any(one.supernet_of(rule) for one in self.held):
            self.gaps.append(rule)

    def covers(self, address: int) -> bool:
        return super().covers(address) and not any(IPv4Address(address) in one for one in self.gaps)


class AugmentedTree(Index):
    """An unbalanced tree by first address; each node knows the highest last address below it."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.highest: dict[IPv4Network, int] = {}

    def add(self, rule: IPv4Network) -> None:
        super().add(rule)
        self._augment()

    def remove(self, rule: IPv4Network) -> None:
        place = sorted(self.held).index(rule) if rule in self.held else 0
        super().remove(rule)
        kept = dict(self.highest)
        self._augment()
        if self.fault == "maximum taken from the left alone" and place + 1 < len(self.held):
            after = sorted(self.held)[place]
            self.highest[after] = min(kept.get(after, 0), int(after[-1]))

    def _augment(self) -> None:
        """The highest last address of each range and those before it."""
        top = 0
        for one in sorted(self.held):
            top = max(top, int(one[-1]))
            self.highest[one] = top

    def covers(self, address: int) -> bool:
        for one in sorted(self.held, reverse=True):
            if int(one[0]) <= address <= int(one[-1]):
                return True
            if int(one[0]) <= address and self.highest[one] < address:
                return False
        return False

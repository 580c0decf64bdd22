"""Indexes that keep more than the ranges in force: changes that wait, decisions, marks of removed ranges.

`fault` names what an index does wrong; without a fault it is right.
"""

from collections import OrderedDict
from ipaddress import IPv4Address, IPv4Network

from index_structures import Index


class Journal(Index):
    """Changes are written down, and folded into the set after so many, or when somebody asks."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.base: set[IPv4Network] = set()
        self.records: list[tuple[bool, IPv4Network]] = []

    def add(self, rule: IPv4Network) -> None:
        self._note(rule, is_there=True)

    def remove(self, rule: IPv4Network) -> None:
        self._note(rule, is_there=False)

    def _note(self, rule: IPv4Network, *, is_there: bool) -> None:
        self.records.append((is_there, rule))
        if len(self.records) >= 60:
            self._fold()

    def _fold(self) -> None:
        reversed_records = self.records[::-1]
        last = {rule: is_there for is_there, rule in self.records}
        if self.fault == "first record wins":
            last = {rule: is_there for is_there, rule in reversed_records}
        self.base = {one for one in {*self.base, *last} if last.get(one, one in self.base)}
        self.records = self.records[:1] if self.fault == "first record left over" else []
        if self.fault == "removals left out":
            self.base |= {rule for is_there, rule in reversed_records[:1] if not is_there}

    def covers(self, address: int) -> bool:
        now = set(self.base)
        for is_there, rule in self.records:
            (now.add if is_there else now.discard)(rule)
        return any(IPv4Address(address) in one for one in now)


class Queue(Index):
    """Changes wait until somebody asks; an add and a remove of one rule cancel out."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.waiting: list[tuple[bool, IPv4Network]] = []

    def add(self, rule: IPv4Network) -> None:
        if self.fault == "remove and add cancel" and (False, rule) in self.waiting:
            self.waiting = [(what, one) for what, one in self.waiting if one != rule]
            self.held = [one for one in self.held if one != rule]
            return
        if self.fault == "second add dropped" and (True, rule) in self.waiting:
            return
        self.waiting.append((True, rule))

    def remove(self, rule: IPv4Network) -> None:
        self.waiting.append((False, rule))

    def covers(self, address: int) -> bool:
        for is_there, rule in self.waiting:
            if is_there:
                self.held.append(rule)
            elif rule in self.held:
                self.held.remove(rule)
        self.waiting.clear()
        return super().covers(address)


class Cached(Index):
    """Answers are remembered until a change."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.generation = 0
        self.known: OrderedDict[int, tuple[int, bool]] = OrderedDict()
        self.old: dict[int, tuple[int, bool]] = {}

    def add(self, rule: IPv4Network) -> None:
        super().add(rule)
        self._changed(rule, is_there=True)

    def remove(self, rule: IPv4Network) -> None:
        super().remove(rule)
        self._changed(rule, is_there=False)

    def _changed(self, rule: IPv4Network, *, is_there: bool) -> None:
        if self.fault == "kept after a removal of a single address" and not is_there and rule.prefixlen == 32:
            return
        self.generation += 1
        if self.fault == "kept beyond the first block":
            first = int(rule[0]) >> 16
            self.known = OrderedDict((at, known) for at, known in self.known.items() if at >> 16 != first)
            return
        if self.fault == "second level kept":
            self.known.clear()
            return
        self.known.clear()
        self.old.clear()

    def covers(self, address: int) -> bool:
        found = self.known.get(address) or self.old.get(address)
        keeps = self.fault in ("second level kept", "kept beyond the first block")
        if found is not None and (found[0] == self.generation or keeps):
            return found[1]
        answer = super().covers(address)
        self.known[address] = (self.generation, answer)
        if len(self.known) > 500:
            at, known = self.known.popitem(last=False)
            self.old[at] = known
        return answer


class Tombstones(Index):
    """Removed rules are marked, and swept out after forty removals."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.marked: list[IPv4Network] = []
        self.dead: set[IPv4Network] = set()

    def add(self, rule: IPv4Network) -> None:
        self.dead.discard(rule)
        super().add(rule)

    def remove(self, rule: IPv4Network) -> None:
        super().remove(rule)
        self.marked.append(rule)
        if len(self.marked) >= 40:
            if self.fault == "swept though it came back":
                self.held = [one for one in self.held if one not in self.marked[-6:]]
            self.marked.clear()


class NestedRefusal(Index):
    """What a refused set names is taken back."""

    def refused(self, named: list[IPv4Network]) -> None:
        if self.fault == "takes back what was there":
            self.held = [one for one in self.held if one not in named]
        if self.fault == "takes back what nests":
            self.held = [one for one in self.held if not any(of != one and one.supernet_of(of) for of in named)]

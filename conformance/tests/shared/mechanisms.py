"""Vaults on the structures of real engines, each right, and each with the faults that such structures have had.

A vault keeps its state as a peer does and decides by an index that every accepted write changes. `fault` names the
mechanism that is wrong; without one the vault is correct.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
from typing import ClassVar

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.memory import State
from fencepost.conformance.peers.peer import ABSENT
from fencepost.conformance.peers.stdlib_vault import StdlibVault


class Index:
    """The ranges in force, in the order in which they came."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.held: list[IPv4Network] = []

    def add(self, rule: IPv4Network) -> None:
        self.held.append(rule)

    def remove(self, rule: IPv4Network) -> None:
        self.held = [one for one in self.held if one != rule]

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
        if self.fault == "generation in a byte":
            self.generation %= 256
            return
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


class IndexedVault(StdlibVault):
    """A vault that decides by an index."""

    features = tuple(one for one in StdlibVault.features if one != "snapshot-isolation")
    kind: ClassVar[type[Index]] = Index

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault
        self.index = self.kind(fault)

    def reset(self, **params: object) -> JsonObject:
        self.index = self.kind(self.fault)
        return super().reset(**params)  # type: ignore[arg-type] # handed on as they came

    def _write(self, change: Callable[[State[IPv4Network]], State[IPv4Network]]) -> JsonObject:
        before = dict.fromkeys(self._state.ip_rules)
        answer = super()._write(change)
        after = dict.fromkeys(self._state.ip_rules)
        for rule in before:
            if rule not in after:
                self.index.remove(rule)
        for rule in after:
            if rule not in before:
                self.index.add(rule)
        return answer

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            self.index.refused(_readable(network_acls))
        return answer

    def _covers(self, rules: tuple[IPv4Network, ...]) -> Callable[[str], bool]:
        del rules
        return lambda address: self.index.covers(int(IPv4Address(address)))


def _readable(acls: JsonObject) -> list[IPv4Network]:
    found = []
    entries = acls.get("ipRules")
    for entry in entries if isinstance(entries, list) else ():
        try:
            found.append(IPv4Network(entry["value"]))
        except (ValueError, TypeError, KeyError):
            break
    return found


class BareVault(StdlibVault):
    """Switches of a vault that has no rules."""

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault

    def update_rules(self, *, bypass: object = ABSENT, default_action: object = ABSENT, **_: object) -> JsonObject:
        is_bare = not (self._state.ip_rules or self._state.subnet_rules)
        if is_bare and self.fault == "bypass not stored" and default_action is ABSENT:
            return {"accepted": True}
        if is_bare and self.fault == "switch resets the other" and bypass is ABSENT:
            bypass = "AzureServices"
        return super().update_rules(bypass=bypass, default_action=default_action)

    def remove_ip_rule(self, *, value: object, **_: object) -> JsonObject:
        answer = super().remove_ip_rule(value=value)
        if answer["accepted"] and self.fault == "open without rules" and not self._state.ip_rules:
            self._state = replace(self._state, default_action="Allow")
        return answer


def _indexed(kind: type[Index]) -> Callable[[str], object]:
    class Vault(IndexedVault):
        pass

    Vault.kind = kind
    return Vault


MECHANISMS: Mapping[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "length tables": (
        _indexed(LengthTables),
        ("length forgotten", "same base removed", "longer lengths forgotten"),
    ),
    "deleting trie": (
        _indexed(DeletingTrie),
        ("freed node keeps its mark", "subtree dropped", "marked parents pruned", "glue with one child dropped"),
    ),
    "pushed leaves": (_indexed(PushedLeaves), ("grandparent lost", "cover not restored")),
    "sweep": (_indexed(Sweep), ("shared edge deleted",)),
    "merged intervals": (_indexed(MergedIntervals), ("inner taken out of outer",)),
    "augmented tree": (_indexed(AugmentedTree), ("maximum taken from the left alone",)),
    "journal": (_indexed(Journal), ("first record wins", "first record left over", "removals left out")),
    "queue": (_indexed(Queue), ("remove and add cancel", "second add dropped")),
    "cached": (
        _indexed(Cached),
        (
            "generation in a byte",
            "kept after a removal of a single address",
            "kept beyond the first block",
            "second level kept",
        ),
    ),
    "tombstones": (_indexed(Tombstones), ("swept though it came back",)),
    "refusal": (_indexed(NestedRefusal), ("takes back what was there", "takes back what nests")),
    "bare": (BareVault, ("bypass not stored", "switch resets the other", "open without rules")),
}
"""Each structure: how its vault is made, and its faults."""

HELD_OUT = ("pushed leaves", "augmented tree", "journal", "tombstones", "bare")
"""Structures that the explorations were not developed against."""

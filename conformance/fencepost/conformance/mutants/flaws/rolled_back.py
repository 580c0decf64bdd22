"""Flaws in undoing a refused write, and in trees whose ranges know the ranges around them."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, IpRule, Refused
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import add, ask, call, put, remove, singles

flaw = Flaws("state")

_Node: TypeAlias = tuple[int, int]
"""The first address of a range, and its last with the sign changed: a range comes before those inside it."""


@flaw("roll-back-makes-each-write-once", "VAL-9 STA-2 STA-5 STA-6 DEC-2", "closed", needs_history=True)
@shown_by(put(), add("20.7.0.0/24"), remove("20.7.0.0/24"), add("20.7.0.0/24"), add("10.1.2.3"), ask(call("20.7.0.9")))
class _RollBackMakesEachWriteOnce(Stateful):
    """A refused rule is undone by making the writes since the last whole set again; a repeated write counts as made."""

    base: tuple[IpRule, ...] = ()
    made: tuple[tuple[bool, IpRule], ...] = ()

    def replaced(self) -> None:
        self.base, self.made = self.held.ip_rules, ()

    def add_ip_rule(self, *, value: object) -> JsonObject:
        answer = super().add_ip_rule(value=value)
        if answer["accepted"]:
            self.made += ((True, self.held.ip_rules[-1]),)
        else:
            held = self.held._replace(ip_rules=self.base)
            for comes, rule in dict.fromkeys(self.made):
                held = self.with_ip_rule(held, rule) if comes else self.without_ip_rule(held, rule)
            self.install(held)
        return answer

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        if held is self.held:
            self.made += ((False, rule),)
        return super().without_ip_rule(held, rule)


@flaw("removed-range-cuts-off-those-inside", "STA-2 STA-7 DEC-2 DEC-5", "closed", needs_history=True)
@shown_by(put("20.0.0.0/12", "20.0.0.0/16", "20.0.3.0/24"), remove("20.0.0.0/16"), ask(call("20.0.9.9")))
class _RemovedRangeCutsOffThoseInside(Stateful):
    """Each range knows the next range around it; when that one goes, the range counts as the outermost."""

    order: tuple[_Node, ...] = ()
    around: dict[_Node, _Node | None] = {}  # noqa: RUF012 - a new vault begins with an own one

    def install(self, held: Held) -> None:
        super().install(held)
        before, now = self.around, sorted({(rule.first, -rule.last) for rule in held.ip_rules})
        self.around = {node: before.get(node) for node in now}
        for node in now:
            if node not in before:
                self._link(node, now)
        self.around = {node: up if up in self.around else None for node, up in self.around.items()}
        self.order = tuple(now)

    def replaced(self) -> None:
        self.around = {}
        self.install(self.held)

    def _link(self, node: _Node, order: Sequence[_Node]) -> None:
        place = bisect_left(order, node)
        up = order[place - 1] if place else None
        while up is not None and -up[1] < node[0]:
            up = self.around[up]
        self.around[node] = up
        for one in order[place + 1 :]:
            if one[0] > -node[1]:
                break
            if self.around[one] == up:
                self.around[one] = node

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:  # noqa: ARG002 - the tree in their place
        place = bisect_right(self.order, (ask.address, 0))
        node = self.order[place - 1] if place else None
        while node is not None and -node[1] < ask.address:
            node = self.around[node]
        return node is not None


@flaw("refused-set-keeps-its-count", "VAL-9 LIM-6 LIM-7 LIM-8", "closed", needs_history=True)
@shown_by(
    lambda profile: (put(*singles(profile.max_ip_rules - 2)), put(*singles(3), "10.1.2.3"), add("20.7.0.0/24")),
)
class _RefusedSetKeepsItsCount(Stateful):
    """Rules are counted as a set is read. A refused set does not give its count back; the next whole set does."""

    counted: int = 0

    def replaced(self) -> None:
        self.counted = 0

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            entries = network_acls.get("ipRules")
            self.counted += len(entries) - 1 if isinstance(entries, list) and entries else 0
        return answer

    def check_added(self, held: Held) -> None:
        super().check_added(held)
        if len(held.ip_rules) > len(self.held.ip_rules) and len(held.ip_rules) + self.counted > self.max_ip_rules(held):
            raise Refused(f"{len(held.ip_rules) + self.counted} IP rules")


@flaw("range-around-two-others-is-not-counted", "LIM-7 LIM-2", "open")
@shown_by(
    lambda profile: (
        put(*singles(profile.max_ip_rules - 3), "60.0.0.0/24", "60.0.1.0/24", "60.0.0.0/23"),
        add("20.7.0.0/24"),
    )
)
class _RangeAroundTwoOthersIsNotCounted(Vault):
    """A tree counts its nodes as they are made; a range that comes where two others part takes a node that is there."""

    def check_ip_limit(self, held: Held) -> None:
        super().check_ip_limit(held._replace(ip_rules=tuple(self._making_a_node(held.ip_rules))))

    def _making_a_node(self, rules: Sequence[IpRule]) -> Iterator[IpRule]:
        firsts = list[int]()
        for rule in rules:
            middle = (rule.first + rule.last + 1) // 2
            low, high = bisect_left(firsts, rule.first), bisect_right(firsts, rule.last)
            if not low < bisect_left(firsts, middle) < high:
                yield rule
            insort(firsts, rule.first)

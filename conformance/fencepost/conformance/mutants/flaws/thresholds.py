"""Flaws that begin at a number: of rules searched, nested, added or removed since the last put."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, Witness, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import Call, add, ask, call, put, remove

flaw = Flaws("rule-list")

_COPIES, _LENGTHS = 256, 16


def _networks(count: int) -> list[str]:
    return [f"20.0.{index}.0/24" for index in range(count)]


@flaw("walks-back-over-sixteen", "DEC-5 DEC-2 LIM-1 STA-6", "closed")
@shown_by(put("20.0.0.0/8", *_networks(16)), ask(call("20.200.0.7")))
class _WalksBackOverSixteen(Vault):
    """The rules are bisected; to find a range around later rules, the search goes back over sixteen rules at most."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(sorted(super().arrange(rules), key=_outer_first))

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        found = bisect_right(rules, ask.address, key=lambda rule: rule.first)
        return super().address_matches(rules[max(found - 16, 0) : found], ask)


def _outer_first(rule: IpRule) -> tuple[int, int]:
    return rule.first, -rule.last


@flaw("nested-deeper-than-three", "STA-2 STA-7 DEC-2", "closed", needs_history=True)
@shown_by(
    put("20.0.0.0/8", "20.0.0.0/12", "20.0.0.0/16", "20.0.0.0/20"),
    remove("20.0.0.0/8"),
    remove("20.0.0.0/12"),
    remove("20.0.0.0/16"),
    ask(call()),
)
class _NestedDeeperThanThree(Vault):
    """The tree of nested rules keeps three levels; a deeper rule is lost once the rules around it are removed."""

    deep: frozenset[IpRule] = frozenset()
    removing = False

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        self.removing = True
        try:
            return super().remove_ip_rule(value=value)
        finally:
            self.removing = False

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        rules = super().arrange(rules)
        if not self.removing:
            self.deep = frozenset(rule for rule, levels in _with_levels(rules) if levels >= 3)
        return tuple(rule for rule in rules if rule not in self.deep)


def _with_levels(rules: Iterable[IpRule]) -> Iterator[tuple[IpRule, int]]:
    around: list[int] = []
    for rule in sorted(set(rules), key=_outer_first):
        while around and around[-1] < rule.first:
            around.pop()
        yield rule, len(around)
        around.append(rule.last)


def _adds(count: int) -> tuple[Call, ...]:
    return tuple(add(value) for value in _networks(count))


def _asks_for_the_last_of(count: int) -> Witness:
    return lambda _: (put(), *_adds(count), ask(call(f"20.0.{count - 1}.7")))


class _Overflowing(Stateful):
    """A vault that searches only a fixed number of the rules added since the last put."""

    room: ClassVar[int]
    added: tuple[IpRule, ...] = ()

    def replaced(self) -> None:
        self.added = ()
        self.install(self.held)

    def add_ip_rule(self, *, value: object) -> JsonObject:
        answer = super().add_ip_rule(value=value)
        if answer["accepted"]:
            self.added = (*self.added, *self.held.ip_rules[-1:])
            self.install(self.held)
        return answer

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        beyond = frozenset(self.added[self.room :])
        return tuple(rule for rule in super().arrange(rules) if rule not in beyond)


@flaw("ninth-add-is-not-searched", "STA-2 LIM-7 STA-6", "closed", needs_history=True)
@shown_by(_asks_for_the_last_of(9))
class _NinthAddIsNotSearched(_Overflowing):
    """Added rules wait in a list of eight beside the compiled rules; a ninth is stored, but searched only after the
    next put."""

    room = 8


@flaw("seventeenth-add-is-not-searched", "STA-2 LIM-7 STA-6", "closed", needs_history=True)
@shown_by(_asks_for_the_last_of(17))
class _SeventeenthAddIsNotSearched(_Overflowing):
    """Added rules wait in a list of sixteen beside the compiled rules; a further rule is searched only after the next
    put."""

    room = 16


@flaw("ninth-add-takes-the-first-out", "STA-2 LIM-7 STA-6", "closed", needs_history=True)
@shown_by(put(), *_adds(9), ask(call()))
class _NinthAddTakesTheFirstOut(Stateful):
    """Added rules are noted in an undo ring of eight entries, and a rule that drops out of the ring is undone."""

    noted: tuple[IpRule, ...] = ()

    def replaced(self) -> None:
        self.noted = ()

    def add_ip_rule(self, *, value: object) -> JsonObject:
        answer = super().add_ip_rule(value=value)
        if answer["accepted"]:
            self.noted = (*self.noted, *self.held.ip_rules[-1:])
            fallen, self.noted = self.noted[:-8], self.noted[-8:]
            left = tuple(rule for rule in self.held.ip_rules if rule not in fallen)
            self.install(self.held._replace(ip_rules=left))
        return answer


@flaw("eighth-removal-takes-the-last", "STA-2 STA-7 LIM-8", "closed", needs_history=True)
@shown_by(put(*_networks(9)), *(remove(value) for value in _networks(8)), ask(call("20.0.8.7")))
class _EighthRemovalTakesTheLast(Stateful):
    """Removed rules leave gaps; the eighth gap starts a compaction that loses the last rule."""

    gaps = 0

    def replaced(self) -> None:
        self.gaps = 0

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        self.gaps += len(held.ip_rules) > len(left.ip_rules)
        if self.gaps < 8:
            return left
        self.gaps = 0
        return left._replace(ip_rules=left.ip_rules[:-1])


@flaw("copies-of-a-rule-in-a-byte", "DEC-5 STA-2 DEC-2", "closed", profiles=TODAY_ONLY)
@shown_by(put(*["20.0.0.0/24"] * _COPIES), ask(call()))
class _CopiesOfARuleInAByte(Vault):
    """Equal rules are one entry with a count of one byte, and an entry without copies is no entry."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        copies = Counter((rule.first, rule.last) for rule in rules)
        return tuple(rule for rule in rules if copies[rule.first, rule.last] % _COPIES)


@flaw("sixteen-prefix-lengths-at-most", "DEC-5 STA-2 DEC-2", "closed")
@shown_by(put(*(f"20.0.0.0/{length}" for length in range(30, 13, -1))), ask(call("20.3.0.0")))
class _SixteenPrefixLengthsAtMost(Vault):
    """There is a table of hashes for each prefix length, with room for sixteen of them."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        kept = list(dict.fromkeys(rule.prefix for rule in rules))[:_LENGTHS]
        return tuple(rule for rule in rules if rule.prefix in kept)

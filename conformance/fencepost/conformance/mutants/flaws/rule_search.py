"""Flaws in searching a list of IP rules by sorting, bisecting, merging, nesting or hashing."""

from collections.abc import Sequence
from itertools import groupby

from fencepost.conformance.mutants.mutant import Flaws, asks, seen_in, shown_by
from fencepost.conformance.mutants.values import Ask, IpRule
from fencepost.conformance.mutants.vault import Vault

flaw = Flaws("rule-list")


@flaw("sorted-as-text-and-bisected", "DEC-5 DEC-2 LIM-1", "closed")
@shown_by(asks("20.0.0.0/24", "150.0.0.0/24", "102.0.0.0/24", address="20.0.0.7"))
class _SortedAsTextAndBisected(Vault):
    """The rules are sorted as text, '100.…' before '20.…', and then bisected as numbers."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(sorted(super().arrange(rules), key=lambda rule: rule.text))

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        return super().address_matches(rules[: _bisected(rules, ask.address)], ask)


@flaw("bisected-unsorted", "DEC-5 DEC-2 LIM-1", "closed")
@shown_by(asks("90.0.0.0/24", "52.0.0.0/24", "20.0.0.0/24", address="20.0.0.7"))
class _BisectedUnsorted(Vault):
    """A bisection drops the rules that begin above the address; it needs a sorted list, and the list is not sorted."""

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        return super().address_matches(rules[: _bisected(rules, ask.address)], ask)


@flaw("innermost-rule-only", "DEC-5 DEC-2 STA-6", "closed")
@seen_in("envoyproxy/envoy #2614: nested prefixes come to the trie later")
@shown_by(asks("20.0.0.0/16", "20.0.4.0/24", address="20.0.9.7"))
class _InnermostRuleOnly(Vault):
    """A bisection finds the last rule that begins at or below the address, and tests only that: an inner rule hides its
    outer."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(sorted(super().arrange(rules), key=lambda rule: (rule.first, -rule.last)))

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        found = _bisected(rules, ask.address)
        return super().address_matches(rules[found - 1 : found] if found else (), ask)


def _bisected(rules: Sequence[IpRule], address: int) -> int:
    low, high = 0, len(rules)
    while low < high:
        middle = (low + high) // 2
        if rules[middle].first <= address:
            low = middle + 1
        else:
            high = middle
    return low


@flaw("scan-ends-past-the-address", "DEC-5 DEC-2 LIM-1 STA-6", "closed")
@seen_in("netaddr/netaddr #55: the loop ends at a range that does not match")
@shown_by(asks("52.0.0.0/24", "20.0.0.0/24", address="20.0.0.7"))
class _ScanEndsPastTheAddress(Vault):
    """The scan stops at the first rule that begins above the address, as if the list were sorted."""

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        end = next((index for index, rule in enumerate(rules) if rule.first > ask.address), len(rules))
        return super().address_matches(rules[:end], ask)


@flaw("longer-rule-clears-the-shorter", "DEC-5 STA-6 DEC-2", "closed")
@seen_in("figglewatts/cidr-trie #17: found or not by the order of insertion")
@shown_by(asks("20.0.0.0/16", "20.0.4.0/24", address="20.0.9.7"))
class _LongerRuleClearsTheShorter(Vault):
    """Writing a long prefix into the trie passes the node of a short prefix and makes it an inner node again."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        rules = super().arrange(rules)
        return tuple(
            rule for index, rule in enumerate(rules) if not any(_inside(later, rule) for later in rules[index + 1 :])
        )


@flaw("second-inner-rule-takes-the-outer-one", "DEC-5", "closed")
@shown_by(asks("20.0.0.0/16", "20.0.0.0/20", "20.0.0.0/24", address="20.0.99.7"))
class _SecondInnerRuleTakesTheOuterOne(Vault):
    """A node in the tree of nested rules holds one inner rule; a second inner rule overwrites the outer rule."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        rules = super().arrange(rules)
        return tuple(rule for rule in rules if sum(_inside(inner, rule) for inner in set(rules)) < 2)


def _inside(inner: IpRule, outer: IpRule) -> bool:
    return inner.prefix > outer.prefix and outer.first <= inner.first <= outer.last


@flaw("overlaps-cancel", "DEC-5 STA-6 DEC-2", "closed")
@shown_by(asks("20.0.0.0/16", "20.0.4.0/24", address="20.0.4.7"))
class _OverlapsCancel(Vault):
    """The rules' bits are combined with ^ in place of |, so an address covered twice is not covered."""

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        matches = super().address_matches
        return sum(matches((rule,), ask) for rule in rules) % 2 == 1


@flaw("repeated-rule-cancels", "DEC-5", "closed")
@seen_in("Azure/azure-powershell #20605: duplicates are stored, and the portal cannot remove them")
@shown_by(asks("20.0.0.0/24", "20.0.0.0/24", address="20.0.0.7"))
class _RepeatedRuleCancels(Vault):
    """Rules are toggled in a set, so a rule written twice is removed."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        rules = super().arrange(rules)
        return tuple(rule for rule in rules if rules.count(rule) % 2)


@flaw("merge-swallows-a-gap-of-one", "DEC-4 DEC-3 STA-7", "open")
@shown_by(asks("20.0.0.4/30", "20.0.0.9", address="20.0.0.8"))
class _MergeSwallowsAGapOfOne(Vault):
    """Neighbouring ranges are merged if the next begins at most two, not one, after the end."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        merged: list[IpRule] = []
        for rule in sorted(super().arrange(rules)):
            if merged and rule.first <= merged[-1].last + 2:
                merged[-1] = merged[-1]._replace(last=max(rule.last, merged[-1].last))
            else:
                merged.append(rule)
        return tuple(merged)


@flaw("merge-ends-with-the-inner-rule", "DEC-5 DEC-2 STA-6", "closed")
@shown_by(asks("20.0.0.0/16", "20.0.4.0/24", address="20.0.9.7"))
class _MergeEndsWithTheInnerRule(Vault):
    """Overlapping ranges are merged and end where the later range ends, which may lie inside: max() is missing."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        merged: list[IpRule] = []
        for rule in sorted(super().arrange(rules)):
            if merged and rule.first <= merged[-1].last:
                merged[-1] = merged[-1]._replace(last=rule.last)
            else:
                merged.append(rule)
        return tuple(merged)


@flaw("adjacent-rule-dropped", "DEC-5 DEC-2 STA-6", "closed")
@shown_by(asks("20.0.0.0/24", "20.0.1.0/24", address="20.0.1.7"))
class _AdjacentRuleDropped(Vault):
    """If a range begins right after another, the merge drops it without extending the first."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        rules = super().arrange(rules)
        ends = {rule.last for rule in rules}
        return tuple(rule for rule in rules if rule.first - 1 not in ends)


@flaw("adjacent-ranges-joined-off-their-border", "DEC-4 DEC-3 DEC-5", "both")
@seen_in("kfeldmann/cidrmerge #1: ranges that begin where none may")
@shown_by(asks("20.0.1.0/24", "20.0.2.0/24", address="20.0.0.7"))
class _AdjacentRangesJoinedOffTheirBorder(Vault):
    """Two adjacent ranges of equal size become a range of twice the size, even where no such range may begin."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        joined: list[IpRule] = []
        for rule in sorted(super().arrange(rules)):
            if joined and rule.prefix == joined[-1].prefix and rule.first == joined[-1].last + 1:
                joined[-1] = self.rule_of(joined[-1].network, rule.prefix - 1)
            else:
                joined.append(rule)
        return tuple(joined)


@flaw("range-joined-with-one-of-half-its-size", "DEC-5 DEC-3 DEC-4", "open")
@seen_in("mikioh/ipaddr #6: 127.156.0.0/15 and 127.159.0.0/16 become 127.156.0.0/14")
@shown_by(asks("20.0.0.0/24", "20.0.1.0/25", address="20.0.1.200"))
class _RangeJoinedWithOneOfHalfItsSize(Vault):
    """Two adjacent ranges become the next wider range that begins with the first, also where it ends beyond them."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        joined: list[IpRule] = []
        for rule in sorted(super().arrange(rules)):
            last = joined[-1] if joined else rule
            is_next = rule.first == last.last + 1 and rule.prefix == last.prefix + 1
            wider = self.rule_of(last.network, last.prefix - 1) if is_next else rule
            if is_next and wider.first == last.first:
                joined[-1] = wider
            else:
                joined.append(rule)
        return tuple(joined)


@flaw("envelope-of-an-octet", "STA-7 DEC-3", "open")
@shown_by(asks("20.0.0.0/24", "20.0.4.0/24", address="20.0.2.7"))
class _EnvelopeOfAnOctet(Vault):
    """For each first octet only the lowest and the highest address are kept, and all between them are let in."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        grouped = groupby(sorted(super().arrange(rules)), key=lambda rule: rule.first >> 24)
        drawers = [list(drawer) for _, drawer in grouped]
        return tuple(drawer[0]._replace(last=max(rule.last for rule in drawer)) for drawer in drawers)


@flaw("single-addresses-crossed", "STA-7 DEC-3", "open")
@shown_by(asks("20.1.2.3", "20.4.5.6", address="20.1.2.6"))
class _SingleAddressesCrossed(Vault):
    """Single addresses are stored as a set of /24s and a set of last octets, so two rules admit four addresses."""

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        alone = [rule.network for rule in rules if rule.prefix == 32]
        crossed = ask.address >> 8 in {a >> 8 for a in alone} and ask.address & 0xFF in {a & 0xFF for a in alone}
        return crossed or super().address_matches(rules, ask)


@flaw("single-addresses-by-hash", "DEC-3 STA-7", "open")
@shown_by(asks("20.0.0.5", address="20.5.0.0"))
class _SingleAddressesByHash(Vault):
    """Single addresses are found by a 16-bit hash, upper half ^ lower half, and the address itself is not compared."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        if rule.prefix == 32:
            return (rule.network >> 16 ^ rule.network & 0xFFFF) == (ask.address >> 16 ^ ask.address & 0xFFFF)
        return super().in_range(rule, ask)


@flaw("ranges-hide-single-addresses", "DEC-5 DEC-2 STA-6", "closed")
@shown_by(asks("52.0.0.0/24", "20.0.0.7", address="20.0.0.7"))
class _RangesHideSingleAddresses(Vault):
    """`if ranges: check ranges; elif addresses: check addresses` ignores single addresses as soon as there is a
    range."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        rules = super().arrange(rules)
        return tuple(rule for rule in rules if rule.prefix < 32) or rules


@flaw("longest-prefix-of-the-octet-decides", "DEC-5 DEC-2", "closed")
@shown_by(asks("20.0.0.0/16", "20.9.0.0/24", address="20.0.0.7"))
class _LongestPrefixOfTheOctetDecides(Vault):
    """Of the rules with the caller's first octet only that with the longest prefix is tested, whether it matches or
    not."""

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        near = [rule for rule in rules if rule.network >> 24 == ask.address >> 24]
        longest = max((rule.prefix for rule in near), default=0)
        far = [rule for rule in rules if rule.network >> 24 != ask.address >> 24]
        return super().address_matches([*far, *(rule for rule in near if rule.prefix == longest)], ask)

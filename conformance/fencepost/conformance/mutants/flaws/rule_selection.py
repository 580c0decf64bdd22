"""Flaws in which IP rules of a list are looked at, and in the key under which they are stored."""

from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, asks, shown_by
from fencepost.conformance.mutants.values import Ask, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put, singles

flaw = Flaws("rule-list")


@flaw("first-rule-only", "DEC-5 DEC-2 LIM-1 STA-6", "closed")
@shown_by(asks("20.0.0.0/24", "20.0.2.0/24", address="20.0.2.7"))
class _FirstRuleOnly(Vault):
    """The loop returns after its first rule, whether that matches or not."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return super().arrange(rules)[:1]


@flaw("last-rule-decides", "DEC-5 DEC-2 LIM-1 STA-6", "closed")
@shown_by(asks("20.0.0.0/24", "20.0.2.0/24", address="20.0.0.7"))
class _LastRuleDecides(Vault):
    """`allowed = matches(rule)` in a loop without a break: every rule overwrites the result of the rule before."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return super().arrange(rules)[-1:]


@flaw("last-of-several-skipped", "DEC-5 DEC-2 LIM-1", "closed")
@shown_by(asks("20.0.0.0/24", "20.0.2.0/24", address="20.0.2.7"))
class _LastOfSeveralSkipped(Vault):
    """The list is joined with commas and split again, and the piece after the last comma is dropped."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        rules = super().arrange(rules)
        return rules[:-1] if len(rules) > 1 else rules


@flaw("first-hundred-rules", "LIM-1", "closed")
@shown_by(put(*singles(101)), ask(call(singles(101)[-1])))
class _FirstHundredRules(Vault):
    """The rules are read from a database in pages of 100, and only the first page is read."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return super().arrange(rules)[:100]


@flaw("rule-at-a-page-break-lost", "LIM-1", "closed")
@shown_by(put(*singles(60)), ask(call(singles(60)[50])))
class _RuleAtAPageBreakLost(Vault):
    """The rules are read in pages of 50, and the first row of each further page is skipped."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(rule for index, rule in enumerate(super().arrange(rules)) if index % 50 or not index)


@flaw("last-of-a-full-list-lost", "LIM-1 LIM-5", "closed")
@shown_by(lambda profile: (put(*singles(profile.max_ip_rules)), ask(call(singles(profile.max_ip_rules)[-1]))))
class _LastOfAFullListLost(Vault):
    """The buffer has as many entries as rules are allowed and ends in a null entry, which replaces the last rule."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return super().arrange(rules)[: self.profile.max_ip_rules - 1]


@flaw("rule-count-in-a-byte", "LIM-1", "closed", profiles=TODAY_ONLY)
@shown_by(put(*singles(256)), ask(call(singles(1)[0])))
class _RuleCountInAByte(Vault):
    """The number of rules is stored in a byte: of 256 rules none is looked at, of 1,000 the first 232."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return super().arrange(rules)[: len(rules) & 0xFF]


@flaw("rule-index-in-a-byte", "LIM-1", "closed", profiles=TODAY_ONLY)
@shown_by(put(*singles(256)), ask(call(singles(256)[255])))
class _RuleIndexInAByte(Vault):
    """The trie's leaves store the rule's index in a byte, in which 255 means no rule."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(rule for index, rule in enumerate(super().arrange(rules)) if index & 0xFF != 255)


@flaw("keyed-by-network-address", "DEC-5 DEC-2 STA-6", "closed")
@shown_by(asks("20.0.0.0/16", "20.0.0.0/24", address="20.0.9.7"))
class _KeyedByNetworkAddress(Vault):
    """The rules are stored by network address, so 20.0.0.0/24 replaces 20.0.0.0/16."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple({rule.network: rule for rule in super().arrange(rules)}.values())


@flaw("first-of-a-network-address-kept", "DEC-5 DEC-2 STA-6", "closed")
@shown_by(asks("20.0.0.0/24", "20.0.0.0/16", address="20.0.9.7"))
class _FirstOfANetworkAddressKept(Vault):
    """Rules with an equal network address count as duplicates, so a wider rule after a narrow rule is dropped."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple({rule.network: rule for rule in reversed(super().arrange(rules))}.values())


@flaw("one-rule-per-prefix-length", "DEC-5 DEC-2 LIM-1", "closed")
@shown_by(asks("20.0.0.0/24", "52.0.0.0/24", address="20.0.0.7"))
class _OneRulePerPrefixLength(Vault):
    """A dict from mask to network, for longest-prefix matching, holds a single network for each mask."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple({rule.prefix: rule for rule in super().arrange(rules)}.values())


@flaw("one-rule-per-first-octet", "DEC-5 DEC-2 LIM-1", "closed")
@shown_by(asks("20.0.0.0/24", "20.9.0.0/24", address="20.0.0.7"))
class _OneRulePerFirstOctet(Vault):
    """Rules are stored by first octet, and each octet holds a single rule."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple({rule.network >> 24: rule for rule in super().arrange(rules)}.values())


@flaw("short-prefix-filed-once", "DEC-2 DEC-4", "closed")
@shown_by(asks("40.0.0.0/6", address="42.0.0.7"))
class _ShortPrefixFiledOnce(Vault):
    """Rules are indexed by first octet; a range over several octets is found under its first octet alone."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        return rule.network >> 24 == ask.address >> 24 and super().in_range(rule, ask)


@flaw("range-filed-under-its-first-16", "DEC-2 DEC-4", "closed")
@shown_by(asks("20.4.0.0/15", address="20.5.0.7"))
class _RangeFiledUnderItsFirst16(Vault):
    """Rules are indexed by their upper 16 bits; a range wider than /16 is found only in its first part."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        return rule.network >> 16 == ask.address >> 16 and super().in_range(rule, ask)

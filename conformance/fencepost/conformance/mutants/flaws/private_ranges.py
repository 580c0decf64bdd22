"""Flaws in refusing private ranges: in which blocks, for which rules, at which writes."""

import ipaddress
from collections.abc import Callable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, seen_in, shown_by, writes
from fencepost.conformance.mutants.values import Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import add, put, singles

flaw = Flaws("validation")


@flaw("private-172-is-172-16", "VAL-3", "open")
@seen_in("MicrosoftDocs/azure-docs #15184")
@shown_by(writes("172.20.0.0/16"))
class _Private172Is17216(Vault):
    """The documentation's 'addresses that start with 10., 172.16. and 192.168.' is implemented to the letter."""

    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, _, home = super().private_blocks()
        return ten, (0xAC100000, 0xAC10FFFF), home


@flaw("private-172-ends-at-30", "VAL-3", "open")
@shown_by(writes("172.31.0.0/16"))
class _Private172EndsAt30(Vault):
    """`16 <= octet < 31` leaves out 172.31."""

    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, _, home = super().private_blocks()
        return ten, (0xAC100000, 0xAC1EFFFF), home


@flaw("private-172-ends-at-32", "VAL-3 VAL-1", "closed")
@seen_in("MicrosoftDocs/azure-security-docs, articles/key-vault/general/private-link-diagnostics.md")
@shown_by(writes("172.32.0.0/16"))
class _Private172EndsAt32(Vault):
    """The private block is 172.16.x.x to 172.32.x.x, as a page states it."""

    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, _, home = super().private_blocks()
        return ten, (0xAC100000, 0xAC20FFFF), home


@flaw("private-172-begins-at-15", "VAL-3 VAL-1", "closed")
@shown_by(writes("172.15.0.0/16"))
class _Private172BeginsAt15(Vault):
    """`15 <= octet` takes the lower bound for exclusive."""

    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, _, home = super().private_blocks()
        return ten, (0xAC0F0000, 0xAC1FFFFF), home


@flaw("private-192-168-0-only", "VAL-3", "open")
@shown_by(writes("192.168.1.0/24"))
class _Private1921680Only(Vault):
    """Only 192.168.0.0/24 counts as private, as on a home router."""

    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, middle, _ = super().private_blocks()
        return ten, middle, (0xC0A80000, 0xC0A800FF)


@flaw("private-ten-is-a-16", "VAL-3", "open")
@shown_by(writes("10.200.0.0/16"))
class _PrivateTenIsA16(Vault):
    """Only 10.0.0.0/16 counts as private, as in the network of every template."""

    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        _, middle, home = super().private_blocks()
        return (0x0A000000, 0x0A00FFFF), middle, home


@flaw("private-by-first-octet", "VAL-3 VAL-1", "closed")
@shown_by(writes("192.30.255.0/24"))
class _PrivateByFirstOctet(Vault):
    """Only the first octet is compared, with 10, 172 and 192."""

    def is_private(self, rule: IpRule) -> bool:
        return (rule.network >> 24 in (10, 172, 192) and rule.prefix >= 8) or super().is_private(rule)


@flaw("private-by-text", "VAL-3 VAL-1", "closed")
@shown_by(writes("172.200.0.0/16"))
class _PrivateByText(Vault):
    """startswith(('10.', '172.1', '172.2', '172.3', '192.168')) also refuses 172.1 and 172.200."""

    def is_private(self, rule: IpRule) -> bool:
        alike = rule.text.startswith(("172.1", "172.2", "172.3", "192.168")) and rule.prefix >= 16
        return alike or super().is_private(rule)


@flaw("private-single-addresses-only", "VAL-3", "open")
@shown_by(writes("10.1.0.0/16"))
class _PrivateSingleAddressesOnly(Vault):
    """The library's is-private test takes addresses, so ranges are not checked."""

    def is_private(self, rule: IpRule) -> bool:
        return rule.prefix == 32 and super().is_private(rule)


@flaw("private-ranges-only", "VAL-3", "open")
@shown_by(writes("10.1.0.4"))
class _PrivateRangesOnly(Vault):
    """The private blocks are compared with ranges; a single address takes another path."""

    def is_private(self, rule: IpRule) -> bool:
        return rule.prefix < 32 and super().is_private(rule)


@flaw("private-blocks-compared-whole", "VAL-3", "open")
@seen_in("Azure/azure-policy #1121: a policy that compares for equality")
@shown_by(writes("10.1.0.0/16"))
class _PrivateBlocksComparedWhole(Vault):
    """The rule is looked up in the list 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, which lacks the ranges inside
    them."""

    def is_private(self, rule: IpRule) -> bool:
        return super().is_private(rule) and (rule.first, rule.last) in self.private_blocks()


@flaw("private-block-ends-before-its-last-address", "VAL-3", "open")
@shown_by(writes("192.168.255.0/24"))
class _PrivateBlockEndsBeforeItsLastAddress(Vault):
    """`last < end_of_block` leaves out the end of the block."""

    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        return tuple((first, last - 1) for first, last in super().private_blocks())


@flaw("private-block-begins-after-its-first-address", "VAL-3", "open")
@shown_by(writes("10.0.0.0/24"))
class _PrivateBlockBeginsAfterItsFirstAddress(Vault):
    """`first > start_of_block` leaves out the start of the block."""

    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        return tuple((first + 1, last) for first, last in super().private_blocks())


@flaw("private-if-either-end-is", "VAL-1", "closed", choice="private-superset")
@shown_by(writes("10.0.0.0/7"))
class _PrivateIfEitherEndIs(Vault):
    """A range is refused when its first or last address is private, even if it is larger than the block."""

    def is_private(self, rule: IpRule) -> bool:
        ends = (rule.first, rule.last)
        return any(first <= end <= last for end in ends for first, last in self.private_blocks())


@flaw("private-as-the-library-says", "VAL-1", "closed", choice="reserved-ranges")
@seen_in("CVE-2024-4032: ipaddress.is_private was wrong for several blocks")
@shown_by(writes("192.0.2.0/24"))
class _PrivateAsTheLibrarySays(Vault):
    """ipaddress.is_private knows many more blocks than RFC 1918, and they differ between releases."""

    def is_private(self, rule: IpRule) -> bool:
        return ipaddress.ip_network((rule.network, rule.prefix), strict=False).is_private


@flaw("private-ranges-dormant-under-allow", "VAL-3 VAL-9 STA-4", "open")
@shown_by(put("10.1.0.0/16", default="Allow"))
class _PrivateRangesDormantUnderAllow(Vault):
    """Under Allow rules are not checked, so a private range is stored, and applies when Deny comes."""

    asleep = False

    def read_acls(self, acls: JsonObject) -> Held:
        self.asleep = acls.get("defaultAction") == "Allow"
        return super().read_acls(acls)

    def is_private(self, rule: IpRule) -> bool:
        return not self.asleep and super().is_private(rule)


@flaw("only-the-first-rule-is-checked", "VAL-9 VAL-3", "open")
@shown_by(writes("20.0.0.0/24", "10.1.0.0/16"))
class _OnlyTheFirstRuleIsChecked(Vault):
    """Only the first rule of the list is checked; `rules[0]` is left from an experiment."""

    position = 0

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        rules: list[IpRule] = []
        for self.position, entry in enumerate(entries):
            rules.extend(super().read_ip_rules([entry]))
        self.position = 0
        return tuple(rules)

    def is_private(self, rule: IpRule) -> bool:
        return self.position == 0 and super().is_private(rule)


@flaw("the-last-rule-is-not-checked", "VAL-9 VAL-3", "open")
@shown_by(writes("20.0.0.0/24", "10.1.0.0/16"))
class _TheLastRuleIsNotChecked(Vault):
    """The loop over the rules runs to len(rules) - 1 and misses the last rule."""

    at_the_end = False

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        rules = super().read_ip_rules(entries[:-1])
        self.at_the_end = len(entries) > 1
        try:
            return (*rules, *super().read_ip_rules(entries[-1:]))
        finally:
            self.at_the_end = False

    def is_private(self, rule: IpRule) -> bool:
        return not self.at_the_end and super().is_private(rule)


@flaw("added-rules-may-be-private", "VAL-3", "open")
@shown_by(add("10.1.0.0/16"))
class _AddedRulesMayBePrivate(Vault):
    """Private blocks are checked when the whole list is put, and not when one rule is added."""

    adding = False

    def add_ip_rule(self, *, value: object) -> JsonObject:
        self.adding = True
        try:
            return super().add_ip_rule(value=value)
        finally:
            self.adding = False

    def is_private(self, rule: IpRule) -> bool:
        return not self.adding and super().is_private(rule)


@flaw("private-addresses-with-a-prefix-taken", "VAL-3", "open", profiles=TODAY_ONLY)
@shown_by(writes("10.1.2.3/32"))
class _PrivateAddressesWithAPrefixTaken(Vault):
    """Addresses and ranges are checked in two branches; /32 has a third branch without the check."""

    is_with_a_prefix = False

    def split_value(self, value: str) -> tuple[str, str, str]:
        self.is_with_a_prefix = value.endswith("/32")
        return super().split_value(value)

    def is_private(self, rule: IpRule) -> bool:
        return not self.is_with_a_prefix and super().is_private(rule)


@flaw("rules-past-the-hundredth-unchecked", "VAL-3", "open")
@shown_by(writes(*singles(101), "10.0.0.1"))
class _RulesPastTheHundredthUnchecked(Vault):
    """The check reads the sent rules page by page, and looks at the first page of a hundred only."""

    place = 0

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        found = []
        for self.place, entry in enumerate(entries):
            found.append(self.parse_value(self.member(entry, "value")))
        self.place = 0
        return tuple(found)

    def is_private(self, rule: IpRule) -> bool:
        return self.place < 100 and super().is_private(rule)

    def write(self, make: Callable[[], Held], *checks: Callable[[Held], None]) -> JsonObject:
        self.place = 0
        return super().write(make, *checks)

"""Flaws in refusing private ranges: in which blocks, for which rules, at which writes."""

import ipaddress
from collections.abc import Callable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, Witness
from fencepost.conformance.mutants.values import Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import add, put, singles

flaw = Flaws("validation")


def _writes(*values: object) -> Witness:
    return lambda _: (put(*values),)


@flaw(
    "private-172-is-172-16",
    clause="VAL-3",
    direction="open",
    story="The documentation's 'addresses that start with 10., 172.16. and 192.168.' is implemented to the letter.",
    origin="MicrosoftDocs/azure-docs #15184",
    witness=_writes("172.20.0.0/16"),
)
class _Private172Is17216(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, _, home = super().private_blocks()
        return ten, (0xAC100000, 0xAC10FFFF), home


@flaw(
    "private-172-ends-at-30",
    clause="VAL-3",
    direction="open",
    story="`16 <= octet < 31` leaves out 172.31.",
    witness=_writes("172.31.0.0/16"),
)
class _Private172EndsAt30(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, _, home = super().private_blocks()
        return ten, (0xAC100000, 0xAC1EFFFF), home


@flaw(
    "private-172-ends-at-32",
    clause="VAL-3",
    also=("VAL-1",),
    direction="closed",
    story="The private block is 172.16.x.x to 172.32.x.x, as a page states it.",
    origin="MicrosoftDocs/azure-security-docs, articles/key-vault/general/private-link-diagnostics.md",
    witness=_writes("172.32.0.0/16"),
)
class _Private172EndsAt32(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, _, home = super().private_blocks()
        return ten, (0xAC100000, 0xAC20FFFF), home


@flaw(
    "private-172-begins-at-15",
    clause="VAL-3",
    also=("VAL-1",),
    direction="closed",
    story="`15 <= octet` takes the lower bound for exclusive.",
    witness=_writes("172.15.0.0/16"),
)
class _Private172BeginsAt15(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, _, home = super().private_blocks()
        return ten, (0xAC0F0000, 0xAC1FFFFF), home


@flaw(
    "private-192-168-0-only",
    clause="VAL-3",
    direction="open",
    story="Only 192.168.0.0/24 counts as private, as on a home router.",
    witness=_writes("192.168.1.0/24"),
)
class _Private1921680Only(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        ten, middle, _ = super().private_blocks()
        return ten, middle, (0xC0A80000, 0xC0A800FF)


@flaw(
    "private-ten-is-a-16",
    clause="VAL-3",
    direction="open",
    story="Only 10.0.0.0/16 counts as private, as in the network of every template.",
    witness=_writes("10.200.0.0/16"),
)
class _PrivateTenIsA16(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        _, middle, home = super().private_blocks()
        return (0x0A000000, 0x0A00FFFF), middle, home


@flaw(
    "private-by-first-octet",
    clause="VAL-3",
    also=("VAL-1",),
    direction="closed",
    story="Only the first octet is compared, with 10, 172 and 192.",
    witness=_writes("192.30.255.0/24"),
)
class _PrivateByFirstOctet(Vault):
    def is_private(self, rule: IpRule) -> bool:
        return (rule.network >> 24 in (10, 172, 192) and rule.prefix >= 8) or super().is_private(rule)


@flaw(
    "private-by-text",
    clause="VAL-3",
    also=("VAL-1",),
    direction="closed",
    story="startswith(('10.', '172.1', '172.2', '172.3', '192.168')) also refuses 172.1 and 172.200.",
    witness=_writes("172.200.0.0/16"),
)
class _PrivateByText(Vault):
    def is_private(self, rule: IpRule) -> bool:
        alike = rule.text.startswith(("172.1", "172.2", "172.3", "192.168")) and rule.prefix >= 16
        return alike or super().is_private(rule)


@flaw(
    "private-single-addresses-only",
    clause="VAL-3",
    direction="open",
    story="The library's is-private test takes addresses, so ranges are not checked.",
    witness=_writes("10.1.0.0/16"),
)
class _PrivateSingleAddressesOnly(Vault):
    def is_private(self, rule: IpRule) -> bool:
        return rule.prefix == 32 and super().is_private(rule)


@flaw(
    "private-ranges-only",
    clause="VAL-3",
    direction="open",
    story="The private blocks are compared with ranges; a single address takes another path.",
    witness=_writes("10.1.0.4"),
)
class _PrivateRangesOnly(Vault):
    def is_private(self, rule: IpRule) -> bool:
        return rule.prefix < 32 and super().is_private(rule)


@flaw(
    "private-blocks-compared-whole",
    clause="VAL-3",
    direction="open",
    story=(
        "The rule is looked up in the list 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, which lacks the ranges inside "
        "them."
    ),
    origin="Azure/azure-policy #1121: a policy that compares for equality",
    witness=_writes("10.1.0.0/16"),
)
class _PrivateBlocksComparedWhole(Vault):
    def is_private(self, rule: IpRule) -> bool:
        return super().is_private(rule) and (rule.first, rule.last) in self.private_blocks()


@flaw(
    "private-block-ends-before-its-last-address",
    clause="VAL-3",
    direction="open",
    story="`last < end_of_block` leaves out the end of the block.",
    witness=_writes("192.168.255.0/24"),
)
class _PrivateBlockEndsBeforeItsLastAddress(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        return tuple((first, last - 1) for first, last in super().private_blocks())


@flaw(
    "private-block-begins-after-its-first-address",
    clause="VAL-3",
    direction="open",
    story="`first > start_of_block` leaves out the start of the block.",
    witness=_writes("10.0.0.0/24"),
)
class _PrivateBlockBeginsAfterItsFirstAddress(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        return tuple((first + 1, last) for first, last in super().private_blocks())


@flaw(
    "private-if-either-end-is",
    clause="VAL-1",
    direction="closed",
    story="A range is refused when its first or last address is private, even if it is larger than the block.",
    choice="private-superset",
    witness=_writes("10.0.0.0/7"),
)
class _PrivateIfEitherEndIs(Vault):
    def is_private(self, rule: IpRule) -> bool:
        ends = (rule.first, rule.last)
        return any(first <= end <= last for end in ends for first, last in self.private_blocks())


@flaw(
    "private-as-the-library-says",
    clause="VAL-1",
    direction="closed",
    story="ipaddress.is_private knows many more blocks than RFC 1918, and they differ between releases.",
    origin="CVE-2024-4032: ipaddress.is_private was wrong for several blocks",
    choice="reserved-ranges",
    witness=_writes("192.0.2.0/24"),
)
class _PrivateAsTheLibrarySays(Vault):
    def is_private(self, rule: IpRule) -> bool:
        return ipaddress.ip_network((rule.network, rule.prefix), strict=False).is_private


@flaw(
    "private-ranges-dormant-under-allow",
    clause="VAL-3",
    also=("VAL-9", "STA-4"),
    direction="open",
    story="Under Allow rules are not checked, so a private range is stored, and applies when Deny comes.",
    witness=lambda _: (put("10.1.0.0/16", default="Allow"),),
)
class _PrivateRangesDormantUnderAllow(Vault):
    asleep = False

    def read_acls(self, acls: JsonObject) -> Held:
        self.asleep = acls.get("defaultAction") == "Allow"
        return super().read_acls(acls)

    def is_private(self, rule: IpRule) -> bool:
        return not self.asleep and super().is_private(rule)


@flaw(
    "only-the-first-rule-is-checked",
    clause="VAL-9",
    also=("VAL-3",),
    direction="open",
    story="Only the first rule of the list is checked; `rules[0]` is left from an experiment.",
    witness=_writes("20.0.0.0/24", "10.1.0.0/16"),
)
class _OnlyTheFirstRuleIsChecked(Vault):
    position = 0

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        rules: list[IpRule] = []
        for self.position, entry in enumerate(entries):
            rules.extend(super().read_ip_rules([entry]))
        self.position = 0
        return tuple(rules)

    def is_private(self, rule: IpRule) -> bool:
        return self.position == 0 and super().is_private(rule)


@flaw(
    "the-last-rule-is-not-checked",
    clause="VAL-9",
    also=("VAL-3",),
    direction="open",
    story="The loop over the rules runs to len(rules) - 1 and misses the last rule.",
    witness=_writes("20.0.0.0/24", "10.1.0.0/16"),
)
class _TheLastRuleIsNotChecked(Vault):
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


@flaw(
    "added-rules-may-be-private",
    clause="VAL-3",
    direction="open",
    story="Private blocks are checked when the whole list is put, and not when one rule is added.",
    witness=lambda _: (add("10.1.0.0/16"),),
)
class _AddedRulesMayBePrivate(Vault):
    adding = False

    def add_ip_rule(self, *, value: object) -> JsonObject:
        self.adding = True
        try:
            return super().add_ip_rule(value=value)
        finally:
            self.adding = False

    def is_private(self, rule: IpRule) -> bool:
        return not self.adding and super().is_private(rule)


@flaw(
    "private-addresses-with-a-prefix-taken",
    clause="VAL-3",
    direction="open",
    profiles=TODAY_ONLY,
    story="Addresses and ranges are checked in two branches; /32 has a third branch without the check.",
    witness=_writes("10.1.2.3/32"),
)
class _PrivateAddressesWithAPrefixTaken(Vault):
    is_with_a_prefix = False

    def split_value(self, value: str) -> tuple[str, str, str]:
        self.is_with_a_prefix = value.endswith("/32")
        return super().split_value(value)

    def is_private(self, rule: IpRule) -> bool:
        return not self.is_with_a_prefix and super().is_private(rule)


@flaw(
    "rules-past-the-hundredth-unchecked",
    clause="VAL-3",
    direction="open",
    story="The check reads the sent rules page by page, and looks at the first page of a hundred only.",
    witness=_writes(*singles(101), "10.0.0.1"),
)
class _RulesPastTheHundredthUnchecked(Vault):
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

"""Flaws in what a write may bring in: private ranges, IPv6, words, entries, and which rules are looked at at all."""

import ipaddress
from collections.abc import Callable, Sequence
from itertools import pairwise

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, Witness
from fencepost.conformance.mutants.values import Held, IpRule, Refused
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import HERE, add, ask, call, put, update

flaw = Flaws("validation")


def _writes(*values: object) -> Witness:
    return lambda _: (put(*values),)


@flaw(
    "private-172-is-172-16",
    clause="VAL-3",
    direction="open",
    story="'Private networks include addresses that start with 10., 172.16. and 192.168.'",
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
    story="`16 <= octet < 31`: 172.31 is left out.",
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
    story="'172.16.x.x to 172.32.x.x', as one page has it.",
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
    story="`15 <= octet`, since an interval was thought to be open at its beginning.",
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
    story="192.168.0.0/24 is what the router at home uses.",
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
    story="10.0.0.0/16 is the network that every template begins with.",
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
    story="10, 172 and 192 are looked at, and nothing behind them.",
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
    story="The library answers for addresses, so ranges are not asked about.",
    witness=_writes("10.1.0.0/16"),
)
class _PrivateSingleAddressesOnly(Vault):
    def is_private(self, rule: IpRule) -> bool:
        return rule.prefix == 32 and super().is_private(rule)


@flaw(
    "private-ranges-only",
    clause="VAL-3",
    direction="open",
    story="The blocks are compared with ranges, and a single address goes another way.",
    witness=_writes("10.1.0.4"),
)
class _PrivateRangesOnly(Vault):
    def is_private(self, rule: IpRule) -> bool:
        return rule.prefix < 32 and super().is_private(rule)


@flaw(
    "private-blocks-compared-whole",
    clause="VAL-3",
    direction="open",
    story="The rule is looked up in the list 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16; what lies inside is not in it.",
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
    story="`last < end_of_block`, where the end belongs to it.",
    witness=_writes("192.168.255.0/24"),
)
class _PrivateBlockEndsBeforeItsLastAddress(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        return tuple((first, last - 1) for first, last in super().private_blocks())


@flaw(
    "private-block-begins-after-its-first-address",
    clause="VAL-3",
    direction="open",
    story="`first > start_of_block`, where the start belongs to it.",
    witness=_writes("10.0.0.0/24"),
)
class _PrivateBlockBeginsAfterItsFirstAddress(Vault):
    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        return tuple((first + 1, last) for first, last in super().private_blocks())


@flaw(
    "private-if-either-end-is",
    clause="VAL-1",
    direction="closed",
    story="A range is refused as soon as its first or its last address is private, however much else it holds.",
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
    story="ipaddress.is_private knows many more blocks than RFC 1918, and other ones in each release.",
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
    story="What does not count is not checked: under Allow any range is stored, and it is there when Deny comes.",
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
    story="`rules[0]` was for trying it out.",
    origin="the service's error text names ipRules[0] in every report of it",
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
    story="The loop over the rules runs to len(rules) - 1.",
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
    story="The private blocks are refused where the list is put, by a check that the other call does not share.",
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
    "bad-rules-left-out",
    clause="VAL-5",
    also=("VAL-3", "VAL-4", "VAL-9"),
    direction="open",
    story="What cannot be parsed is logged and left out, and the write is accepted.",
    witness=_writes("20.0.0.0/24", "office"),
)
class _BadRulesLeftOut(Vault):
    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        read = super().read_ip_rules
        return tuple(rule for entry in entries for rule in _if_read(read, entry))


def _if_read(read: Callable[[Sequence[object]], tuple[IpRule, ...]], entry: object) -> tuple[IpRule, ...]:
    try:
        return read([entry])
    except Refused:
        return ()


@flaw(
    "ipv6-stored",
    clause="VAL-4",
    direction="open",
    story="ip_network() reads both families, and a rule of the other one never matches.",
    origin="Azure PowerShell passes IPv6 ranges on to the service",
    witness=_writes("2001:db8::/32"),
)
class _Ipv6Stored(Vault):
    def parse_value(self, value: object) -> IpRule:
        if isinstance(value, str) and ":" in value:
            try:
                ipaddress.IPv6Network(value)
            except ValueError:
                return super().parse_value(value)
            return IpRule(1, 0, 0, 128, value)
        return super().parse_value(value)


@flaw(
    "overlaps-refused",
    clause="VAL-1",
    also=("DEC-5", "LIM-1"),
    direction="closed",
    story="A rule inside another is a mistake of the user's and is refused.",
    origin="Azure/azure-cli PR #19477: the client refuses overlapping arguments",
    witness=_writes("20.0.0.0/16", "20.0.4.0/24"),
)
class _OverlapsRefused(Vault):
    def check(self, held: Held) -> None:
        super().check(held)
        in_order = sorted(set(held.ip_rules))
        if any(later.first <= rule.last for rule, later in pairwise(in_order)):
            raise Refused("rules overlap")


@flaw(
    "adjacent-ranges-refused",
    clause="VAL-1",
    also=("DEC-5",),
    direction="closed",
    story="Overlap is looked for with <= on the address after the end.",
    witness=_writes("20.0.0.0/24", "20.0.1.0/24"),
)
class _AdjacentRangesRefused(Vault):
    def check(self, held: Held) -> None:
        super().check(held)
        ends = {rule.last + 1 for rule in held.ip_rules}
        if any(rule.first in ends for rule in held.ip_rules):
            raise Refused("rules overlap")


@flaw(
    "single-address-ending-in-zero-refused",
    clause="VAL-1",
    direction="closed",
    story="An address that ends in .0 is 'a network' and no one's.",
    witness=_writes("20.0.5.0"),
)
class _SingleAddressEndingInZeroRefused(Vault):
    def is_private(self, rule: IpRule) -> bool:
        return (rule.prefix == 32 and rule.network & 0xFF == 0) or super().is_private(rule)


@flaw(
    "first-octet-ends-at-199",
    clause="VAL-1",
    direction="closed",
    story="The pattern for the first octet is 1?[0-9]{1,2}, which ends at 199.",
    witness=_writes("203.0.0.0/24"),
)
class _FirstOctetEndsAt199(Vault):
    def parse_address(self, dotted: str) -> int:
        address = super().parse_address(dotted)
        if address >> 24 > 199:
            raise Refused(f"{dotted}: the first octet is too large")
        return address


@flaw(
    "entries-of-plain-text",
    clause="VAL-5",
    direction="open",
    story="A list of texts is taken for a list of rules, as the command line has it.",
    witness=lambda _: (("putRules", {"networkAcls": {"defaultAction": "Deny", "ipRules": [HERE]}}),),
)
class _EntriesOfPlainText(Vault):
    def member(self, entry: object, name: str) -> object:
        return entry if isinstance(entry, str) else super().member(entry, name)


@flaw(
    "entries-without-value-skipped",
    clause="VAL-5",
    direction="open",
    story="`if rule.get('value')` skips what it should refuse.",
    witness=_writes(HERE, None),
)
class _EntriesWithoutValueSkipped(Vault):
    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        return super().read_ip_rules([entry for entry in entries if self.member(entry, "value") is not None])


@flaw(
    "unknown-bypass-is-the-default",
    clause="VAL-6",
    direction="open",
    story="What is not 'None' is AzureServices.",
    witness=lambda _: (put(bypass="Everything"),),
)
class _UnknownBypassIsTheDefault(Vault):
    def read_bypass(self, word: object) -> str:
        return "None" if word == "None" else "AzureServices"


@flaw(
    "unknown-default-action-allows",
    clause="VAL-6",
    direction="open",
    story="What is not 'Deny' is Allow.",
    witness=lambda _: (put(default="Block"),),
)
class _UnknownDefaultActionAllows(Vault):
    def read_default_action(self, word: object) -> str:
        return "Deny" if word == "Deny" else "Allow"


@flaw(
    "unknown-default-action-denies",
    clause="VAL-6",
    direction="open",
    story="What is not 'Allow' is Deny, to be on the safe side.",
    witness=lambda _: (put(default="Audit"),),
)
class _UnknownDefaultActionDenies(Vault):
    def read_default_action(self, word: object) -> str:
        return "Allow" if word == "Allow" else "Deny"


@flaw(
    "words-with-a-known-beginning",
    clause="VAL-6",
    direction="open",
    story="Words are recognised by their beginning: 'DenyAll' is Deny.",
    witness=lambda _: (put(default="DenyAll"),),
)
class _WordsWithAKnownBeginning(Vault):
    def read_word(self, word: object, known: tuple[str, str]) -> str:
        begins = [one for one in known if isinstance(word, str) and word.startswith(one)]
        return begins[0] if begins else super().read_word(word, known)


@flaw(
    "words-by-number",
    clause="VAL-6",
    direction="open",
    story="The parser of enumerations takes a member's number too, as text.",
    origin=".NET documentation, Enum.Parse: the numeric value is taken too",
    witness=lambda _: (put(default="1"),),
)
class _WordsByNumber(Vault):
    def read_word(self, word: object, known: tuple[str, str]) -> str:
        return known[int(word)] if word in ("0", "1") else super().read_word(word, known)


@flaw(
    "several-words-in-one",
    clause="VAL-6",
    direction="open",
    story="The sibling service combines values with commas, and so the last of several is taken.",
    origin="Azure Storage: Logging, Metrics and AzureServices can be combined in bypass",
    witness=lambda _: (put(bypass="Logging,AzureServices"),),
)
class _SeveralWordsInOne(Vault):
    def read_bypass(self, word: object) -> str:
        return super().read_bypass(word.rpartition(",")[2].strip() if isinstance(word, str) else word)


@flaw(
    "words-without-case",
    clause="VAL-6",
    direction="open",
    story="Words are compared in lower case, and nobody had said that they may be.",
    choice="enum-case",
    witness=lambda _: (put(default="deny"),),
)
class _WordsWithoutCase(Vault):
    def read_word(self, word: object, known: tuple[str, str]) -> str:
        alike = [one for one in known if isinstance(word, str) and word.lower() == one.lower()]
        return alike[0] if alike else super().read_word(word, known)


@flaw(
    "null-is-the-default",
    clause="VAL-6",
    direction="open",
    story="`acls.get('bypass') or 'AzureServices'` does not tell null from absent.",
    choice="null-members",
    witness=lambda _: (put(bypass=None),),
)
class _NullIsTheDefault(Vault):
    def read_acls(self, acls: JsonObject) -> Held:
        return super().read_acls({name: member for name, member in acls.items() if member is not None})


@flaw(
    "updates-take-any-word",
    clause="VAL-6",
    direction="open",
    story="Words are checked where the whole rule set is put; an update sets what it is told.",
    witness=lambda _: (update(default="Block"),),
)
class _UpdatesTakeAnyWord(Vault):
    def update_rules(self, **changes: object) -> JsonObject:
        known = {"bypass": ("AzureServices", "None"), "default_action": ("Allow", "Deny")}
        return super().update_rules(**{name: word for name, word in changes.items() if word in known[name]})


@flaw(
    "bad-word-of-an-update-after-the-good-one",
    clause="VAL-9",
    also=("VAL-6",),
    direction="both",
    story="The two switches of an update are set one after the other, and the second may be refused.",
    witness=lambda _: (put(HERE), update(default="Allow", bypass="Everything"), ask(call("52.0.0.1"))),
)
class _BadWordOfAnUpdateAfterTheGoodOne(Vault):
    def update_rules(self, **changes: object) -> JsonObject:
        if "default_action" in changes:
            super().update_rules(default_action=changes["default_action"])
        return super().update_rules(**changes)


@flaw(
    "very-large-ranges-refused",
    clause="VAL-1",
    direction="closed",
    story="A range larger than /8 is 'surely a mistake'.",
    witness=_writes("40.0.0.0/6"),
)
class _VeryLargeRangesRefused(Vault):
    def prefix_allowed(self, prefix: int) -> bool:
        return prefix >= 8 and super().prefix_allowed(prefix)


@flaw(
    "values-longer-than-fifteen-refused",
    clause="VAL-1",
    direction="closed",
    story="The longest address has 15 characters, and so has the field; its prefix was not counted.",
    witness=_writes("200.100.100.0/24"),
)
class _ValuesLongerThanFifteenRefused(Vault):
    def parse_value(self, value: object) -> IpRule:
        if isinstance(value, str) and len(value) > 15:
            raise Refused("too long")
        return super().parse_value(value)


@flaw(
    "good-rules-of-a-refused-list-kept",
    clause="VAL-9",
    also=("LIM-6",),
    direction="open",
    story="The refusal is answered, and the rules of the list that were good are in force beside the old ones.",
    witness=lambda _: (put("52.0.0.0/24"), put(HERE, "office"), ask(call())),
)
class _GoodRulesOfARefusedListKept(Vault):
    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            entries = network_acls.get("ipRules")
            read = super().read_ip_rules
            listed = entries if isinstance(entries, Sequence) else ()
            good = tuple(rule for entry in listed for rule in _if_read(read, entry))
            self.install(self.held._replace(ip_rules=(*self.held.ip_rules, *good)))
        return answer

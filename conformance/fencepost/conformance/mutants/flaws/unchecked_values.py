"""Flaws in validating writes: a place, a path or a state that the check does not cover."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import PREVIEW_ONLY, Flaws, shown_by
from fencepost.conformance.mutants.reading import if_read
from fencepost.conformance.mutants.values import Held, IpRule, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, HERE, add, dormant, names, put, reset, singles

flaw = Flaws("validation")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"
_PART = 50


@flaw("host-bits-of-the-last-octet-only", "VAL-5", "open", choice="host-bits")
@shown_by(put("20.0.1.0/16"))
class _HostBitsOfTheLastOctetOnly(Vault):
    """Host bits are checked only in the last octet, where all examples had them."""

    def has_host_bits(self, rule: IpRule) -> bool:
        return super().has_host_bits(rule) and rule.network & ((1 << (32 - rule.prefix)) - 1) & 0xFF != 0


@flaw("host-bits-of-added-rules-masked", "VAL-5", "open", choice="host-bits")
@shown_by(put(), add("20.0.0.7/24"))
class _HostBitsOfAddedRulesMasked(Vault):
    """The later call that adds one rule uses another constructor, which rounds host bits down."""

    adding = False

    def add_ip_rule(self, *, value: object) -> JsonObject:
        self.adding = True
        try:
            return super().add_ip_rule(value=value)
        finally:
            self.adding = False

    def has_host_bits(self, rule: IpRule) -> bool:
        return not self.adding and super().has_host_bits(rule)


@flaw("entries-of-null-skipped", "VAL-5", "open")
@shown_by(
    ("putRules", {"networkAcls": {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": HERE}, None]}})
)
class _EntriesOfNullSkipped(Vault):
    """`for rule in filter(None, rules)` was meant for a comma at the end of the list, and drops empty entries."""

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        return super().read_ip_rules([entry for entry in entries if entry is not None])


@flaw("empty-values-skipped", "VAL-5", "open")
@shown_by(put(HERE, ""))
class _EmptyValuesSkipped(Vault):
    """A form sends its empty rows too, so a rule without a value is skipped."""

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        return super().read_ip_rules([entry for entry in entries if self.member(entry, "value") != ""])


@flaw("list-as-long-as-before-unchecked", "VAL-5 VAL-3 VAL-4 VAL-9", "open")
@shown_by(put(_RANGE, _OTHER), put(_RANGE, "office"))
class _ListAsLongAsBeforeUnchecked(Vault):
    """A list as long as the list in force counts as checked; entries that cannot be compiled are left out."""

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        read = super().read_ip_rules
        if len(entries) != len(self.held.ip_rules):
            return read(entries)
        return tuple(rule for entry in entries for rule in if_read(read, entry))


@flaw("mistakes-in-a-short-last-part-left-out", "VAL-5 VAL-3 VAL-4 VAL-9", "open")
@shown_by(put(*singles(_PART), "office"))
class _MistakesInAShortLastPartLeftOut(Vault):
    """A list is checked in parts of fifty; of a last part that is shorter, what cannot be read is left out."""

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        read = super().read_ip_rules
        whole = len(entries) - len(entries) % _PART or len(entries)
        return (*read(entries[:whole]), *(rule for entry in entries[whole:] for rule in if_read(read, entry)))


@flaw("prefix-of-a-known-address-unchecked", "VAL-5 VAL-2 VAL-9", "open", needs_history=True)
@shown_by(put("20.0.0.7"), add("20.0.0.7/33"))
class _PrefixOfAKnownAddressUnchecked(Vault):
    """A value whose address is a rule in force has been checked before, so what follows its slash is not read."""

    def parse_value(self, value: object) -> IpRule:
        address = value.partition("/")[0] if isinstance(value, str) else ""
        known = [rule for rule in self.held.ip_rules if rule.text.removesuffix("/32") == address]
        return known[0] if known else super().parse_value(value)


@flaw("slash-32-taken-under-allow", "VAL-2", "open", profiles=PREVIEW_ONLY)
@shown_by(put("20.0.0.7/32", default="Allow"))
class _Slash32TakenUnderAllow(Vault):
    """The compiler of the rules checks their sizes, and under Allow it does not run."""

    under_allow = False

    def read_acls(self, acls: JsonObject) -> Held:
        self.under_allow = acls.get("defaultAction") == "Allow"
        try:
            return super().read_acls(acls)
        finally:
            self.under_allow = False

    def prefix_allowed(self, prefix: int) -> bool:
        return (self.under_allow and prefix == 32) or super().prefix_allowed(prefix)


@flaw("subnets-past-the-fiftieth-unchecked", "VAL-7 VAL-9", "open")
@shown_by(reset(subnets=names(50)), put(subnets=[*names(50), dormant("office")]))
class _SubnetsPastTheFiftiethUnchecked(Vault):
    """Ids are checked in batches of fifty, and only the first batch is checked."""

    place = 0

    def read_subnet_rules(self, entries: Sequence[object]) -> tuple[SubnetRule, ...]:
        try:
            found = super().read_subnet_rules(entries[:50])
            self.place = 50
            return (*found, *super().read_subnet_rules(entries[50:]))
        finally:
            self.place = 0

    def is_subnet_path(self, parts: list[str]) -> bool:
        return self.place == 50 or super().is_subnet_path(parts)


@flaw("provider-only-begins-alike", "VAL-7", "open")
@shown_by(put(subnets=[dormant(APP.replace("Microsoft.Network/", "Microsoft.NetworkFunction/"))]))
class _ProviderOnlyBeginsAlike(Vault):
    """The provider is matched by its beginning, so Microsoft.NetworkFunction is accepted."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        begins = len(parts) == 11 and parts[6].lower().startswith("microsoft.network")
        return super().is_subnet_path([*parts[:6], "Microsoft.Network", *parts[7:]] if begins else parts)


@flaw("blanks-in-a-word-dropped", "VAL-6", "open")
@shown_by(put(bypass="Azure Services"))
class _BlanksInAWordDropped(Vault):
    """The portal writes 'Azure Services', so blanks are removed before the word is looked up."""

    def read_word(self, word: object, known: tuple[str, str]) -> str:
        return super().read_word(word.replace(" ", "") if isinstance(word, str) else word, known)

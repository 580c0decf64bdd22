"""Flaws in which IP rules a write accepts: too many, too few, or only some of a list."""

import ipaddress
from collections.abc import Sequence
from itertools import pairwise

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, seen_in, shown_by, writes
from fencepost.conformance.mutants.reading import if_read
from fencepost.conformance.mutants.values import Held, IpRule, Refused
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import HERE, ask, call, put

flaw = Flaws("validation")


@flaw("bad-rules-left-out", "VAL-5 VAL-3 VAL-4 VAL-9", "open")
@shown_by(writes("20.0.0.0/24", "office"))
class _BadRulesLeftOut(Vault):
    """A value that cannot be parsed is logged and left out, and the write is accepted."""

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        read = super().read_ip_rules
        return tuple(rule for entry in entries for rule in if_read(read, entry))


@flaw("ipv6-stored", "VAL-4", "open")
@seen_in("Azure PowerShell passes IPv6 ranges on to the service")
@shown_by(writes("2001:db8::/32"))
class _Ipv6Stored(Vault):
    """ip_network() reads both address families, so an IPv6 range is accepted and never matches."""

    def parse_value(self, value: object) -> IpRule:
        if isinstance(value, str) and ":" in value:
            try:
                ipaddress.IPv6Network(value)
            except ValueError:
                return super().parse_value(value)
            return IpRule(1, 0, 0, 128, value)
        return super().parse_value(value)


@flaw("overlaps-refused", "VAL-1 DEC-5 LIM-1", "closed")
@seen_in("Azure/azure-cli PR #19477: the client refuses overlapping arguments")
@shown_by(writes("20.0.0.0/16", "20.0.4.0/24"))
class _OverlapsRefused(Vault):
    """A rule inside another rule is taken for a mistake of the user and refused."""

    def check(self, held: Held) -> None:
        super().check(held)
        in_order = sorted(set(held.ip_rules))
        if any(later.first <= rule.last for rule, later in pairwise(in_order)):
            raise Refused("rules overlap")


@flaw("adjacent-ranges-refused", "VAL-1 DEC-5", "closed")
@shown_by(writes("20.0.0.0/24", "20.0.1.0/24"))
class _AdjacentRangesRefused(Vault):
    """The overlap check compares with <= and the address after the end, so adjacent ranges count as overlapping."""

    def check(self, held: Held) -> None:
        super().check(held)
        ends = {rule.last + 1 for rule in held.ip_rules}
        if any(rule.first in ends for rule in held.ip_rules):
            raise Refused("rules overlap")


@flaw("single-address-ending-in-zero-refused", "VAL-1", "closed")
@shown_by(writes("20.0.5.0"))
class _SingleAddressEndingInZeroRefused(Vault):
    """An address that ends in .0 is refused as the address of a network."""

    def is_private(self, rule: IpRule) -> bool:
        return (rule.prefix == 32 and rule.network & 0xFF == 0) or super().is_private(rule)


@flaw("first-octet-ends-at-199", "VAL-1", "closed")
@shown_by(writes("203.0.0.0/24"))
class _FirstOctetEndsAt199(Vault):
    """The pattern for the first octet is 1?[0-9]{1,2}, which ends at 199."""

    def parse_address(self, dotted: str) -> int:
        address = super().parse_address(dotted)
        if address >> 24 > 199:
            raise Refused(f"{dotted}: the first octet is too large")
        return address


@flaw("entries-of-plain-text", "VAL-5", "open")
@shown_by(("putRules", {"networkAcls": {"defaultAction": "Deny", "ipRules": [HERE]}}))
class _EntriesOfPlainText(Vault):
    """The list of rules may hold plain texts in place of objects, as on the command line."""

    def member(self, entry: object, name: str) -> object:
        return entry if isinstance(entry, str) else super().member(entry, name)


@flaw("entries-without-value-skipped", "VAL-5", "open")
@shown_by(writes(HERE, None))
class _EntriesWithoutValueSkipped(Vault):
    """`if rule.get('value')` skips an empty value where it should refuse it."""

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        return super().read_ip_rules([entry for entry in entries if self.member(entry, "value") is not None])


@flaw("very-large-ranges-refused", "VAL-1", "closed")
@shown_by(writes("40.0.0.0/6"))
class _VeryLargeRangesRefused(Vault):
    """A range larger than /8 is refused as a probable mistake."""

    def prefix_allowed(self, prefix: int) -> bool:
        return prefix >= 8 and super().prefix_allowed(prefix)


@flaw("values-longer-than-fifteen-refused", "VAL-1", "closed")
@shown_by(writes("200.100.100.0/24"))
class _ValuesLongerThanFifteenRefused(Vault):
    """The field holds 15 characters, the longest address; the prefix length was not counted."""

    def parse_value(self, value: object) -> IpRule:
        if isinstance(value, str) and len(value) > 15:
            raise Refused("too long")
        return super().parse_value(value)


@flaw("good-rules-of-a-refused-list-kept", "VAL-9 LIM-6", "open")
@shown_by(put("52.0.0.0/24"), put(HERE, "office"), ask(call()))
class _GoodRulesOfARefusedListKept(Vault):
    """The write is refused, but the valid rules of its list take effect beside the old rules."""

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            entries = network_acls.get("ipRules")
            read = super().read_ip_rules
            listed = entries if isinstance(entries, Sequence) else ()
            good = tuple(rule for entry in listed for rule in if_read(read, entry))
            self.install(self.held._replace(ip_rules=(*self.held.ip_rules, *good)))
        return answer

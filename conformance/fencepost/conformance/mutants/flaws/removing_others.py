"""Flaws in finding the rule to remove: other rules match it, or the rule may not be removed."""

from collections.abc import Sequence

from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.values import Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, ask, call, put, remove, remove_subnet

flaw = Flaws("state")


@flaw("removing-strips-digits-of-the-suffix", "STA-2 STA-7", "closed", needs_history=True)
@shown_by(put("20.1.2.2", "20.1.2.3"), remove("20.1.2.3"), ask(call("20.1.2.2")))
class _RemovingStripsDigitsOfTheSuffix(Vault):
    """rstrip('/32') strips every final 3, 2 and slash, so on removal 20.1.2.2 and 20.1.2.3 count as equal."""

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return named.text.rstrip("/32") == other.text.rstrip("/32")


@flaw("removing-by-sorted-octets", "STA-2 STA-7", "closed", needs_history=True)
@shown_by(put("20.1.2.3", "20.2.1.3"), remove("20.1.2.3"), ask(call("20.2.1.3")))
class _RemovingBySortedOctets(Vault):
    """On removal rules are equal if their sorted octets are equal, so 20.1.2.3 also removes 20.2.1.3."""

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return named.prefix == other.prefix and _octets(named) == _octets(other)


def _octets(rule: IpRule) -> list[int]:
    return sorted(rule.network.to_bytes(4))


@flaw("removing-by-part-of-the-text", "STA-2 STA-7", "closed", needs_history=True)
@shown_by(put("20.0.0.1", "120.0.0.1"), remove("20.0.0.1"), ask(call("120.0.0.1")))
class _RemovingByPartOfTheText(Vault):
    """Every rule whose text contains the named value is removed, so 20.0.0.1 also removes 120.0.0.1."""

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return named.text in other.text


@flaw("removing-an-address-takes-its-range", "STA-2 STA-7", "closed", needs_history=True, choice="remove-unknown")
@shown_by(put("20.0.0.0/24"), remove("20.0.0.7"), ask(call("20.0.0.9")))
class _RemovingAnAddressTakesItsRange(Vault):
    """The rule to remove is looked up like a caller, so an address without a rule removes the range around it."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        if rule.prefix < 32 or len(left.ip_rules) < len(held.ip_rules):
            return left
        return left._replace(ip_rules=_without_first_around(rule, left.ip_rules))


def _without_first_around(rule: IpRule, rules: Sequence[IpRule]) -> tuple[IpRule, ...]:
    around = next((other for other in rules if other.first <= rule.first <= other.last), None)
    return tuple(other for other in rules if other != around)


@flaw("last-subnet-stays-under-deny", "STA-2 STA-6", "open", needs_history=True)
@shown_by(put(subnets=[APP]), remove_subnet(APP), ask(call(INSIDE, subnet=APP)))
class _LastSubnetStaysUnderDeny(Vault):
    """To avoid a lock-out, the last virtual network rule stays if the default action is Deny and no IP rule is left."""

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        left = super().without_subnet_rule(held, subnet)
        locks_out = held.default_action == "Deny" and not (left.ip_rules or left.subnet_rules)
        return held if locks_out else left

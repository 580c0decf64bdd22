"""Flaws in removing a rule: too few, too many, or the wrong rules."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, seen_in, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    APP_2,
    DATABASE,
    HERE,
    INSIDE,
    ask,
    call,
    put,
    remove,
    remove_subnet,
)

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"


@flaw("removing-does-nothing", "STA-2 LIM-8", "open", needs_history=True)
@shown_by(put(_RANGE), remove(_RANGE), ask(call()))
class _RemovingDoesNothing(Vault):
    """Removing answers success and is not implemented."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:  # noqa: ARG002 - not looking is the flaw
        return held


@flaw("removing-takes-the-first-of-equals", "STA-2", "open", needs_history=True, choice="duplicates")
@seen_in("Azure/azure-powershell #20605: duplicates are stored, and removing them fails")
@shown_by(put(_RANGE, _RANGE), remove(_RANGE), ask(call()))
class _RemovingTakesTheFirstOfEquals(Vault):
    """list.remove() takes away the first equal rule, and the list held two."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = list(held.ip_rules)
        if rule in left:
            left.remove(rule)
        return held._replace(ip_rules=tuple(left))


@flaw("removing-by-text-prefix", "STA-2 STA-7", "closed", needs_history=True)
@shown_by(put("20.0.0.1", "20.0.0.17"), remove("20.0.0.1"), ask(call("20.0.0.17")))
class _RemovingByTextPrefix(Vault):
    """The rules to remove are found with startswith, so 20.0.0.1 also removes 20.0.0.17."""

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return other.text.startswith(named.text.removesuffix("/32"))


@flaw("removing-by-network-address", "STA-2 STA-7", "closed", needs_history=True)
@shown_by(put("20.0.0.0/16", "20.0.0.0/24"), remove("20.0.0.0/24"), ask(call("20.0.9.7")))
class _RemovingByNetworkAddress(Vault):
    """Rules with the same network address count as equal, so removing 20.0.0.0/24 also removes 20.0.0.0/16."""

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return named.network == other.network


@flaw("removing-takes-inner-rules-along", "STA-2 STA-7", "closed", needs_history=True)
@shown_by(put("20.0.0.0/16", "20.0.4.0/24"), remove("20.0.0.0/16"), ask(call("20.0.4.7")))
class _RemovingTakesInnerRulesAlong(Vault):
    """Removing a prefix from the trie cuts its branch with all longer prefixes."""

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return named.first <= other.first and other.last <= named.last


@flaw("removing-takes-the-last", "STA-2 STA-7", "both", needs_history=True)
@shown_by(put(_RANGE, _OTHER), remove(_RANGE), ask(call()))
class _RemovingTakesTheLast(Vault):
    """The rule is found, but the last entry of the list is removed."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        return held._replace(ip_rules=held.ip_rules[:-1]) if rule in held.ip_rules else held


@flaw("removing-skips-the-rule-after", "STA-2 STA-7", "closed", needs_history=True)
@shown_by(put(_RANGE, _OTHER), remove(_RANGE), ask(call("52.0.0.7")))
class _RemovingSkipsTheRuleAfter(Vault):
    """The list is changed during iteration, so the rule after the removed rule is skipped and lost."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        pairs = zip((None, *held.ip_rules), held.ip_rules, strict=False)
        kept = tuple(other for before, other in pairs if rule not in (before, other))
        return held._replace(ip_rules=kept)


@flaw("removing-the-only-rule-fails", "STA-2", "open", needs_history=True)
@shown_by(put(_RANGE), remove(_RANGE), ask(call()))
class _RemovingTheOnlyRuleFails(Vault):
    """A list that would become empty is read as absent, and the rule stays."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        return left if left.ip_rules else held


@flaw("bare-and-slash-32-are-two", "STA-2", "open", profiles=TODAY_ONLY, needs_history=True)
@seen_in("Azure/azure-cli #21330; hashicorp/terraform-provider-azurerm #2164")
@shown_by(put(HERE), remove(f"{HERE}/32"), ask(call()))
class _BareAndSlash32AreTwo(Vault):
    """Rules are removed by their text, and the service writes /32 where the user did not."""

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        rules = super().read_ip_rules(entries)
        texts = [str(self.member(entry, "value")) for entry in entries]
        return tuple(rule._replace(text=text) for rule, text in zip(rules, texts, strict=True))

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        self.named = value
        return super().remove_ip_rule(value=value)

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return super().same_rule(named, other) and other.text == self.named


@flaw("removing-subnets-by-spelling", "STA-2 DEC-8", "open", needs_history=True)
@seen_in("Azure/azure-cli #10286: an id in mixed case cannot be removed")
@shown_by(put(subnets=[APP]), remove_subnet(APP.lower()), ask(call(INSIDE, subnet=APP)))
class _RemovingSubnetsBySpelling(Vault):
    """A virtual network rule is removed only if its id is spelled exactly as it was when written."""

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        return held._replace(subnet_rules=tuple(rule for rule in held.subnet_rules if rule.text != subnet))


@flaw("removing-a-subnet-takes-the-network", "STA-2 STA-7", "closed", needs_history=True)
@shown_by(put(subnets=[APP, DATABASE]), remove_subnet(APP), ask(call(INSIDE, subnet=DATABASE)))
class _RemovingASubnetTakesTheNetwork(Vault):
    """Rules are stored by virtual network, and removing a rule removes all rules of that network."""

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        home = self.fold(subnet).rpartition("/")[0]
        left = tuple(rule for rule in held.subnet_rules if rule.id.rpartition("/")[0] != home)
        return held._replace(subnet_rules=left)


@flaw("removing-a-subnet-by-its-beginning", "STA-2 STA-7", "closed", needs_history=True)
@shown_by(put(subnets=[APP, APP_2]), remove_subnet(APP), ask(call(INSIDE, subnet=APP_2)))
class _RemovingASubnetByItsBeginning(Vault):
    """The rules to remove are found with startswith, so 'app' also removes 'app-2'."""

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        gone = self.fold(subnet)
        return held._replace(subnet_rules=tuple(rule for rule in held.subnet_rules if not rule.id.startswith(gone)))


@flaw("removing-the-last-rule-turns-the-firewall-off", "STA-6 STA-2 DEC-15", "open", needs_history=True)
@shown_by(put(_OTHER), remove(_OTHER), ask(call()))
class _RemovingTheLastRuleTurnsTheFirewallOff(Vault):
    """Removing the last rule resets the form to its initial state, Allow."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        emptied = held.ip_rules and not left.ip_rules and not left.subnet_rules
        return left._replace(default_action="Allow") if emptied else left


@flaw("removed-rule-stays-removed-when-put", "STA-1 STA-2 STA-5", "closed", needs_history=True)
@shown_by(put(_RANGE), remove(_RANGE), put(_RANGE), ask(call()))
class _RemovedRuleStaysRemovedWhenPut(Stateful):
    """Removed rules are marked as deleted; adding a rule clears the mark, putting a whole set does not."""

    marked: frozenset[IpRule] = frozenset()

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.marked -= {rule}
        return super().with_ip_rule(held, rule)

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.marked |= {rule}
        return super().without_ip_rule(held, rule)

    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        return held._replace(ip_rules=tuple(rule for rule in held.ip_rules if rule not in self.marked))


@flaw("address-where-a-range-begins-stays", "STA-2", "open", needs_history=True)
@shown_by(put("20.0.0.0", "20.0.0.0/24"), remove("20.0.0.0"), remove("20.0.0.0/24"), ask(call("20.0.0.0")))
class _AddressWhereARangeBeginsStays(Vault):
    """The rule to remove is looked up by its first address, and a range that begins there is found first."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        begins = any(other.first == rule.first < other.last for other in held.ip_rules)
        return held if rule.first == rule.last and begins else super().without_ip_rule(held, rule)

"""Flaws in which subnets count as equal."""

from collections.abc import Sequence

from fencepost.conformance.mutants.mutant import Flaws, seen_in, shown_by
from fencepost.conformance.mutants.values import SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    APP_2,
    DATABASE,
    INSIDE,
    OTHER_GROUP,
    OTHER_NETWORK,
    OTHER_SUBSCRIPTION,
    ask,
    call,
    put,
    reset,
    subnet_id,
)

flaw = Flaws("subnets")

_GROUP, _NETWORK, _NAME = 4, 8, 10


def _part(subnet: str, index: int) -> str:
    return subnet.split("/")[index]


@flaw("whole-network-admitted", "DEC-7", "open")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=DATABASE)))
class _WholeNetworkAdmitted(Vault):
    """The id is cut before /subnets, so a rule applies to the whole virtual network."""

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        return rule.id.rpartition("/subnets/")[0] == caller.rpartition("/subnets/")[0]


@flaw("subnet-by-its-name-alone", "DEC-7", "open")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=OTHER_NETWORK)))
class _SubnetByItsNameAlone(Vault):
    """Only the last part of the id is compared, and many networks have a subnet 'default'."""

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        return _part(rule.id, _NAME) == _part(caller, _NAME)


@flaw("subnet-name-only-begins-alike", "DEC-7", "open")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=APP_2)))
class _SubnetNameOnlyBeginsAlike(Vault):
    """Ids are matched with startswith, so 'app' lets in 'app-2'."""

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        return caller.startswith(rule.id)


@flaw("rule-name-only-begins-alike", "DEC-7", "open")
@shown_by(put(subnets=[APP_2]), ask(call(INSIDE, subnet=APP)))
class _RuleNameOnlyBeginsAlike(Vault):
    """The arguments of startswith are swapped, so a rule for 'app-2' lets in 'app'."""

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        return rule.id.startswith(caller)


@flaw("network-name-only-begins-alike", "DEC-7", "open")
@shown_by(
    reset(subnets=[APP, subnet_id(network="hub-west")]),
    put(subnets=[APP]),
    ask(call(INSIDE, subnet=subnet_id(network="hub-west"))),
)
class _NetworkNameOnlyBeginsAlike(Vault):
    """The rules are matched by a pattern with * after the network's name, so 'hub' also matches 'hub-west'."""

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        one, other = rule.id.split("/"), caller.split("/")
        begins = other[_NETWORK].startswith(one[_NETWORK])
        return begins and one[:_NETWORK] == other[:_NETWORK] and one[_NAME] == other[_NAME]


@flaw("resource-group-ignored", "DEC-7", "open")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=OTHER_GROUP)))
class _ResourceGroupIgnored(Vault):
    """The key is subscription, network and subnet, as if a network's name were unique in a subscription."""

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        one, other = rule.id.split("/"), caller.split("/")
        return one[:_GROUP] == other[:_GROUP] and one[_GROUP + 1 :] == other[_GROUP + 1 :]


@flaw("subscription-ignored", "DEC-7", "open")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=OTHER_SUBSCRIPTION)))
class _SubscriptionIgnored(Vault):
    """The id is cut before /resourceGroups, as if there were a single subscription."""

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        return rule.id.split("/")[3:] == caller.split("/")[3:]


@flaw("any-subnet-of-the-resource-group", "DEC-7", "open")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=OTHER_NETWORK)))
class _AnySubnetOfTheResourceGroup(Vault):
    """A rule is read as the scope of a role assignment, which covers everything in the resource group."""

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        return rule.id.split("/")[: _GROUP + 1] == caller.split("/")[: _GROUP + 1]


@flaw("subnet-name-cut-at-sixteen-characters", "DEC-7", "open")
@shown_by(
    reset(subnets=[subnet_id("front-end-servers-a"), subnet_id("front-end-servers-b")]),
    put(subnets=[subnet_id("front-end-servers-a")]),
    ask(call(INSIDE, subnet=subnet_id("front-end-servers-b"))),
)
class _SubnetNameCutAtSixteenCharacters(Vault):
    """The column for a name has 16 characters, and long names differ only after that."""

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        one, other = rule.id.rpartition("/"), caller.rpartition("/")
        return one[0] == other[0] and one[2][:16] == other[2][:16]


@flaw("subnet-id-case-sensitive", "DEC-8", "closed")
@seen_in("Azure/azure-cli PR #10365: the service converts subnet ids to lower case")
@shown_by(put(subnets=[APP.upper().replace("/SUBNETS/", "/subnets/")]), ask(call(INSIDE, subnet=APP)))
class _SubnetIdCaseSensitive(Vault):
    """Ids are compared with their case, but the portal and the tools write resourceGroups in different ways."""

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        return any(rule.text == subnet for rule in rules)


@flaw("subnet-name-case-sensitive", "DEC-8", "closed")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=subnet_id("App"))))
class _SubnetNameCaseSensitive(Vault):
    """Case is folded in the provider's part of the id, but not in the names at its end."""

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        spelled = [rule for rule in rules if _part(rule.text, _NAME) == _part(subnet, _NAME)]
        return super().subnet_matches(spelled, subnet)


@flaw("resource-group-case-sensitive", "DEC-8", "closed")
@seen_in("Azure/azure-cli #23680: the service folds the group's name, the client compares it")
@shown_by(put(subnets=[subnet_id(group="prod")]), ask(call(INSIDE, subnet=APP)))
class _ResourceGroupCaseSensitive(Vault):
    """The name of the resource group is compared with its case."""

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        spelled = [rule for rule in rules if _part(rule.text, _GROUP) == _part(subnet, _GROUP)]
        return super().subnet_matches(spelled, subnet)

"""Flaws in the key of a subnet: names run together, are cut off, or are read as something else."""

import re
from collections.abc import Sequence

from fencepost.conformance.mutants.mutant import Flaws, Witness, shown_by
from fencepost.conformance.mutants.values import SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, DATABASE, INSIDE, ask, call, put, reset, subnet_id

flaw = Flaws("subnets")

_WORDS = ["subscriptions", "resourceGroups", "providers", "Microsoft.Network", "virtualNetworks", "subnets"]


def _lets_in(listed: str, caller: str) -> Witness:
    return lambda _: (reset(subnets=[listed, caller]), put(subnets=[listed]), ask(call(INSIDE, subnet=caller)))


def _names(subnet: str) -> tuple[str, str, str, str]:
    _, _, subscription, _, group, _, _, _, network, _, name = subnet.split("/")
    return subscription, group, network, name


class _Keyed(Vault):
    """A vault that compares subnets by a key made from the four names in their ids."""

    def key(self, subscription: str, group: str, network: str, name: str) -> object:
        return subscription, group, network, name

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        return self.key(*_names(rule.id)) == self.key(*_names(caller))


@flaw("names-joined-by-dashes", "DEC-7", "open")
@shown_by(_lets_in(subnet_id(group="a-b", network="c"), subnet_id(group="a", network="b-c")))
class _NamesJoinedByDashes(_Keyed):
    """The key joins the names with a dash, and names may hold a dash: 'a-b', 'c' equals 'a', 'b-c'."""

    def key(self, subscription: str, group: str, network: str, name: str) -> object:
        return "-".join((subscription, group, network, name))


@flaw("names-joined-by-nothing", "DEC-7", "open")
@shown_by(_lets_in(subnet_id("2app", network="hub"), subnet_id("app", network="hub2")))
class _NamesJoinedByNothing(_Keyed):
    """The key joins the names without a separator: subnet '2app' of 'hub' equals subnet 'app' of 'hub2'."""

    def key(self, subscription: str, group: str, network: str, name: str) -> object:
        return subscription + group + network + name


@flaw("network-name-cut-at-sixteen-characters", "DEC-7", "open")
@shown_by(_lets_in(subnet_id(network="production-network-east"), subnet_id(network="production-network-west")))
class _NetworkNameCutAtSixteenCharacters(_Keyed):
    """The column for the network's name has 16 characters, and long names differ only after that."""

    def key(self, subscription: str, group: str, network: str, name: str) -> object:
        return subscription, group, network[:16], name


@flaw("group-name-cut-at-24-characters", "DEC-7", "open")
@shown_by(_lets_in(subnet_id(group="resource-group-of-the-shop-1"), subnet_id(group="resource-group-of-the-shop-2")))
class _GroupNameCutAt24Characters(_Keyed):
    """The column for a resource group has 24 characters, as for a storage account; the name may have 90."""

    def key(self, subscription: str, group: str, network: str, name: str) -> object:
        return subscription, group[:24], network, name


@flaw("subnets-numbered-alike", "DEC-7", "open")
@shown_by(_lets_in(subnet_id("app-1"), subnet_id("app-01")))
class _SubnetsNumberedAlike(_Keyed):
    """Names are compared with natural sort order, final digits as a number: 'app-1' equals 'app-01'."""

    def key(self, subscription: str, group: str, network: str, name: str) -> object:
        return subscription, group, network, re.sub("0*([0-9]+)$", r"\1", name)


@flaw("ids-that-do-not-parse-are-one", "DEC-7", "open")
@shown_by(
    _lets_in(APP.replace("resourceGroups", "resourcegroups"), DATABASE.replace("resourceGroups", "resourcegroups"))
)
class _IdsThatDoNotParseAreOne(Vault):
    """The id parser wants resourceGroups in exactly this case and gives None otherwise, and None equals None."""

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        alike = not _is_canonical(subnet) and any(not _is_canonical(rule.text) for rule in rules)
        return alike or super().subnet_matches(rules, subnet)


def _is_canonical(subnet: str) -> bool:
    words = subnet.split("/")
    return [words[index] for index in (1, 3, 5, 6, 7, 9)] == _WORDS

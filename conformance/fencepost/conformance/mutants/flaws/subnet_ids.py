"""Flaws in which subnet ids a write accepts, and in the check for their service endpoint."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, Witness, seen_in, shown_by
from fencepost.conformance.mutants.reading import if_read
from fencepost.conformance.mutants.values import Held, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, DATABASE, add_subnet, dormant, endpoints, put, reset

flaw = Flaws("validation")


def _writes(subnet: object) -> Witness:
    # In today's profile a rule for a subnet outside the network is refused for the missing endpoint, unless it ignores
    # that.
    return lambda _: (put(subnets=[{"id": subnet, "ignoreMissingVnetServiceEndpoint": True}]),)


@flaw("any-path-of-a-subscription", "VAL-7", "open")
@shown_by(_writes(APP.replace("virtualNetworks", "networkInterfaces")))
class _AnyPathOfASubscription(Vault):
    """Any text that begins with /subscriptions/ is taken for a subnet id."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return parts[:2] == ["", "subscriptions"] or super().is_subnet_path(parts)


@flaw("network-instead-of-its-subnet", "VAL-7", "open")
@shown_by(_writes(APP.rpartition("/subnets/")[0]))
class _NetworkInsteadOfItsSubnet(Vault):
    """The id of a virtual network is accepted, since the announcement says 'virtual network' throughout."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return super().is_subnet_path(parts) or (len(parts) == 9 and super().is_subnet_path([*parts, "subnets", "any"]))


@flaw("trailing-slash-dropped", "VAL-7", "open")
@shown_by(_writes(APP + "/"))
class _TrailingSlashDropped(Vault):
    """The id is split after strip('/'), as paths are."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return super().is_subnet_path(parts[:-1] if parts[-1] == "" else parts)


@flaw("leading-slash-optional", "VAL-7", "open")
@shown_by(_writes(APP.removeprefix("/")))
class _LeadingSlashOptional(Vault):
    """The id is split after strip('/'), as paths are."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return super().is_subnet_path(parts if parts[0] == "" else ["", *parts])


@flaw("more-after-the-subnet", "VAL-7", "open")
@shown_by(_writes(APP + "/ipConfigurations/one"))
class _MoreAfterTheSubnet(Vault):
    """The pattern is not anchored at its end, so text after the subnet's name is not checked."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return super().is_subnet_path(parts[:11])


@flaw("names-may-be-empty", "VAL-7", "open")
@shown_by(_writes(APP.rpartition("/")[0] + "/"))
class _NamesMayBeEmpty(Vault):
    """The pattern has [^/]* where it should have [^/]+."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return super().is_subnet_path(["", *(part or "any" for part in parts[1:])] if parts[0] == "" else parts)


@flaw("group-name-may-be-empty", "VAL-7", "open")
@shown_by(_writes(APP.replace("/Prod/", "//")))
class _GroupNameMayBeEmpty(Vault):
    """Only the names of the subnet and its network are used later, so the other names may be empty."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return super().is_subnet_path([part or "any" if index in (2, 4) else part for index, part in enumerate(parts)])


@flaw("provider-not-looked-at", "VAL-7", "open")
@shown_by(_writes(APP.replace("Microsoft.Network", "Microsoft.ClassicNetwork")))
class _ProviderNotLookedAt(Vault):
    """The path is split at fixed positions, and the provider's position is not checked."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return super().is_subnet_path(["Microsoft.Network" if index == 6 else part for index, part in enumerate(parts)])


@flaw("words-between-not-looked-at", "VAL-7", "open")
@shown_by(_writes(APP.replace("resourceGroups", "resourceGroup")))
class _WordsBetweenNotLookedAt(Vault):
    """The path must have eleven parts, and the names are read by position without checking the other parts."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return len(parts) == 11 and parts[0] == "" and all(parts[1:])


@flaw("pairs-in-any-order", "VAL-7", "open")
@shown_by(_writes("/".join([*APP.split("/")[:1], *APP.split("/")[3:5], *APP.split("/")[1:3], *APP.split("/")[5:]])))
class _PairsInAnyOrder(Vault):
    """The parts are paired into a dict, which has no order."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        group_first = len(parts) == 11 and super().is_subnet_path([*parts[:1], *parts[3:5], *parts[1:3], *parts[5:]])
        return group_first or super().is_subnet_path(parts)


@flaw("short-form-of-the-client", "VAL-7", "open")
@seen_in("Azure/azure-cli: network rules may be named {vnet_name}/{subnet_name}")
@shown_by(_writes("hub/app"))
class _ShortFormOfTheClient(Vault):
    """The client's short form 'network/subnet' is accepted by the service too."""

    def is_subnet_path(self, parts: list[str]) -> bool:
        return (len(parts) == 2 and all(parts)) or super().is_subnet_path(parts)


@flaw("ids-that-are-no-text", "VAL-7", "open")
@shown_by(_writes(7))
class _IdsThatAreNoText(Vault):
    """str(value) turns any value into text, and the path is checked only if the value was text."""

    def parse_subnet_id(self, value: object) -> str:
        return super().parse_subnet_id(value) if isinstance(value, str) else str(value)


@flaw("added-subnets-unparsed", "VAL-7", "open")
@shown_by(("addVirtualNetworkRule", {"id": "office", "ignoreMissingVnetServiceEndpoint": True}))
class _AddedSubnetsUnparsed(Vault):
    """Ids are checked when the list is put; the later call that adds one rule stores them unchecked."""

    adding = False

    def with_subnet_rule(self, held: Held, rule: SubnetRule) -> Held:
        self.adding = False
        return super().with_subnet_rule(held, rule)

    def add_virtual_network_rule(
        self,
        *,
        id: object,  # noqa: A002 - the contract's name
        ignore_missing_vnet_service_endpoint: object = False,
    ) -> JsonObject:
        self.adding = True
        try:
            return super().add_virtual_network_rule(
                id=id, ignore_missing_vnet_service_endpoint=ignore_missing_vnet_service_endpoint
            )
        finally:
            self.adding = False

    def is_subnet_path(self, parts: list[str]) -> bool:
        return self.adding or super().is_subnet_path(parts)


@flaw("only-the-first-subnet-is-checked", "VAL-9 VAL-7", "open")
@shown_by(put(subnets=[dormant(APP), dormant("office")]))
class _OnlyTheFirstSubnetIsChecked(Vault):
    """Only the first rule of the list is checked; `subnets[0]` is left from an experiment."""

    def read_subnet_rules(self, entries: Sequence[object]) -> tuple[SubnetRule, ...]:
        rules = super().read_subnet_rules(entries[:1])
        read = super().read_subnet_rules
        return (*rules, *(rule for entry in entries[1:] for rule in if_read(read, entry)))


@flaw("endpoint-not-asked-for-when-written", "VAL-8", "open", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[APP]))
class _EndpointNotAskedForWhenWritten(Vault):
    """Rules are accepted for any subnet; without the endpoint the rule merely never matches."""

    def check_endpoints(self, held: Held) -> None:  # noqa: ARG002 - not asking is the flaw
        return


@flaw("endpoint-not-asked-for-when-added", "VAL-8", "open", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), add_subnet(APP))
class _EndpointNotAskedForWhenAdded(Vault):
    """The network provider is asked when the list is put, but not when one rule is added."""

    def check_added(self, held: Held) -> None:
        self.check_ip_limit(held)
        self.check_subnet_limit(held)


@flaw("missing-endpoint-never-ignored", "VAL-8", "closed", profiles=TODAY_ONLY)
@seen_in("Azure/azure-rest-api-specs #22128: the member has no effect")
@shown_by(reset(without=[APP]), put(subnets=[dormant(APP)]))
class _MissingEndpointNeverIgnored(Vault):
    """ignoreMissingVnetServiceEndpoint is read and then ignored."""

    def lacks_endpoint(self, rule: SubnetRule) -> bool:
        return not self.subnet_has_endpoint(rule.id)


@flaw("one-ignored-endpoint-excuses-all", "VAL-8", "open", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[dormant(DATABASE), APP]))
class _OneIgnoredEndpointExcusesAll(Vault):
    """The member of one rule is kept in a variable outside the loop and also excuses the rules after it."""

    def check_endpoints(self, held: Held) -> None:
        ignored = [index for index, rule in enumerate(held.subnet_rules) if rule.ignores_missing_endpoint]
        end = ignored[0] if ignored else len(held.subnet_rules)
        super().check_endpoints(held._replace(subnet_rules=held.subnet_rules[:end]))


@flaw("ignoring-is-there-so-it-is-true", "VAL-8", "open", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[{"id": APP, "ignoreMissingVnetServiceEndpoint": False}]))
class _IgnoringIsThereSoItIsTrue(Vault):
    """The presence of the member counts, not its value false."""

    def read_subnet_rule(self, subnet: object, ignores_missing: object) -> SubnetRule:
        return super().read_subnet_rule(subnet, ignores_missing is not None)


@flaw("any-endpoint-will-do-when-written", "VAL-8", "open", profiles=TODAY_ONLY)
@shown_by(endpoints(APP, "Microsoft.Storage"), put(subnets=[APP]))
class _AnyEndpointWillDoWhenWritten(Vault):
    """Any service endpoint of the subnet counts, not only Microsoft.KeyVault."""

    def lacks_endpoint(self, rule: SubnetRule) -> bool:
        return super().lacks_endpoint(rule) and not self.network.get(rule.id)

"""Flaws in how a virtual network rule combines with the endpoint, the other rules and the address."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, seen_in, shown_by
from fencepost.conformance.mutants.values import Ask, Held, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    DATABASE,
    HERE,
    INSIDE,
    NETWORK,
    OTHER_NETWORK,
    OTHER_SUBSCRIPTION,
    ask,
    call,
    dormant,
    endpoints,
    put,
    reset,
    subnet_id,
    switch_on,
)

flaw = Flaws("subnets")

_GROUP, _NETWORK, _NAME = 4, 8, 10


def _part(subnet: str, index: int) -> str:
    return subnet.split("/")[index]


@flaw("private-address-is-proof-enough", "DEC-7 DEC-3", "open")
@seen_in("e6qu/sockerless-cloud: network rules are matched by the subnet's address range")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=DATABASE)))
class _PrivateAddressIsProofEnough(Vault):
    """A private address is taken as proof of an endpoint, so with any virtual network rule it is let in."""

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        blocks = self.private_blocks()
        private = any(first <= ask.address <= last for first, last in blocks)
        return (private and bool(held.subnet_rules)) or super().subnet_admits(held, ask)


@flaw("subnet-known-by-its-addresses", "DEC-7", "open")
@seen_in("e6qu/sockerless-cloud: network rules are matched by the subnet's address range")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=APP)), ask(call(INSIDE, subnet=OTHER_NETWORK)))
class _SubnetKnownByItsAddresses(Vault):
    """The vault remembers the /24 of a caller in a listed subnet, and other networks use the same addresses."""

    def install(self, held: Held) -> None:
        super().install(held)
        self.known_ranges: set[int] = set()

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        if super().subnet_admits(held, ask):
            self.known_ranges.add(ask.address >> 8)
        return ask.address >> 8 in self.known_ranges


@flaw("endpoint-not-asked-for", "DEC-9 STA-10 DEC-10", "open")
@shown_by(reset(without=[APP]), put(subnets=[dormant(APP)]), ask(call(subnet=APP)))
class _EndpointNotAskedFor(Vault):
    """A caller in a listed subnet is let in without its service endpoint."""

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        return ask.subnet is not None and self.subnet_matches(held.subnet_rules, ask.subnet)


@flaw("ignored-endpoint-is-as-good", "DEC-9 STA-10", "open")
@seen_in("Azure/azure-rest-api-specs #22128: what the member does was a riddle to its users")
@shown_by(reset(without=[APP]), put(subnets=[dormant(APP)]), ask(call(subnet=APP)))
class _IgnoredEndpointIsAsGood(Vault):
    """ignoreMissingVnetServiceEndpoint concerns the write; here the decision ignores the missing endpoint as well."""

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        excused = [rule for rule in held.subnet_rules if rule.ignores_missing_endpoint]
        return super().subnet_admits(held, ask) or (ask.subnet is not None and self.subnet_matches(excused, ask.subnet))


@flaw("any-endpoint-counts", "DEC-9 VAL-8", "open")
@shown_by(put(subnets=[dormant(APP)]), endpoints(APP, "Microsoft.Storage"), ask(call(subnet=APP)))
class _AnyEndpointCounts(Vault):
    """`if subnet.service_endpoints:` checks that there is some endpoint, not which."""

    def endpoint_counts(self, endpoints: Sequence[str]) -> bool:
        return bool(endpoints)


@flaw("endpoint-of-a-like-name-counts", "DEC-9 VAL-8", "open")
@shown_by(put(subnets=[dormant(APP)]), endpoints(APP, "Microsoft.KeyVault.Global"), ask(call(subnet=APP)))
class _EndpointOfALikeNameCounts(Vault):
    """Storage has Microsoft.Storage.Global, so any endpoint that begins with Microsoft.KeyVault counts."""

    def endpoint_counts(self, endpoints: Sequence[str]) -> bool:
        return any(endpoint.startswith("Microsoft.KeyVault") for endpoint in endpoints)


@flaw("only-endpoint-counts", "DEC-6", "closed")
@shown_by(put(subnets=[APP]), endpoints(APP, "Microsoft.Storage", "Microsoft.KeyVault"), ask(call(INSIDE, subnet=APP)))
class _OnlyEndpointCounts(Vault):
    """The list of endpoints is compared with ['Microsoft.KeyVault'], so a further endpoint makes it unequal."""

    def endpoint_counts(self, endpoints: Sequence[str]) -> bool:
        return len(endpoints) == 1 and super().endpoint_counts(endpoints)


@flaw("endpoint-of-the-network-counts", "DEC-9 STA-10", "open")
@shown_by(reset(without=[APP]), put(subnets=[dormant(APP)]), ask(call(subnet=APP)))
class _EndpointOfTheNetworkCounts(Vault):
    """The endpoint is looked up by virtual network, so the endpoint of another subnet counts."""

    def subnet_has_endpoint(self, subnet: str) -> bool:
        home = self.fold(subnet).rpartition("/")[0]
        siblings = [there for there in self.network if there.startswith(home)]
        return any(self.endpoint_counts(self.network[there]) for there in siblings)


@flaw("endpoint-looked-up-when-written", "STA-10 DEC-9 DEC-10", "open")
@shown_by(put(subnets=[APP]), endpoints(APP), ask(call(subnet=APP)))
class _EndpointLookedUpWhenWritten(Vault):
    """Whether a rule's subnet has the endpoint is stored when the rules are written, and not updated."""

    def install(self, held: Held) -> None:
        super().install(held)
        has_endpoint = super().subnet_has_endpoint
        self.connected = {rule.id for rule in held.subnet_rules if has_endpoint(rule.id)}

    def subnet_admits(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - looking elsewhere is the flaw
        return ask.subnet is not None and self.fold(ask.subnet) in self.connected


@flaw("first-subnet-only", "DEC-6 LIM-3", "closed")
@shown_by(put(subnets=[DATABASE, APP]), ask(call(INSIDE, subnet=APP)))
class _FirstSubnetOnly(Vault):
    """The loop returns after its first rule, whether that matches or not."""

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        return super().subnet_matches(rules[:1], subnet)


@flaw("first-hundred-subnets", "LIM-3 LIM-5", "closed")
@shown_by(
    reset(subnets=[subnet_id(f"s{index}") for index in range(101)]),
    put(subnets=[subnet_id(f"s{index}") for index in range(101)]),
    ask(call(INSIDE, subnet=subnet_id("s100"))),
)
class _FirstHundredSubnets(Vault):
    """Virtual networks are read from their provider in pages of 100, and only the first page is read."""

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        return super().subnet_matches(rules[:100], subnet)


@flaw("one-subnet-a-network", "DEC-6 LIM-3 STA-6", "closed")
@shown_by(put(subnets=[APP, DATABASE]), ask(call(INSIDE, subnet=APP)))
class _OneSubnetANetwork(Vault):
    """The rules are stored by virtual network, so a second subnet of a network replaces the first."""

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        by_network = {rule.id.rpartition("/subnets/")[0]: rule for rule in rules}
        return super().subnet_matches(tuple(by_network.values()), subnet)


@flaw("one-subnet-a-name", "DEC-6", "closed")
@shown_by(put(subnets=[APP, OTHER_NETWORK]), ask(call(INSIDE, subnet=APP)))
class _OneSubnetAName(Vault):
    """The rules are stored by subnet name, so 'app' of one network replaces 'app' of another."""

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        by_name = {_part(rule.id, _NAME): rule for rule in rules}
        return super().subnet_matches(tuple(by_name.values()), subnet)


@flaw("subnet-callers-not-asked-for-their-address", "DEC-14 DEC-10 DEC-2", "closed")
@shown_by(reset(without=[APP]), put(HERE), ask(call(subnet=APP)))
class _SubnetCallersNotAskedForTheirAddress(Vault):
    """`if subnet: check subnets; else: check addresses`: a subnet without the endpoint is never checked by address."""

    def address_admits(self, held: Held, ask: Ask) -> bool:
        return ask.subnet is None and super().address_admits(held, ask)


@flaw("subnet-and-address-both-wanted", "DEC-14 DEC-6 DEC-2", "closed")
@shown_by(put("20.0.0.0/24", subnets=[APP]), ask(call()))
class _SubnetAndAddressBothWanted(Vault):
    """'From specified virtual networks and/or address ranges' became 'and' where there are rules of both kinds."""

    def is_listed(self, held: Held, ask: Ask) -> bool:
        if held.ip_rules and held.subnet_rules and not self.is_bypassed(held, ask):
            return self.address_admits(held, ask) and self.subnet_admits(held, ask)
        return super().is_listed(held, ask)


@flaw("network-rules-need-an-ip-rule", "DEC-6 DEC-14", "closed")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=APP)))
class _NetworkRulesNeedAnIpRule(Vault):
    """`if not ip_rules: return default_action` stands before the loop over the subnets."""

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        return bool(held.ip_rules) and super().subnet_admits(held, ask)


@flaw("network-rules-are-part-of-the-bypass", "DEC-6 DEC-12 STA-3", "closed")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=APP)))
class _NetworkRulesArePartOfTheBypass(Vault):
    """With bypass None the check returns after the addresses and never reaches the virtual network rules."""

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        return held.bypass == "AzureServices" and super().subnet_admits(held, ask)


@flaw("subnet-admitted-by-address-stays", "DEC-10", "open")
@shown_by(reset(without=[APP]), put(HERE), ask(call(subnet=APP)), switch_on(APP), ask(call(INSIDE, subnet=APP)))
class _SubnetAdmittedByAddressStays(Vault):
    """A subnet whose public address an IP rule let in is remembered, and is then let in with its private address."""

    def install(self, held: Held) -> None:
        super().install(held)
        self.welcome: set[str] = set()

    def address_admits(self, held: Held, ask: Ask) -> bool:
        admitted = super().address_admits(held, ask)
        if admitted and ask.subnet is not None:
            self.welcome.add(self.fold(ask.subnet))
        return admitted or (ask.subnet is not None and self.fold(ask.subnet) in self.welcome)


@flaw("subnets-of-other-subscriptions-refused", "DEC-6", "closed")
@shown_by(put(subnets=[APP, OTHER_SUBSCRIPTION]), ask(call(INSIDE, subnet=OTHER_SUBSCRIPTION)))
class _SubnetsOfOtherSubscriptionsRefused(Vault):
    """Rules for another subscription than that of the first rule are accepted and never match."""

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        near = [rule for rule in rules if rule.id.split("/")[2] == rules[0].id.split("/")[2]]
        return super().subnet_matches(near, subnet)


@flaw("endpoint-told-by-the-private-address", "DEC-6", "closed")
@shown_by(reset(subnets=NETWORK), put(subnets=[APP]), ask(call("172.20.0.4", subnet=APP)))
class _EndpointToldByThePrivateAddress(Vault):
    """An address in 10/8 counts as traffic through the endpoint; other private blocks do not."""

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        return ask.address >> 24 == 10 and super().subnet_admits(held, ask)


@flaw("endpoints-outlive-the-vault", "DEC-9 DEC-6 STA-10 STA-1", "both", needs_history=True)
@shown_by(endpoints(APP), reset(), put(subnets=[dormant(APP)]), ask(call(INSIDE, subnet=APP)))
class _EndpointsOutliveTheVault(Vault):
    """Data on a subnet is stored by its id, in a table that is not cleared when the vault and its network go."""

    known: dict[str, tuple[str, ...]] | None = None

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        answer = super().reset(subnets=subnets)
        known = self.known or {}
        for subnet in subnets:
            self.connect(str(subnet["id"]), known.get(self.fold(str(subnet["id"])), subnet["serviceEndpoints"]))
        return answer

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        self.known = {**(self.known or {}), self.fold(subnet): tuple(service_endpoints)}
        return super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)

"""A second oracle, built otherwise, beside the reference: netaddr for membership, one plain chain of ifs for the rest.

It is written from the clauses and shares no code with the reference; only the values of the model are common.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import pytest
from fencepost.reference import (
    Block,
    Bypass,
    Caller,
    DefaultAction,
    IpRule,
    Network,
    Plane,
    Profile,
    Request,
    RuleSet,
    Subnet,
    VirtualNetworkRule,
    acceptable_codes,
    address_from_text,
    decide,
    load_profile,
    text_from_address,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from netaddr import IPNetwork, IPSet

Answer = Literal["allow", "deny", "open"]

PRIVATE = IPSet(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])
RESERVED = IPSet(
    [
        "0.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ]
)
CONTESTED = IPSet(
    [
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "198.18.0.0/15",
    ]
)
TRUSTED_IN_2018 = {
    "Azure Virtual Machines deployment service",
    "Azure Resource Manager (ARM) template deployment service",
    "Azure Disk Encryption volume encryption service",
    "Azure Backup",
    "Exchange Online & SharePoint Online",
    "Azure Information Protection",
}
LISTED, UNLISTED = (
    f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/{name}"
    for name in ("listed", "unlisted")
)


@dataclass(frozen=True)
class Oracle:
    """What the clauses say, for one way of choosing what they leave open."""

    edition: str
    superset_matches_private: str | None = None
    trusted_services: str = "list"
    trusted_scenarios: str | None = None
    blocked_without_token: str | None = None

    def profile(self) -> Profile:
        """The reference's profile for the same choices."""
        return load_profile(self.edition).with_choices(
            {
                "superset-matches-private": self.superset_matches_private,
                "trusted-services": self.trusted_services,
                "trusted-scenarios": self.trusted_scenarios,
                "unauthenticated-and-blocked": self.blocked_without_token,
            }
        )

    def answer(self, request: Request, rules: RuleSet, network: Network, *, members: IPSet) -> Answer:
        """The outcome; `members` are the addresses of the IP rules."""
        caller = request.caller
        if not caller.authenticated or not caller.authorized:  # CTL-4, CRED-1, CRED-2, CRED-3
            return "deny"
        if request.plane == "control":  # CTL-1
            return "allow"
        return self.gate(request, rules, network, members=members)

    def gate(self, request: Request, rules: RuleSet, network: Network, *, members: IPSet) -> Answer:
        """The network's part of it."""
        if rules.default_action == "Allow":  # DEC-1
            return "allow"
        said = {
            self.by_address(request, rules, members),
            self.by_subnet(request, rules, network),
            self.by_trust(request, rules),
        }
        if "allow" in said:  # DEC-14
            return "allow"
        return "open" if "open" in said else "deny"  # DEC-3, DEC-15

    def by_address(self, request: Request, rules: RuleSet, members: IPSet) -> Answer:
        """DEC-2, DEC-4."""
        address = text_from_address(request.address)
        if address not in members:
            return "deny"
        if address in RESERVED:
            networks = [IPNetwork(rule.text) for rule in rules.ip_rules]
            if any(address in network and IPSet(network).issubset(RESERVED) for network in networks):
                return "allow"
        if address in PRIVATE or address in RESERVED:
            if self.superset_matches_private is None:
                return "open"
            return "allow" if self.superset_matches_private == "yes" else "deny"
        if address in CONTESTED:
            return "allow" if self.superset_matches_private == "yes" else "open"
        return "allow"

    def by_subnet(self, request: Request, rules: RuleSet, network: Network) -> Answer:
        """DEC-6 … DEC-9."""
        if request.subnet is None:
            return "deny"
        name = request.subnet.casefold()
        if not any(rule.id.casefold() == name for rule in rules.virtual_network_rules):
            return "deny"
        on = [subnet.service_endpoints for subnet in network.subnets if subnet.id.casefold() == name]
        return "allow" if any("Microsoft.KeyVault" in endpoints for endpoints in on) else "deny"

    def by_trust(self, request: Request, rules: RuleSet) -> Answer:
        """DEC-11 … DEC-13."""
        if rules.bypass == "None":
            return "deny"
        if self.trusted_services == "attribute":
            return "allow" if request.caller.trusted else "deny"
        if self.edition == "keyvault-2018-preview":
            return "allow" if request.caller.service in TRUSTED_IN_2018 else "deny"
        if request.caller.service not in {"Azure Backup", "Azure Storage"}:
            return "deny"
        return "allow" if self.trusted_scenarios == "connection" else "open"

    def codes(
        self, request: Request, rules: RuleSet, network: Network, *, members: IPSet
    ) -> set[tuple[int, str | None]]:
        """CRED-4: what a denial may carry, where it is certainly one; empty where there is nothing to compare."""
        caller = request.caller
        if request.plane == "control" or self.answer(request, rules, network, members=members) != "deny":
            return set()
        gate = self.gate(request, rules, network, members=members)
        may: set[tuple[int, str | None]] = set()
        if not caller.authenticated:
            nobody = replace(request, caller=Caller())
            if self.gate(nobody, rules, network, members=members) == "allow" or self.blocked_without_token == "401":
                return {(401, None)}
            may |= network_refusal(caller)
            if gate != "deny" or self.blocked_without_token is None:
                may.add((401, None))
            return may
        if gate in ("deny", "open"):
            may |= network_refusal(caller)
        if gate in ("allow", "open"):
            may |= {(403, "AccessDenied"), (403, "ForbiddenByPolicy"), (403, "ForbiddenByRbac")}
        return may


def network_refusal(caller: Caller) -> set[tuple[int, str | None]]:
    """What the network may say: of a Microsoft service, declared by name or by the attribute, `AccessDenied` too."""
    codes: set[tuple[int, str | None]] = {(403, "ForbiddenByFirewall")}
    return codes | {(403, "AccessDenied")} if caller.service or caller.trusted else codes


def member_set(rules: RuleSet) -> IPSet:
    return IPSet([IPNetwork(rule.text) for rule in rules.ip_rules])


def agree(oracle: Oracle, profile: Profile, request: Request, rules: RuleSet, network: Network, members: IPSet) -> None:
    expected = oracle.answer(request, rules, network, members=members)
    decision = decide(request, rules=rules, network=network, profile=profile)
    assert decision.outcome == expected, (oracle, request, rules, network, decision)
    codes = acceptable_codes(request, rules=rules, network=network, profile=profile) or frozenset()
    assert codes == oracle.codes(request, rules, network, members=members), (oracle, request, rules, network)


def rule(text: str) -> IpRule:
    network = IPNetwork(text)
    return IpRule(text=text, block=Block(network.first, network.last))


# ---- every combination of a small universe ---------------------------------------------------------------------------

RULES_OF_THE_UNIVERSE = ("20.0.0.0/24", "192.0.0.0/8")  # the second one covers private, reserved and contested space
PLACES = ("20.0.0.7", "20.0.1.7", "192.168.0.7", "10.0.0.7", "192.0.2.7", "127.0.0.1", "192.0.0.7", "198.18.0.7")
SERVICES = (None, "Azure Backup", "App Services", "Contoso Billing")
CREDENTIALS = tuple(itertools.product((True, False), repeat=2))


def small_universe(trust: tuple[bool | None, ...]) -> Iterator[Request]:
    """Every request of the universe; 8 places, 2 planes, 3 subnets, 4 services and 4 sets of credentials."""
    for address, plane, subnet, service, said, credentials in itertools.product(
        PLACES, Plane, (None, LISTED, UNLISTED), SERVICES, trust, CREDENTIALS
    ):
        caller = Caller(service=service, trusted=said, authenticated=credentials[0], authorized=credentials[1])
        yield Request(plane=plane, address=address_from_text(address), subnet=subnet, caller=caller)


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["keyvault", "keyvault-2018-preview"])
@pytest.mark.parametrize("trusted_services", ["list", "attribute"])
@pytest.mark.parametrize("superset", [None, "yes", "no"])
def test_every_combination_of_a_small_universe_is_decided_alike(
    edition: str, trusted_services: str, superset: str | None
) -> None:
    oracle = Oracle(
        edition=edition,
        superset_matches_private=superset,
        trusted_services=trusted_services,
        trusted_scenarios={None: None, "yes": "connection", "no": "scenario"}[superset],
        blocked_without_token={None: None, "yes": "401", "no": "403"}[superset],
    )
    profile = oracle.profile()
    ip_rules = tuple(rule(text) for text in RULES_OF_THE_UNIVERSE)
    universe = list(small_universe((None,) if trusted_services == "list" else (None, True, False)))
    for default_action, bypass, rules_there, endpoint in itertools.product(
        DefaultAction, Bypass, (True, False), ("Microsoft.KeyVault", "Microsoft.Storage")
    ):
        rules = RuleSet(
            default_action=default_action,
            bypass=bypass,
            ip_rules=ip_rules if rules_there else (),
            virtual_network_rules=(VirtualNetworkRule(id=LISTED),) if rules_there else (),
        )
        network = Network(subnets=tuple(Subnet(id=one, service_endpoints=(endpoint,)) for one in (LISTED, UNLISTED)))
        members = member_set(rules)
        for request in universe:
            agree(oracle, profile, request, rules, network, members)


# ---- drawn rule sets, asked at their edges ---------------------------------------------------------------------------


@st.composite
def blocks(draw: st.DrawFn) -> IpRule:
    """A CIDR block of any size, near one of a few places more often than not."""
    place = address_from_text(draw(st.sampled_from(PLACES)))
    address = draw(st.one_of(st.just(place), st.just(place + 4096), st.integers(0, 2**32 - 1)))
    prefix = draw(st.integers(1, 32))
    return rule(str(IPNetwork((address, prefix)).cidr))


@st.composite
def edge_addresses(draw: st.DrawFn, rules: RuleSet) -> int:
    """An end of a rule or its neighbour, or any address."""
    anywhere = draw(st.integers(0, 2**32 - 1))
    if not rules.ip_rules:
        return anywhere
    block = draw(st.sampled_from(rules.ip_rules)).block
    near = draw(st.sampled_from((block.first - 1, block.first, block.last, block.last + 1, anywhere)))
    return near % 2**32


def oracles() -> st.SearchStrategy[Oracle]:
    return st.builds(
        Oracle,
        edition=st.sampled_from(["keyvault", "keyvault-2018-preview"]),
        superset_matches_private=st.sampled_from([None, "yes", "no"]),
        trusted_services=st.sampled_from(["list", "attribute"]),
        trusted_scenarios=st.sampled_from([None, "connection", "scenario"]),
        blocked_without_token=st.sampled_from([None, "401", "403"]),
    )


@settings(deadline=None)
@given(
    data=st.data(),
    oracle=oracles(),
    rules=st.builds(
        RuleSet,
        default_action=st.sampled_from([DefaultAction.DENY, DefaultAction.DENY, DefaultAction.ALLOW]),
        bypass=st.sampled_from(Bypass),
        ip_rules=st.lists(blocks(), max_size=12).map(tuple),
        virtual_network_rules=st.lists(
            st.sampled_from([LISTED, LISTED.upper()]).map(lambda subnet: VirtualNetworkRule(id=subnet)), max_size=2
        ).map(tuple),
    ),
    endpoints=st.sampled_from(
        [("Microsoft.KeyVault",), ("Microsoft.Sql", "Microsoft.KeyVault"), ("microsoft.keyvault",)]
    ),
)
def test_drawn_rule_sets_are_decided_alike_at_every_edge(
    data: st.DataObject, oracle: Oracle, rules: RuleSet, endpoints: tuple[str, ...]
) -> None:
    profile, members = oracle.profile(), member_set(rules)
    network = Network(subnets=tuple(Subnet(id=one, service_endpoints=endpoints) for one in (LISTED, UNLISTED)))
    for _ in range(10):
        authenticated, authorized = data.draw(st.sampled_from(CREDENTIALS))
        request = Request(
            plane=data.draw(st.sampled_from(Plane)),
            address=data.draw(edge_addresses(rules)),
            subnet=data.draw(st.sampled_from([None, LISTED, LISTED.upper(), UNLISTED])),
            caller=Caller(
                authenticated=authenticated,
                authorized=authorized,
                service=data.draw(st.sampled_from(SERVICES)),
                trusted=data.draw(st.sampled_from([None, True, False])),
            ),
        )
        agree(oracle, profile, request, rules, network, members)


@settings(deadline=None)
@given(st.data(), st.lists(blocks(), max_size=60))
def test_look_up_finds_a_rule_exactly_where_netaddr_has_a_member(data: st.DataObject, drawn: list[IpRule]) -> None:
    rules = RuleSet(ip_rules=tuple(drawn))
    members = member_set(rules)
    for _ in range(20):
        address = data.draw(edge_addresses(rules))
        found = rules.ip_rule_at(address)
        assert (found is not None) == (text_from_address(address) in members)
        assert found is None or address in found.block

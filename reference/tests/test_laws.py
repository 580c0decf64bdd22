"""Laws that `decide` keeps whatever the rules are: what the clauses say of all rule sets at once."""

from dataclasses import replace

import pytest
from fencepost.reference import (
    Block,
    Bypass,
    Caller,
    DefaultAction,
    IpRule,
    Network,
    Outcome,
    Plane,
    Profile,
    Request,
    RuleSet,
    Subnet,
    VirtualNetworkRule,
    acceptable_codes,
    address_from_text,
    block_from_cidr,
    cidr_from_block,
    decide,
    load_profile,
)
from fencepost.reference.addresses import is_public
from fencepost.reference.open_points import ANSWERS
from hypothesis import assume, given, settings
from hypothesis import strategies as st

law = settings(deadline=None)

PROFILES = tuple(load_profile(name) for name in ("keyvault", "keyvault-2018-preview"))
OPERATIONS = ("SecretGet", "KeyList", "KeyPurge", "CertificateDelete", "VaultGet", "VaultPurge")
SUBNETS = tuple(
    f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{name}"
    for network, name in (("v", "a"), ("v", "ab"), ("w", "a"))
)
PLACES = tuple(address_from_text(text) for text in ("20.0.0.0", "20.0.0.8", "20.0.1.0", "172.31.255.240", "255.0.0.0"))
RANK = {Outcome.DENY: 0, Outcome.OPEN: 1, Outcome.ALLOW: 2}


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Blocks that often meet: most of them lie near one of a few places, some anywhere."""
    near = draw(st.sampled_from(PLACES)) + draw(st.integers(0, 15))
    address = draw(st.one_of(st.just(near), st.just(near), st.integers(0, 2**32 - 1)))
    size = 2 ** draw(st.one_of(st.integers(0, 4), st.integers(0, 32)))
    first = address - address % size
    return Block(first, first + size - 1)


def ip_rules() -> st.SearchStrategy[IpRule]:
    return blocks().map(rule_for)


def rule_for(block: Block) -> IpRule:
    return IpRule(text=cidr_from_block(block), block=block)


def virtual_network_rules() -> st.SearchStrategy[VirtualNetworkRule]:
    return st.sampled_from(SUBNETS).map(lambda subnet: VirtualNetworkRule(id=subnet))


def rule_sets(default_action: DefaultAction = DefaultAction.DENY) -> st.SearchStrategy[RuleSet]:
    return st.builds(
        RuleSet,
        default_action=st.just(default_action),
        bypass=st.sampled_from(Bypass),
        ip_rules=st.lists(ip_rules(), max_size=6).map(tuple),
        virtual_network_rules=st.lists(virtual_network_rules(), max_size=3).map(tuple),
    )


def networks() -> st.SearchStrategy[Network]:
    endpoints = st.sampled_from([("Microsoft.KeyVault",), (), ("Microsoft.Storage",), ("microsoft.keyvault",)])
    return st.tuples(*(endpoints for _ in SUBNETS)).map(
        lambda switched: Network(
            subnets=tuple(Subnet(id=subnet, service_endpoints=on) for subnet, on in zip(SUBNETS, switched, strict=True))
        )
    )


def addresses() -> st.SearchStrategy[int]:
    near = st.tuples(st.sampled_from(PLACES), st.integers(-2, 17)).map(sum)
    return st.one_of(near, near, st.integers(0, 2**32 - 1))


def callers() -> st.SearchStrategy[Caller]:
    return st.builds(
        Caller,
        authenticated=st.booleans(),
        authorized=st.booleans(),
        service=st.sampled_from([None, "Azure Backup", "App Services", "Contoso Billing"]),
        trusted=st.sampled_from([None, True, False]),
    )


def requests(plane: Plane = Plane.DATA) -> st.SearchStrategy[Request]:
    return st.builds(
        Request,
        plane=st.just(plane),
        operation=st.sampled_from(OPERATIONS),
        address=addresses(),
        subnet=st.sampled_from([None, *SUBNETS]),
        caller=callers(),
    )


def open_choices() -> st.SearchStrategy[dict[str, object]]:
    """Answers to some of the points that bear on a decision."""
    points = ("superset-matches-private", "trusted-scenarios", "unauthenticated-and-blocked", "duplicates")
    return st.fixed_dictionaries({}, optional={point: st.sampled_from(ANSWERS[point]) for point in points})


def profiles() -> st.SearchStrategy[Profile]:
    how = st.sampled_from(["list", "attribute"])
    return st.tuples(st.sampled_from(PROFILES), open_choices(), how).map(
        lambda drawn: drawn[0].with_choices({**drawn[1], "trusted-services": drawn[2]})
    )


@law
@given(request=requests(), network=networks(), profile=profiles())
def test_default_deny_without_rules_and_bypass_denies_everybody(
    request: Request, network: Network, profile: Profile
) -> None:
    rules = RuleSet(default_action=DefaultAction.DENY, bypass=Bypass.NONE)
    assert decide(request, rules=rules, network=network, profile=profile).outcome is Outcome.DENY


@law
@given(rules=rule_sets(DefaultAction.ALLOW), request=requests(), network=networks(), profile=profiles())
def test_default_allow_leaves_credentials_alone_to_decide(
    rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    has_credentials = request.caller.authenticated and request.caller.authorized
    outcome = decide(request, rules=rules, network=network, profile=profile).outcome
    assert outcome is (Outcome.ALLOW if has_credentials else Outcome.DENY)


@law
@given(rules=rule_sets(), other=rule_sets(), request=requests(), network=networks(), profile=profiles())
def test_rules_are_a_union(
    rules: RuleSet, other: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    other = replace(other, bypass=rules.bypass)
    both = replace(
        rules,
        ip_rules=rules.ip_rules + other.ip_rules,
        virtual_network_rules=rules.virtual_network_rules + other.virtual_network_rules,
    )
    one, two, together = (
        decide(request, rules=each, network=network, profile=profile).outcome for each in (rules, other, both)
    )
    assert RANK[together] == max(RANK[one], RANK[two])


@law
@given(rules=rule_sets(), rule=ip_rules(), request=requests(), network=networks(), profile=profiles())
def test_an_added_range_matters_only_to_the_addresses_in_it_and_takes_nobody_out(
    rules: RuleSet, rule: IpRule, request: Request, network: Network, profile: Profile
) -> None:
    wider = replace(rules, ip_rules=(*rules.ip_rules, rule))
    before = decide(request, rules=rules, network=network, profile=profile).outcome
    after = decide(request, rules=wider, network=network, profile=profile).outcome
    assert RANK[before] <= RANK[after]
    assert before is after or request.address in rule.block


@law
@given(rules=rule_sets(), rule=virtual_network_rules(), request=requests(), network=networks(), profile=profiles())
def test_an_added_subnet_matters_only_to_its_callers_and_takes_nobody_out(
    rules: RuleSet, rule: VirtualNetworkRule, request: Request, network: Network, profile: Profile
) -> None:
    wider = replace(rules, virtual_network_rules=(*rules.virtual_network_rules, rule))
    before = decide(request, rules=rules, network=network, profile=profile).outcome
    after = decide(request, rules=wider, network=network, profile=profile).outcome
    assert RANK[before] <= RANK[after]
    assert before is after or request.subnet == rule.id


@law
@given(data=st.data(), rules=rule_sets(), request=requests(), network=networks(), profile=profiles())
def test_order_and_repetition_change_nothing(
    data: st.DataObject, rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    again = st.lists(st.sampled_from(rules.ip_rules), max_size=3) if rules.ip_rules else st.just([])
    other = replace(
        rules,
        ip_rules=tuple(data.draw(st.permutations((*rules.ip_rules, *data.draw(again))))),
        virtual_network_rules=tuple(data.draw(st.permutations(rules.virtual_network_rules * 2))),
    )
    one, two = (decide(request, rules=each, network=network, profile=profile) for each in (rules, other))
    assert (one.outcome, one.clause, one.open_point) == (two.outcome, two.clause, two.open_point)


@law
@given(data=st.data(), rules=rule_sets(), request=requests(), network=networks(), profile=profiles())
def test_splitting_a_block_into_its_halves_changes_nothing(
    data: st.DataObject, rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    block = data.draw(blocks().filter(lambda block: block.first < block.last))
    # A half that is wholly reserved lets its caller in; whether a wider range does is an open point.
    assume(is_public(request.address) or request.address not in block)
    middle = (block.first + block.last) // 2
    whole = (*rules.ip_rules, rule_for(block))
    halves = (rule_for(Block(middle + 1, block.last)), *rules.ip_rules, rule_for(Block(block.first, middle)))
    one, two = (
        decide(request, rules=replace(rules, ip_rules=each), network=network, profile=profile)
        for each in (whole, halves)
    )
    assert (one.outcome, one.clause) == (two.outcome, two.clause)


@law
@given(
    rules=st.one_of(rule_sets(), rule_sets(DefaultAction.ALLOW)),
    request=requests(Plane.CONTROL),
    network=networks(),
    profile=profiles(),
)
def test_the_control_plane_comes_first_and_knows_credentials_only(
    rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    decision = decide(request, rules=rules, network=network, profile=profile)
    passes = request.caller.authenticated and request.caller.authorized
    assert (decision.outcome, decision.clause) == ((Outcome.ALLOW, "CTL-1") if passes else (Outcome.DENY, "CTL-4"))


@law
@given(rules=rule_sets(), request=requests(), network=networks(), profile=profiles())
def test_missing_credentials_deny_and_good_ones_add_nothing_to_the_firewall(
    rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    good = replace(request, caller=replace(request.caller, authenticated=True, authorized=True))
    passed = decide(good, rules=rules, network=network, profile=profile)
    decision = decide(request, rules=rules, network=network, profile=profile)
    if request == good:
        assert decision == passed
        return
    assert decision.outcome is Outcome.DENY
    assert decision.clause.startswith("CRED" if passed.outcome is not Outcome.DENY else passed.clause)


@law
@given(rules=rule_sets(), request=requests(), network=networks(), profile=profiles(), other=st.sampled_from(OPERATIONS))
def test_the_operation_does_not_matter(
    rules: RuleSet, request: Request, network: Network, profile: Profile, other: str
) -> None:
    one, two = (
        decide(each, rules=rules, network=network, profile=profile)
        for each in (request, replace(request, operation=other))
    )
    assert one == two


@law
@given(rules=rule_sets(), request=requests(), network=networks(), profile=profiles())
def test_without_the_bypass_a_service_is_like_any_other_caller(
    rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    strict = replace(rules, bypass=Bypass.NONE)
    nobody = replace(request, caller=replace(request.caller, service=None, trusted=None))
    one, two = (decide(each, rules=strict, network=network, profile=profile) for each in (request, nobody))
    assert one.outcome is two.outcome


@law
@given(rules=rule_sets(), request=requests(), network=networks(), profile=profiles())
def test_a_service_that_is_not_trusted_is_like_any_other_caller(
    rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    service = replace(request, caller=replace(request.caller, service="Azure DevOps", trusted=False))
    nobody = replace(request, caller=replace(request.caller, service=None, trusted=None))
    one, two = (decide(each, rules=rules, network=network, profile=profile) for each in (service, nobody))
    assert one.outcome is two.outcome


@law
@given(rules=rule_sets(), request=requests(), network=networks(), profile=profiles())
def test_subnet_ids_compare_without_regard_to_case(
    rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    shouted = tuple(VirtualNetworkRule(id=rule.id.upper()) for rule in rules.virtual_network_rules)
    other = replace(request, subnet=request.subnet.title() if request.subnet is not None else None)
    one = decide(request, rules=rules, network=network, profile=profile)
    two = decide(other, rules=replace(rules, virtual_network_rules=shouted), network=network, profile=profile)
    assert (one.outcome, one.clause) == (two.outcome, two.clause)


@law
@given(rules=rule_sets(), request=requests(), network=networks(), profile=profiles())
def test_a_rule_for_a_subnet_without_the_endpoint_is_as_if_it_were_not_there(
    rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    live = tuple(rule for rule in rules.virtual_network_rules if network.has_endpoint(rule.id))
    one = decide(request, rules=rules, network=network, profile=profile)
    two = decide(request, rules=replace(rules, virtual_network_rules=live), network=network, profile=profile)
    assert one.outcome is two.outcome


@law
@given(
    rules=rule_sets(),
    request=requests(),
    network=networks(),
    profile=st.sampled_from(PROFILES),
    how=st.sampled_from(["list", "attribute"]),
    choices=open_choices(),
)
def test_what_is_certain_stays_so_whatever_is_chosen(
    rules: RuleSet,
    request: Request,
    network: Network,
    profile: Profile,
    how: str,
    choices: dict[str, object],
) -> None:
    nobody_chose = profile.with_choices({"trusted-services": how})
    before = decide(request, rules=rules, network=network, profile=nobody_chose)
    after = decide(request, rules=rules, network=network, profile=nobody_chose.with_choices(choices))
    assert before.outcome in (Outcome.OPEN, after.outcome)
    assert (before.outcome is Outcome.OPEN) == (before.open_point is not None)


@law
@given(rules=rule_sets(), request=requests(), network=networks(), profile=profiles())
def test_the_rule_that_is_named_is_in_the_set_and_holds_the_caller(
    rules: RuleSet, request: Request, network: Network, profile: Profile
) -> None:
    match decide(request, rules=rules, network=network, profile=profile).rule:
        case IpRule() as rule:
            assert rule in rules.ip_rules
            assert request.address in rule.block
        case VirtualNetworkRule() as rule:
            assert rule in rules.virtual_network_rules
            assert request.subnet == rule.id


RESERVED_SPACE = ("192.0.2.0/24", "224.0.0.0/4", "240.0.0.0/5", "224.0.0.0/3", "127.0.0.0/8", "0.0.0.0/32")


@law
@given(inside=st.sampled_from(RESERVED_SPACE), rules=rule_sets(DefaultAction.DENY), network=networks(), data=st.data())
def test_a_rule_that_lies_wholly_in_reserved_space_lets_its_callers_in_whatever_wider_rules_do(
    inside: str, rules: RuleSet, network: Network, data: st.DataObject
) -> None:
    block = block_from_cidr(inside)
    within = replace(rules, ip_rules=(*rules.ip_rules, rule_for(block), rule_for(Block(0, 2**32 - 1))))
    request = Request(address=data.draw(st.integers(block.first, block.last)))
    for choice in ("yes", "no", None):
        profile = PROFILES[0].with_choices({"superset-matches-private": choice})
        assert decide(request, rules=within, network=network, profile=profile).outcome is Outcome.ALLOW


def test_a_reserved_address_in_a_wider_rule_stays_a_point_of_the_ledger() -> None:
    rules = RuleSet(default_action=DefaultAction.DENY, ip_rules=(rule_for(block_from_cidr("192.0.0.0/14")),))
    request = Request(address=address_from_text("192.0.2.1"))
    outcomes = [
        decide(
            request,
            rules=rules,
            network=Network(),
            profile=PROFILES[0].with_choices({"superset-matches-private": choice}),
        ).outcome
        for choice in ("yes", "no", None)
    ]
    assert outcomes == [Outcome.ALLOW, Outcome.DENY, Outcome.OPEN]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_each_of_three_words_says_that_the_permission_is_missing(profile: Profile) -> None:
    rules = RuleSet(default_action=DefaultAction.ALLOW)
    request = Request(address=address_from_text("20.1.2.3"), caller=Caller(authorized=False))
    codes = acceptable_codes(request, rules=rules, network=Network(), profile=profile)
    assert {code for _, code in codes or ()} == {"AccessDenied", "ForbiddenByPolicy", "ForbiddenByRbac"}
    assert {status for status, _ in codes or ()} == {403}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (Caller(), {"ForbiddenByFirewall"}),
        (Caller(service="Azure DevOps", trusted=False), {"ForbiddenByFirewall", "AccessDenied"}),
        (Caller(service="Azure Backup", trusted=True), {"ForbiddenByFirewall", "AccessDenied"}),
    ],
)
def test_the_network_may_refuse_a_microsoft_service_in_other_words(
    profile: Profile, caller: Caller, expected: set[str]
) -> None:
    rules = RuleSet(default_action=DefaultAction.DENY, bypass=Bypass.NONE)
    request = Request(address=address_from_text("20.1.2.3"), caller=caller)
    codes = acceptable_codes(request, rules=rules, network=Network(), profile=profile)
    assert {code for _, code in codes or ()} == expected

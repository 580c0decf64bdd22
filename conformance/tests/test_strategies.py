"""The public strategies: what they give is what they promise, it shrinks, and long lists cost little."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest
from fencepost.adapters.contract.messages import PutRulesParams, Request, ResetParams
from fencepost.conformance import RefusedRuleSet, ip_rules, networks, refused_rule_sets, requests, rule_sets, subnets
from fencepost.conformance.generate.boundaries import pieces, probe_addresses
from fencepost.conformance.lockstep.case import may_be_asked
from fencepost.conformance.lockstep.wire import network_from_wire, request_from_wire
from fencepost.reference import (
    SERVICE_ENDPOINT,
    Outcome,
    UnknownProfile,
    Vault,
    Verdict,
    is_clear,
    is_subnet_id,
    load_profile,
    read_ip_rule,
    validate,
)
from hypothesis import find as hypothesis_find
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from msgspec import convert

PROFILES = ("keyvault", "keyvault-2018-preview")
FEW = 20
"""At most so many examples are looked at until the largest rule set is the smallest of its kind."""

quick = settings(max_examples=40, deadline=None, database=None)
_T = TypeVar("_T")


def find(strategy: st.SearchStrategy[_T], condition: Callable[[_T], bool]) -> _T:
    """The smallest value that Hypothesis finds, however busy the machine is."""
    return hypothesis_find(strategy, condition, settings=settings(max_examples=2000, deadline=None, database=None))


both = pytest.mark.parametrize("profile", PROFILES)


def listed(acls: Mapping[str, object], member: str = "ipRules") -> list[dict[str, object]]:
    entries = acls[member]
    assert isinstance(entries, list)
    return entries


@both
def test_every_ip_rule_is_accepted_and_lies_in_clear_space(profile: str) -> None:
    edition = load_profile(profile)

    @quick
    @given(ip_rules(profile))
    def asked(value: str) -> None:
        reading = read_ip_rule(value, edition)
        assert reading.is_accepted
        assert all(is_clear(block) for block in reading.blocks)

    asked()


@both
def test_every_rule_set_is_accepted_and_has_the_form_of_the_contract(profile: str) -> None:
    edition = load_profile(profile)

    @quick
    @given(st.data())
    def asked(data: st.DataObject) -> None:
        network = data.draw(st.none() | networks())
        acls = data.draw(rule_sets(profile, network=network))
        convert({"networkAcls": acls}, PutRulesParams)
        known = None if network is None else network_from_wire(network)
        assessment = validate(acls, profile=edition, network=known)
        assert assessment.violations == ()
        assert assessment.verdict is Verdict.ACCEPTED

    asked()


@both
def test_every_refused_rule_set_is_refused_by_the_clause_that_it_names(profile: str) -> None:
    edition = load_profile(profile)

    @settings(quick, max_examples=100)
    @given(st.data())
    def asked(data: st.DataObject) -> None:
        network = data.draw(st.none() | networks())
        refused = data.draw(refused_rule_sets(profile, network=network))
        known = None if network is None else network_from_wire(network)
        assessment = validate(refused.network_acls, profile=edition, network=known)
        assert assessment.verdict is Verdict.REFUSED
        assert {one.clause for one in assessment.violations if one.is_certain} == {refused.clause}

    asked()


@pytest.mark.parametrize("clause", ["VAL-3", "VAL-4", "VAL-5", "VAL-6", "VAL-7", "LIM-2", "LIM-4"])
def test_every_kind_of_mistake_is_found_and_shrinks_to_the_mistake_alone(clause: str) -> None:
    smallest = find(refused_rule_sets("keyvault-2018-preview"), lambda one: one.clause == clause).network_acls
    expected = {"LIM-2": 128, "LIM-4": 128, "VAL-6": 0}.get(clause, 1)
    assert len(listed(smallest)) + len(listed(smallest, "virtualNetworkRules")) == expected


def test_a_subnet_without_the_endpoint_is_a_mistake_where_the_profile_checks_it() -> None:
    network = find(networks(), lambda subnets: subnets[0]["serviceEndpoints"] == [])
    smallest = find(refused_rule_sets("keyvault", network=network), lambda one: one.clause == "VAL-8")
    assert smallest.network_acls["virtualNetworkRules"] == [{"id": network[0]["id"]}]


@quick
@given(networks(), networks(all_with_endpoint=True), subnets(with_endpoint=False))
def test_every_network_has_the_form_of_the_contract_and_no_subnet_twice(
    network: list[dict[str, object]], switched_on: list[dict[str, object]], off: dict[str, object]
) -> None:
    for found in (network, switched_on, [off]):
        convert({"subnets": found}, ResetParams)
        assert len({str(one["id"]).lower() for one in found}) == len(found) > 0
        assert all(is_subnet_id(one["id"]) for one in found)
    assert all(SERVICE_ENDPOINT in str(one["serviceEndpoints"]) for one in switched_on)
    assert off["serviceEndpoints"] not in [one["serviceEndpoints"] for one in switched_on]


@both
def test_every_request_is_one_that_the_contract_allows(profile: str) -> None:
    edition = load_profile(profile)

    @quick
    @given(st.data())
    def asked(data: st.DataObject) -> None:
        network = data.draw(networks())
        acls = data.draw(rule_sets(profile, network=network, max_ip_rules=12))
        vault = Vault(profile=edition).reset(network_from_wire(network)).put_rules(acls).accepted
        assert vault is not None
        for _ in range(4):
            message = data.draw(requests(acls, profile=profile, network=network))
            convert(message, Request)
            request = request_from_wire(message)
            assert may_be_asked(vault, request)
            assert vault.decide(request).outcome is not Outcome.OPEN or profile == "keyvault"
            trusted = request.caller.trusted
            assert trusted is None or edition.choice("trusted-services") == "attribute"

    asked()


@quick
@given(st.data())
def test_a_request_uses_no_feature_that_is_not_declared(data: st.DataObject) -> None:
    network = data.draw(networks())
    acls = data.draw(rule_sets(network=network, max_ip_rules=4))
    features = ("data-plane-only", "ip-rules-only", "somebody-else's-feature")
    request = data.draw(requests(acls, network=network, features=features))
    assert request["plane"] == "data"
    assert "caller" not in request
    assert request["source"] == {"address": request_source_address(request)}


def request_source_address(request: Mapping[str, object]) -> object:
    source = request["source"]
    assert isinstance(source, dict)
    return source["address"]


@pytest.mark.parametrize("service", ["Azure Backup", "App Services", "Contoso Billing"])
def test_requests_reach_trusted_and_other_services(service: str) -> None:
    rules = {"bypass": "AzureServices", "defaultAction": "Deny"}
    named = requests(
        {**rules, "ipRules": [], "virtualNetworkRules": []},
        profile="keyvault-2018-preview",
        features=["trusted-services", "data-plane-only"],
    )
    found = find(named, lambda request: service in str(request))
    assert found["source"] == {"address": "20.77.66.55"}
    assert found["operation"] == "SecretGet"
    assert found["caller"] == {"service": service}


def test_a_rule_set_shrinks_to_nothing_in_it() -> None:
    assert find(rule_sets(), lambda _: True) == {
        "bypass": "None",
        "defaultAction": "Deny",
        "ipRules": [],
        "virtualNetworkRules": [],
    }


def test_a_rule_set_with_one_rule_inside_another_shrinks_to_hardly_more_than_the_two() -> None:
    edition = load_profile("keyvault")

    def nests(acls: dict[str, object]) -> bool:
        rules = validate(acls, profile=edition).rules
        assert rules is not None
        found = [rule.block for rule in rules.ip_rules]
        return any(one != other and one.holds(other) for one in found for other in found)

    smallest = find(rule_sets(max_ip_rules=12, max_virtual_network_rules=0), nests)
    assert len(listed(smallest)) <= 3


@pytest.mark.parametrize("address", ["20.1.2.0", "20.1.2.255", "20.1.1.255", "20.1.3.0"])
def test_requests_find_both_ends_of_a_range_and_both_neighbours(address: str) -> None:
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.0/24"}], "virtualNetworkRules": []}
    found = find(requests(acls), lambda request: request_source_address(request) == address)
    assert found == {"plane": "data", "operation": "SecretGet", "source": {"address": address}}


@both
def test_the_largest_rule_sets_are_shrunk_in_few_steps(profile: str) -> None:
    edition = load_profile(profile)
    count = edition.max_ip_rules
    largest = rule_sets(profile, min_ip_rules=count)
    looked_at = 0

    def is_largest(acls: dict[str, object]) -> bool:
        nonlocal looked_at
        looked_at += 1
        return len(listed(acls)) == count

    smallest = find(largest, is_largest)
    assert looked_at <= FEW
    assert validate(smallest, profile=edition).verdict is Verdict.ACCEPTED
    assert len({str(entry["value"]) for entry in listed(smallest)}) == count


def test_the_longest_list_of_subnets_is_made_and_shrunk_too() -> None:
    smallest = find(rule_sets("keyvault-2018-preview", min_virtual_network_rules=127), lambda _: True)
    assert len({str(entry["id"]) for entry in listed(smallest, "virtualNetworkRules")}) == 127
    assert listed(smallest) == []


def test_a_long_list_shrinks_to_the_shortest_that_shows_the_point() -> None:
    smallest = find(rule_sets("keyvault"), lambda acls: len(listed(acls)) > 300)
    assert len(listed(smallest)) == 301
    assert listed(smallest, "virtualNetworkRules") == []


@quick
@given(rule_sets(max_ip_rules=30))
def test_the_probe_set_holds_both_ends_and_an_inside_point_of_every_piece(acls: dict[str, object]) -> None:
    rules = validate(acls, profile=load_profile("keyvault")).rules
    assert rules is not None
    probed = set(probe_addresses(rules))
    found = pieces([rule.block for rule in rules.ip_rules])
    assert len(found) <= 2 * len(rules.ip_rules) + 1
    for first, last in found:
        assert {first, last} <= probed
        assert last - first < 2 or any(first < address < last for address in probed)


@pytest.mark.parametrize(
    "bounds",
    [
        {"min_ip_rules": 3, "max_ip_rules": 2},
        {"min_ip_rules": -1},
        {"max_ip_rules": 128},
        {"min_virtual_network_rules": 128},
    ],
)
def test_bounds_that_cannot_be_met_are_refused_at_once(bounds: dict[str, int]) -> None:
    with pytest.raises(InvalidArgument, match="expected 0 <= "):
        rule_sets("keyvault-2018-preview", **bounds)  # type: ignore[arg-type]  # which of the bounds, the case says


def test_more_subnets_than_the_network_has_are_refused_at_once() -> None:
    with pytest.raises(InvalidArgument, match="max_virtual_network_rules <= 1"):
        rule_sets(network=find(networks(all_with_endpoint=True), lambda _: True), min_virtual_network_rules=2)


def test_an_unknown_word_for_a_switch_is_refused_at_once() -> None:
    with pytest.raises(InvalidArgument, match="default_action='Block'"):
        rule_sets(default_action="Block")


def test_an_unknown_profile_is_refused_at_once_with_the_near_misses() -> None:
    for strategy in (ip_rules, rule_sets, refused_rule_sets):
        with pytest.raises(UnknownProfile, match="did you mean keyvault"):
            strategy("keyvalut")


def test_requests_are_refused_for_rules_that_the_profile_does_not_accept() -> None:
    with pytest.raises(InvalidArgument, match="does not certainly accept"):
        requests({"ipRules": [{"value": "10.0.0.0/8"}], "defaultAction": "Deny", "bypass": "None"})


def test_the_type_of_a_refused_rule_set_has_its_strategy() -> None:
    found = find(st.from_type(RefusedRuleSet), lambda _: True)
    assert validate(found.network_acls, profile=load_profile("keyvault")).rules is None

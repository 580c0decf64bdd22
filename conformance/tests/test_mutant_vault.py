"""The vault under the mutants keeps the contract: whom it lets through."""

from collections.abc import Sequence
from typing import Any

import pytest
from asked_vault import A_RANGE, BOTH, PREVIEW, last, lets_through
from fencepost.conformance.mutants.values import PROFILES
from fencepost.conformance.mutants.witness import (
    APP,
    APP_2,
    DATABASE,
    HERE,
    INSIDE,
    OTHER_GROUP,
    OTHER_NETWORK,
    OTHER_SUBSCRIPTION,
    ask,
    call,
    control,
    dormant,
    endpoints,
    put,
    reset,
    switch_on,
    trusted,
    untrusted,
)


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("20.0.0.0/24", ["20.0.0.0", "20.0.0.255"], ["19.255.255.255", "20.0.1.0"]),
        ("20.4.16.0/20", ["20.4.16.0", "20.4.31.255"], ["20.4.15.255", "20.4.32.0"]),
        ("20.0.0.4/30", ["20.0.0.4", "20.0.0.7"], ["20.0.0.3", "20.0.0.8"]),
        ("20.0.0.7", ["20.0.0.7"], ["20.0.0.6", "20.0.0.8", "20.0.0.70"]),
        ("200.0.0.0/7", ["200.0.0.0", "201.255.255.255"], ["199.255.255.255", "202.0.0.0"]),
    ],
)
def test_a_range_holds_its_first_and_last_address_and_neither_neighbour(
    profile: str, rule: str, inside: Sequence[str], outside: Sequence[str]
) -> None:
    answer = last(profile, put(rule), ask(*(call(address) for address in (*inside, *outside))))
    outcomes = [decision["outcome"] for decision in answer["decisions"]]
    assert outcomes == ["allow"] * len(inside) + ["deny"] * len(outside)


@pytest.mark.parametrize("profile", BOTH)
def test_rules_are_a_union_and_lie_dormant_under_allow(profile: str) -> None:
    rules = ("20.0.0.0/16", "20.0.4.0/24", "20.0.4.0/24", "52.0.0.1")
    assert lets_through(profile, put(*rules), ask(call("20.0.9.7")))
    assert lets_through(profile, put(*rules), ask(call("20.0.4.7")))
    assert lets_through(profile, put(*rules), ask(call("52.0.0.1")))
    assert not lets_through(profile, put(*rules), ask(call("52.0.0.2")))
    assert lets_through(profile, put(*rules, default="Allow"), ask(call("52.0.0.2")))


@pytest.mark.parametrize("profile", BOTH)
def test_a_listed_subnet_is_let_through_and_no_other(profile: str) -> None:
    assert lets_through(profile, put(subnets=[APP]), ask(call(INSIDE, subnet=APP)))
    assert lets_through(profile, put(subnets=[APP.lower()]), ask(call(INSIDE, subnet=APP.replace("Prod", "PROD"))))
    for other in (APP_2, DATABASE, OTHER_NETWORK, OTHER_GROUP, OTHER_SUBSCRIPTION):
        assert not lets_through(profile, put(subnets=[APP]), ask(call(INSIDE, subnet=other)))


@pytest.mark.parametrize("profile", BOTH)
def test_a_subnet_rule_is_in_force_while_the_endpoint_is_on(profile: str) -> None:
    assert not lets_through(profile, reset(without=[APP]), put(subnets=[dormant(APP)]), ask(call(subnet=APP)))
    off = (put(subnets=[APP]), endpoints(APP, "Microsoft.Storage"))
    assert not lets_through(profile, *off, ask(call(subnet=APP)))
    assert lets_through(profile, *off, switch_on(APP), ask(call(INSIDE, subnet=APP)))


@pytest.mark.parametrize("profile", BOTH)
def test_the_subnets_public_address_counts_while_the_endpoint_is_off(profile: str) -> None:
    assert lets_through(profile, reset(without=[APP]), put(HERE), ask(call(subnet=APP)))
    assert not lets_through(profile, put(HERE), ask(call(INSIDE, subnet=APP)))


@pytest.mark.parametrize("profile", BOTH)
def test_trusted_services_pass_by_the_bypass_alone(profile: str) -> None:
    theirs = PROFILES[profile]
    assert lets_through(profile, put(bypass="AzureServices"), ask(trusted(theirs)))
    assert lets_through(profile, put(bypass="AzureServices"), ask(trusted(theirs, INSIDE, "KeySign", subnet=APP)))
    assert not lets_through(profile, put(bypass="None"), ask(trusted(theirs)))
    assert not lets_through(profile, put(bypass="AzureServices"), ask(untrusted(theirs)))
    assert not lets_through(profile, put(bypass="AzureServices"), ask(untrusted(theirs, "App Services")))
    assert not lets_through(profile, put(bypass="AzureServices"), ask(call()))
    assert lets_through(profile, put(A_RANGE), ask(trusted(theirs)))


def test_the_list_of_2018_holds_six_names() -> None:
    listed = PROFILES[PREVIEW].trusted_services
    assert listed is not None
    assert len(listed) == 6
    assert all(lets_through(PREVIEW, put(bypass="AzureServices"), ask(call(service=name))) for name in listed)


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize("request_made", [call, control])
def test_the_firewall_replaces_neither_token_nor_permission(profile: str, request_made: Any) -> None:
    for acls in (put(A_RANGE), put(default="Allow")):
        assert lets_through(profile, acls, ask(request_made(address=HERE)))
        assert not lets_through(profile, acls, ask(request_made(address=HERE, authenticated=False)))
        assert not lets_through(profile, acls, ask(request_made(address=HERE, authorized=False)))
        assert not lets_through(profile, acls, ask(request_made(address=HERE, authenticated=False, authorized=True)))


@pytest.mark.parametrize("profile", BOTH)
def test_trusted_services_need_token_and_permission(profile: str) -> None:
    theirs = PROFILES[profile]
    assert not lets_through(profile, put(bypass="AzureServices"), ask(trusted(theirs, authenticated=False)))
    assert not lets_through(profile, put(bypass="AzureServices"), ask(trusted(theirs, authorized=False)))


@pytest.mark.parametrize("profile", BOTH)
def test_a_denial_says_which_gate_it_was(profile: str) -> None:
    requests = (
        call(authenticated=False, authorized=False),
        call("52.0.0.1", authenticated=False),
        call("52.0.0.1", authorized=False),
        call("52.0.0.1"),
        call(authorized=False),
    )
    decisions = last(profile, put(A_RANGE), ask(*requests))["decisions"]
    assert [(decision["status"], decision["code"]) for decision in decisions] == [
        (401, "Unauthorized"),
        (401, "Unauthorized"),
        (403, "ForbiddenByFirewall"),
        (403, "ForbiddenByFirewall"),
        (403, "ForbiddenByPolicy"),
    ]


@pytest.mark.parametrize("profile", BOTH)
def test_the_control_plane_is_not_behind_the_firewall(profile: str) -> None:
    assert lets_through(profile, put(), ask(control("VaultNetworkRuleSet")))
    assert lets_through(profile, put(), ask(control("VaultList", INSIDE, subnet=APP)))
    assert not lets_through(profile, put(), ask(call(operation="SecretList")))
    assert not lets_through(profile, put(), ask(call(operation="KeyPurge")))

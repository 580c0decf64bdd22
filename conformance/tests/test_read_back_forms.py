"""STA-5 compares what rules say, not how they are spelled."""

import pytest
from fencepost.adapters.contract import NetworkAcls
from fencepost.adapters.contract.messages import IpRuleEntry, VirtualNetworkRuleEntry
from fencepost.conformance import rule_sets
from fencepost.conformance.lockstep.normal_form import normal_form, normal_form_of_answer
from fencepost.reference import Bypass, DefaultAction, RuleSet, load_profile, validate
from hypothesis import given, settings
from msgspec import convert

TODAY, PREVIEW = load_profile("keyvault"), load_profile("keyvault-2018-preview")
HOME = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V/subnets/Home"


def answer(*values: str, subnets: tuple[str, ...] = (), **switches: str) -> NetworkAcls:
    return NetworkAcls(
        default_action=switches.get("default_action"),
        bypass=switches.get("bypass"),
        ip_rules=[IpRuleEntry(value=value) for value in values],
        virtual_network_rules=[VirtualNetworkRuleEntry(id=subnet) for subnet in subnets],
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (answer("20.1.2.3"), answer("20.1.2.3/32")),
        (answer("20.1.2.3", "20.2.0.0/16"), answer("20.2.0.0/16", "20.1.2.3", "20.1.2.3/32")),
        (answer(subnets=(HOME,)), answer(subnets=(HOME.lower(),))),
        (answer(), NetworkAcls()),
        (answer(default_action="Allow", bypass="AzureServices"), None),
        (
            NetworkAcls(virtual_network_rules=[VirtualNetworkRuleEntry(id=HOME)]),
            NetworkAcls(
                virtual_network_rules=[VirtualNetworkRuleEntry(id=HOME, ignore_missing_vnet_service_endpoint=True)]
            ),
        ),
    ],
)
@pytest.mark.parametrize("profile", [TODAY, PREVIEW], ids=lambda profile: profile.name)
def test_spellings_that_say_the_same_are_the_same(
    one: NetworkAcls | None, other: NetworkAcls | None, profile: object
) -> None:
    assert profile in (TODAY, PREVIEW)
    edition = TODAY if profile is TODAY else PREVIEW
    assert normal_form_of_answer(one, edition) == normal_form_of_answer(other, edition)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (answer("20.1.2.3"), answer("20.1.2.4")),
        (answer("20.1.2.0/24"), answer("20.1.2.0/25")),
        (answer("20.1.2.3"), answer()),
        (answer(subnets=(HOME,)), answer(subnets=(HOME + "2",))),
        (answer(default_action="Deny"), answer(default_action="Allow")),
        (answer(bypass="None"), answer()),
        (answer("20.1.2.3"), answer("20.1.2.3, 20.1.2.4")),
    ],
)
def test_rules_that_say_something_else_are_not_the_same(one: NetworkAcls, other: NetworkAcls) -> None:
    assert normal_form_of_answer(one, TODAY) != normal_form_of_answer(other, TODAY)


def test_a_value_that_is_no_rule_stands_as_its_text() -> None:
    assert normal_form_of_answer(answer("the office"), TODAY).ip_rules == frozenset({"the office"})


def test_the_firewall_that_was_never_set_up_allows_and_bypasses() -> None:
    form = normal_form_of_answer(None, TODAY)
    assert (form.default_action, form.bypass, form.ip_rules, form.subnets) == (
        *("Allow", "AzureServices"),
        *(frozenset[object](), frozenset[object]()),
    )
    assert form == normal_form(RuleSet(default_action=DefaultAction.ALLOW, bypass=Bypass.AZURE_SERVICES))


@settings(max_examples=30, deadline=None)
@given(rule_sets("keyvault", max_ip_rules=40))
def test_every_rule_set_read_back_as_it_was_written_is_the_one_in_force(acls: dict[str, object]) -> None:
    rules = validate(acls, profile=TODAY).rules
    assert rules is not None
    assert normal_form(rules) == normal_form_of_answer(convert(acls, NetworkAcls), TODAY)

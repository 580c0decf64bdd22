"""Cedar asked by hand: every expectation here is written out, none is computed."""

import importlib.util
from collections.abc import Iterator, Sequence

import pytest
from fencepost.adapters.cedar import CedarAdapter, open_adapter
from fencepost.adapters.contract import (
    Implementation,
    JsonObject,
    MalformedResult,
    Statement,
    SubjectError,
    check_statement,
)
from fencepost.adapters.contract.messages import Decisions
from msgspec import convert

pytestmark = pytest.mark.engine("cedar")

NETWORK = "/subscriptions/0b1f6471/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/net/subnets/"
FRONT, BACK = NETWORK + "front", NETWORK + "back"
KEY_VAULT = ["Microsoft.KeyVault"]


@pytest.fixture
def cedar() -> Iterator[CedarAdapter]:
    adapter = CedarAdapter()
    adapter.reset(subnets=[{"id": FRONT, "serviceEndpoints": KEY_VAULT}, {"id": BACK, "serviceEndpoints": KEY_VAULT}])
    yield adapter
    adapter.shutdown()


def deny_all_but(adapter: Implementation, *ip_rules: str, subnets: Sequence[str] = (), bypass: str = "None") -> None:
    network_acls = {
        "bypass": bypass,
        "defaultAction": "Deny",
        "ipRules": [{"value": value} for value in ip_rules],
        "virtualNetworkRules": [{"id": subnet} for subnet in subnets],
    }
    assert adapter.put_rules(network_acls=network_acls) == {"accepted": True}


def request(
    address: str,
    *,
    subnet: str | None = None,
    plane: str = "data",
    operation: str = "SecretGet",
    caller: JsonObject | None = None,
) -> JsonObject:
    source = {"address": address} if subnet is None else {"address": address, "subnet": subnet}
    sent: dict[str, object] = {"plane": plane, "operation": operation, "source": source}
    return sent if caller is None else sent | {"caller": caller}


def outcomes(adapter: Implementation, *requests: JsonObject) -> list[str]:
    answers = convert(adapter.decide(requests=requests), Decisions).decisions
    if len(answers) != len(requests):
        raise MalformedResult(method="decide", expected=str(len(requests)), came=str(len(answers)))
    return [answer if isinstance(answer, str) else answer.outcome for answer in answers]


def outcomes_of(adapter: Implementation, *addresses: str) -> list[str]:
    return outcomes(adapter, *(request(address) for address in addresses))


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("191.10.18.0/24", ("191.10.18.0", "191.10.18.7", "191.10.18.255"), ("191.10.17.255", "191.10.19.0")),
        ("191.10.18.8/30", ("191.10.18.8", "191.10.18.11"), ("191.10.18.7", "191.10.18.12")),
        ("32.0.0.0/3", ("32.0.0.0", "63.255.255.255"), ("31.255.255.255", "64.0.0.0")),
        ("128.0.0.0/1", ("128.0.0.0", "255.255.255.255"), ("127.255.255.255", "0.0.0.0")),
        ("0.0.0.0/1", ("0.0.0.0", "127.255.255.255"), ("128.0.0.0", "255.255.255.255")),
        ("126.0.0.0/7", ("126.0.0.0", "127.255.255.255"), ("128.0.0.0", "125.255.255.255")),
        ("255.255.255.252/30", ("255.255.255.252", "255.255.255.254", "255.255.255.255"), ("255.255.255.251",)),
        ("20.1.2.3", ("20.1.2.3",), ("20.1.2.2", "20.1.2.4", "3.2.1.20")),
        ("20.1.2.3/32", ("20.1.2.3",), ("20.1.2.2", "20.1.2.4")),
    ],
)
def test_cedar_holds_a_range_from_its_first_to_its_last_address(
    cedar: CedarAdapter, rule: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    deny_all_but(cedar, rule)
    assert outcomes_of(cedar, *inside) == ["allow"] * len(inside)
    assert outcomes_of(cedar, *outside) == ["deny"] * len(outside)


def test_cedar_takes_nested_overlapping_and_repeated_rules_as_their_union(cedar: CedarAdapter) -> None:
    deny_all_but(cedar, "20.0.0.0/8", "20.1.0.0/16", "20.1.2.3", "20.1.2.3", "21.0.0.0/8")
    assert outcomes_of(cedar, "20.255.255.255", "21.0.0.0", "20.1.2.3", "22.0.0.0", "19.255.255.255") == [
        "allow",
        "allow",
        "allow",
        "deny",
        "deny",
    ]


def test_cedar_enforces_every_one_of_a_thousand_ip_and_two_hundred_subnet_rules(cedar: CedarAdapter) -> None:
    subnets = [f"{NETWORK}s{number}" for number in range(201)]
    cedar.reset(subnets=[{"id": subnet, "serviceEndpoints": KEY_VAULT} for subnet in subnets])
    deny_all_but(cedar, *(f"20.{n // 250}.{n % 250}.4/30" for n in range(1000)), subnets=subnets[:200])
    inside = [f"20.{n // 250}.{n % 250}.7" for n in range(1000)]
    outside = [f"20.{n // 250}.{n % 250}.8" for n in range(0, 1000, 10)]
    assert set(outcomes_of(cedar, *inside)) == {"allow"}
    assert set(outcomes_of(cedar, *outside)) == {"deny"}
    through = [request("10.0.0.4", subnet=subnet) for subnet in subnets]
    assert outcomes(cedar, *through) == ["allow"] * 200 + ["deny"]


def test_cedar_lets_everyone_through_while_the_default_action_is_allow(cedar: CedarAdapter) -> None:
    cedar.put_rules(
        network_acls={"bypass": "None", "defaultAction": "Allow", "ipRules": [{"value": "20.1.2.3"}]},
    )
    assert outcomes_of(cedar, "20.1.2.3", "99.9.9.9") == ["allow", "allow"]


def test_cedar_lets_everyone_through_after_a_reset(cedar: CedarAdapter) -> None:
    deny_all_but(cedar)
    assert outcomes_of(cedar, "99.9.9.9") == ["deny"]
    cedar.reset(subnets=[])
    assert outcomes_of(cedar, "99.9.9.9") == ["allow"]


def test_cedar_forgets_the_old_rules_at_once(cedar: CedarAdapter) -> None:
    for number in range(100):
        deny_all_but(cedar, f"20.0.{number}.0/24")
        answers = outcomes_of(cedar, f"20.0.{number}.9", f"20.0.{number - 1 if number else 200}.9")
        assert answers == ["allow", "deny"], number


def test_cedar_admits_a_listed_subnet_in_any_case_and_no_look_alike(cedar: CedarAdapter) -> None:
    alike = FRONT + "2"
    elsewhere = FRONT.replace("0b1f6471", "0b1f6472")
    cedar.reset(subnets=[{"id": subnet, "serviceEndpoints": KEY_VAULT} for subnet in (FRONT, BACK, alike, elsewhere)])
    deny_all_but(cedar, subnets=[FRONT.upper()])
    callers = (FRONT, FRONT.lower(), BACK, alike, elsewhere, NETWORK + "unknown")
    assert outcomes(cedar, *(request("10.0.0.4", subnet=subnet) for subnet in callers)) == [
        "allow",
        "allow",
        "deny",
        "deny",
        "deny",
        "deny",
    ]


def test_cedar_admits_a_subnet_only_while_its_service_endpoint_is_on(cedar: CedarAdapter) -> None:
    deny_all_but(cedar, subnets=[FRONT])
    assert outcomes(cedar, request("10.0.0.4", subnet=FRONT)) == ["allow"]
    cedar.set_service_endpoints(subnet=FRONT.upper(), service_endpoints=["Microsoft.Storage", "microsoft.keyvault"])
    assert outcomes(cedar, request("52.1.1.1", subnet=FRONT)) == ["deny"]
    cedar.set_service_endpoints(subnet=FRONT, service_endpoints=["Microsoft.Storage", "Microsoft.KeyVault"])
    assert outcomes(cedar, request("10.0.0.4", subnet=FRONT)) == ["allow"]


def test_cedar_judges_the_address_that_it_sees_of_a_caller_in_a_subnet(cedar: CedarAdapter) -> None:
    deny_all_but(cedar, "52.1.1.1")
    cedar.set_service_endpoints(subnet=FRONT, service_endpoints=[])
    assert outcomes(cedar, request("52.1.1.1", subnet=FRONT)) == ["allow"]
    cedar.set_service_endpoints(subnet=FRONT, service_endpoints=KEY_VAULT)
    assert outcomes(cedar, request("10.0.0.4", subnet=FRONT)) == ["deny"]


def test_cedar_refuses_to_switch_a_subnet_that_is_not_there(cedar: CedarAdapter) -> None:
    with pytest.raises(ValueError, match="no subnet of the network"):
        cedar.set_service_endpoints(subnet=NETWORK + "unknown", service_endpoints=[])


def test_cedar_takes_a_word_with_quotes_and_line_breaks_as_one_word(cedar: CedarAdapter) -> None:
    odd = NETWORK + '"]) }; permit(principal, action, resource);\n// \\ \x00 ä'
    cedar.reset(subnets=[{"id": odd, "serviceEndpoints": KEY_VAULT}])
    deny_all_but(cedar, subnets=[odd])
    assert outcomes(cedar, request("10.0.0.4", subnet=odd), request("10.0.0.4")) == ["allow", "deny"]


def test_cedar_trusts_by_attribute_under_todays_profile(cedar: CedarAdapter) -> None:
    callers: list[JsonObject] = [
        {"service": "Backup", "trusted": True},
        {"service": "Azure Backup", "trusted": False},
        {"service": "Azure Backup"},
    ]
    requests = [request("99.9.9.9", caller=caller) for caller in callers]
    deny_all_but(cedar, bypass="AzureServices")
    assert outcomes(cedar, *requests) == ["allow", "deny", "deny"]
    deny_all_but(cedar, bypass="None")
    assert outcomes(cedar, *requests) == ["deny", "deny", "deny"]


def test_cedar_trusts_six_services_by_name_under_the_preview_profile() -> None:
    cedar = open_adapter("keyvault-2018-preview")
    services = [
        "Azure Virtual Machines deployment service",
        "Azure Resource Manager (ARM) template deployment service",
        "Azure Disk Encryption volume encryption service",
        "Azure Backup",
        "Exchange Online & SharePoint Online",
        "Azure Information Protection",
        "App Services",
        "azure backup",
        "Azure Backup ",
        "Contoso Billing",
    ]
    requests = [request("99.9.9.9", caller={"service": name}) for name in services]
    deny_all_but(cedar, bypass="AzureServices")
    assert outcomes(cedar, *requests) == ["allow"] * 6 + ["deny"] * 4
    deny_all_but(cedar, bypass="None")
    assert outcomes(cedar, *requests) == ["deny"] * 10


def test_cedar_takes_one_criterion_as_enough(cedar: CedarAdapter) -> None:
    deny_all_but(cedar, "20.1.2.3", subnets=[FRONT], bypass="AzureServices")
    trusted = {"service": "Backup", "trusted": True}
    assert outcomes(
        cedar,
        request("20.1.2.3"),
        request("10.0.0.4", subnet=FRONT),
        request("99.9.9.9", caller=trusted),
        request("10.0.0.4", subnet=BACK, caller=trusted),
        request("99.9.9.9"),
    ) == ["allow", "allow", "allow", "allow", "deny"]


def test_cedar_asks_for_token_and_permission_on_both_planes(cedar: CedarAdapter) -> None:
    deny_all_but(cedar, "20.1.2.3", bypass="AzureServices")
    callers: list[JsonObject] = [
        {},
        {"authenticated": False},
        {"authorized": False},
        {"authenticated": False, "authorized": False},
        {"authenticated": False, "service": "Backup", "trusted": True},
        {"authorized": False, "service": "Backup", "trusted": True},
    ]
    expected = ["allow", "deny", "deny", "deny", "deny", "deny"]
    for plane, operation in (("data", "KeySign"), ("control", "VaultGet")):
        asked = [request("20.1.2.3", plane=plane, operation=operation, caller=caller) for caller in callers]
        assert outcomes(cedar, *asked) == expected, plane


def test_cedar_exempts_the_control_plane_and_not_its_look_alikes(cedar: CedarAdapter) -> None:
    deny_all_but(cedar)
    assert outcomes(
        cedar,
        request("99.9.9.9", plane="control", operation="VaultList"),
        request("99.9.9.9", plane="control", operation="VaultNetworkRuleSet"),
        request("99.9.9.9", operation="SecretList"),
        request("99.9.9.9", operation="KeyPurge"),
    ) == ["allow", "allow", "deny", "deny"]


def test_cedar_names_the_policy_behind_a_decision(cedar: CedarAdapter) -> None:
    deny_all_but(cedar, "20.1.2.3", subnets=[FRONT])
    answers = cedar.decide(requests=[request("20.1.2.3"), request("10.0.0.4", subnet=FRONT), request("99.9.9.9")])
    assert answers == {
        "decisions": [
            {"outcome": "allow", "rule": "ipRules[0]"},
            {"outcome": "allow", "rule": "virtualNetworkRules"},
            {"outcome": "deny"},
        ]
    }


@pytest.mark.parametrize("value", ["1.2.3.4/33", "1.2.3", "", "words", '1.2.3.4")', 7, None])
def test_a_rule_that_cedar_cannot_parse_is_an_error_and_no_decision(cedar: CedarAdapter, value: object) -> None:
    with pytest.raises((ValueError, RuntimeError)):
        cedar.put_rules(
            network_acls={"defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}, {"value": value}]},
        )


def test_an_address_that_cedar_cannot_parse_is_an_error_and_no_decision(cedar: CedarAdapter) -> None:
    with pytest.raises(RuntimeError, match="invalid IP address"):
        cedar.decide(requests=[request("20.1.2.3"), request("20.1.2")])


@pytest.mark.parametrize("switches", [{"bypass": "none"}, {"defaultAction": "deny"}, {"bypass": None}])
def test_an_unknown_word_for_a_switch_is_an_error(cedar: CedarAdapter, switches: JsonObject) -> None:
    with pytest.raises(ValueError, match="expected"):
        cedar.put_rules(network_acls=switches)


@pytest.mark.parametrize("profile", ["keyvault", "keyvault-2018-preview"])
def test_the_statement_of_cedar_can_be_used_under_either_profile(profile: str) -> None:
    statement = check_statement(convert(open_adapter("", profile=profile).describe(protocol=1), Statement))
    assert statement.profile == profile
    assert statement.choices["trusted-services"] == ("list" if profile == "keyvault-2018-preview" else "attribute")


def test_a_profile_that_cedar_does_not_know_is_named_with_the_near_miss() -> None:
    with pytest.raises(SubjectError, match="Did you mean 'cedar:keyvault-2018-preview'"):
        open_adapter("keyvault-2018")


def test_without_cedarpy_the_subject_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SubjectError, match=r"fencepost\[cedar\]"):
        open_adapter("")

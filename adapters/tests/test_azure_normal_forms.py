"""The service's normal forms through HTTP: each case is a recording of `fencepost/adapters/azure/facts.toml`."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure_http import VAULT_VERSION, Wire
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options

RECORDED = Path(__file__).parents[2] / "reference" / "tests" / "recorded_pairs.toml"
DEFAULT = {"bypass": "AzureServices", "defaultAction": "Allow"}


@pytest.fixture(scope="module", params=["keyvault", "keyvault-2018-preview"])
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def served(profile: str) -> Iterator[Wire]:
    with running(Options(subject=f"reference:{profile}", trust_test_headers=True, most_vaults=100)) as server:
        yield Wire(running=server)


@pytest.fixture
def wire(served: Wire) -> Wire:
    """A vault of its own for each test."""
    return served.fresh()


def test_a_bare_address_is_read_back_as_its_slash_32_and_absent_lists_as_empty_ones(wire: Wire) -> None:
    # W1, W2: azure-sdk-for-node keyvaultmanagement-tests, 2018-05-14 and 2018-06-28
    rules = [{"value": "23.43.43.43"}, {"value": "23.43.44.44"}]
    made = wire.create({"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": rules})
    shown = {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "ipRules": [{"value": "23.43.43.43/32"}, {"value": "23.43.44.44/32"}],
        "virtualNetworkRules": [],
    }
    assert made.status == 200
    assert made.body["properties"]["networkAcls"] == shown
    assert made.body["properties"]["provisioningState"] == "RegisteringDns"
    assert not made.body["properties"]["vaultUri"].endswith("/")
    later = wire.read()
    assert later["networkAcls"] == shown
    assert later["provisioningState"] == "Succeeded"
    assert later["vaultUri"].endswith("/")


def test_a_put_of_the_same_changes_the_time_of_the_last_change_alone(wire: Wire) -> None:
    # W7: azure-powershell TestUpdateVaultWithNetworkRule, 2025-09-30; its header names the service's version
    first = wire.create(DEFAULT)
    assert first.headers["x-ms-keyvault-service-version"]
    vault = wire.running.server.world.slots[wire.vault].vault
    assert vault is not None
    vault.modified, vault.created_by = "2025-09-30T00:00:00.000Z", "somebody else"
    shown = wire.create(DEFAULT).body
    assert shown["systemData"]["createdBy"] == "somebody else"
    assert shown["systemData"]["lastModifiedAt"] > "2025-09-30T00:00:00.000Z"
    assert {**shown, "systemData": None} == {**first.body, "systemData": None}


def test_the_all_default_object_without_rules_is_not_shown(wire: Wire) -> None:
    # W4: azure-powershell TestUpdateVaultWithNetworkRule, 2025-09-30
    made = wire.create(DEFAULT)
    assert "networkAcls" not in made.body["properties"]
    assert made.body["properties"]["publicNetworkAccess"] == "Enabled"
    assert "networkAcls" not in wire.read()


def test_a_rule_set_is_read_back_as_it_was_written_in_its_order(wire: Wire) -> None:
    # W6: the same recording
    subnet = wire.subnet("first", "Microsoft.KeyVault").lower()
    written = {
        "bypass": "None",
        "defaultAction": "Deny",
        "ipRules": [{"value": "110.0.1.0/24"}, {"value": "20.0.0.0/8"}, {"value": "50.0.0.0/8"}],
        "virtualNetworkRules": [{"id": subnet}],
    }
    assert wire.create(written).body["properties"]["networkAcls"] == written
    assert wire.read()["networkAcls"] == written


def test_a_put_replaces_and_empty_lists_are_kept(wire: Wire) -> None:
    # W7: the same recording
    wire.create({"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "110.0.1.0/24"}]})
    written = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    assert wire.create(written).body["properties"]["networkAcls"] == written
    assert wire.read()["networkAcls"] == written


def test_a_subnet_id_is_read_back_in_lower_case_and_an_empty_public_network_access_as_enabled(wire: Wire) -> None:
    # W8: azure-powershell TestCreateVaultWithNetworkRule, 2023-06-07; allow with rules is kept
    subnet = wire.subnet("MixedCase", "Microsoft.KeyVault")
    assert subnet != subnet.lower()
    rules = {"ipRules": [{"value": "110.0.1.0/24"}], "virtualNetworkRules": [{"id": subnet}]}
    made = wire.create({**DEFAULT, **rules}, publicNetworkAccess="", enabledForDeployment=None)
    shown = made.body["properties"]
    assert shown["networkAcls"] == {**DEFAULT, **rules, "virtualNetworkRules": [{"id": subnet.lower()}]}
    assert shown["publicNetworkAccess"] == "Enabled"


def test_lists_come_with_the_object_where_there_was_none(wire: Wire) -> None:
    # W10: azure-cli test_keyvault_network_rule, 2024-08-19
    wire.create()
    assert "networkAcls" not in wire.read()
    wire.create({"bypass": "AzureServices", "defaultAction": "Deny"})
    empty = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    assert wire.read()["networkAcls"] == empty


def test_a_patch_without_rules_leaves_a_vault_without_them(wire: Wire) -> None:
    # W16: azure-sdk-assets recording_vaults_update, 2023-10-19
    wire.create()
    patched = wire.control("PATCH", wire.path(), {"tags": {"a": "b"}, "properties": {}})
    assert patched.status == 200
    assert patched.body["tags"] == {"a": "b"}
    assert "networkAcls" not in patched.body["properties"]


def test_a_patch_without_rules_keeps_those_that_are_there(wire: Wire) -> None:
    wire.create({"defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]})
    wire.control("PATCH", wire.path(), {"properties": {"enabledForDeployment": True}})
    assert wire.read()["networkAcls"]["ipRules"] == [{"value": "20.1.2.3/32"}]


def test_what_was_read_back_may_be_written_again_in_both_profiles(wire: Wire) -> None:
    wire.create({"defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]})
    shown = wire.read()["networkAcls"]
    assert wire.create(shown).status == 200
    assert wire.read()["networkAcls"] == shown


def test_a_new_slash_32_is_refused_in_2018_and_taken_today(wire: Wire, profile: str) -> None:
    wire.create({"defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]})
    reply = wire.create({"defaultAction": "Deny", "ipRules": [{"value": "20.9.9.9/32"}]})
    assert reply.status == (200 if profile == "keyvault" else 400)


@pytest.mark.parametrize(
    ("value", "block", "ends"),
    [
        ("10.0.0.0/8", "10.0.0.0–10.255.255.255", "E1: azure-powershell #11471"),
        ("172.20.10.5", "172.16.0.0–172.31.255.255", ""),
        ("192.168.1.0/24", "192.168.0.0–192.168.255.255", ""),
    ],
)
def test_a_private_range_is_refused_in_the_services_words(wire: Wire, value: str, block: str, ends: str) -> None:
    reply = wire.create({"defaultAction": "Deny", "ipRules": [{"value": value}]})
    assert reply.status == 400
    assert reply.body == {
        "error": {
            "code": "BadRequest",
            "message": f"Invalid value found at properties.networkAcls.ipRules[0].value: {value} belongs to forbidden "
            f"range {block} (private IP addresses)",
        }
    }


def test_a_refused_write_changes_nothing(wire: Wire) -> None:
    wire.create({"defaultAction": "Deny", "ipRules": [{"value": "20.0.0.0/8"}]})
    before = wire.read()
    refused = wire.create({"defaultAction": "Allow", "ipRules": [{"value": "10.0.0.0/8"}]}, enabledForDeployment=True)
    assert refused.status == 400
    assert wire.read() == before


def test_each_recorded_pair_is_read_back_as_the_service_read_it_back(wire: Wire, profile: str) -> None:
    ids = {
        f"{{{word}mixed}}": wire.subnet(name, "Microsoft.KeyVault")
        for word, name in (("", "Front"), ("other-", "Back"))
    }
    ids |= {name.replace("mixed", "lower"): subnet.lower() for name, subnet in ids.items()}

    def spelt_out(acls: dict[str, Any]) -> dict[str, Any]:
        rules = acls.get("virtualNetworkRules")
        return acls if rules is None else {**acls, "virtualNetworkRules": [{"id": ids[rule["id"]]} for rule in rules]}

    pairs = [pair for pair in tomllib.loads(RECORDED.read_text("utf-8"))["pairs"] if pair["profile"] == profile]
    assert pairs
    for pair in pairs:
        wire.fresh()
        version = pair.get("api", VAULT_VERSION)
        made = wire.control("PUT", wire.path(), wire.body(), version=version)
        if "written" in pair:
            body = wire.body(spelt_out(pair["written"]))
            made = wire.control("PUT", wire.path(), body, version=version)
        later = wire.control("GET", wire.path(), version=version)
        for shown in (made, later):
            assert shown.status == 200
            read = shown.body["properties"].get("networkAcls")
            assert read == (spelt_out(pair["read"]) if "read" in pair else None), pair["id"]

"""The published schema: current, well-formed, and true of the messages that the contract shows."""

import json
from importlib.resources import files
from typing import cast

import jsonschema
import pytest
from fencepost.adapters.contract import METHODS, contract_schema

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
REQUEST = {
    "plane": "data",
    "operation": "SecretGet",
    "source": {"address": "191.10.18.7", "subnet": SUBNET},
    "caller": {"authenticated": True, "authorized": True, "service": "Azure Backup", "trusted": True},
}
ACLS = {
    "bypass": "AzureServices",
    "defaultAction": "Deny",
    "ipRules": [{"value": "191.10.18.0/24"}],
    "virtualNetworkRules": [{"id": SUBNET, "ignoreMissingVnetServiceEndpoint": True}],
}
STATEMENT = {
    "protocol": 1,
    "name": "vault",
    "version": "2.1",
    "profile": "keyvault",
    "features": ["read-back"],
    "choices": {"host-bits": "reject", "reserved-ranges": {"127.0.0.0/8": "reject"}},
    "settleSeconds": 1.5,
    "homepage": "https://example.org",
    "contact": "firewall@example.org",
}

PARAMS: list[tuple[str, object]] = [
    ("describe", {"protocol": 1}),
    ("reset", {"subnets": []}),
    ("reset", {"subnets": [{"id": SUBNET, "serviceEndpoints": ["Microsoft.KeyVault"]}]}),
    ("putRules", {"networkAcls": ACLS}),
    ("putRules", {"networkAcls": {}}),
    ("putRules", {"networkAcls": {"bypass": 7, "defaultAction": None, "ipRules": ["x", {}, {"value": None}]}}),
    ("putRules", {"networkAcls": {"ipRules": None, "virtualNetworkRules": None}}),
    ("decide", {"requests": [REQUEST, {**REQUEST, "source": {"address": "10.0.0.4"}, "caller": {}}]}),
    ("decide", {"requests": [{key: REQUEST[key] for key in ("plane", "operation", "source")}] * 4096}),
    ("getRules", {}),
    ("updateRules", {"bypass": "None"}),
    ("updateRules", {"defaultAction": "Deny"}),
    ("addIpRule", {"value": "191.10.18.7"}),
    ("removeIpRule", {"value": "191.10.18.7"}),
    ("addVirtualNetworkRule", {"id": SUBNET}),
    ("addVirtualNetworkRule", {"id": 12, "ignoreMissingVnetServiceEndpoint": True}),
    ("removeVirtualNetworkRule", {"id": SUBNET}),
    ("setServiceEndpoints", {"subnet": SUBNET, "serviceEndpoints": []}),
    ("shutdown", {}),
]
RESULTS: list[tuple[str, object]] = [
    ("describe", STATEMENT),
    ("describe", {key: STATEMENT[key] for key in ("protocol", "name", "version", "profile", "features")}),
    ("reset", {}),
    ("reset", {"anything": "more"}),
    ("putRules", {"accepted": True}),
    ("addIpRule", {"accepted": False, "status": 400, "code": "BadRequest", "message": "no"}),
    ("addIpRule", {"outcome": "inconclusive", "reason": "the engine's language has no /31"}),
    ("addIpRule", {"accepted": True, "outcome": "taken"}),
    ("describe", {**STATEMENT, "operations": ["VaultGet", "SecretGet"]}),
    ("decide", {"decisions": ["allow", "deny", {"outcome": "deny", "status": 403, "code": "ForbiddenByFirewall"}]}),
    ("decide", {"decisions": [{"outcome": "inconclusive", "reason": "moved"}, {"outcome": "allow", "rule": ["x"]}]}),
    ("getRules", {"networkAcls": ACLS}),
    ("getRules", {}),
    ("setServiceEndpoints", {}),
    ("shutdown", {}),
]
WRONG_PARAMS: list[tuple[str, object]] = [
    ("describe", {"protocol": 2}),
    ("reset", {}),
    ("reset", {"subnets": [{"id": SUBNET}]}),
    ("putRules", {"networkAcls": []}),
    ("putRules", {"networkAcls": {"ipRules": {}}}),
    ("decide", {"requests": [REQUEST] * 4097}),
    ("decide", {"requests": [{**REQUEST, "plane": "Data"}]}),
    ("decide", {"requests": [{**REQUEST, "source": {"subnet": SUBNET}}]}),
    ("addIpRule", {}),
    ("setServiceEndpoints", {"subnet": SUBNET}),
]
WRONG_RESULTS: list[tuple[str, object]] = [
    ("describe", {key: STATEMENT[key] for key in ("protocol", "name", "version", "profile")}),
    ("describe", {**STATEMENT, "protocol": "1"}),
    ("reset", None),
    ("putRules", {}),
    ("putRules", {"accepted": "true"}),
    ("putRules", {"outcome": "unknown"}),
    ("putRules", {"accepted": True, "outcome": "inconclusive"}),
    ("describe", {**STATEMENT, "name": "v" * 201}),
    ("describe", {**STATEMENT, "features": ["time-travel"] * 65}),
    ("decide", {"decisions": ["inconclusive"]}),
    ("decide", {"decisions": [{"outcome": "Allow"}]}),
    ("decide", {"decisions": [{"status": 403}]}),
    ("decide", ["allow"]),
    ("getRules", {"networkAcls": {"ipRules": ["191.10.18.7"]}}),
]


def validator(method: str, half: str) -> jsonschema.Draft202012Validator:
    schema = contract_schema()
    methods = cast("dict[str, dict[str, dict[str, object]]]", schema["methods"])
    return jsonschema.Draft202012Validator({**methods[method][half], "$defs": schema["$defs"]})


def test_the_published_file_is_the_schema_of_the_code() -> None:
    published = files("fencepost.adapters.contract").joinpath("schemas/contract-v1.json").read_text("utf-8")
    expected = json.dumps(contract_schema(), indent=2, ensure_ascii=False) + "\n"
    assert published == expected, "write it anew: fencepost schema contract > …/contract/schemas/contract-v1.json"


def test_it_is_a_schema_of_draft_2020_12() -> None:
    schema = contract_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    for method in METHODS:
        for half in ("params", "result"):
            jsonschema.Draft202012Validator.check_schema(validator(method, half).schema)


def test_every_method_of_the_contract_is_in_it() -> None:
    assert list(cast("dict[str, object]", contract_schema()["methods"])) == list(METHODS)
    assert {method for method, _ in PARAMS} == set(METHODS)


@pytest.mark.parametrize(("method", "params"), PARAMS)
def test_what_the_kit_sends_is_valid(method: str, params: object) -> None:
    validator(method, "params").validate(params)


@pytest.mark.parametrize(("method", "result"), RESULTS)
def test_what_the_contract_answers_is_valid(method: str, result: object) -> None:
    validator(method, "result").validate(result)


@pytest.mark.parametrize(("method", "params"), WRONG_PARAMS)
def test_other_parameters_are_not(method: str, params: object) -> None:
    assert not validator(method, "params").is_valid(params)


@pytest.mark.parametrize(("method", "result"), WRONG_RESULTS)
def test_other_results_are_not(method: str, result: object) -> None:
    assert not validator(method, "result").is_valid(result)

"""`explain` refuses a misspelt or doubled member in each form of rules, and never reads it as absent."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from explained_files import (
    ACLS,
    DENYING,
    INSIDE,
    POWERSHELL,
    POWERSHELL_ACLS,
    SUBNET,
    TERRAFORM_VALUES,
    TERRAFORM_VAULT,
    VAULT_TYPE,
    Explainer,
    azapi,
    nested,
    plan,
    template,
    vault,
)

STATE = {"terraform_version": "1.9", "values": {"root_module": {"resources": [TERRAFORM_VAULT]}}}
PLAN = {"format_version": "1.2", **plan(TERRAFORM_VAULT)}
CHANGE = {"changeType": "Modify", "resourceId": "/a/providers/Microsoft.KeyVault/vaults/one"}


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


def _renamed(value: object, old: str, new: str) -> object:
    """The document with a member under another name wherever it stands."""
    return json.loads(json.dumps(value).replace(f'"{old}":', f'"{new}":'))


def _beside(value: object, old: str, new: str) -> object:
    """The document with a member under both names wherever it stands, the other with another content."""
    return json.loads(json.dumps(value).replace(f'"{old}":', f'"{new}": null, "{old}":'))


def _nested(**properties: object) -> object:
    return template(vault(), {"type": "Microsoft.Resources/deployments", "name": "n", "properties": properties})


SUBNET_OF_TERRAFORM = {"type": "azurerm_subnet", "values": {"id": SUBNET, "service_endpoints": ["Microsoft.KeyVault"]}}
OWN = {
    "name": "a",
    "properties": {"addressPrefix": "10.0.0.0/24", "serviceEndpoints": [], "serviceEndpointPolicies": []},
}
NEAR: Mapping[str, tuple[object, str, str]] = {
    "Terraform, the block": (PLAN, "network_acls", "network_acl"),
    "Terraform, the block in another case": (PLAN, "network_acls", "Network_Acls"),
    "Terraform, the block as ARM has it": (PLAN, "network_acls", "networkAcls"),
    "Terraform, the ranges": (STATE, "ip_rules", "ip_rule"),
    "Terraform, the default action": (STATE, "default_action", "default_actoin"),
    "Terraform, the subnets": (PLAN, "virtual_network_subnet_ids", "virtual_network_subnet_id"),
    "Terraform, the bypass": (PLAN, "bypass", "by_pass"),
    "Terraform, public access": (STATE, "public_network_access_enabled", "public_network_access"),
    "Terraform, what the plan does not know": (
        {**PLAN, "resource_changes": [{"address": "a", "change": {"actions": [], "after_unknown": {}}}]},
        "after_unknown",
        "after_unknwon",
    ),
    "Terraform, the changes": (PLAN, "resource_changes", "resource_change"),
    "Terraform, the values": (PLAN, "planned_values", "planned_value"),
    "Terraform, the module": (STATE, "root_module", "root_modul"),
    "Terraform, the resources": (STATE, "resources", "Resources"),
    "Terraform, the values of a resource": ({**PLAN, "format_version": "1"}, "values", "vaules"),
    "Terraform, the endpoints of a subnet": (
        plan(TERRAFORM_VAULT, SUBNET_OF_TERRAFORM),
        "service_endpoints",
        "service_endpoint",
    ),
    "azapi, the body": (plan(azapi()), "body", "bodys"),
    "azapi, the properties": (plan(azapi()), "properties", "propertes"),
    "PowerShell, the rules": (POWERSHELL, "NetworkAcls", "NetworkAcl"),
    "PowerShell, the ranges": (POWERSHELL, "IpAddressRanges", "IpAddressRange"),
    "PowerShell, the default action": (POWERSHELL, "DefaultAction", "DefaultActoin"),
    "PowerShell, the subnets": (POWERSHELL, "VirtualNetworkResourceIds", "VirtualNetworkResourceId"),
    "PowerShell, public access": (POWERSHELL, "PublicNetworkAccess", "PublicNetworkAcces"),
    "PowerShell, rules alone": (POWERSHELL_ACLS, "Bypass", "ByPass"),
    "what-if, the vault after the change": ({"changes": [{**CHANGE, "after": vault()}]}, "after", "After"),
    "what-if, the vault before the change": (
        {"changes": [{**CHANGE, "before": {}, "after": vault()}]},
        "before",
        "befor",
    ),
    "what-if, the changes": ({"changes": [{**CHANGE, "after": vault()}]}, "changes", "Changes"),
    "what-if, the changes of the service": (
        {"properties": {"changes": [{**CHANGE, "after": vault()}]}},
        "after",
        "After",
    ),
    "the CLI, the subnets": ({"ip": ["20.1.2.0/24"], "vnet": [SUBNET]}, "vnet", "vnets"),
    "the CLI, the ranges": ({"ip": ["20.1.2.0/24"], "vnet": [SUBNET]}, "ip", "ips"),
    "the CLI, the ranges in another case": ({"ip": ["20.1.2.0/24"]}, "ip", "IP"),
    "a list of REST": ({"value": [vault()]}, "value", "valeu"),
    "an export": ({"template": template(vault())}, "template", "templat"),
    "a loop of rules": (
        template(vault({**DENYING, "copy": [{"name": "ipRules", "count": 1, "input": {"value": "20.1.2.0/24"}}]})),
        "copy",
        "cop",
    ),
    "the endpoints of a subnet": (
        template(vault(), {"type": "Microsoft.Network/virtualNetworks", "name": "v", "properties": {"subnets": [OWN]}}),
        "serviceEndpoints",
        "serviceEndpoint",
    ),
    "a nested deployment": (_nested(template=template()), "properties", "propertys"),
    "the template of a nested deployment": (_nested(template=template(), mode="Incremental"), "template", "templte"),
}


@pytest.mark.parametrize("form", NEAR)
def test_a_near_miss_of_a_member_is_refused_with_the_member_that_is_meant(explain: Explainer, form: str) -> None:
    value, right, wrong = NEAR[form]
    result = explain(_renamed(value, right, wrong), INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f".{wrong}: no such member; did you mean {right!r}?" in result.stderr


def test_a_deployment_gives_no_parameter_that_its_template_does_not_declare(explain: Explainer) -> None:
    acls = {**DENYING, "ipRules": [{"value": "[parameters('own')]"}]}
    rules = template(nested(acls, "20.9.9.0/24", parameters={"ow": {"value": "20.1.2.0/24"}}))
    result = explain(rules, INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "properties.parameters.ow: the template of this deployment declares no such parameter" in result.stderr


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (template(vault(), {**vault(), "type": "Microsoft.KeyVault/vault"}), "$.resources[1].type"),
        (
            plan(TERRAFORM_VAULT, {**TERRAFORM_VAULT, "type": "azurerm_key_vualt"}),
            "$.planned_values.root_module.resources[1].type",
        ),
    ],
)
def test_a_vault_of_a_misspelt_type_is_not_passed_over(explain: Explainer, value: object, place: str) -> None:
    result = explain(value, INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{place}: " in result.stderr
    assert "no such type; did you mean" in result.stderr


@pytest.mark.parametrize(
    "kind", ["azurerm_key_vault_key", "azurerm_key_vault_access_policy", "azurerm_recovery_services_vault"]
)
def test_another_type_of_terraform_is_passed_over(explain: Explainer, kind: str) -> None:
    other = {"type": kind, "mode": "managed", "values": {"name": "k", "value": "v", "vaules": 1}}
    assert explain(plan(TERRAFORM_VAULT, other), INSIDE).stdout.startswith("ALLOW\n")


def test_a_row_of_rules_without_the_other_properties_is_refused(explain: Explainer) -> None:
    result = explain({"data": [{"type": VAULT_TYPE, "name": "one", "networkAcls": ACLS}]}, INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "networkAcls stands here without the other properties, and publicNetworkAccess decides too" in result.stderr


TWICE: Mapping[str, tuple[object, str, str]] = {
    "Terraform": (PLAN, "ip_rules", "Ip_Rules"),
    "Terraform, the block": (STATE, "network_acls", "Network_acls"),
    "PowerShell": (POWERSHELL, "IpAddressRanges", "ipAddressRanges"),
    "what-if": ({"changes": [{**CHANGE, "after": vault()}]}, "after", "After"),
    "the CLI": ({"ip": ["20.1.2.0/24"]}, "ip", "Ip"),
}


@pytest.mark.parametrize("form", TWICE)
def test_two_members_that_are_equal_but_for_case_are_refused(explain: Explainer, form: str) -> None:
    value, right, wrong = TWICE[form]
    result = explain(_beside(value, right, wrong), INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("the object has this member twice, spelt in different cases") == 1


def test_what_a_plan_does_not_know_is_not_passed_over_for_its_spelling(explain: Explainer) -> None:
    change = {
        "address": TERRAFORM_VAULT["address"],
        "change": {"after_unknown": {"network_acl": [{"ip_rules": [True]}]}},
    }
    result = explain({**PLAN, "resource_changes": [change]}, INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert ".after_unknown.network_acl: no such member; did you mean 'network_acls'?" in result.stderr


OF_OTHERS: Mapping[str, tuple[object, str]] = {
    "a list of the CLI among ARM's members": (
        {**DENYING, "ip": ["20.1.2.0/24"]},
        "$.ip: no such member; the Azure CLI's short form has 'ip', and networkAcls has 'ipRules' for these rules",
    ),
    "a list of PowerShell in a vault of ARM": (
        vault({**DENYING, "IpAddressRange": ["20.1.2.0/24"]}),
        "$.properties.networkAcls.IpAddressRange: no such member; PowerShell has 'IpAddressRanges'",
    ),
    "a list of Terraform in a vault of ARM": (
        vault({**DENYING, "virtual_network_subnet_ids": []}),
        "networkAcls.virtual_network_subnet_ids: no such member; Terraform has",
    ),
    "rules of a storage account in Terraform": (
        plan({**TERRAFORM_VAULT, "values": {"name": "one", "network_rules": TERRAFORM_VALUES["network_acls"]}}),
        "values.network_rules: a vault has 'network_acls' for its rules",
    ),
    "a word that is no subnet for the CLI": (
        {"vnet": [SUBNET, "a/b/c"]},
        '$.vnet[1]: "a/b/c": expected NETWORK/SUBNET or the resource id of a subnet',
    ),
}


@pytest.mark.parametrize("form", OF_OTHERS)
def test_a_member_or_a_word_of_another_form_is_refused(explain: Explainer, form: str) -> None:
    value, reason = OF_OTHERS[form]
    result = explain(value, INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr


def test_a_member_that_terraform_does_not_have_and_that_is_near_to_none_is_noted(explain: Explainer) -> None:
    block = {"bypass": "None", "default_action": "Deny", "ip_rules": ["20.1.2.0/24"], "zone": 1}
    result = explain(plan({**TERRAFORM_VAULT, "values": {"network_acls": [block]}}), INSIDE)
    assert result.stdout.startswith("ALLOW\n")
    assert "values.network_acls[0].zone: passed over, network_acls has no such member" in result.stderr


def test_a_network_and_a_subnet_of_the_cli_are_a_subnet_of_a_group_that_the_file_does_not_name(
    explain: Explainer,
) -> None:
    rules = {"ip": ["20.1.2.0/24"], "vnet": ["V/a"]}
    decided = explain(rules, INSIDE)
    assert decided.stdout.startswith("ALLOW\n")
    assert "$.vnet: NETWORK/SUBNET is a subnet in the vault's own resource group" in decided.stderr
    asked = explain(rules, "--subnet", SUBNET)
    assert asked.stdout.startswith("ALLOW\n"), "the default action decides, whichever subnet this is"


HOST_BITS = "20.1.2.9/24"
PLACES: Mapping[str, tuple[object, str]] = {
    "rules alone": ({**DENYING, "ipRules": [{"value": HOST_BITS}]}, "$.ipRules[0].value"),
    "rules under their name": (
        {"networkAcls": {**DENYING, "ipRules": [{"value": HOST_BITS}]}},
        "$.networkAcls.ipRules[0].value",
    ),
    "a vault": (
        {"type": VAULT_TYPE, "properties": {"networkAcls": {**ACLS, "ipRules": [{"value": HOST_BITS}]}}},
        "$.properties.networkAcls.ipRules[0].value",
    ),
    "Terraform": (
        plan({**TERRAFORM_VAULT, "values": {"network_acls": [{"default_action": "Deny", "ip_rules": [HOST_BITS]}]}}),
        "values.network_acls[0].ip_rules[0]",
    ),
    "PowerShell": (
        {"NetworkAcls": {**POWERSHELL_ACLS, "IpAddressRanges": [HOST_BITS]}},
        "$.NetworkAcls.IpAddressRanges[0]",
    ),
    "the CLI": ({"ip": [HOST_BITS]}, "$.ip[0]"),
}


@pytest.mark.parametrize("form", PLACES)
@pytest.mark.parametrize("is_certain", [False, True])
def test_every_reason_has_the_place_in_the_file(explain: Explainer, form: str, *, is_certain: bool) -> None:
    value, place = PLACES[form]
    if is_certain:
        result = explain(json.loads(json.dumps(value).replace(HOST_BITS, "20.1.2.0/99")), INSIDE)
        assert f"{place}: the prefix is over 32: '20.1.2.0/99' [VAL-5]" in result.stderr
    else:
        result = explain(value, INSIDE)
        assert f"{place}: the address is not the first of its range: host bits are set [VAL-1]" in result.stdout

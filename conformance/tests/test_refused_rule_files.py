"""`explain` says what it cannot know from a file of rules, with place and reason, and never guesses."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from explained_files import (
    ACLS,
    BOTH_RANGES,
    DENYING,
    INSIDE,
    OWN,
    POWERSHELL,
    POWERSHELL_ACLS,
    SUBNET,
    TERRAFORM_VALUES,
    TERRAFORM_VAULT,
    VAULT_TYPE,
    Explainer,
    azapi,
    loop,
    nested,
    plan,
    template,
    vault,
)


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


STORAGE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/one"
UNKNOWN_PLAN = {
    "planned_values": {"root_module": {"resources": [TERRAFORM_VAULT]}},
    "resource_changes": [
        {
            "address": "azurerm_key_vault.one",
            "change": {"after_unknown": {"network_acls": [{"virtual_network_subnet_ids": [True]}]}},
        }
    ],
}

REFUSED: Mapping[str, tuple[object, str]] = {
    "public access disabled": (
        vault(publicNetworkAccess="Disabled"),
        (
            "$.properties.publicNetworkAccess: 'Disabled': "
            "this vault's publicNetworkAccess decides, which is not judged yet"
        ),
    ),
    "a perimeter": (vault(publicNetworkAccess="SecuredByPerimeter"), "publicNetworkAccess decides"),
    "public access disabled, in another case": (
        {"type": VAULT_TYPE, "properties": {"networkAcls": ACLS, "PublicNetworkAccess": "disabled"}},
        "publicNetworkAccess decides",
    ),
    "public access disabled by Terraform": (
        {
            "values": {
                "root_module": {
                    "resources": [
                        {**TERRAFORM_VAULT, "values": {**TERRAFORM_VALUES, "public_network_access_enabled": False}}
                    ]
                }
            },
            "terraform_version": "1",
        },
        "public_network_access_enabled: false: this vault's public_network_access_enabled decides",
    ),
    "public access in Terraform that is no truth value": (
        plan({**TERRAFORM_VAULT, "values": {**TERRAFORM_VALUES, "public_network_access_enabled": "false"}}),
        'public_network_access_enabled: "false": this vault',
    ),
    "a vault that is recovered": (
        vault(createMode="recover"),
        "$.properties.createMode: 'recover': a vault that is recovered keeps the rules that it was deleted with",
    ),
    "a vault that a parameter recovers": (
        template(
            vault(CreateMode="[parameters('mode')]"), parameters={"mode": {"defaultValue": "Recover", "type": "string"}}
        ),
        "$.resources[0].properties.createMode: 'Recover': a vault that is recovered keeps",
    ),
    "a vault that may be recovered": (
        template(vault(createMode="[parameters('mode')]"), parameters={"mode": {"type": "string"}}),
        "the parameter 'mode' has no value; --parameters FILE may give it",
    ),
    "a vault that azapi recovers": (
        plan(azapi(body={"properties": {"networkAcls": ACLS, "createMode": "recover"}})),
        "values.body.properties.createMode: 'recover': a vault that is recovered keeps",
    ),
    "a vault that azapi may recover": (
        plan(azapi(), body={"properties": {"createMode": True}}),
        "values.body.properties.createMode: the plan does not",
    ),
    "a mode that there is not": (
        vault(createMode="createOrRecover"),
        "$.properties.createMode: 'createOrRecover': expected 'default' or 'recover'",
    ),
    "blocks of Terraform that are none": (
        plan({**TERRAFORM_VAULT, "values": {"name": "one", "network_acls": "Deny"}}),
        'values.network_acls: expected a list with one block, got "Deny"',
    ),
    "public access disabled beside the properties": (
        [{**vault(), "publicNetworkAccess": "Disabled"}],
        "$[0].publicNetworkAccess: 'Disabled': this vault's publicNetworkAccess decides",
    ),
    "public access disabled among the rules": (
        {**ACLS, "PublicNetworkAccess": "Disabled"},
        "$.publicNetworkAccess: 'Disabled': this vault's publicNetworkAccess decides",
    ),
    "rules beside the properties": (
        {"type": VAULT_TYPE, "properties": {"sku": {}}, "networkAcls": ACLS},
        "$.networkAcls: it stands beside the properties of the vault, and belongs among them",
    ),
    "rules under the name that another client has": (
        {"type": VAULT_TYPE, "properties": {"NetworkRuleSet": {"DefaultAction": "Deny"}}},
        "$.properties.NetworkRuleSet: a vault has 'networkAcls' for its rules",
    ),
    "a parameters file in place of the template": (
        {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
            "parameters": {},
        },
        "these are the parameters of a template: name the template, and this file by --parameters",
    ),
    "JSON nested too deep in an expression": (
        template(vault(f"[json('{'[' * 100_000}')]")),
        "json() does not take these arguments",
    ),
    "several values, a line each": (b'{"name": "one"}\n{"name": "two"}\n', "put them into one list"),
    "variables of Terraform": (b'default_action = "Deny"\n', "this looks like the variables of Terraform"),
    "public access disabled for PowerShell": (
        {**POWERSHELL, "PublicNetworkAccess": "Disabled"},
        "publicNetworkAccess decides",
    ),
    "a misspelt list": ({"defaultAction": "Deny", "ipRule": []}, "$.ipRule: no such member; did you mean 'ipRules'?"),
    "a misspelt switch": ({"defaultActions": "Deny", "ipRules": []}, "did you mean 'defaultAction'?"),
    "a misspelt networkAcls": (
        {"type": VAULT_TYPE, "properties": {"networkAcl": ACLS}},
        "$.properties.networkAcl: no such member; did you mean 'networkAcls'?",
    ),
    "a misspelt entry": ({**ACLS, "ipRules": [{"valeu": "20.1.2.0/24"}]}, "$.ipRules[0].valeu: no such member"),
    "a member twice but for case": (
        b'{"defaultAction": "Deny", "defaultaction": "Allow"}',
        "$.defaultaction: the object has this member twice",
    ),
    "a condition that is not known": (
        template({**vault(), "condition": "[contains(variables('x'), 'y')]"}),
        "$.resources[0].condition: \"[contains(variables('x'), 'y')]\" is a template expression",
    ),
    "only a vault that is not deployed": (template({**vault(), "condition": False}), "no vault"),
    "a parameter without a value": (
        template(vault({**DENYING, "ipRules": [{"value": "[parameters('office')]"}]}), parameters={"office": {}}),
        "the parameter 'office' has no value; --parameters FILE may give it",
    ),
    "a function that is not evaluated": (
        template(
            vault({**DENYING, "ipRules": "[sort(parameters('a'), lambda('i', 'j', true()))]"}),
            parameters={"a": BOTH_RANGES},
        ),
        "template expression: sort() with a lambda is not evaluated here",
    ),
    "a loop whose number is not known": (
        template(vault({**DENYING, **loop("[parameters('n')]", "20.1.2.0/24")})),
        "properties.networkAcls.copy[0].count",
    ),
    "a number of a loop without its name": (
        template(vault({**DENYING, **loop(2, "[concat('20.1.', string(copyIndex()), '.0/24')]")})),
        "copyIndex() stands outside of its loop; without the name of a loop it means the loop of its resource",
    ),
    "a variable defined by itself": (
        template(vault("[variables('a')]"), variables={"a": "[variables('b')]", "b": "[variables('a')]"}),
        "is defined by itself",
    ),
    "values that a plan does not know yet": (UNKNOWN_PLAN, "the plan does not know this value before it is applied"),
    "vaults without their properties": ([{"type": VAULT_TYPE, "name": "one"}], "ask az keyvault show"),
    "PowerShell beyond its depth": (
        {"NetworkAcls": {**POWERSHELL_ACLS, "IpAddressRanges": "20.1.2.0/24 20.1.3.0/24"}},
        "ConvertTo-Json -Depth 10",
    ),
    "public access disabled in properties alone": (
        {"networkAcls": ACLS, "publicNetworkAccess": "Disabled"},
        "$.publicNetworkAccess: 'Disabled': this vault's publicNetworkAccess decides",
    ),
    "networkAcls twice but for case in properties alone": (
        {"networkAcls": ACLS, "networkACLs": DENYING},
        "$.networkACLs: the object has this member twice",
    ),
    "a condition of texts": (
        template({**vault(), "condition": "[and('false', true())]"}),
        "and() does not take these arguments",
    ),
    "a format with a width": (
        template(vault({**DENYING, "ipRules": [{"value": "[format('20.1.2.0/{0:2}', '24')]"}]})),
        "of the fields of format(), only {0}, {1} and so on are evaluated here",
    ),
    "a format that reaches into a value": (
        template(vault({**DENYING, "ipRules": [{"value": "[format('20.1.2.0/24{0.__doc__}', 0)]"}]})),
        "of the fields of format()",
    ),
    "a function of a wrong argument": (
        template(vault({**DENYING, "ipRules": [{"value": "[toLower(5)]"}]})),
        "toLower() does not take these arguments",
    ),
    "an id without a type": (
        template(vault({**DENYING, "ipRules": [{"value": "[resourceId('a')]"}]})),
        "resourceId() does not take these arguments",
    ),
    "a nested parameter that is a secret": (
        template(nested(OWN, "20.1.2.0/24", parameters={"own": {"reference": {"secretName": "s"}}})),
        "$.resources[0].properties.parameters.own: no plain value is given for this parameter",
    ),
    "nested parameters that another file has": (
        template(nested(OWN, "20.1.2.0/24", parametersLink={"uri": "https://a.example/p"})),
        "$.resources[0].properties.parameters: the values of the parameters are not in this file",
    ),
    "a nested template by an expression": (
        template(nested(OWN, "", template="[variables('inner')]"), vault()),
        "$.resources[0].properties.template: a template that an expression gives is not read",
    ),
    "a vault without properties beside others": (
        [vault(), {"type": VAULT_TYPE, "name": "two"}],
        "there are 2 vaults",
    ),
    "a what-if result without the vault": (
        {"changes": [{"changeType": "Modify", "resourceId": "/a/providers/Microsoft.KeyVault/vaults/one"}]},
        "$.changes[0].after: the vault as it is after the change is not in the file; ask for FullResourcePayloads",
    ),
    "columns of Resource Graph": (
        {"count": 1, "data": [{"name": "one", "properties_networkAcls": ACLS}]},
        "an entry has a type and properties, the first here has 'name', 'properties_networkAcls'",
    ),
    "a resource whose id names another service": (
        {"id": STORAGE, "properties": {"networkAcls": ACLS}},
        "$: expected a vault (Microsoft.KeyVault/vaults), got a resource microsoft.storage/storageaccounts",
    ),
    "a row whose id names another service": (
        {"data": [{"id": STORAGE, "properties": {"networkAcls": ACLS}}]},
        "$: no vault (Microsoft.KeyVault/vaults) is in the list",
    ),
    "rules beside the id of another service": (
        {"id": STORAGE, "networkAcls": ACLS},
        "got those of a resource microsoft.storage/storageaccounts",
    ),
    "a resource of PowerShell that is of another service": (
        {"Name": "one", "ResourceType": "Microsoft.Storage/storageAccounts", "Properties": {"networkAcls": ACLS}},
        "got a resource microsoft.storage/storageaccounts",
    ),
    "a loop of a property outside of a list": (
        template(vault({**DENYING, "copy": {"name": "ipRules", "count": 1, "input": {"value": "20.1.2.0/24"}}})),
        "networkAcls.copy: expected a list of loops, got one loop alone",
    ),
    "a managed HSM": (
        [{"type": "Microsoft.KeyVault/managedHSMs"}],
        "the first entry is a Microsoft.KeyVault/managedHSMs",
    ),
    "a body of azapi that the plan does not know": (
        plan(azapi(body=None), body=True),
        "values.body: the plan does not",
    ),
    "a body of azapi that is nested too deep": (
        plan(azapi(body="[" * 200_000), body=False),
        "values.body: not JSON: maximum recursion depth",
    ),
    "properties of azapi that the plan does not know": (
        plan(azapi(body={}), body={"properties": True}),
        "values.body.properties: the plan does not",
    ),
    "rules of azapi that the plan does not know": (
        plan(azapi(body={"properties": {}}), body={"properties": {"networkAcls": {"ipRules": [True]}}}),
        "values.body.properties.networkAcls: the plan does not",
    ),
    "a misspelt member of azapi": (
        plan(azapi(body={"properties": {"networkAcl": ACLS}})),
        "did you mean 'networkAcls'?",
    ),
    "a body of azapi that is no JSON": (plan(azapi(body="{")), "values.body: not JSON"),
    "a part of azapi that the plan hides": (plan(azapi(sensitive_body_version={})), "values.sensitive_body"),
    "a vault that azapi changes": (
        plan(TERRAFORM_VAULT, azapi("azapi_update_resource")),
        "azapi_update_resource changes a vault after it is made",
    ),
    "a state as Terraform stores it": (
        {"version": 4, "terraform_version": "1", "resources": [TERRAFORM_VAULT]},
        "terraform show -json prints it in the form that is read",
    ),
    "an empty state of Terraform": ({"format_version": "1.0"}, "no azurerm_key_vault is among the resources"),
    "PowerShell at depth 1": ({"NetworkAcls": "Microsoft.Azure.Commands.PSKeyVaultNetworkRuleSet"}, "-Depth 10"),
    "PowerShell at depth 2": (
        {"Type": VAULT_TYPE, "Properties": {"networkAcls": {**DENYING, "ipRules": "System.Object[]"}}},
        "networkAcls.ipRules: PowerShell has cut this to 'System.Object[]'; write it by ConvertTo-Json -Depth 10",
    ),
    "PowerShell at depth 3": ({**DENYING, "ipRules": ["@{value=20.1.2.0/24}"]}, "PowerShell has cut this"),
    "a comma too many": (b'{"ipRules": [], }', "a comma stands before the closing bracket"),
    "an empty file": (b"\n", "the file is empty"),
    "YAML": (b"id: a\nproperties:\n  networkAcls:\n", "this looks like YAML"),
    "the log of a plan": (b'{"@level":"info"}\n{"@level":"info"}\n', "the log of terraform plan -json"),
    "a plan as text": (b'  # a\n  + resource "azurerm_key_vault" "a" {\n', "this looks like Terraform source"),
    "Terraform source": (
        b'resource "azurerm_key_vault" "one" {\n  name = "one"\n}',
        "this looks like Terraform source",
    ),
    "Bicep source": (b"param office string\nresource kv 'Microsoft.KeyVault/vaults@2023-07-01' = {}", "az bicep build"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_cannot_be_known_is_refused_with_place_and_reason(explain: Explainer, form: str) -> None:
    value, reason = REFUSED[form]
    result = explain(value, INSIDE)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert reason in result.stderr
    assert "rules.json" in result.stderr


def test_a_parameters_file_gives_what_the_template_declares_and_nothing_else(explain: Explainer) -> None:
    values = explain.path("values.json", {"parameters": {"ofice": {"value": "20.9.9.0/24"}}})
    office = {"office": {"type": "string", "defaultValue": "20.1.2.0/24"}}
    misspelt = explain(template(vault(), parameters=office), INSIDE, "--parameters", values)
    assert (misspelt.exit_code, misspelt.stdout) == (2, "")
    assert "$.parameters: no parameter 'ofice' is declared, which --parameters gives" in misspelt.stderr
    assert "this is no ARM template: leave --parameters out" in explain(vault(), INSIDE, "--parameters", values).stderr


def test_a_subnet_that_may_be_listed_is_not_decided(explain: Explainer) -> None:
    own = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'a')]"
    rules = template(vault({**ACLS, "virtualNetworkRules": [{"id": own}]}))
    result = explain(rules, "--subnet", SUBNET.upper())
    assert (result.exit_code, result.stdout) == (2, "")
    assert "name it as the rules do" in result.stderr
    assert explain(rules, "--subnet", f"{SUBNET}2").stdout.startswith("DENY\n")


@pytest.mark.parametrize(
    ("name", "advice"), [("main.bicep", "az bicep build"), ("main.tf", "show -json"), ("main.tf.json", "show -json")]
)
def test_a_source_file_is_known_by_its_name(explain: Explainer, name: str, advice: str) -> None:
    result = explain(b"anything", INSIDE, name=name)
    assert result.exit_code == 2
    assert advice in result.stderr


def test_a_million_rules_are_refused_for_their_number(explain: Explainer) -> None:
    entries = ",".join(f'{{"value":"{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}.0/24"}}' for n in range(200_000))
    result = explain(f'{{"defaultAction":"Deny","ipRules":[{entries}]}}'.encode(), INSIDE)
    assert result.exit_code == 2
    assert "$.ipRules: 200,000 rules, the profile keyvault has a maximum of 1,000" in result.stderr

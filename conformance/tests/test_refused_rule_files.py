"""`explain` says what it cannot know from a file of rules, with place and reason, and never guesses."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from explained_files import (
    ACLS,
    BOTH_RANGES,
    DENYING,
    INSIDE,
    POWERSHELL,
    POWERSHELL_ACLS,
    TERRAFORM_VALUES,
    TERRAFORM_VAULT,
    VAULT_TYPE,
    Explainer,
    loop,
    template,
    vault,
)


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


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
        "publicNetworkAccess decides",
    ),
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
            vault({**DENYING, "ipRules": "[map(parameters('a'), lambda('i', 1))]"}), parameters={"a": BOTH_RANGES}
        ),
        "the function lambda() is not evaluated here",
    ),
    "a loop whose number is not known": (
        template(vault({**DENYING, **loop("[parameters('n')]", "20.1.2.0/24")})),
        "properties.networkAcls.copy[0].count",
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


@pytest.mark.parametrize(("name", "advice"), [("main.bicep", "az bicep build"), ("main.tf", "terraform show -json")])
def test_a_source_file_is_known_by_its_name(explain: Explainer, name: str, advice: str) -> None:
    result = explain(b"anything", INSIDE, name=name)
    assert result.exit_code == 2
    assert advice in result.stderr


def test_a_million_rules_are_refused_for_their_number(explain: Explainer) -> None:
    entries = ",".join(f'{{"value":"{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}.0/24"}}' for n in range(200_000))
    result = explain(f'{{"defaultAction":"Deny","ipRules":[{entries}]}}'.encode(), INSIDE)
    assert result.exit_code == 2
    assert "$.ipRules: 200,000 rules, the profile keyvault has a maximum of 1,000" in result.stderr

"""`explain` reads what people have at hand, answers rightly or says clearly what it cannot know, and never guesses."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.commands import main

INSIDE, OUTSIDE = "20.1.2.5", "20.1.3.5"
PROVIDER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets"
SUBNET = f"{PROVIDER}/a"
ACLS: Mapping[str, object] = {
    "bypass": "None",
    "defaultAction": "Deny",
    "ipRules": [{"value": "20.1.2.0/24"}],
    "virtualNetworkRules": [{"id": SUBNET}],
}
VAULT_TYPE = "Microsoft.KeyVault/vaults"


def vault(acls: object = ACLS, name: str = "one", **properties: object) -> dict[str, object]:
    return {"type": VAULT_TYPE, "name": name, "properties": {"networkAcls": acls, **properties}}


def template(*resources: object, **sections: object) -> dict[str, object]:
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        **sections,
    } | {"resources": list(resources)}


class Explainer:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str, value: object) -> str:
        file = self._folder / name
        file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return str(file)

    def __call__(self, rules: object, *arguments: str, name: str = "rules.json") -> Result:
        command = ["explain", self.path(name, rules), *arguments]
        return CliRunner().invoke(main, command, env={"COLUMNS": "400"}, catch_exceptions=False)


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


def loop(count: object, value: object) -> dict[str, object]:
    return {"copy": [{"name": "ipRules", "count": count, "input": {"value": value}}]}


DENYING: Mapping[str, object] = {"bypass": "None", "defaultAction": "Deny", "virtualNetworkRules": []}
TERRAFORM_VALUES = {
    "name": "one",
    "public_network_access_enabled": True,
    "network_acls": [
        {
            "bypass": "None",
            "default_action": "Deny",
            "ip_rules": ["20.1.2.0/24"],
            "virtual_network_subnet_ids": [SUBNET],
        }
    ],
}
TERRAFORM_VAULT = {
    "address": "azurerm_key_vault.one",
    "mode": "managed",
    "type": "azurerm_key_vault",
    "values": TERRAFORM_VALUES,
}
POWERSHELL = {
    "VaultName": "one",
    "PublicNetworkAccess": "Enabled",
    "NetworkAcls": {
        "DefaultAction": 1,
        "Bypass": 0,
        "IpAddressRanges": ["20.1.2.0/24"],
        "IpAddressRangesText": "20.1.2.0/24",
        "VirtualNetworkResourceIds": [SUBNET],
        "VirtualNetworkResourceIdsText": SUBNET,
    },
}
BOTH_RANGES = {"type": "array", "defaultValue": ["20.1.1.0/24", "20.1.2.0/24"]}

RIGHT: Mapping[str, object] = {
    "the CLI's network-rule list, which adds members": {
        **ACLS,
        "virtualNetworkRules": [{"id": SUBNET, "resourceGroup": "g"}],
    },
    "members in another case": {
        "Bypass": "None",
        "DEFAULTACTION": "Deny",
        "iprules": [{"Value": "20.1.2.0/24"}],
        "VirtualNetworkRules": [{"Id": SUBNET}],
    },
    "a vault with networkACLs": {"type": VAULT_TYPE, "properties": {"networkACLs": ACLS}},
    "a page of REST": {"value": [vault()], "nextLink": None},
    "Resource Graph": {"count": 1, "data": [vault()], "totalRecords": 1},
    "Resource Graph's table": {
        "data": {"columns": [{"name": "type"}, {"name": "properties"}], "rows": [[VAULT_TYPE, {"networkAcls": ACLS}]]}
    },
    "a what-if result": {
        "changes": [
            {"changeType": "Delete", "before": vault(DENYING, "gone"), "after": None},
            {"changeType": "Modify", "before": vault(DENYING), "after": vault()},
        ]
    },
    "a what-if result of the service": {"status": "Succeeded", "properties": {"changes": [{"after": vault()}]}},
    "an export": {"template": template(vault())},
    "a list of vaults": [vault()],
    "an empty publicNetworkAccess": vault(publicNetworkAccess=""),
    "publicNetworkAccess in another case": vault(publicNetworkAccess="ENABLED"),
    "parameters with defaults": template(
        vault({**DENYING, "ipRules": [{"value": "[parameters('office')]"}]}),
        parameters={"office": {"type": "string", "defaultValue": "20.1.2.0/24"}},
    ),
    "variables that use parameters": template(
        vault("[variables('acls')]"),
        parameters={"base": {"type": "string", "defaultValue": "20.1.2"}},
        variables={"acls": {**DENYING, "ipRules": [{"value": "[concat(parameters('base'), '.0/', string(24))]"}]}},
    ),
    "format": template(vault({**DENYING, "ipRules": [{"value": "[format('{0}.{1}.2.0/24', 20, '1')]"}]})),
    "a loop of Bicep": template(
        vault({**DENYING, **loop("[length(parameters('ranges'))]", "[parameters('ranges')[copyIndex('ipRules')]]")}),
        parameters={"ranges": BOTH_RANGES},
    ),
    "a loop with an offset": template(
        vault({**DENYING, **loop(2, "[concat('20.1.', string(copyIndex('ipRules', 1)), '.0/24')]")})
    ),
    "a condition that holds": template(
        {**vault(), "condition": "[equals(parameters('kind'), 'a')]"}, parameters={"kind": {"defaultValue": "a"}}
    ),
    "a condition that does not hold beside one that does": template({**vault(DENYING), "condition": False}, vault()),
    "a loop of vaults": template({**vault(), "copy": {"name": "vaults", "count": 1}}),
    "a nested deployment with its own parameters": template(
        {
            "type": "Microsoft.Resources/deployments",
            "properties": {
                "expressionEvaluationOptions": {"scope": "inner"},
                "parameters": {"range": {"value": "20.1.2.0/24"}},
                "template": template(
                    vault({**DENYING, "ipRules": [{"value": "[parameters('range')]"}]}),
                    parameters={"range": {"type": "string"}},
                ),
            },
        }
    ),
    "a nested deployment in the outer scope": template(
        {
            "type": "Microsoft.Resources/deployments",
            "properties": {"template": template(vault({**DENYING, "ipRules": [{"value": "[variables('range')]"}]}))},
        },
        variables={"range": "20.1.2.0/24"},
    ),
    "resources by symbolic name": {"resources": {"kv": vault()}},
    "a plan of Terraform": {
        "format_version": "1.2",
        "planned_values": {"root_module": {"child_modules": [{"resources": [TERRAFORM_VAULT]}]}},
    },
    "a state of Terraform": {"terraform_version": "1.9", "values": {"root_module": {"resources": [TERRAFORM_VAULT]}}},
    "a vault of azapi": {
        "terraform_version": "1.9",
        "values": {
            "root_module": {
                "resources": [
                    {
                        "type": "azapi_resource",
                        "values": {
                            "type": "Microsoft.KeyVault/vaults@2023-07-01",
                            "name": "one",
                            "body": json.dumps({"properties": {"networkAcls": ACLS}}),
                        },
                    }
                ]
            }
        },
    },
    "PowerShell": POWERSHELL,
    "PowerShell with words": {
        "NetworkAcls": {**POWERSHELL["NetworkAcls"], "DefaultAction": "Deny", "Bypass": "None"}  # type: ignore[dict-item]
    },
    "comments": (
        b'{ // rules\n "defaultAction": "Deny", /* "ipRules": [],\n */'
        b' "ipRules": [{"value": "20.1.2.0/24"}], "bypass": "None"}'
    ),
    "UTF-16 as Windows writes it": json.dumps(ACLS).encode("utf-16"),
    "UTF-16 without a mark": json.dumps(ACLS).encode("utf-16-le"),
}


@pytest.mark.parametrize("form", RIGHT)
def test_a_form_that_people_have_is_read_with_its_rules_in_force(explain: Explainer, form: str) -> None:
    inside, outside = (explain(RIGHT[form], address) for address in (INSIDE, OUTSIDE))
    assert inside.stdout.startswith("ALLOW\n"), inside.stderr
    assert outside.stdout.startswith("DENY\n"), outside.stderr
    assert "1 IP rule" in inside.stdout or "loop" in form


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
        {"NetworkAcls": {**POWERSHELL["NetworkAcls"], "IpAddressRanges": "20.1.2.0/24 20.1.3.0/24"}},  # type: ignore[dict-item]
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


def test_the_short_form_of_the_cli_is_read_with_the_switches_that_the_client_writes(explain: Explainer) -> None:
    result = explain({"ip": ["20.1.2.0/24"], "vnet": [SUBNET]}, OUTSIDE)
    assert result.stdout.startswith("ALLOW\n")
    assert "the client writes Allow and AzureServices" in result.stderr
    assert "1 IP rule, 1 virtual network rule" in result.stdout


def test_a_parameters_file_gives_values(explain: Explainer) -> None:
    rules = template(
        vault({**DENYING, "ipRules": [{"value": "[parameters('office')]"}]}), parameters={"office": {"type": "string"}}
    )
    values = explain.path("values.json", {"parameters": {"Office": {"value": "20.1.2.0/24"}}})
    assert explain(rules, INSIDE, "--parameters", values).stdout.startswith("ALLOW\n")
    secret = explain.path("secret.json", {"parameters": {"office": {"reference": {"secretName": "s"}}}})
    result = explain(rules, INSIDE, "--parameters", secret)
    assert result.exit_code == 2
    assert "gives no plain value for this parameter" in result.stderr


@pytest.mark.parametrize(("endpoints", "outcome"), [([], "DENY"), ([{"service": "Microsoft.KeyVault"}], "ALLOW")])
@pytest.mark.parametrize("as_child", [True, False])
def test_a_templates_own_subnet_has_the_endpoint_that_the_template_gives_it(
    explain: Explainer, endpoints: list[object], outcome: str, *, as_child: bool
) -> None:
    subnet = {"name": "a", "properties": {"serviceEndpoints": endpoints}}
    network: dict[str, object] = {"type": "Microsoft.Network/virtualNetworks", "name": "v"}
    network |= {"resources": [{"type": "subnets", **subnet}]} if as_child else {"properties": {"subnets": [subnet]}}
    own = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'a')]"
    flagged = [{"id": own, "ignoreMissingVnetServiceEndpoint": True}]
    rules = template(network, vault({**ACLS, "virtualNetworkRules": flagged}))
    there = "/subscriptions/{subscription}/resourceGroups/{resource-group}/providers/Microsoft.Network"
    result = explain(rules, "10.0.0.4", "--subnet", f"{there}/virtualNetworks/v/subnets/a")
    assert result.stdout.startswith(f"{outcome}\n"), result.stderr


def test_a_members_that_says_nothing_is_noted(explain: Explainer) -> None:
    result = explain({**ACLS, "serviceTags": []}, INSIDE)
    assert result.exit_code == 0
    assert "$.serviceTags: passed over, networkAcls has no such member" in result.stderr


def test_a_million_rules_are_refused_for_their_number(explain: Explainer) -> None:
    entries = ",".join(f'{{"value":"{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}.0/24"}}' for n in range(200_000))
    result = explain(f'{{"defaultAction":"Deny","ipRules":[{entries}]}}'.encode(), INSIDE)
    assert result.exit_code == 2
    assert "$.ipRules: 200,000 rules, the profile keyvault has a maximum of 1,000" in result.stderr


# -- who asks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ((INSIDE,), "ALLOW"),
        ((OUTSIDE,), "DENY"),
        (("--subnet", SUBNET), "ALLOW"),
        (("10.1.0.4", "--subnet", SUBNET.upper()), "ALLOW"),
        (("--subnet", f"{PROVIDER}/b"), "DENY"),
        ((INSIDE, "--unauthenticated"), "DENY"),
        ((INSIDE, "--unauthorized"), "DENY"),
        ((OUTSIDE, "--operation", "VaultGet"), "ALLOW"),
        ((OUTSIDE, "--operation", "KeySign"), "DENY"),
        ((OUTSIDE, "--service", "Azure Backup", "--trusted"), "DENY"),
    ],
)
def test_an_address_and_options_make_a_request(explain: Explainer, arguments: tuple[str, ...], outcome: str) -> None:
    result = explain(ACLS, *arguments)
    assert result.stdout.startswith(f"{outcome}\n"), result.stderr


def test_a_trusted_service_is_let_through_under_the_bypass(explain: Explainer) -> None:
    rules = {**ACLS, "bypass": "AzureServices"}
    assert explain(rules, OUTSIDE, "--service", "Azure Backup", "--trusted").stdout.startswith("ALLOW\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "say who asks"),
        (("20.1.2",), "neither an IPv4 address"),
        ((INSIDE, "--operation", "SecretGt"), "did you mean SecretGet"),
        ((INSIDE, "--subnet", "a"), "$.source.subnet"),
        (("missing.json",), "No such file"),
    ],
)
def test_a_request_that_cannot_be_made_is_said(explain: Explainer, arguments: tuple[str, ...], reason: str) -> None:
    result = explain(ACLS, *arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_a_clause_is_explained_by_its_id() -> None:
    result = CliRunner().invoke(main, ["explain", "dec-4"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert result.stdout.startswith("DEC-4\n")
    assert "level" in result.stdout

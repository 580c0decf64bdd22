"""`explain` reads the forms of rules that people have, with the rules that are in force."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from explained_files import (
    ACLS,
    BOTH_RANGES,
    DENYING,
    INSIDE,
    OUTSIDE,
    OWN,
    POWERSHELL,
    POWERSHELL_ACLS,
    SUBNET,
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
    "resources of PowerShell": [
        {"Name": "two", "ResourceType": "Microsoft.Storage/storageAccounts", "Properties": {"networkAcls": DENYING}},
        {"Name": "one", "ResourceType": VAULT_TYPE, "Properties": {"networkAcls": ACLS}},
    ],
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
    "a new vault": vault(createMode="default"),
    "a vault as the Azure CLI shows it, with its mode": vault(createMode=None),
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
    "a loop of rules with the number of its resource's loop": template(
        {
            **vault(
                {**DENYING, **loop(3, "[concat('20.', string(copyIndex(1)), '.', copyIndex('ipRules'), '.0/24')]")}
            ),
            "copy": {"name": "vaults", "count": 1},
        }
    ),
    "a condition that holds": template(
        {**vault(), "condition": "[equals(parameters('kind'), 'a')]"},
        parameters={"kind": {"type": "string", "defaultValue": "a"}},
    ),
    "values that the constraints of their parameters allow": template(
        vault({**DENYING, "ipRules": "[parameters('ranges')]"}),
        parameters={
            "ranges": {
                "type": "Array",
                "defaultValue": [{"value": "20.1.2.0/24"}],
                "allowedValues": [{"value": "20.1.2.0/24"}, {"value": "20.1.3.0/24"}],
                "minLength": 1,
                "maxLength": 1,
                "items": {"$ref": "#/definitions/rule"},
            },
            "none": {"type": "string", "nullable": True, "allowedValues": ["a"]},
            "number": {"type": "int", "defaultValue": 2, "minValue": 2, "maxValue": 2},
            "unknown": {"type": "string", "defaultValue": "[newGuid()]", "maxLength": 1},
            "unused": {"type": "string"},
            "group": {"type": "string", "defaultValue": "[resourceGroup().name]", "maxLength": 10},
        },
        definitions={
            "rule": {
                "type": "object",
                "properties": {"value": {"type": "string"}, "note": {"type": "string", "nullable": True}},
                "additionalProperties": False,
            }
        },
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
    "another resource whose template is given by an expression": template(
        {"type": "Microsoft.App/containerApps", "properties": {"template": "[variables('none')]"}}, vault()
    ),
    "properties by an expression": template(
        {"type": VAULT_TYPE, "properties": "[variables('all')]"}, variables={"all": {"networkAcls": ACLS}}
    ),
    "a type by an expression": template({**vault(), "type": "[variables('type')]"}, variables={"type": VAULT_TYPE}),
    "a template in another case": {
        "Resources": [
            {"Type": VAULT_TYPE, "Condition": False, "Properties": {"networkAcls": DENYING}},
            {**vault({**DENYING, "Copy": loop(1, "20.1.2.0/24")["copy"]}), "Copy": {"name": "n", "count": 1}},
        ]
    },
    "a nested deployment's parameters by an expression": template(
        nested(OWN, "20.9.9.0/24", parameters={"own": "[createObject('value', '20.1.2.0/24')]"})
    ),
    "an absent parameter that may be null": template(
        vault("[coalesce(parameters('given'), variables('acls'))]"),
        parameters={"given": {"type": "object", "nullable": True}},
        variables={"acls": ACLS},
    ),
    "JSON in an expression": template(
        vault("[if(false(), json('null'), variables('acls'))]"), variables={"acls": ACLS}
    ),
    "the properties of a vault alone": {"accessPolicies": [], "networkAcls": ACLS, "publicNetworkAccess": "Enabled"},
    "a vault of azapi in another case": plan(azapi(body={"Properties": {"networkACLs": ACLS}})),
    "a vault of azapi of which the plan does not know another part": plan(
        azapi(), body={"properties": {"tenantId": True}}
    ),
    "PowerShell's list": [POWERSHELL],
    "Windows PowerShell's list": {"value": [POWERSHELL], "Count": 1},
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
    "PowerShell with words": {"NetworkAcls": {**POWERSHELL_ACLS, "DefaultAction": "Deny", "Bypass": "None"}},
    "comments": (
        b'{ // rules\n "defaultAction": "Deny", /* "ipRules": [],\n */'
        b' "ipRules": [{"value": "20.1.2.0/24"}], "bypass": "None"}'
    ),
    "UTF-16 as Windows writes it": json.dumps(ACLS).encode("utf-16"),
    "two byte order marks": b"\xef\xbb\xbf" * 2 + json.dumps(ACLS).encode(),
    "two byte order marks in UTF-16": ("\ufeff" + json.dumps(ACLS)).encode("utf-16"),
    "UTF-16 without a mark": json.dumps(ACLS).encode("utf-16-le"),
}


@pytest.mark.parametrize("form", RIGHT)
def test_a_form_that_people_have_is_read_with_its_rules_in_force(explain: Explainer, form: str) -> None:
    inside, outside = (explain(RIGHT[form], address) for address in (INSIDE, OUTSIDE))
    assert inside.stdout.startswith("ALLOW\n"), inside.stderr
    assert outside.stdout.startswith("DENY\n"), outside.stderr
    assert "1 IP rule" in inside.stdout or "loop" in form


def _members(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The places of all members of a document."""
    pairs: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, Mapping):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for step, one in pairs:
        if isinstance(step, str):
            yield (*place, step)
        yield from _members(one, (*place, step))


def _misspelt(value: object, place: Sequence[str | int]) -> object:
    """The document with the last letter of the member at this place left out."""
    first, *rest = place
    if isinstance(value, list):
        return [_misspelt(one, rest) if index == first else one for index, one in enumerate(value)]
    assert isinstance(value, Mapping)
    if rest:
        return {name: _misspelt(one, rest) if name == first else one for name, one in value.items()}
    return {name[:-1] if name == first else name: one for name, one in value.items()}


@pytest.mark.slow
@pytest.mark.parametrize("form", [name for name, value in RIGHT.items() if not isinstance(value, bytes)])
def test_a_member_that_lacks_a_letter_is_refused_or_decides_nothing(explain: Explainer, form: str) -> None:
    for place in _members(RIGHT[form]):
        value = _misspelt(RIGHT[form], place)
        for address, outcome in ((INSIDE, "ALLOW"), (OUTSIDE, "DENY")):
            result = explain(value, address)
            assert result.exit_code == 2 or result.stdout.startswith(f"{outcome}\n"), place


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


def test_a_vault_among_several_of_one_name_is_chosen_by_its_path(explain: Explainer) -> None:
    assert "1 IP rule" in explain([vault(DENYING), vault()], INSIDE, "--vault", "$[1].properties.networkAcls").stdout


@pytest.mark.parametrize("symbolic", [False, True])
def test_a_vault_of_a_loop_is_chosen_by_its_path(explain: Explainer, *, symbolic: bool) -> None:
    range_ = "[concat('20.1.', string(copyIndex('kv', 2)), '.0/24')]"
    looped = {
        **vault({**DENYING, "ipRules": [{"value": range_}]}, "[uniqueString('a')]"),
        "copy": {"name": "kv", "count": 2},
    }
    rules = {"resources": {"kv": looped}} if symbolic else template(looped)
    place = "$.resources.kv" if symbolic else "$.resources[0]"
    paths = [f"{place}[{turn}].properties.networkAcls" for turn in (0, 1)]
    listed = explain(rules, INSIDE).stderr
    assert all(path in listed for path in paths)
    chosen = [explain(rules, INSIDE, "--vault", path).stdout.partition("\n")[0] for path in paths]
    assert chosen == ["ALLOW", "DENY"]


def test_a_template_that_links_to_another_is_read_with_a_note(explain: Explainer) -> None:
    linked = {"type": "Microsoft.Resources/deployments", "properties": {"templateLink": {"uri": "https://a.example/t"}}}
    result = explain(template(linked, vault()), INSIDE)
    assert result.stdout.startswith("ALLOW\n")
    assert "$.resources[0].properties.templateLink: passed over" in result.stderr


def test_a_nested_deployments_ids_are_in_the_group_that_it_names(explain: Explainer) -> None:
    subnet = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'a')]"
    rules = template({**nested({**ACLS, "virtualNetworkRules": [{"id": subnet}]}, ""), "resourceGroup": "there"})
    own = "/subscriptions/{subscription}/resourceGroups/there/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
    assert explain(rules, "--subnet", own).stdout.startswith("ALLOW\n")

"""`explain` on files of other tools and services, on vaults without rules, and on templates that grow without bound."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from explained_files import ACLS, DENYING, INSIDE, POWERSHELL, TERRAFORM_VAULT, Explainer, plan, template, vault
from fencepost.conformance.rule_files import template as templates

LISTED = {"VaultName": "two", "ResourceGroupName": "g", "ResourceId": "/subscriptions/s", "Tags": {}}


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


def _growing(first: object, later: object) -> dict[str, object]:
    """A template whose rules ask for the last of thirty variables, each of which holds the one before it twice."""
    variables = {"v0": first, **{f"v{n}": _with_number(later, n - 1) for n in range(1, 31)}}
    return template(vault({**DENYING, "ipRules": "[variables('v30')]"}), variables=variables)


def _with_number(value: object, number: int) -> object:
    if isinstance(value, dict):
        return {name: _with_number(one, number) for name, one in value.items()}
    return str(value).replace("NUMBER", str(number))


REFUSED: Mapping[str, tuple[object, str]] = {
    "an empty object": ({}, '$: the object is empty; a vault whose firewall was never set up is {"networkAcls": null}'),
    "rules of a storage account": (
        {**ACLS, "resourceAccessRules": []},
        "$.resourceAccessRules: a storage account has this member, and a vault has not",
    ),
    "an error of the service": ({"error": {"code": "NotFound"}}, "$: this is an error of the service, and no vault"),
    "Terraform source as JSON": ({"//": {}, "resource": {}, "terraform": {}}, "$: this is Terraform source as JSON"),
    "a stack of Pulumi": ({"version": 3, "deployment": {}}, "$: this is a stack of Pulumi, which is not read"),
    "a preview of Pulumi": ({"steps": []}, "$: this is a preview of Pulumi, which is not read"),
    "IP rules alone": ([{"value": "20.1.2.0/24"}], "these are rules alone, and the default action decides too"),
    "an error of the Azure CLI": (b"ERROR: (VaultNotFound) no vault\n", "this is an error of the Azure CLI"),
    "a table": (b"Name    Group\n------  ------\none     g\n", "this looks like a table: ask for JSON instead"),
    "a playbook": (b"---\n- name: one\n  hosts: all\n", "this looks like YAML"),
    "a table with a short column": (b"Id    Name\n----  ------\n1     one\n", "this looks like a table"),
    "a warning of the Azure CLI": (b'WARNING: a preview\n{"defaultAction": "Deny"}\n', "az … --only-show-errors"),
    "the Azure CLI in colours": (b'\x1b[39m{\x1b[94m"bypass"\x1b[39m: "None"}', "the text has colours in it"),
    "an HTTP answer with its head": (b"HTTP/1.1 200 OK\r\nDate: a\r\n\r\n{}", "the head of an HTTP answer"),
    "what-if for a person": (
        b"Resource and property changes are indicated with these symbols:\n  + Create\n\nScope: /s\n",
        "what-if --no-pretty-print prints it as JSON",
    ),
    "CSV": (b'id,name,properties\n/s,one,"{}"\n', "this looks like CSV"),
    "a page to sign in": (b"<!DOCTYPE html><html></html>", "this looks like XML or HTML"),
    "a plan that Terraform has stored": (b"PK\x03\x04\x14\x00\x08\x08", "as terraform plan -out writes one"),
    "a member twice": (b'{"bypass": "None", "bypass": ["a"]}', 'twice in one object, with "None" and with ["a"]'),
    "a number that Python does not convert": (b'{"bypass": ' + b"9" * 5000 + b"}", "a number of 5,000 digits, which"),
    "a vault of a list of PowerShell": (
        [LISTED],
        "$[0].NetworkAcls: not in the file, as Get-AzKeyVault lists a vault; ask Get-AzKeyVault -VaultName two",
    ),
    "a vault of PowerShell whose rules are null": (
        {**LISTED, "NetworkAcls": None, "NetworkAclsText": ""},
        "$.NetworkAcls: not in the file, as Get-AzKeyVault lists a vault",
    ),
    "a vault of PowerShell whose rules are cut": (
        {**LISTED, "NetworkAcls": "Microsoft.Azure.Rules", "NetworkAclsText": ""},
        "$.NetworkAcls: PowerShell has cut this to 'Microsoft.Azure.Rules'; write it by ConvertTo-Json -Depth 10",
    ),
    "a vault of PowerShell beside one without rules": (
        [POWERSHELL, LISTED],
        "there are 2 vaults; choose one by --vault NAME, or by its place: ",
    ),
    "a list beside a loop of its name": (
        template(vault({**DENYING, "IpRules": [], "copy": [{"name": "ipRules", "count": 1, "input": {"value": "1"}}]})),
        "$.resources[0].properties.networkAcls.ipRules: a loop of this name stands beside it: one of them is meant",
    ),
    "a text of Terraform for a list": (
        plan({**TERRAFORM_VAULT, "values": {"network_acls": [{"default_action": "Deny", "ip_rules": "20.1.2.3"}]}}),
        'values.network_acls[0].ip_rules: expected a list, got "20.1.2.3"',
    ),
    "a function of the template": (
        template(vault({**DENYING, "ipRules": "[mine.rules('a')]"})),
        "the template's own functions, here those of 'mine', are not evaluated here",
    ),
    "a function that is not evaluated": (
        template(vault({**DENYING, "ipRules": "[pickZones('Microsoft.KeyVault', 'vaults', 'westeurope')]"})),
        "a result of az deployment group what-if --no-pretty-print holds the value",
    ),
    "members around the rules that are equal but for case": (
        {"properties": {"networkAcls": ACLS}, "Properties": {"publicNetworkAccess": "Disabled"}},
        "$.Properties: the object has this member twice, spelt in different cases",
    ),
    "two lists of resources": (
        {**template(vault(ACLS)), "Resources": []},
        "$.Resources: the object has this member twice, spelt in different cases",
    ),
    "a condition that is misspelt": (
        template({**vault(ACLS), "conditon": False}),
        ".conditon: no such member; did you mean 'condition'?",
    ),
    "a text that doubles": (
        _growing("0123456789", "[concat(variables('vNUMBER'), variables('vNUMBER'))]"),
        "concat() makes a text of 5,242,880 characters; 4,194,304 are the most",
    ),
    "a list that doubles": (
        _growing("a", "[createArray(variables('vNUMBER'), variables('vNUMBER'))]"),
        "holds more than 100,000 values",
    ),
    "an object that doubles": (
        _growing("a", {"a": "[variables('vNUMBER')]", "b": "[variables('vNUMBER')]"}),
        "holds more than 100,000 values",
    ),
}


@pytest.mark.parametrize("form", REFUSED)
def test_a_file_that_is_not_read_is_refused_with_what_to_do(explain: Explainer, form: str) -> None:
    value, reason = REFUSED[form]
    result = explain(value, INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr


def test_a_variable_that_many_others_name_is_evaluated_once(explain: Explainer) -> None:
    same = "[if(equals(variables('vNUMBER'), variables('vNUMBER')), variables('vNUMBER'), variables('vNUMBER'))]"
    assert explain(_growing([{"value": "20.1.2.0/24"}], same), INSIDE).stdout.startswith("ALLOW\n")


def test_loops_in_loops_end(explain: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "_MOST_STEPS", 100)
    inner = {"copy": [{"name": "b", "count": 20, "input": {"value": "[string(copyIndex('b'))]"}}]}
    rules = {**DENYING, "copy": [{"name": "ipRules", "count": 20, "input": inner}]}
    result = explain(template(vault(rules)), INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the template takes more than 100 steps to evaluate" in result.stderr


def test_a_vault_among_several_of_one_name_is_chosen_by_its_id(explain: Explainer) -> None:
    ids = [f"/subscriptions/s/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/one" for group in "ab"]
    rules = [{**vault(DENYING), "id": ids[0]}, {**vault(), "id": ids[1]}]
    assert f"one at {ids[0]}, one at {ids[1]}" in explain(rules, INSIDE).stderr
    chosen = [explain(rules, INSIDE, "--vault", one).stdout.partition("\n")[0] for one in ids]
    assert chosen == ["DENY", "ALLOW"]


@pytest.mark.parametrize(
    ("actions", "is_noted"), [(["create"], True), (["delete", "create"], True), (["update"], False), (["no-op"], False)]
)
def test_a_plan_that_creates_a_vault_is_answered_with_a_note_about_recovery(
    explain: Explainer, actions: list[str], *, is_noted: bool
) -> None:
    change = {"address": TERRAFORM_VAULT["address"], "change": {"actions": actions, "after_unknown": {}}}
    result = explain({**plan(TERRAFORM_VAULT), "resource_changes": [change]}, INSIDE)
    assert result.stdout.startswith("ALLOW\n")
    assert ("$.planned_values.root_module.resources[0]: if a deleted vault of this name" in result.stderr) is is_noted


def test_changes_that_may_come_are_noted(explain: Explainer) -> None:
    result = explain({"changes": [{"changeType": "Create", "after": vault()}], "potentialChanges": [{}]}, INSIDE)
    assert result.stdout.startswith("ALLOW\n")
    assert "$.potentialChanges: passed over, whether these changes come is not known before" in result.stderr


def test_a_vault_of_terraform_is_chosen_by_the_address_of_its_resource(explain: Explainer) -> None:
    resources = [{**TERRAFORM_VAULT, "address": f'module.m["a"].azurerm_key_vault.kv[{n}]'} for n in range(30)]
    listed = explain(plan(*resources), INSIDE)
    assert 'one at module.m["a"].azurerm_key_vault.kv[19], and 10 more' in listed.stderr
    address = 'module.m["a"].azurerm_key_vault.kv[29]'
    assert explain(plan(*resources), INSIDE, "--vault", address).stdout.startswith("ALLOW\n")

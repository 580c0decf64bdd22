"""`explain` on files that lack a part: cut lists, deleted vaults, texts for objects."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from explained_files import ACLS, DENYING, INSIDE, VAULT_TYPE, Explainer, template, vault
from fencepost.conformance.commands import main

GONE = {
    "changeType": "Delete",
    "resourceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/gone",
    "before": vault(DENYING, "gone"),
    "after": None,
}
TEXT = {**vault(), "properties": json.dumps({"networkAcls": ACLS})}
DATA = {"mode": "data", "type": "azurerm_key_vault", "address": "data.azurerm_key_vault.a", "values": {"name": "a"}}


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


DEPTH = 100_000
"""Deeper than any version of Python reads."""

REFUSED: Mapping[str, tuple[object, str]] = {
    "a stored state without the version of Terraform": (
        {"version": 4, "resources": [{"mode": "managed", "type": "azurerm_key_vault", "instances": []}]},
        "$: this is the state as Terraform stores it; terraform show -json prints it",
    ),
    "a deleted vault": ({"changes": [GONE]}, "$.changes[0]: the change deletes the vault gone\n"),
    "a deleted vault of the service": (
        {"properties": {"changes": [{**GONE, "resourceId": None}]}},
        "$.properties.changes[0]: the change deletes the vault gone\n",
    ),
    "a state with data sources alone": (
        {"format_version": "1.0", "values": {"root_module": {"resources": [DATA]}}},
        "no azurerm_key_vault is among the resources; data sources (data.azurerm_key_vault), azapi_update_resource",
    ),
    "properties as a text that is no JSON": (
        [{**TEXT, "properties": "{'networkAcls'"}],
        "$[0].properties: expected an object, or one as JSON text, got",
    ),
    "properties as a text with a member twice": (
        [{**TEXT, "properties": '{"networkAcls": {}, "networkAcls": null}'}],
        "$[0].properties: expected an object, or one as JSON text, got",
    ),
    "properties that PowerShell has cut": (
        {"type": VAULT_TYPE, "properties": "@{networkAcls=}"},
        "$.properties: PowerShell has cut this to '@{networkAcls=}'; write it by ConvertTo-Json -Depth 10",
    ),
    "a parameter that is nested too deep": (
        json.dumps(template(vault(), parameters={"p": {"type": "array", "defaultValue": 0}}))
        .replace(" 0}", f" {'[' * DEPTH}{']' * DEPTH}}}")
        .encode(),
        "nested too deep",
    ),
    "a list that is cut before the first vault": (
        {"value": [], "nextLink": "https://a.example/p"},
        "$.nextLink: the list is cut, more entries are on the next page",
    ),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_a_partial_file_lacks_is_named(explain: Explainer, form: str) -> None:
    value, reason = REFUSED[form]
    result = explain(value, INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr


def test_a_vault_that_is_asked_by_name_and_deleted_is_said_to_be_deleted(explain: Explainer) -> None:
    result = explain({"changes": [GONE, {"changeType": "Modify", "after": vault()}]}, INSIDE, "--vault", "gone")
    assert result.exit_code == 2
    assert "$.changes[0]: the change deletes the vault gone" in result.stderr


@pytest.mark.parametrize(
    ("beside", "note"),
    [
        ({"value": [vault()], "nextLink": "https://a.example/p"}, "$.nextLink: the list is cut"),
        ({"data": [vault()], "skip_token": "a"}, "$.skip_token: the list is cut"),
        ({"data": [vault()], "total_records": 5}, "$.total_records: the list is cut, it has 1 of 5 entries"),
        ({"data": [vault()], "resultTruncated": "true"}, "$.resultTruncated: the list is cut"),
        ({"data": [TEXT], "total_records": 1, "skip_token": None, "resultTruncated": "false"}, ""),
    ],
)
def test_a_list_that_is_cut_is_answered_with_a_note(explain: Explainer, beside: object, note: str) -> None:
    result = explain(beside, INSIDE)
    assert result.stdout.startswith("ALLOW\n"), result.stderr
    assert note in result.stderr
    assert ("list is cut" in result.stderr) is bool(note)


def test_a_family_of_clauses_is_named_as_one() -> None:
    result = CliRunner().invoke(main, ["explain", "val"])
    assert result.exit_code == 2
    assert "VAL is a family of" in result.stderr
    assert "fencepost clauses lists them" in result.stderr

"""`clauses`, `subjects` and `profiles`: everything that there is, for people and for machines."""

import json
import re
from importlib.metadata import EntryPoint

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands import listings, main
from fencepost.conformance.mutants import CATALOGUE
from fencepost.reference import profile_names


def _run(*arguments: str, columns: str = "100") -> Result:
    return CliRunner().invoke(main, list(arguments), env={"COLUMNS": columns}, catch_exceptions=False)


@pytest.mark.parametrize("columns", ["80", "140"])
def test_every_clause_is_listed_with_its_level(columns: str) -> None:
    result = _run("clauses", columns=columns)
    rows = {line.split()[0]: line.split()[1] for line in result.stdout.splitlines() if len(line.split()) > 1}
    assert result.exit_code == 0
    for clause in catalogue().clauses:
        assert rows[clause.id] == clause.level
    assert max(map(len, result.stdout.splitlines())) <= int(columns)


def test_a_group_is_listed_alone() -> None:
    listed = _run("clauses", "--group", "limits", "--json").stdout
    assert [clause["id"] for clause in json.loads(listed)] == [f"LIM-{number}" for number in range(1, 10)]


def test_an_unknown_group_is_bad_usage_and_the_groups_are_named() -> None:
    result = _run("clauses", "--group", "limit")
    assert result.exit_code == 2
    assert "'limits'" in result.stderr


def test_the_clauses_as_json_have_text_level_needs_and_source() -> None:
    (first, *_) = json.loads(_run("clauses", "--json").stdout)
    assert set(first) == {"id", "since", "level", "group", "text", "note", "needs", "basis", "source"}
    assert first["source"].startswith("“Announcing Virtual Network Service Endpoints for Key Vault (preview)”")


def test_every_carrier_and_adapter_is_listed() -> None:
    result = _run("subjects")
    assert result.exit_code == 0
    for form in ("stdio:COMMAND ARGS…", "http://HOST", "https://HOST", "library:PACKAGE.MODULE:NAME"):
        assert form in result.stdout
    for name in ("reference", "mutant", "cedar", "nginx"):
        assert f"  {name}" in result.stdout
    assert "cannot be loaded" not in result.stdout


def test_every_mutant_is_listed_with_the_clause_that_it_breaks() -> None:
    shown = _run("subjects", "--mutants", columns="200").stdout
    for mutant in CATALOGUE.values():
        assert re.search(rf"^mutant:{mutant.id} +{mutant.clause} ", shown, re.MULTILINE)


def test_an_adapter_that_does_not_load_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint(name="broken", value="no.such.module:adapter", group="fencepost.adapters")
    monkeypatch.setattr(listings, "adapters", lambda: {"broken": broken})
    result = _run("subjects")
    assert result.exit_code == 0
    assert "cannot be loaded: ModuleNotFoundError: No module named 'no'" in result.stdout


def test_every_profile_is_listed_with_its_limits() -> None:
    shown = _run("profiles", columns="140").stdout
    rows = {line.split()[0]: line.split()[1:3] for line in shown.splitlines()[1:]}
    assert rows == {"keyvault": ["1000", "200"], "keyvault-2018-preview": ["127", "127"]}


def test_the_profiles_as_json_have_services_and_choices() -> None:
    profiles = json.loads(_run("profiles", "--json").stdout)
    assert tuple(profile["name"] for profile in profiles) == profile_names()
    assert all(profile["services"] and "host-bits" in profile["choices"] for profile in profiles)

"""What the reference says of itself: a leaf, small, without cache or option, every clause that it names real."""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from dataclasses import FrozenInstanceError, is_dataclass
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import fencepost.reference as reference
import pytest
from fencepost.reference import Block, Decision, IpRule, Outcome, Request, RuleSet, decide
from fencepost.reference.parse import MISTAKES

MODULES = tuple(
    importlib.import_module(f"{reference.__name__}.{found.name}") for found in pkgutil.iter_modules(reference.__path__)
)
CATALOGUE = frozenset(
    clause["id"]
    for clause in tomllib.loads((files("fencepost.conformance") / "catalogue.toml").read_text(encoding="utf-8"))[
        "clauses"
    ]
)


def source(module: ModuleType) -> str:
    return inspect.getsource(module)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_reference_is_a_leaf_on_the_standard_library(module: ModuleType) -> None:
    for node in ast.walk(ast.parse(source(module))):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            root = name.partition(".")[0]
            assert name.startswith("fencepost.reference") or root in sys.stdlib_module_names, name


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_clause_that_the_reference_names_is_in_the_catalogue(module: ModuleType) -> None:
    assert set(re.findall(r"\b(?:DEC|CRED|CTL|LIM|VAL|STA)-\d+\b", source(module))) <= CATALOGUE


def test_every_mistake_is_owed_to_a_clause() -> None:
    assert set(MISTAKES.values()) <= CATALOGUE


def test_decide_can_be_read_in_one_sitting() -> None:
    text = source(importlib.import_module("fencepost.reference.decide"))
    assert len(text.splitlines()) < 100
    assert not re.search(r"cache|memo|global|time|random", text)
    assert list(inspect.signature(decide).parameters) == ["request", "rules", "network", "profile"]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_module_is_small_and_says_in_one_sentence_what_it_is(module: ModuleType) -> None:
    assert len(source(module).splitlines()) <= 400
    assert module.__doc__ is not None
    assert "\n" not in module.__doc__.strip()


def test_every_public_name_exists_once_and_is_described() -> None:
    assert len(reference.__all__) == len(set(reference.__all__))
    for name in reference.__all__:
        assert inspect.getdoc(getattr(reference, name)), name


VALUES = tuple(
    value
    for value in map(vars(reference).__getitem__, reference.__all__)
    if inspect.isclass(value) and is_dataclass(value) and not issubclass(value, Exception)
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_a_value_is_frozen_and_made_by_keyword(value: type) -> None:
    parameters = inspect.signature(value).parameters.values()
    assert value is Block or all(one.kind is inspect.Parameter.KEYWORD_ONLY for one in parameters)
    assert "__slots__" in vars(value)
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]  # dataclasses keep their parameters there


def test_a_rule_set_cannot_be_changed_and_its_look_up_is_no_part_of_its_equality() -> None:
    rules = RuleSet(ip_rules=(IpRule(text="20.1.2.3", block=Block(1, 1)),))
    with pytest.raises(FrozenInstanceError):
        rules.ip_rules = ()  # type: ignore[misc]  # that it cannot be done is the point
    assert rules == RuleSet(ip_rules=rules.ip_rules)
    assert "_firsts" not in repr(rules)
    assert hash(rules) == hash(RuleSet(ip_rules=rules.ip_rules))


def test_an_ip_rule_that_is_found_is_the_widest() -> None:
    narrow, wide = IpRule(text="narrow", block=Block(8, 11)), IpRule(text="wide", block=Block(0, 15))
    assert RuleSet(ip_rules=(narrow, wide)).ip_rule_at(9) is wide


def test_a_request_is_by_default_a_plain_one_of_a_caller_with_credentials() -> None:
    request = Request(address=0)
    assert (request.plane, request.operation, request.subnet) == ("data", "SecretGet", None)
    assert (request.caller.authenticated, request.caller.authorized) == (True, True)
    assert (request.caller.service, request.caller.trusted) == (None, None)


def test_a_decision_names_an_open_point_only_where_it_is_open() -> None:
    assert Decision(outcome=Outcome.ALLOW, clause="DEC-1").open_point is None


def test_the_package_ships_its_data_and_its_types() -> None:
    folder = files("fencepost.reference")
    assert (folder / "py.typed").is_file()
    assert {Path(entry.name).suffix for entry in (folder / "profiles").iterdir()} == {".toml"}

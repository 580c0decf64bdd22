"""`explain` refuses a template whose values break the constraints of its parameters."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from explained_files import INSIDE, OWN, Explainer, nested, template, vault


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


BROKEN: Mapping[str, tuple[dict[str, object], str]] = {
    "a value that is not allowed": (
        {"type": "string", "defaultValue": "9.9.9.9", "allowedValues": ["20.1.2.0/24"]},
        '$.parameters.p.allowedValues: the value "9.9.9.9" is not among these',
    ),
    "a value that is allowed but for its type": (
        {"type": "bool", "defaultValue": True, "allowedValues": [1]},
        "$.parameters.p.allowedValues: the value true is not among these",
    ),
    "an entry that is not allowed": (
        {"type": "array", "defaultValue": ["a", "c"], "allowedValues": ["a", "b"]},
        '$.parameters.p.allowedValues: the value "c" is not among these',
    ),
    "too few entries": (
        {"type": "array", "defaultValue": [], "minLength": 1},
        "$.parameters.p.minLength: the length is 0, and at least 1 is allowed",
    ),
    "a text that is too long": (
        {"type": "string", "defaultValue": "\U0001f600", "maxLength": 1},
        "$.parameters.p.maxLength: the length is 2, and at most 1 is allowed",
    ),
    "a number that is too small": (
        {"type": "int", "defaultValue": 1, "MinValue": 2},
        "$.parameters.p.minValue: the value is 1, and at least 2 is allowed",
    ),
    "a number that is too large": (
        {"type": "int", "defaultValue": 3, "maxValue": 2},
        "$.parameters.p.maxValue: the value is 3, and at most 2 is allowed",
    ),
    "a bound that does not fit": (
        {"type": "int", "defaultValue": 3, "maxLength": 2},
        "$.parameters.p.maxLength: this constraint of 2 does not fit the value 3",
    ),
    "an array for a text": (
        {"type": "string", "defaultValue": ["20.1.2.0/24"]},
        '$.parameters.p.type: the value is ["20.1.2.0/24"], the type is string',
    ),
    "a truth value for a number": (
        {"type": "int", "defaultValue": True},
        "$.parameters.p.type: the value is true, the type is int",
    ),
    "null where it is not nullable": ({"type": "string", "defaultValue": None}, "the value is null, the type is str"),
    "a secret of a wrong type": (
        {"type": "secureString", "defaultValue": 5},
        "$.parameters.p.type: the value is not shown",
    ),
    "a part of a secret": (
        {"type": "secureObject", "defaultValue": {"a": 5}, "properties": {"a": {"type": "string"}}},
        "$.parameters.p.properties.a.type: the value is not shown, and breaks this",
    ),
    "no type": ({"defaultValue": "a"}, "$.parameters.p.type: expected one of string, "),
    "an entry of a wrong type": (
        {"type": "array", "defaultValue": [1], "items": {"type": "string"}},
        "$.parameters.p.items.type: the value is 1, the type is string",
    ),
    "a member that is absent": (
        {"type": "object", "defaultValue": {}, "properties": {"a": {"type": "string"}}},
        "$.parameters.p.properties.a: the value lacks this member",
    ),
    "a member that is not allowed": (
        {"type": "object", "defaultValue": {"a": 1}, "additionalProperties": False},
        "$.parameters.p.additionalProperties: no other members are allowed",
    ),
    "a definition that is not there": (
        {"$ref": "#/definitions/none", "defaultValue": 1},
        "$.parameters.p.$ref: there is no definition '#/definitions/none'",
    ),
    "a definition by itself": ({"$ref": "#/definitions/self", "defaultValue": 1}, "the types are nested too deep"),
    "a constraint that is not checked": (
        {"type": "object", "defaultValue": {}, "discriminator": {"propertyName": "a"}},
        "$.parameters.p.discriminator: this constraint is not checked here",
    ),
}


@pytest.mark.parametrize("form", BROKEN)
def test_a_value_that_breaks_a_constraint_of_its_parameter_is_refused(explain: Explainer, form: str) -> None:
    declared, reason = BROKEN[form]
    definitions = {"self": {"$ref": "#/definitions/self"}}
    result = explain(template(vault(), parameters={"p": declared}, definitions=definitions), INSIDE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr


def test_a_value_that_is_given_is_held_against_the_constraints_too(explain: Explainer) -> None:
    declared = {"type": "string", "defaultValue": "a", "allowedValues": ["a"]}
    values = explain.path("values.json", {"parameters": {"p": {"value": "b"}}})
    given = explain(template(vault(), parameters={"p": declared}), INSIDE, "--parameters", values)
    assert (given.exit_code, given.stdout) == (2, "")
    assert '$.parameters.p.allowedValues: the value "b" is not among these' in given.stderr
    inner = explain(template(nested(OWN, "20.1.2.0/24", parameters={"own": {"value": 5}})), INSIDE)
    assert "$.resources[0].properties.template.parameters.own.type: the value is 5, the type is string" in inner.stderr

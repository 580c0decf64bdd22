"""The functions of template expressions: what they make, what is refused, and that no lambda runs without end."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from explained_files import DENYING, INSIDE, OUTSIDE, Explainer, template, vault
from fencepost.conformance.rule_files.expressions import Scope, evaluated
from fencepost.conformance.rule_files.functions import FUNCTIONS
from fencepost.conformance.rule_files.syntax import NotEvaluated

PAGE = Path(__file__).parents[2] / "docs" / "explain.md"


@pytest.fixture
def explain(tmp_path: Path) -> Explainer:
    return Explainer(tmp_path)


def _value(expression: str) -> object:
    def given(name: str) -> object:
        raise NotEvaluated(name)

    return evaluated(expression, Scope(parameter=given, variable=given, indexes={}, subscription="s", group="g"))


@pytest.mark.parametrize(
    ("arguments", "merged"),
    [
        (["[1,2,1]", "[2,3]"], [1, 2, 3]),
        (['[{"value":"b"}]', '[{"value":"a"}]', '[{"value":"b"}]'], [{"value": "b"}, {"value": "a"}]),
        (['{"a":1,"b":[1]}', '{"b":[2],"c":3}'], {"a": 1, "b": [2], "c": 3}),
        (['{"a":{"b":1,"c":2}}', '{"a":{"c":3}}'], {"a": {"b": 1, "c": 3}}),
        (['["a"]', '["A"]'], None),
        (['{"a":1}', '{"A":1}'], None),
        (['{"a":1}', '{"a":null}'], None),
        (['{"a":1}', '{"a":{}}'], None),
        (["[1]", "{}"], None),
        (["[1]"], None),
    ],
)
def test_union_merges_as_the_service_documents_it_and_nothing_else(arguments: list[str], merged: object) -> None:
    written = ", ".join(f"json('{one}')" for one in arguments)
    expression = f"[union({written})]"
    if merged is None:
        with pytest.raises(NotEvaluated, match=r"union\(\)"):
            _value(expression)
    else:
        assert _value(expression) == merged


def test_a_union_of_two_lists_of_rules_is_in_force(explain: Explainer) -> None:
    both = "[union(variables('a'), variables('b'))]"
    rules = template(
        vault({**DENYING, "ipRules": both}),
        variables={"a": [{"value": "20.1.9.0/24"}], "b": [{"value": "20.1.2.0/24"}, {"value": "20.1.9.0/24"}]},
    )
    result = explain(rules, INSIDE)
    assert result.stdout.startswith("ALLOW\n"), result.stderr
    assert "2 IP rules" in result.stdout


def test_the_page_lists_the_functions_that_are_evaluated() -> None:
    (paragraph,) = re.findall(r"These functions of templates are evaluated:(.*?)\n\n", PAGE.read_text(), re.DOTALL)
    named = re.findall(r"`(\w+)`", paragraph)
    of_the_template = {"parameters", "variables", "copyindex", "subscription", "resourcegroup", "resourceid"}
    of_the_language = {"and", "if", "lambda", "lambdavariables", "or"}
    assert {name.lower() for name in named} == FUNCTIONS.keys() | of_the_template | of_the_language


VALUES: Mapping[str, object] = {
    "tryGet(json('{\"a\":{\"B\":[7]}}'), 'A', 'b', 0)": 7,
    "tryGet(null(), 'a')": None,
    "tryGet(json('{\"a\":1}'), 'b', 'c')": None,
    "tryGet(createArray(1), 1)": None,
    "contains(createArray('a'), 'a')": True,
    "contains(createArray('a'), 'A')": False,
    "contains(json('{\"a\":1}'), 'A')": True,
    "contains('abc', 'bc')": True,
    "first(createArray(1, 2))": 1,
    "last('abc')": "c",
    "take(createArray(1, 2, 3), 2)": [1, 2],
    "skip('abc', 9)": "",
    "skip(createArray(1), -1)": [1],
    "flatten(createArray(createArray(1), createArray(createArray(2))))": [1, [2]],
    "range(3, 2)": [3, 4],
    'shallowMerge(json(\'[{"a":{"x":1}},{"a":{"y":2},"b":3}]\'))': {"a": {"y": 2}, "b": 3},
    'items(json(\'{"b":1,"a":2}\'))': [{"key": "a", "value": 2}, {"key": "b", "value": 1}],
    "split('20.1.2.0/24;20.1.3.0/24', ';')": ["20.1.2.0/24", "20.1.3.0/24"],
    "split('a;b,c', createArray(',', ';'))": ["a", "b", "c"],
    "join(createArray('a', 1), '/')": "a/1",
    "replace('a.b.c', '.', '-')": "a-b-c",
    "trim(' a ')": "a",
    "startsWith('Prod-a', 'pROD')": True,
    "endsWith('a', 'b')": False,
    "add(1, sub(5, mul(2, 2)))": 2,
    "min(3, 1)": 1,
    "max(createArray(3, 1))": 3,
    "and(less(1, 2), greaterOrEquals(2, 2))": True,
    "or(lessOrEquals(3, 2), greater(2, 3))": False,
    "and(contains(json('{}'), 'a'), json('{}').a)": False,
    "or(empty(createArray()), equals(createArray()[0], 1))": True,
    "and(or(false(), true(), reference('other')), not(false()))": True,
    "int('-7')": -7,
    "bool('True')": True,
    "map(createArray('a'), lambda('x', createObject('value', lambdaVariables('X'))))": [{"value": "a"}],
    "map(createArray('a', 'b'), lambda('x', 'i', lambdaVariables('i')))": [0, 1],
    "map(range(1, 1), lambda('x', map(range(2, 1), lambda('y', add(lambdaVariables('x'), lambdaVariables('y'))))))": [
        [3]
    ],
    "filter(range(0, 5), lambda('x', greater(lambdaVariables('x'), 2)))": [3, 4],
    "reduce(range(0, 5), 0, lambda('a', 'b', add(lambdaVariables('a'), lambdaVariables('b'))))": 10,
    "toObject(createArray('a'), lambda('x', lambdaVariables('x')), lambda('x', 1))": {"a": 1},
    "if(true(), 1, first(createArray()))": 1,
    "if(empty(null()), 'none', createArray()[7])": "none",
}
REFUSED: Mapping[str, str] = {
    "tryGet('a', 'b')": "tryGet() does not take these arguments",
    "first(createArray())": "first() does not take these arguments",
    "range(0, 10001)": "range() does not take these arguments",
    "split('a', '')": "split() does not take these arguments",
    "less('a', 'b')": "less() does not take these arguments",
    'items(json(\'{"a":1,"B":2}\'))': "whose order depends on their case",
    'shallowMerge(json(\'[{"a":1},{"A":2}]\'))': "equal but for case",
    "toObject(createArray('a', 'A'), lambda('x', lambdaVariables('x')))": "equal but for case",
    "lambda('x', 1)": "a lambda alone is no value",
    "createArray(lambda('x', 1))": "createArray() with a lambda is not evaluated here",
    "lambdaVariables('x')": "no lambda around it has the parameter 'x'",
    "map(createArray(1), lambda('a', 'b', 'c', 1))": "a lambda has 3 parameters here, and 2 are expected",
    "filter(createArray(1), lambda('x', 1))": "filter() does not take these arguments",
    "and(true(), json('{}').a)": "there is no 'a' in the value before it",
    "or(false(), 1)": "or() does not take these arguments",
    "if('true', 1, 2)": "the condition of if() is 'true', and neither true nor false",
    "sort(createArray(2, 1), lambda('a', 'b', true()))": "sort() with a lambda is not evaluated here",
    "__bicep.rule('20.1.2.0/24')": "the template's own functions, here those of '__bicep', are not evaluated here",
    "reference('other')": "the function reference() is not evaluated here",
}


@pytest.mark.parametrize("expression", VALUES)
def test_a_function_makes_what_its_page_says(expression: str) -> None:
    found, expected = _value(f"[{expression}]"), VALUES[expression]
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize("expression", REFUSED)
def test_what_is_not_certain_is_refused_with_the_reason(expression: str) -> None:
    with pytest.raises(NotEvaluated) as refused:
        _value(f"[{expression}]")
    assert REFUSED[expression] in str(refused.value)


@pytest.mark.parametrize(
    "growing",
    [
        "concat(lambdaVariables('a'), lambdaVariables('a'))",
        "createArray(lambdaVariables('a'), lambdaVariables('a'))",
        "map(range(0, 10000), lambda('x', lambdaVariables('a')))",
    ],
)
def test_a_value_that_grows_with_each_turn_ends(explain: Explainer, growing: str) -> None:
    rules = f"[reduce(range(0, 10000), createArray(1), lambda('a', 'b', {growing}))]"
    result = explain(template(vault({**DENYING, "ipRules": rules})), INSIDE)
    assert result.exit_code == 2
    assert "$.resources[0].properties.networkAcls.ipRules: " in result.stderr
    assert "takes more than 1,000,000 steps" in result.stderr


def test_a_list_of_ranges_becomes_rules_by_a_lambda(explain: Explainer) -> None:
    rule = "lambda('range', createObject('value', lambdaVariables('range')))"
    given = "coalesce(tryGet(parameters('firewall'), 'allowed'), createArray())"
    rules = template(
        vault({**DENYING, "ipRules": f"[map(filter({given}, lambda('r', not(empty(lambdaVariables('r'))))), {rule})]"}),
        parameters={"firewall": {"type": "object", "defaultValue": {"allowed": ["20.1.2.0/24", ""]}}},
    )
    for address, outcome in ((INSIDE, "ALLOW"), (OUTSIDE, "DENY")):
        result = explain(rules, address)
        assert result.stdout.startswith(f"{outcome}\n"), result.stderr
        assert "1 IP rule" in result.stdout

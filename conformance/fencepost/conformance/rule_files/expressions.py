"""Expressions of ARM templates: the few functions that names, conditions and rules of vaults are written with.

Source of the syntax: learn.microsoft.com, "Syntax and expressions in ARM templates" and "ARM template functions".
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SUBSCRIPTION: Final = "{subscription}"
RESOURCE_GROUP: Final = "{resource-group}"
"""What stands in an id for the subscription and the resource group that only the deployment knows."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>[()\[\].,]))"
)
_DEEPEST = 50
_LONGEST = 4 * 1024 * 1024
"""The longest text that a function may make, in characters: the service takes no template over 4 MB."""


def may_be(written: str, actual: str) -> bool:
    """Whether an id with the two placeholders may be the other id, which has none of them there.

    >>> (
    ...     may_be("/subscriptions/{subscription}/x", "/Subscriptions/s/x"),
    ...     may_be("/subscriptions/s/x", "/subscriptions/s/x"),
    ... )
    (True, False)
    """
    pattern = re.escape(written.lower())
    for placeholder in (SUBSCRIPTION, RESOURCE_GROUP):
        pattern = pattern.replace(re.escape(placeholder), "[^/]+")
    return written.lower() != actual.lower() and re.fullmatch(pattern, actual.lower()) is not None


class NotEvaluated(ValueError):
    """An expression that cannot be evaluated here, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What `parameters()`, `variables()`, `copyIndex()` and `resourceGroup()` mean where an expression stands.

    `parameter` and `variable` raise `NotEvaluated` for a name without a value. `indexes` are the loops around the
    expression by name, and `turn` is the index of the loop of its resource, None outside of any.
    """

    parameter: Callable[[str], object]
    variable: Callable[[str], object]
    indexes: Mapping[str, int]
    turn: int | None = None
    subscription: str
    group: str


def is_expression(value: object) -> bool:
    """Whether a text of a template is an expression; a text that begins with two brackets is a literal."""
    return isinstance(value, str) and value.startswith("[") and value.endswith("]") and not value.startswith("[[")


def literal(text: str) -> str:
    """A text of a template that is no expression, its doubled first bracket undone."""
    return text[1:] if text.startswith("[[") else text


def evaluated(text: str, scope: Scope) -> object:
    """The value of an expression (with its brackets); `NotEvaluated` where that takes more than is known here."""
    parser = _Parser(_tokens(text[1:-1]), scope)
    value = parser.value(0)
    if parser.rest():
        raise NotEvaluated(f"{text!r:.80} is no expression")
    return value


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotEvaluated(f"{text!r:.80} is no expression")
        found.append(match[0].strip())
        place = match.end()
    return found


class _Parser:
    """Evaluates while it reads: a literal, or a call, followed by members (`.name`) and elements (`[index]`)."""

    def __init__(self, tokens: Sequence[str], scope: Scope) -> None:
        self._tokens = tokens
        self._scope = scope
        self._place = 0

    def rest(self) -> Sequence[str]:
        return self._tokens[self._place :]

    def value(self, depth: int) -> object:
        if depth > _DEEPEST:
            raise NotEvaluated("the expression is nested too deep")
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.lstrip("-").isdecimal():
            return int(token)
        if token[0].isalpha() and self._peek() == ".":
            raise NotEvaluated(f"the template's own functions, here those of {token!r}, are not evaluated here")
        if not token[0].isalpha() or self._peek() != "(":
            raise NotEvaluated(f"{token!r} is not expected in an expression")
        value = _call(token, self._arguments(depth + 1), self._scope)
        while self._peek() in (".", "["):
            value = self._part(value, depth + 1)
        return value

    def _arguments(self, depth: int) -> list[object]:
        self._next("(")
        found: list[object] = []
        while self._peek() != ")":
            if found:
                self._next(",")
            found.append(self.value(depth))
        self._next(")")
        return found

    def _part(self, value: object, depth: int) -> object:
        if self._next() == ".":
            key: object = self._next()
        else:
            key = self.value(depth)
            self._next("]")
        if isinstance(value, Mapping) and isinstance(key, str):
            for name, content in value.items():
                if name.lower() == key.lower():
                    return content
        if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            return value[key]
        raise NotEvaluated(f"there is no {key!r} in the value before it")

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self, expected: str = "") -> str:
        token = self._peek()
        if not token or (expected and token != expected):
            raise NotEvaluated(f"expected {expected or 'a value'!r}, got {token or 'the end'!r}")
        self._place += 1
        return token


_WHAT_IF = "a result of az deployment group what-if --no-pretty-print holds the value"


def _call(name: str, arguments: list[object], scope: Scope) -> object:
    lowered = name.lower()
    match lowered, arguments:
        case "parameters", [str(which)]:
            return scope.parameter(which)
        case "variables", [str(which)]:
            return scope.variable(which)
        case "copyindex", _:
            return _copy_index(arguments, scope)
        case "subscription", []:
            return {"subscriptionId": scope.subscription, "id": f"/subscriptions/{scope.subscription}"}
        case "resourcegroup", []:
            return {"name": scope.group, "id": f"/subscriptions/{scope.subscription}/resourceGroups/{scope.group}"}
    function = FUNCTIONS.get(lowered)
    if function is None and lowered != "resourceid":
        raise NotEvaluated(f"the function {name}() is not evaluated here; {_WHAT_IF}")
    try:
        value = function(*arguments) if function is not None else _resource_id(scope, arguments)
    except NotEvaluated:
        raise
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, RecursionError):
        raise NotEvaluated(f"{name}() does not take these arguments") from None
    if isinstance(value, str) and len(value) > _LONGEST:
        raise NotEvaluated(f"{name}() makes a text of {len(value):,} characters; {_LONGEST:,} are the most")
    return value


def _copy_index(arguments: list[object], scope: Scope) -> int:
    names = [one for one in arguments if isinstance(one, str)]
    offset = sum(one for one in arguments if isinstance(one, int))
    index = scope.indexes.get(names[0]) if names else scope.turn
    if index is None:
        name = "" if names else "; without the name of a loop it means the loop of its resource"
        raise NotEvaluated(f"copyIndex() stands outside of its loop{name}")
    return offset + index


def _concat(*parts: object) -> object:
    if parts and all(isinstance(part, list) for part in parts):
        return [one for part in parts if isinstance(part, list) for one in part]
    return "".join(_text(part) for part in parts)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str | int):
        return str(value)
    raise TypeError


_FIELD = re.compile(r"\{\{|\}\}|\{(\d+)\}|[{}]")


def _format(pattern: str, *values: object) -> str:
    """The text with each `{number}` replaced; `NotEvaluated` for widths and formats, whose rules are those of .NET."""

    def replaced(found: re.Match[str]) -> str:
        if found[1] is not None:
            return _text(values[int(found[1])])
        if len(found[0]) == 2:
            return found[0][0]
        raise NotEvaluated("of the fields of format(), only {0}, {1} and so on are evaluated here")

    return _FIELD.sub(replaced, pattern)


def _resource_id(scope: Scope, arguments: Sequence[object]) -> str:
    """The id of a resource: subscription and resource group are optional, the type is the first part with a slash."""
    parts = [one for one in arguments if isinstance(one, str)]
    if len(parts) != len(arguments):
        raise TypeError
    place = [("/" in part) for part in parts].index(True)
    given, kind, names = parts[:place], parts[place].split("/"), parts[place + 1 :]
    if place > 2 or len(kind) - 1 != len(names):
        raise ValueError
    group = given[-1] if given else scope.group
    subscription = given[0] if len(given) == 2 else scope.subscription
    below = "/".join(f"{part}/{name}" for part, name in zip(kind[1:], names, strict=True))
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind[0]}/{below}"


def _equals(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | list | dict) and len(value) == 0)


def _length(value: str | list[object] | dict[str, object]) -> int:
    return len(value)


def _if(condition: object, then: object, otherwise: object) -> object:
    return then if _truth(condition) else otherwise


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _object(*parts: object) -> dict[str, object]:
    """The object of names and values in turn."""
    names, values = parts[::2], parts[1::2]
    return dict(zip(map(_name, names), values, strict=True))


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _union(*values: object) -> object:
    """The distinct entries of arrays by their first places, or objects merged, the last value of a name in force.

    Objects within objects are merged too. What the service does with names or entries that are equal but for case, and
    with null for a value, is not documented.
    """
    if len(values) >= 2 and all(isinstance(one, list) for one in values):
        entries = [one for value in values if isinstance(value, list) for one in value]
        distinct = {json.dumps(one, sort_keys=True): one for one in entries}
        if len({key.lower() for key in distinct}) < len(distinct):
            raise NotEvaluated("entries of union() that are equal but for case are not evaluated here")
        return list(distinct.values())
    if len(values) < 2 or not all(isinstance(one, Mapping) for one in values):
        raise TypeError
    merged: dict[str, object] = {}
    for value in values:
        merged = _merged(merged, value if isinstance(value, Mapping) else {})
    return merged


def _merged(one: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    merged = dict(one)
    names = {name.lower(): name for name in one}
    for name, value in other.items():
        before = merged.get(name)
        if names.get(name.lower(), name) != name:
            raise NotEvaluated("names in union() that are equal but for case are not evaluated here")
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[name] = _merged(before, value)
        elif name in one and (value is None or isinstance(before, Mapping) or isinstance(value, Mapping)):
            raise NotEvaluated(f"union() has values of two kinds for {name!r}, which is not evaluated here")
        else:
            merged[name] = value
    return merged


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "concat": _concat,
    "format": _format,
    "createarray": lambda *values: list(values),
    "createobject": _object,
    "coalesce": lambda *values: next((one for one in values if one is not None), None),
    "union": _union,
    "length": _length,
    "empty": _is_empty,
    "equals": _equals,
    "not": lambda value: not _truth(value),
    "and": lambda *values: all(list(map(_truth, values))),
    "or": lambda *values: any(list(map(_truth, values))),
    "if": _if,
    "true": lambda: True,
    "false": lambda: False,
    "null": lambda: None,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "string": _text,
    "json": json.loads,
}
"""Every function that takes its arguments alone, by its name in lower case."""

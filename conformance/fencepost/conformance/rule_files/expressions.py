"""Expressions of ARM templates: the few functions that names, conditions and rules of vaults are written with.

Source of the syntax: learn.microsoft.com, "Syntax and expressions in ARM templates" and "ARM template functions".
"""

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


class NotEvaluated(ValueError):
    """An expression that cannot be evaluated here, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What `parameters()`, `variables()` and `copyIndex()` mean where an expression stands.

    `parameter` and `variable` raise `NotEvaluated` for a name without a value. `indexes` are the loops around the
    expression by name, the innermost loop last.
    """

    parameter: Callable[[str], object]
    variable: Callable[[str], object]
    indexes: Mapping[str, int]


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


def _call(name: str, arguments: list[object], scope: Scope) -> object:
    lowered = name.lower()
    match lowered, arguments:
        case "parameters", [str(which)]:
            return scope.parameter(which)
        case "variables", [str(which)]:
            return scope.variable(which)
        case "copyindex", _:
            return _copy_index(arguments, scope)
    function = _FUNCTIONS.get(lowered)
    if function is None:
        raise NotEvaluated(f"the function {name}() is not evaluated here")
    try:
        return function(*arguments)
    except NotEvaluated:
        raise
    except (TypeError, ValueError, IndexError, KeyError):
        raise NotEvaluated(f"{name}() does not take these arguments") from None


def _copy_index(arguments: list[object], scope: Scope) -> int:
    names = [one for one in arguments if isinstance(one, str)]
    offset = sum(one for one in arguments if isinstance(one, int))
    if not scope.indexes or (names and names[0] not in scope.indexes):
        raise NotEvaluated("copyIndex() stands outside of its loop")
    return offset + (scope.indexes[names[0]] if names else [*scope.indexes.values()][-1])


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


def _format(pattern: str, *values: object) -> str:
    return pattern.format(*map(_text, values))


def _resource_id(*parts: str) -> str:
    """The id of a resource: subscription and resource group are optional, the type is the first part with a slash."""
    place = next(n for n, part in enumerate(parts) if "/" in part)
    given, kind, names = parts[:place], parts[place].split("/"), parts[place + 1 :]
    if place > 2 or len(kind) - 1 != len(names) or not all(isinstance(name, str) for name in names):
        raise ValueError
    group = given[-1] if given else RESOURCE_GROUP
    subscription = given[0] if len(given) == 2 else SUBSCRIPTION
    below = "/".join(f"{part}/{name}" for part, name in zip(kind[1:], names, strict=True))
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind[0]}/{below}"


def _equals(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | list | dict) and len(value) == 0)


def _length(value: str | list[object] | dict[str, object]) -> int:
    return len(value)


def _if(condition: object, then: object, otherwise: object) -> object:
    if not isinstance(condition, bool):
        raise TypeError
    return then if condition else otherwise


_FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "concat": _concat,
    "format": _format,
    "resourceid": _resource_id,
    "createarray": lambda *values: list(values),
    "length": _length,
    "empty": _is_empty,
    "equals": _equals,
    "not": lambda value: not value if isinstance(value, bool) else _if(value, 0, 0),
    "and": lambda *values: all(values),
    "or": lambda *values: any(values),
    "if": _if,
    "true": lambda: True,
    "false": lambda: False,
    "null": lambda: None,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "string": _text,
    "subscription": lambda: {"subscriptionId": SUBSCRIPTION, "id": f"/subscriptions/{SUBSCRIPTION}"},
    "resourcegroup": lambda: {
        "name": RESOURCE_GROUP,
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}",
    },
}
"""Every function that is evaluated, by its name in lower case."""

"""Expressions of ARM templates: what names, conditions and rules of vaults are written with, evaluated."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fencepost.conformance.rule_files.functions import FUNCTIONS
from fencepost.conformance.rule_files.syntax import Call, Literal, Node, NotEvaluated, Part, parsed
from fencepost.reports.counted import counted

SUBSCRIPTION: Final = "{subscription}"
RESOURCE_GROUP: Final = "{resource-group}"
"""What stands in an id for the subscription and the resource group that only the deployment knows."""

_LONGEST = 4 * 1024 * 1024
"""The longest text that a function may make, in characters: the service takes no template over 4 MB."""
_WHAT_IF = "a result of az deployment group what-if --no-pretty-print holds the value"
_WITH_LAMBDAS = frozenset({"map", "filter", "reduce", "toobject"})


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What `parameters()`, `variables()`, `copyIndex()` and `resourceGroup()` mean where an expression stands.

    `parameter` and `variable` raise `NotEvaluated` for a name without a value. `indexes` are the loops around the
    expression by name, and `turn` is the index of the loop of its resource, None outside of any. `spend` takes so many
    steps of those that a template may take, and raises `NotEvaluated` when they are used up.
    """

    parameter: Callable[[str], object]
    variable: Callable[[str], object]
    indexes: Mapping[str, int]
    turn: int | None = None
    subscription: str
    group: str
    spend: Callable[[int], None] = lambda _: None


def is_expression(value: object) -> bool:
    """Whether a text of a template is an expression; a text that begins with two brackets is a literal."""
    return isinstance(value, str) and value.startswith("[") and value.endswith("]") and not value.startswith("[[")


def literal(text: str) -> str:
    """A text of a template that is no expression, its doubled first bracket undone."""
    return text[1:] if text.startswith("[[") else text


def evaluated(text: str, scope: Scope) -> object:
    """The value of an expression (with its brackets); `NotEvaluated` where that takes more than is known here."""
    value = _value(parsed(text[1:-1]), scope, {})
    if isinstance(value, _Lambda):
        raise NotEvaluated("a lambda alone is no value")
    return value


def _value(node: Node, scope: Scope, bound: Mapping[str, object]) -> object:
    """The value of a part of an expression; `bound` are the parameters of the lambdas around it, in lower case."""
    match node:
        case Literal(value=value):
            return value
        case Part(of=of, key=key):
            return _part(_value(of, scope, bound), _value(key, scope, bound))
        case Call(name=name, arguments=arguments):
            return _called(name, arguments, scope, bound)


def _part(value: object, key: object) -> object:
    if isinstance(value, Mapping) and isinstance(key, str):
        for name, content in value.items():
            if name.lower() == key.lower():
                return content
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    raise NotEvaluated(f"there is no {key!r} in the value before it")


def _called(name: str, written: Sequence[Node], scope: Scope, bound: Mapping[str, object]) -> object:
    """The value of a call. A lambda is evaluated where it is called.

    Of `if` only the branch that holds is evaluated. `and` and `or` end at the first value that decides: Microsoft's
    page "Bicep logical operators" says to write `contains(x, 'y') && x.y`, and that is compiled to `and`.
    """
    scope.spend(1)
    lowered = name.lower()
    if lowered == "if" and len(written) == 3:
        condition = _value(written[0], scope, bound)
        if not isinstance(condition, bool):
            raise NotEvaluated(f"the condition of if() is {condition!r:.40}, and neither true nor false")
        return _value(written[1] if condition else written[2], scope, bound)
    if lowered in _DECIDING and written:
        return _decided(name, written, scope, bound)
    if lowered == "lambda" and written:
        return _Lambda(written, scope, bound)
    arguments = [_value(one, scope, bound) for one in written]
    if any(isinstance(one, _Lambda) for one in arguments) and lowered not in _WITH_LAMBDAS:
        raise NotEvaluated(f"{name}() with a lambda is not evaluated here; {_WHAT_IF}")
    match lowered, arguments:
        case "lambdavariables", [str(which)]:
            if which.lower() not in bound:
                raise NotEvaluated(f"no lambda around it has the parameter {which!r}")
            return bound[which.lower()]
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
    if isinstance(value, list):
        scope.spend(len(value))
    return value


_DECIDING = {"and": False, "or": True}
"""The value that decides each of these functions, whatever follows it."""


def _decided(name: str, written: Sequence[Node], scope: Scope, bound: Mapping[str, object]) -> bool:
    """The value of `and` or `or`, from its first value that decides."""
    deciding = _DECIDING[name.lower()]
    for one in written:
        value = _value(one, scope, bound)
        if not isinstance(value, bool):
            raise NotEvaluated(f"{name}() does not take these arguments")
        if value is deciding:
            return deciding
    return not deciding


class _Lambda:
    """A lambda of an expression, as a function; `parameters` is their number."""

    def __init__(self, written: Sequence[Node], scope: Scope, bound: Mapping[str, object]) -> None:
        names = [one.value.lower() for one in written[:-1] if isinstance(one, Literal) and isinstance(one.value, str)]
        if len(names) < len(written) - 1:
            raise NotEvaluated("lambda() takes the names of its parameters as texts")
        self.parameters = len(names)
        self._names, self._body = names, written[-1]
        self._scope, self._bound = scope, bound

    def __call__(self, *values: object) -> object:
        """The value of its body. What it makes counts as steps, since a lambda may repeat a value without end."""
        if len(values) != self.parameters:
            raise NotEvaluated(
                f"a lambda has {counted(self.parameters, 'parameter')} here, and {len(values)} are expected"
            )
        bound = {**self._bound, **dict(zip(self._names, values, strict=True))}
        value = _value(self._body, self._scope, bound)
        self._scope.spend(_size(value))
        return value


_MOST_COUNTED = 1_000_000


def _size(value: object) -> int:
    """How many values there are in a value, one that stands in several places counted in each; at most a million."""
    counted, waiting = 0, [value]
    while waiting and counted < _MOST_COUNTED:
        one = waiting.pop()
        counted += 1
        if isinstance(one, Mapping | list):
            waiting.extend(one.values() if isinstance(one, Mapping) else one)
    return counted


def _copy_index(arguments: list[object], scope: Scope) -> int:
    names = [one for one in arguments if isinstance(one, str)]
    offset = sum(one for one in arguments if isinstance(one, int))
    index = scope.indexes.get(names[0]) if names else scope.turn
    if index is None:
        name = "" if names else "; without the name of a loop it means the loop of its resource"
        raise NotEvaluated(f"copyIndex() stands outside of its loop{name}")
    return offset + index


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

"""The functions of template expressions that take their arguments alone, as a table.

Source: learn.microsoft.com, "ARM template functions". Where that leaves a case open, the function is not evaluated.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain

from fencepost.conformance.rule_files.syntax import NotEvaluated

_MOST_IN_RANGE = 10_000


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


def _equals(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | list | dict) and len(value) == 0)


def _length(value: str | list[object] | dict[str, object]) -> int:
    return len(value)


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


def _merged_shallowly(objects: list[object]) -> dict[str, object]:
    """The objects in one, the last value of a name in force; names that are equal but for case are not evaluated."""
    merged: dict[str, object] = {}
    for one in map(_mapping, objects):
        merged.update(one)
    if len({name.lower() for name in merged}) < len(merged):
        raise NotEvaluated("names in shallowMerge() that are equal but for case are not evaluated here")
    return merged


def _try_get(value: object, *keys: object) -> object:
    """The member or the element at the end of the keys; null where there is none on the way."""
    for key in keys:
        if isinstance(value, Mapping) and isinstance(key, str):
            value = next((content for name, content in value.items() if name.lower() == key.lower()), None)
        elif isinstance(value, list) and type(key) is int:
            value = value[key] if 0 <= key < len(value) else None
        elif value is not None:
            raise TypeError
    return value


def _contains(holder: object, item: object) -> bool:
    """Whether an array has the entry, an object the name (in any case), or a text the part."""
    if isinstance(holder, list):
        return any(_equals(one, item) for one in holder)
    if isinstance(holder, Mapping):
        return _name(item).lower() in {name.lower() for name in holder}
    return _name(item) in _name(holder)


def _first_of(value: object, place: int) -> object:
    """The entry of an array, or the character of a text, at its beginning or its end; of an empty one none."""
    return _sequence(value)[place]


def _part(value: object, places: slice) -> object:
    return _sequence(value)[places]


def _range(start: int, count: int) -> list[object]:
    if not 0 <= _number(count) <= _MOST_IN_RANGE:
        raise ValueError
    return list(range(_number(start), start + count))


def _split(text: str, marks: str | list[str]) -> list[object]:
    """The parts of a text between the marks."""
    every = marks if isinstance(marks, list) else [marks]
    if not every or not all(map(_name, every)):
        raise ValueError
    return list(re.split("|".join(map(re.escape, every)), _name(text)))


def _replace(text: str, old: str, new: str) -> str:
    if not old:
        raise ValueError
    return _name(text).replace(old, _name(new))


def _items(value: object) -> list[object]:
    """The members as objects with `key` and `value`, by their names; not evaluated where case decides the order."""
    members = _mapping(value)
    if sorted(members) != sorted(members, key=str.lower):
        raise NotEvaluated("names in items() whose order depends on their case are not evaluated here")
    return [{"key": name, "value": members[name]} for name in sorted(members)]


def _int(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,10}", value):
        return int(value)
    return _number(value)


def _bool(value: object) -> bool:
    if isinstance(value, str):
        return {"true": True, "false": False}[value.lower()]
    return value if isinstance(value, bool) else {0: False, 1: True}[_number(value)]


def _map(values: list[object], made: Callable[..., object]) -> list[object]:
    return [made(*one) for one in _with_places(values, made, 1)]


def _filter(values: list[object], holds: Callable[..., object]) -> list[object]:
    return [one[0] for one in _with_places(values, holds, 1) if _truth(holds(*one))]


def _reduce(values: list[object], first: object, joined: Callable[..., object]) -> object:
    return reduce(lambda before, one: joined(before, *one), _with_places(values, joined, 2), first)


def _to_object(
    values: list[object], key: Callable[..., object], value: Callable[..., object] = lambda one: one
) -> dict[str, object]:
    """The object of a name and a value for each entry; names that are equal but for case are not evaluated."""
    return _merged_shallowly([{_name(key(one)): value(one)} for one in _list(values)])


def _with_places(values: list[object], function: Callable[..., object], fewest: int) -> Iterator[tuple[object, ...]]:
    """Each entry; with its place, where the lambda has a parameter more than it needs."""
    with_place = getattr(function, "parameters", fewest) > fewest
    return ((one, place) if with_place else (one,) for place, one in enumerate(_list(values)))


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


def _sequence(value: object) -> list[object] | str:
    if not isinstance(value, list | str):
        raise TypeError
    return value


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _numbers(*values: object) -> Sequence[int]:
    """The numbers that stand as arguments, or in one array."""
    return [_number(one) for one in (values[0] if len(values) == 1 and isinstance(values[0], list) else values)]


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
    "true": lambda: True,
    "false": lambda: False,
    "null": lambda: None,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "string": _text,
    "json": json.loads,
    "tryget": _try_get,
    "contains": _contains,
    "first": lambda value: _first_of(value, 0),
    "last": lambda value: _first_of(value, -1),
    "take": lambda value, number: _part(value, slice(max(_number(number), 0))),
    "skip": lambda value, number: _part(value, slice(max(_number(number), 0), None)),
    "flatten": lambda arrays: list(chain.from_iterable(map(_list, _list(arrays)))),
    "range": _range,
    "shallowmerge": _merged_shallowly,
    "items": _items,
    "split": _split,
    "join": lambda values, mark: _name(mark).join(map(_text, _list(values))),
    "replace": _replace,
    "trim": lambda text: text.strip(),
    "startswith": lambda text, part: text.lower().startswith(part.lower()),
    "endswith": lambda text, part: text.lower().endswith(part.lower()),
    "int": _int,
    "bool": _bool,
    "add": lambda one, other: sum(_numbers(one, other)),
    "sub": lambda one, other: _number(one) - _number(other),
    "mul": lambda one, other: _number(one) * _number(other),
    "min": lambda *values: min(_numbers(*values)),
    "max": lambda *values: max(_numbers(*values)),
    "less": lambda one, other: _number(one) < _number(other),
    "lessorequals": lambda one, other: _number(one) <= _number(other),
    "greater": lambda one, other: _number(one) > _number(other),
    "greaterorequals": lambda one, other: _number(one) >= _number(other),
    "map": _map,
    "filter": _filter,
    "reduce": _reduce,
    "toobject": _to_object,
}
"""Every function that takes its arguments alone, by its name in lower case; a lambda among them is a function."""

"""The constraints that an ARM template sets on the values of its parameters.

Source: learn.microsoft.com, "Parameters in ARM templates" and "ARM template syntax" (data types, version 2.0).
"""

import json
from collections.abc import Iterator, Mapping

from fencepost.conformance.rule_files.expressions import RESOURCE_GROUP, SUBSCRIPTION
from fencepost.conformance.rule_files.members import member

_TYPES: Mapping[str, type] = {
    "string": str,
    "securestring": str,
    "int": int,
    "bool": bool,
    "array": list,
    "object": dict,
    "secureobject": dict,
}
_BOUNDS = {
    "minLength": ((str, list), "at least"),
    "maxLength": ((str, list), "at most"),
    "minValue": ((int,), "at least"),
    "maxValue": ((int,), "at most"),
}
_NOT_CHECKED = ("prefixItems", "discriminator")
_DEEPEST = 50


def constraint_faults(
    value: object, declared: object, path: str, definitions: object, depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Path and reason of each constraint that a value breaks, or that is not checked here.

    `declared` is a parameter of a template, or the schema of a part of it; `path` is its place. A `$ref` names one of
    the `definitions` of the template. Texts are compared with their case, and an array may hold any of the values
    allowed.
    """
    if not isinstance(declared, Mapping) or depth > _DEEPEST:
        yield path, "expected an object with a type" if depth <= _DEEPEST else "the types are nested too deep"
        return
    if value is None and member(declared, "nullable") is True:
        return
    reference = member(declared, "$ref")
    if reference is not None:
        name = str(reference).removeprefix("#/definitions/")
        schema = member(definitions, name) if isinstance(definitions, Mapping) else None
        if schema is None:
            yield f"{path}.$ref", f"there is no definition {str(reference)!r:.60}"
        else:
            yield from constraint_faults(value, schema, path, definitions, depth + 1)
    kind = str(member(declared, "type", "")).lower()
    if reference is None or kind:
        expected = _TYPES.get(kind)
        if expected is None:
            yield f"{path}.type", f"expected one of {', '.join(_TYPES)}, got {member(declared, 'type')!r:.60}"
            return
        if type(value) is not expected:
            yield f"{path}.type", f"the value is {_shown(value, kind)}, the type is {kind}"
            return
    yield from _of_the_whole(value, declared, path, kind)
    for name in _NOT_CHECKED:
        if member(declared, name) is not None:
            yield f"{path}.{name}", "this constraint is not checked here"
    for part, schema, here in _parts(value, declared, path):
        if schema is False:
            yield here, "no other members are allowed"
        elif part is not _ABSENT:
            for place, reason in constraint_faults(part, schema, here, definitions, depth + 1):
                yield place, "the value is not shown, and breaks this" if kind.startswith("secure") else reason
        elif not (isinstance(schema, Mapping) and member(schema, "nullable") is True):
            yield here, "the value lacks this member"


def _of_the_whole(value: object, declared: Mapping[str, object], path: str, kind: str) -> Iterator[tuple[str, str]]:
    if any(placeholder in _canonical(value) for placeholder in (SUBSCRIPTION, RESOURCE_GROUP)):
        return  # only the deployment knows these parts of the text, and so its length
    allowed = member(declared, "allowedValues")
    if allowed is not None:
        known = {_canonical(one) for one in allowed} if isinstance(allowed, list) else set()
        for one in value if isinstance(value, list) else [value]:
            if _canonical(one) not in known:
                yield f"{path}.allowedValues", f"the value {_shown(one, kind)} is not among these"
    for name, (kinds, words) in _BOUNDS.items():
        bound = member(declared, name)
        if bound is None:
            continue
        if type(value) not in kinds or type(bound) is not int:
            yield f"{path}.{name}", f"this constraint of {bound!r:.40} does not fit the value {_shown(value, kind)}"
            continue
        size = _size(value)
        if size < bound if name.startswith("min") else size > bound:
            what = "length" if name.endswith("Length") else "value"
            yield f"{path}.{name}", f"the {what} is {size}, and {words} {bound} is allowed"


def _size(value: object) -> int:
    """The number itself, the entries of an array, or the length of a text in the units of UTF-16, as .NET counts."""
    if isinstance(value, str):
        return len(value.encode("utf-16-le", "surrogatepass")) // 2
    return len(value) if isinstance(value, list) else int(str(value))


_ABSENT = object()


def _parts(value: object, declared: Mapping[str, object], path: str) -> Iterator[tuple[object, object, str]]:
    """The parts of an array or an object for which the declaration has a schema, each with that and its path."""
    items, others = member(declared, "items"), member(declared, "additionalProperties")
    if isinstance(value, list) and items is not None:
        yield from ((one, items, f"{path}.items") for one in value)
    properties = member(declared, "properties")
    schemas = properties if isinstance(properties, Mapping) else {}
    if isinstance(value, Mapping):
        for name, schema in schemas.items():
            yield member(value, name, _ABSENT), schema, f"{path}.properties.{name}"
        named = {name.lower() for name in schemas}
        if others is not None and others is not True:
            strange = [name for name in value if name.lower() not in named]
            yield from ((value[name], others, f"{path}.additionalProperties") for name in strange)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(value: object, kind: str) -> str:
    return "not shown" if kind.startswith("secure") else f"{json.dumps(value):.60}"

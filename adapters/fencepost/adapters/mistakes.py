"""What is wrong with a file that configures an adapter: every mistake at once, with its TOML path and near misses."""

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

Check = Callable[[Any], Iterable[str]]
"""A check of one value whose shape is right: it yields what is wrong, each in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing that is wrong: where, as a TOML path, and what."""

    path: str
    says: str

    def __str__(self) -> str:
        """The path and the sentence."""
        return f"{self.path}: {self.says}"


def mistakes_in(value: object, shape: type[msgspec.Struct]) -> Iterator[Mistake]:
    """Every mistake in a document that ought to have this shape.

    Beside the types, the checks that a field carries in `Meta(extra={"check": …})` are made. Where a value of another
    type stands, `Meta(examples=[…])` gives what a value looks like.
    """
    return _of(value, inspect.type_info(shape), "")


def near(name: str, known: Iterable[str]) -> str:
    """A clause that names what may have been meant, or else what there is.

    >>> near("alow", ["allow", "deny"])
    "; did you mean 'allow'?"
    """
    names = list(known)
    found = difflib.get_close_matches(name, names, n=2, cutoff=0.6)
    if found:
        return f"; did you mean {' or '.join(repr(one) for one in found)}?"
    return f"; there is {', '.join(names)}" if names else ""


def _of(value: object, shape: inspect.Type, path: str) -> Iterator[Mistake]:
    match shape:
        case inspect.Metadata():
            before = list(_of(value, shape.type, path))
            yield from before
            check = (shape.extra or {}).get("check")
            if not before and check is not None:
                yield from (Mistake(path=path, says=says) for says in check(value))
        case inspect.UnionType():
            yield from _of_union(value, shape, path)
        case inspect.StructType() if isinstance(value, Mapping):
            yield from _of_table(value, shape, path)
        case inspect.DictType() if isinstance(value, Mapping):
            for name, entry in value.items():
                # Not "headers.Authorization: …", which would be masked as a header with its secret.
                yield from _of(entry, shape.value_type, f"{path}[{name}]")
        case inspect.ListType() if isinstance(value, list):
            if not value and shape.min_length:
                yield Mistake(path=path, says="expected at least one entry, got an empty list")
            for number, entry in enumerate(value):
                yield from _of(entry, shape.item_type, f"{path}[{number}]")
        case inspect.LiteralType():
            words = [str(word) for word in shape.values]
            if value not in shape.values:
                meant = near(str(value), words) if isinstance(value, str) else ""
                yield Mistake(path=path, says=f"expected {' or '.join(map(repr, words))}, got {_shown(value)}{meant}")
        case inspect.AnyType():
            return
        case _:
            if not _fits(value, shape):
                yield Mistake(path=path or "the file", says=f"expected {_name(shape)}, got {_shown(value)}")
            elif isinstance(shape, inspect.StrType) and len(str(value)) < (shape.min_length or 0):
                yield Mistake(path=path, says="expected a string that is not empty")
            elif isinstance(shape, inspect.IntType | inspect.FloatType):
                yield from _of_number(value, shape, path)


def _of_table(value: Mapping[str, object], shape: inspect.StructType, path: str) -> Iterator[Mistake]:
    fields = {field.encode_name: field for field in shape.fields}
    for name, entry in value.items():
        if name not in fields:
            yield Mistake(path=_below(path, name), says=f"no such key{near(name, fields)}")
        else:
            yield from _of(entry, fields[name].type, _below(path, name))
    for name, field in fields.items():
        if field.required and name not in value:
            yield Mistake(path=_below(path, name), says=f"it is missing; expected {_name(field.type)}")


def _of_union(value: object, shape: inspect.UnionType, path: str) -> Iterator[Mistake]:
    kinds = [kind for kind in shape.types if not isinstance(kind, inspect.NoneType)]
    fitting = [kind for kind in kinds if _fits(value, kind)]
    if fitting:
        yield from _of(value, fitting[0], path)
    else:
        names = " or ".join(f"{_name(kind)}{_like(kind)}" for kind in kinds)
        yield Mistake(path=path, says=f"expected {names}, got {_shown(value)}")


def _like(shape: inspect.Type) -> str:
    """An example of a value, where the field has one."""
    schema = (shape.extra_json_schema or {}) if isinstance(shape, inspect.Metadata) else {}
    example = next(iter(schema.get("examples") or ()), None)
    if not isinstance(example, Mapping):
        return ""
    members = ", ".join(f"{_below('', name)} = {json.dumps(value)}" for name, value in example.items())
    return f" like {{ {members} }}"


def _of_number(value: object, shape: inspect.IntType | inspect.FloatType, path: str) -> Iterator[Mistake]:
    assert isinstance(value, int | float)
    if shape.ge is not None and value < shape.ge:
        yield Mistake(path=path, says=f"expected at least {shape.ge}, got {value}")
    if shape.gt is not None and value <= shape.gt:
        yield Mistake(path=path, says=f"expected more than {shape.gt}, got {value}")
    if shape.le is not None and value > shape.le:
        yield Mistake(path=path, says=f"expected at most {shape.le}, got {value}")


def _fits(value: object, shape: inspect.Type) -> bool:
    match shape:
        case inspect.Metadata():
            return _fits(value, shape.type)
        case inspect.StructType() | inspect.DictType():
            return isinstance(value, Mapping)
        case inspect.ListType():
            return isinstance(value, list)
        case inspect.StrType() | inspect.LiteralType():
            return isinstance(value, str)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case inspect.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case inspect.UnionType():
            return any(_fits(value, kind) for kind in shape.types)
        case _:
            return True


def _name(shape: inspect.Type) -> str:
    match shape:
        case inspect.Metadata():
            return _name(shape.type)
        case inspect.StructType() | inspect.DictType():
            return "a table"
        case inspect.ListType():
            return "a list"
        case inspect.StrType():
            return "a string"
        case inspect.LiteralType():
            return " or ".join(repr(word) for word in shape.values)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number"
        case inspect.UnionType():
            return " or ".join(_name(kind) for kind in shape.types if not isinstance(kind, inspect.NoneType))
        case _:
            return "a value"


def _below(path: str, name: str) -> str:
    """The path of a member, quoted where TOML would quote it."""
    bare = name if name and all(letter.isalnum() or letter in "-_" for letter in name) else f'"{name}"'
    return f"{path}.{bare}" if path else bare


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


_MOST_LISTED = 20


def listed(mistakes: Sequence[Mistake]) -> str:
    """The first of them, one a line, beneath a line that counts them all.

    >>> print(listed([Mistake(path="rules.lin", says="no such key; did you mean 'line'?")]))
    1 mistake in the file:
      rules.lin: no such key; did you mean 'line'?
    """
    head = f"{len(mistakes)} mistake{'' if len(mistakes) == 1 else 's'} in the file:"
    rest = ["  …"] if len(mistakes) > _MOST_LISTED else []
    return "\n".join([head, *(f"  {mistake}" for mistake in mistakes[:_MOST_LISTED]), *rest])

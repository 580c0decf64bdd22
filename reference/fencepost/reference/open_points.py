"""The open points of the specification, from their table: keys, answers, and what is known of each."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A value of an IP rule that is accepted by the second answer: it lets in who is in `admits`, not who is `beside`.

    Without `admits` the value only shows whether it is accepted.
    """

    value: str
    admits: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """One open point.

    `clauses` are the ids of the clauses that leave it out of what they demand. `answers` are what a statement may
    declare, `question` says in words what is open, `shown` the same for the table of the contract, and `known` what
    public sources say. `refused` is why a write is refused by it, empty where none is. `spellings` are the values of an
    IP rule that turn on it: by the first answer they are refused. `forms` are pairs of an answer and a range like
    20.11.2.0/24 in the form that the answer accepts; its first octet is left out.
    """

    key: str
    clauses: tuple[str, ...]
    answers: tuple[str, ...]
    question: str
    shown: str
    known: str
    refused: str = ""
    spellings: tuple[Spelling, ...] = ()
    forms: tuple[tuple[str, str], ...] = ()


def _from_toml(text: str) -> tuple[OpenPoint, ...]:
    return tuple(map(_point, tomllib.loads(text)["points"]))


def _point(row: dict[str, Any]) -> OpenPoint:
    spellings = tuple(Spelling(**_fields(one)) for one in row.pop("spellings", ()))
    forms = tuple(row.pop("forms", {}).items())
    return OpenPoint(**_fields(row), spellings=spellings, forms=forms)


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    """The members under the names of the fields, lists as tuples."""
    found = {key.replace("-", "_"): value for key, value in row.items()}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}


OPEN_POINTS: tuple[OpenPoint, ...] = _from_toml(
    (files("fencepost.reference") / "open_points.toml").read_text(encoding="utf-8")
)
"""Every open point, in the order in which a report shows them."""

ANSWERS: Mapping[str, tuple[str, ...]] = MappingProxyType({point.key: point.answers for point in OPEN_POINTS})
"""Each open point and its possible answers; a profile leaves it unspecified until an answer is chosen."""

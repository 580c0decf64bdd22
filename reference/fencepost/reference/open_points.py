"""The open points of the specification, from their table: keys, answers, and what is known of each."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """One open point.

    `clauses` are the ids of the clauses that leave it out of what they demand. `answers` are what a statement may
    declare, `question` says in words what is open, `shown` the same for the table of the contract, `known` what public
    sources say, and `put_by` the call whose answer shows it.
    """

    key: str
    clauses: tuple[str, ...]
    answers: tuple[str, ...]
    question: str
    shown: str
    known: str
    put_by: str


def _from_toml(text: str) -> tuple[OpenPoint, ...]:
    return tuple(
        OpenPoint(
            key=row["key"],
            clauses=tuple(row["clauses"]),
            answers=tuple(row["answers"]),
            question=row["question"],
            shown=row["shown"],
            known=row["known"],
            put_by=row["put-by"],
        )
        for row in tomllib.loads(text)["points"]
    )


OPEN_POINTS: tuple[OpenPoint, ...] = _from_toml(
    (files("fencepost.reference") / "open_points.toml").read_text(encoding="utf-8")
)
"""Every open point, in the order in which a report shows them."""

ANSWERS: Mapping[str, tuple[str, ...]] = MappingProxyType({point.key: point.answers for point in OPEN_POINTS})
"""Each open point and its possible answers; a profile leaves it unspecified until an answer is chosen."""

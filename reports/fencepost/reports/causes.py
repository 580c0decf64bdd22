"""Failures grouped by their cause: the same clause, and the same kind of wrong answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from fencepost.reports.model import Clause, Counterexample, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One clause broken in one way: what was expected and what came, in short, and every counterexample of it."""

    clause: Clause
    expected: str
    got: str
    counterexamples: tuple[Counterexample, ...]

    @property
    def smallest(self) -> Counterexample:
        """The one to show: the fewest calls, then the shortest to write down."""
        return min(self.counterexamples, key=_size)

    @property
    def mistake(self) -> str:
        """What the implementation does wrong, in the fewest words; empty where the answers do not tell."""
        return _MISTAKES.get((_first_word(self.expected), _first_word(self.got)), "")


_MISTAKES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("deny", "allow"): "lets in what must be kept out",
        ("allow", "deny"): "keeps out what must be let in",
        ("refused", "accepted"): "takes what must be refused",
        ("accepted", "refused"): "refuses what must be taken",
        ("deny", "deny"): "denies for the wrong reason",
    }
)


def _first_word(answer: str) -> str:
    return answer.partition(" ")[0].rstrip(",")


def causes(report: Report) -> tuple[Cause, ...]:
    """Every cause, in the order of the clauses; those of one clause by how often they came, most first."""
    found = []
    for clause in report.clauses:
        groups: dict[tuple[str, str], list[Counterexample]] = {}
        for one in clause.counterexamples:
            groups.setdefault((in_short(one.expected), in_short(one.got)), []).append(one)
        found += [
            Cause(clause=clause, expected=expected, got=got, counterexamples=tuple(those))
            for (expected, got), those in sorted(groups.items(), key=lambda group: -len(group[1]))
        ]
    return tuple(found)


def in_short(answer: str) -> str:
    """What kind of answer it is, without the particulars that differ from one to the next.

    >>> in_short("allow (its rule: 'ipRules[3]')")
    'allow'
    >>> in_short("deny with 403 ForbiddenByFirewall")
    'deny with 403 ForbiddenByFirewall'
    """
    short, _, _ = re.split(r"[({\[:]", answer, maxsplit=1)[0].partition("\n")
    return short.strip()[:60] or "another answer"


def _size(one: Counterexample) -> tuple[int, int]:
    return len(one.calls), sum(_length(call.params) for call in one.calls)


def _length(value: object) -> int:
    """How long a JSON value is, in characters and members; cheaper than to write it."""
    if isinstance(value, dict):
        return sum(len(key) + _length(one) for key, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sum(1 + _length(one) for one in value)
    return len(str(value))

"""Failures grouped by their cause: the same clause, and the same kind of wrong answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fencepost.reports.model import Clause, Counterexample, Report, encoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One clause broken in one way: what was expected and what came, in short, and every counterexample of it.

    `smallest` is the one to show: the fewest calls, then the shortest to write down.
    """

    clause: Clause
    expected: str
    got: str
    counterexamples: tuple[Counterexample, ...]
    smallest: Counterexample

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
    """Every cause, the one with the smallest case first: it says in the fewest words what is wrong.

    Wrong outcomes and writes come before right denials with a wrong code, and those before rules that are read back wrong:
    what is read tells of rules that are lost, or too many, but not whom that lets in.
    """
    found = (cause for clause in report.clauses for cause in causes_of(clause))
    return tuple(sorted(found, key=lambda cause: (_remoteness(cause), _size(cause.smallest))))


def _remoteness(cause: Cause) -> int:
    """How far the answer is from whom is let in, and what is taken."""
    if cause.smallest.calls[-1].method == "getRules":
        return 2
    return int(_first_word(cause.expected) == _first_word(cause.got))


def causes_of(clause: Clause) -> tuple[Cause, ...]:
    """The causes for which one clause fails, most frequent first."""
    groups: dict[tuple[str, str], list[Counterexample]] = {}
    for one in clause.counterexamples:
        groups.setdefault((in_short(one.expected), in_short(one.got)), []).append(one)
    return tuple(
        Cause(clause=clause, expected=expected, got=got, counterexamples=tuple(those), smallest=min(those, key=_size))
        for (expected, got), those in sorted(groups.items(), key=lambda group: -len(group[1]))
    )


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
    return len(one.calls), sum(len(encoded(call)) for call in one.calls)

"""Failures grouped by their cause: the same clause, and the same kind of wrong answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fencepost.reports.counterexample import offending
from fencepost.reports.model import Clause, Counterexample, Report, encoded
from fencepost.reports.visible import as_json

_LONGEST = 60
"""The most characters of a value in a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One clause broken in one way: what was expected and what came, in short, and all its counterexamples.

    `smallest` is the counterexample to show: the fewest calls, then the shortest text.
    """

    clause: Clause
    expected: str
    got: str
    counterexamples: tuple[Counterexample, ...]
    smallest: Counterexample

    @property
    def mistake(self) -> str:
        """What the implementation does wrong, in few words; empty if the answers do not show it."""
        return _MISTAKES.get((_first_word(self.expected), _first_word(self.got)), "")

    @property
    def title(self) -> str:
        """What the implementation does wrong in the smallest case, with the caller or the value that it is about."""
        one = self.smallest
        if one.calls and one.calls[-1].method == "getRules":
            return "reads back other rules than are in force"
        title = _TITLES.get((_first_word(self.expected), _first_word(self.got)))
        about = _about(one)
        return title.format(about) if title and about else self.mistake or "answers otherwise than it must"


_TITLES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("deny", "allow"): "lets in {}, which must be kept out",
        ("allow", "deny"): "keeps out {}, which must be let in",
        ("refused", "accepted"): "accepts {}, which must be refused",
        ("accepted", "refused"): "refuses {}, which must be accepted",
        ("deny", "deny"): "denies {} with another code",
    }
)
_MISTAKES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("deny", "allow"): "lets in callers that must be kept out",
        ("allow", "deny"): "keeps out callers that must be let in",
        ("refused", "accepted"): "accepts writes that must be refused",
        ("accepted", "refused"): "refuses writes that must be accepted",
        ("deny", "deny"): "denies rightly, with another code",
    }
)


_ENTRIES: Mapping[str, str] = MappingProxyType(
    {"$.ipRules": "IP rules", "$.virtualNetworkRules": "virtual network rules"}
)
"""What the entries of a list in a write are called."""


def _about(one: Counterexample) -> str:
    """The caller of the request, or the value that a write brings in; empty if it is no single one."""
    found = offending(one)
    if one.rules is None:
        value = found[1] if found is not None else one.request.get("value")
        if isinstance(value, list):
            return f"{len(value):,} {_ENTRIES.get(found[0] if found is not None else '', 'entries')}"
        in_json = as_json(value) if value is not None else ""
        return in_json if len(in_json) <= _LONGEST else f"{in_json[:_LONGEST]}…"
    source, caller = one.request.get("source"), one.request.get("caller")
    service = caller.get("service") if isinstance(caller, Mapping) else None
    if service is not None:
        return f"the service {service}"
    if not isinstance(source, Mapping):
        return ""
    if "subnet" in source:
        return f"the subnet {str(source['subnet']).rpartition('/')[2]}"
    return str(source.get("address", ""))


def _first_word(answer: str) -> str:
    return answer.partition(" ")[0].rstrip(",")


def causes(report: Report) -> tuple[Cause, ...]:
    """Every cause, sorted by the size of its smallest case.

    Wrong outcomes and writes come first, then right denials with a wrong code, then rules that are read back wrong. A
    wrong read-back shows that rules are lost or added, but not which callers that lets in.
    """
    found = (cause for clause in report.clauses for cause in causes_of(clause))
    return tuple(sorted(found, key=lambda cause: (_remoteness(cause), _size(cause.smallest))))


def _remoteness(cause: Cause) -> int:
    """The rank of a cause by its kind of answer: 0 is direct evidence of a wrong decision or write."""
    if cause.smallest.calls and cause.smallest.calls[-1].method == "getRules":
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
    """The kind of an answer, without the details that differ between answers of the kind.

    >>> in_short("allow (its rule: 'ipRules[3]')")
    'allow'
    >>> in_short("deny with 403 ForbiddenByFirewall")
    'deny with 403 ForbiddenByFirewall'
    """
    short, _, _ = re.split(r"[({\[:]", answer, maxsplit=1)[0].partition("\n")
    return short.strip()[:60] or "another answer"


def _size(one: Counterexample) -> tuple[int, int]:
    return len(one.calls), sum(len(encoded(call)) for call in one.calls)

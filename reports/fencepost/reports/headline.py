"""The words for a run and for each clause of it, and what the run did not judge."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from fencepost.reports.counted import counted
from fencepost.reports.model import Clause, Report

RESTRICTING = frozenset({"data-plane-only", "ip-rules-only", "decisions-only", "always-deny"})
"""The features by which a subject declares that it can do less than a whole vault."""


class Headline(NamedTuple):
    """What stands for a headline elsewhere.

    `sign` is there so that it does not depend on colour alone. `entry` is what a file for other programs must have at
    least once: a failure, an error, or neither.
    """

    sign: str
    entry: str


HEADLINES: Mapping[str, Headline] = MappingProxyType(
    {
        "PASS": Headline("✓", ""),
        "PARTIAL": Headline("◐", ""),
        "KNOWN FAILURES ONLY": Headline("✓", ""),
        "FAIL": Headline("✕", "failure"),
        "STOPPED AT FIRST FAILURE": Headline("✕", "failure"),
        "FIXED": Headline("✓", "failure"),
        "ERROR": Headline("!", "error"),
        "INCONCLUSIVE": Headline("?", "error"),
        "INTERRUPTED": Headline("…", "error"),
        "VACUOUS": Headline("∅", "error"),
    }
)
"""Every headline."""

STANDINGS = (
    "pass",
    "fail",
    "known failure",
    "shown under another",
    "error",
    "inconclusive",
    "vacuous",
    "not asked",
    "not applicable",
)
"""The standings of a clause in the order in which they are counted: the verdicts, and three that explain one."""

_NAMED = 3
_WITHHELD: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "virtual-networks": ("ip-rules-only",),
        "service-endpoints": ("ip-rules-only",),
        "two-criteria": ("ip-rules-only",),
        "control-plane": ("data-plane-only",),
        "refused-writes": ("decisions-only",),
        "endpoint-check": ("ip-rules-only", "decisions-only"),
        "default-action": ("always-deny",),
    }
)
"""The declared features that take an ability away, by the ability."""

_ABSENT: Mapping[str, str] = MappingProxyType(
    {
        "settle-time": "no settle time is declared",
        "endpoint-check": "rules for subnets without the service endpoint are accepted (missing-service-endpoint)",
        "recordings-of-today": "the edition has few recordings",
    }
)
_NAMES: Mapping[str, str] = MappingProxyType({"settle-time": "a settle time"})
"""What is not declared as a feature, by the ability."""
_COUNTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "pass": ("passes", "pass"),
        "fail": ("fails", "fail"),
        "known failure": ("fails as known", "fail as known"),
        "error": ("in error", "in error"),
        "not asked": ("not asked", "not asked"),
        "not applicable": ("does not apply", "do not apply"),
    }
)


def headline(report: Report) -> str:
    """The result in one word or a few, in capitals.

    PASS, PARTIAL and KNOWN FAILURES ONLY go with exit status 0; FAIL, STOPPED AT FIRST FAILURE and FIXED with 1; ERROR,
    INCONCLUSIVE and INTERRUPTED with 2; VACUOUS with 3.
    """
    if report.exit_status == 1:
        if _is_fixed(report):
            return "FIXED"
        return "STOPPED AT FIRST FAILURE" if report.ended == "first failure" else "FAIL"
    if report.exit_status == 0 and report.result == "fail":
        return "KNOWN FAILURES ONLY"
    if report.exit_status == 2 and report.ended == "interruption":
        return "INTERRUPTED"
    if report.result in ("pass", "partial"):
        return "PARTIAL" if report.result == "partial" or is_partial(report) else "PASS"
    return report.result.upper()


def colour_of(report: Report) -> str:
    """The colour of the headline: green, red, grey, or yellow for what holds in part or beside a list of failures."""
    word = headline(report)
    if word in ("PARTIAL", "KNOWN FAILURES ONLY", "FIXED"):
        return "yellow"
    return "red" if report.exit_status == 1 else "green" if word == "PASS" else "grey"


def is_partial(report: Report) -> bool:
    """Whether a core clause does not apply, a restricting feature is declared, or clauses were left out."""
    lacks_core = any(one.verdict == "not applicable" for one in report.clauses if one.level == "core")
    return lacks_core or bool(restricting(report) or report.selected or report.suite_version)


def restricting(report: Report) -> tuple[str, ...]:
    """The restricting features that the subject declares."""
    return tuple(one for one in report.subject.features if one in RESTRICTING)


def _is_fixed(report: Report) -> bool:
    """Whether nothing is wrong but the list: each entry still fails as known or does not fail any more."""
    standings = {one.standing for one in report.known_failures}
    is_broken = any(one.verdict == "fail" and not one.known for one in report.clauses)
    is_broken |= any(one.broken for one in report.ledger) or bool(report.further_failures)
    return not is_broken and "unexpected success" in standings and standings <= {"known", "unexpected success"}


def standing(clause: Clause) -> str:
    """The clause's standing: one of `STANDINGS`."""
    if clause.not_asked:
        return "not asked"
    if clause.verdict == "fail":
        return "known failure" if clause.known else "fail"
    return "shown under another" if clause.shown_under else clause.verdict


def standing_in_words(clause: Clause) -> str:
    """The clause's standing for its row, with the clause under which its wrong answers are shown.

    >>> standing_in_words(Clause(id="B", level="core", group="g", text="t", verdict="pass", shown_under=("A", "C")))
    'shown under A …'
    """
    if standing(clause) == "shown under another":
        return f"shown under {clause.shown_under[0]}{' …' if len(clause.shown_under) > 1 else ''}"
    return "fail (known)" if standing(clause) == "known failure" else standing(clause)


def counts(clauses: Iterable[Clause]) -> list[tuple[str, str]]:
    """The number of clauses of each standing that occurs, as the standing and the count in words.

    Clauses under which wrong answers are shown are named where they are not among these clauses.

    >>> row = Clause(id="B", level="core", group="g", text="t", verdict="pass")
    >>> counts([row])
    [('pass', '1 passes')]
    """
    rows = list(clauses)
    found = Counter(map(standing, rows))
    return [(one, _counted(one, found[one], rows)) for one in STANDINGS if found[one]]


def _counted(name: str, number: int, rows: Iterable[Clause]) -> str:
    if name == "shown under another":
        where = sorted({key for row in rows for key in row.shown_under})
        if {*where} <= {row.id for row in rows}:
            return f"{number:,} shown under {'it' if len(where) == 1 else 'them'}"
        return f"{number:,} shown under {', '.join(where[:_NAMED])}{' …' if len(where) > _NAMED else ''}"
    singular, plural = _COUNTED.get(name, (name, name))
    return f"{number:,} {singular if number == 1 else plural}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotJudged:
    """Clauses that were not judged for one reason, which names the declaration or the selection behind it.

    `declared` is the feature whose declaration is the reason, and `absent` are the features whose lack is.
    """

    why: str
    clauses: tuple[str, ...] = ()
    declared: str = ""
    absent: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The reason, the number of clauses, and their names."""
        if not self.clauses:
            return self.why
        return f"{self.why}: {counted(len(self.clauses), 'clause')} ({', '.join(self.clauses)})"


def not_judged(report: Report) -> tuple[NotJudged, ...]:
    """What was not judged, by its reason, the reason of most clauses first."""
    groups: dict[NotJudged, list[str]] = {}
    for clause in report.clauses:
        if clause.verdict == "not applicable":
            groups.setdefault(_why(clause, report), []).append(clause.id)
    found = [replace(why, clauses=tuple(ids)) for why, ids in groups.items()]
    found.sort(key=lambda one: -len(one.clauses))
    known = {one.declared for one in found}
    found += [_declared(one) for one in restricting(report) if one not in known]
    if report.selected:
        verb = "was" if len(report.selected) == 1 else "were"
        found.insert(0, NotJudged(why=f"only {', '.join(report.selected)} {verb} selected, no other clause"))
    if report.suite_version:
        found.insert(0, NotJudged(why=f"the suite as of {report.suite_version}: no clause that came later"))
    return tuple(found)


def not_judged_in_short(report: Report) -> tuple[str, ...]:
    """The same in a few lines: the selection, then the declared features and those that are not, with counts."""
    found = not_judged(report)
    declared, absent = [one for one in found if one.declared], [one for one in found if one.absent]
    lines = [one.why for one in found if not one.clauses and not one.declared]
    if declared:
        is_one = len(declared) == 1
        named = ", ".join(one.declared if is_one or not one.clauses else _counted_feature(one) for one in declared)
        is_counted = any(one.clauses for one in declared)
        lines.append(f"{_number(declared)} for what is declared: {named}" if is_counted else f"declared: {named}")
    if absent:
        names = dict.fromkeys(name for one in absent for name in one.absent)
        lines.append(f"{_number(absent)} for what is not declared: {', '.join(names)}")
    others = [one for one in found if one.clauses and not one.declared and not one.absent]
    if len(others) > _NAMED:
        return (*lines, f"{_number(others)} for {len(others)} other reasons")
    return (*lines, *(f"{_number([one])}: {one.why}" for one in others))


def _counted_feature(one: NotJudged) -> str:
    return f"{one.declared} ({len(one.clauses)})"


def _number(found: Iterable[NotJudged]) -> str:
    return counted(sum(len(one.clauses) for one in found), "clause")


def _declared(feature: str) -> NotJudged:
    return NotJudged(why=f"{feature} is declared", declared=feature)


def _why(clause: Clause, report: Report) -> NotJudged:
    """Why the clause does not apply: the declaration that takes an ability away, or the ability that is not offered."""
    reasons = []
    for need in clause.needs:
        declared = [one for one in _WITHHELD.get(need, ()) if one in report.subject.features]
        if declared:
            return _declared(declared[0])
        reasons.append(_ABSENT.get(need, f"{need} is not declared"))
    absent = tuple(_NAMES.get(need, need) for need in clause.needs)
    is_absent = all(need not in _ABSENT or need in _NAMES for need in clause.needs)
    return NotJudged(why=", ".join(reasons) or clause.detail or "does not apply", absent=absent if is_absent else ())

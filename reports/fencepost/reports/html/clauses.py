"""The clauses: those with a finding that no card shows at once, and the others folded away, group by group."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from xml.etree.ElementTree import Element

from fencepost.reports.headline import standing, standing_in_words
from fencepost.reports.html.tree import h
from fencepost.reports.model import Clause, Report
from fencepost.reports.summary import findings

SIGNS = {
    "pass": "✓",
    "fail": "✕",
    "known failure": "✕",
    "shown under another": "↗",
    "error": "!",
    "inconclusive": "?",
    "vacuous": "∅",
    "not asked": "…",
    "not applicable": "–",
}
"""A sign for each standing of a clause."""

_COLUMNS = ("clause", "verdict", "what it promises, and what was found", "asked", "decisive", "answers")
_FOLDED = {
    "fail": "Clauses whose failures are shown above",
    "known failure": "Clauses whose known failures are shown above",
    "shown under another": "Clauses with wrong answers that are shown under another clause",
    "pass": "Clauses that hold",
    "not asked": "Clauses that were not asked",
    "not applicable": "Clauses that do not apply",
}
_ANSWERS = ("allowed", "denied", "inconclusive", "wrong")


def badge(clause: Clause) -> Element:
    """The standing as a word with a sign, so that it does not depend on colour alone."""
    name = standing(clause)
    return h("span", f"{SIGNS[name]} {standing_in_words(clause)}", class_=f"verdict {name.replace(' ', '-')}")


def clause_tables(report: Report) -> list[Element]:
    """A table of the clauses with a finding that no card shows; then, folded, the others.

    The number of clauses of each standing is in the sentence at the head of the page, and nowhere else.
    """
    found = findings(report.clauses)
    noted = [clause for clause in report.clauses if _fold(clause) is None]
    parts = [_table("With a finding", noted, found)] if noted else []
    for name, label in _FOLDED.items():
        rows = [clause for clause in report.clauses if _fold(clause) == name]
        if rows:
            groups = groupby(rows, key=lambda clause: clause.group)
            tables = [_table(group, list(those), found) for group, those in groups]
            parts.append(h("details", h("summary", label), tables, class_="folded"))
    return parts


def _fold(clause: Clause) -> str | None:
    """The part in which the clause is folded away; None if its finding is shown nowhere else."""
    name = standing(clause)
    is_shown = bool(clause.counterexamples) or name not in ("fail", "known failure")
    return name if name in _FOLDED and is_shown else None


def key(clauses: Iterable[Clause]) -> Element:
    """What the columns mean, and the colours of the answers that occur."""
    rows = list(clauses)
    keys = [
        part
        for name in _ANSWERS
        if any(dict(_answers(clause))[name] for clause in rows)
        for part in (h("span", class_=f"key {name}"), f" {name}  ")
    ]
    return h(
        "div",
        h(
            "p",
            h("b", "asked"),
            " counts the answers that say something about the clause. ",
            h("b", "decisive"),
            " counts those that the clause alone determines: a fault in it would have shown in them.",
        ),
        h("p", "Answers: ", keys, class_="legend") if keys else None,
        class_="quiet columns",
    )


def _table(caption: str, clauses: Sequence[Clause], found: dict[str, str]) -> Element:
    most = max((sum(number for _, number in _answers(clause)) for clause in clauses), default=0)
    head = h(
        "tr",
        [h("th", name, scope="col", class_="number" if name in ("asked", "decisive") else None) for name in _COLUMNS],
    )
    return h(
        "table",
        h("caption", h("b", caption)),
        h("thead", head),
        h("tbody", [_row(clause, most, found[clause.id]) for clause in clauses]),
        class_="clauses",
    )


def _row(clause: Clause, most: int, found: str) -> Element:
    return h(
        "tr",
        h("th", clause.id, h("span", f" {clause.level}", class_="quiet"), scope="row"),
        h("td", badge(clause)),
        h("td", clause.text, h("p", found, class_="found") if found else None, origin(clause)),
        h("td", f"{clause.asked:,}", class_="number"),
        h("td", f"{clause.decisive:,}", class_="number"),
        h("td", _bar(clause, most)),
        id=f"clause-{clause.id}",
        data_verdict=standing(clause),
    )


def origin(clause: Clause) -> Element | None:
    """Where the promise comes from, folded: its basis, what says it, and what is asked of it."""
    if not clause.source:
        return None
    details = [h("p", one) for one in (clause.note, clause.source) if one]
    return h("details", h("summary", clause.basis), details, class_="quiet")


def _answers(clause: Clause) -> list[tuple[str, int]]:
    """The decisions by outcome, and the wrong answers."""
    wrong = max(clause.asked - clause.decisive - clause.inconclusive, 0)
    return list(zip(_ANSWERS, (clause.allowed, clause.denied, clause.inconclusive, wrong), strict=True))


def _bar(clause: Clause, most: int) -> Element | str:
    """A bar with a length relative to the clause of its table with the most answers."""
    parts = _answers(clause)
    if not any(count for _, count in parts):
        return "–"
    title = ", ".join(f"{count:,} {name}" for name, count in parts if count)
    drawn, x = [], 0.0
    for name, count in parts:
        width = max(120 * count / most, 1.0) if count else 0.0
        if count:
            drawn.append(h("rect", x=x, y=0, width=width, height=12, class_=name))
        x += width
    return h("svg", h("title", title), drawn, role="img", view_box="0 0 124 12", class_="bar", width=124, height=12)

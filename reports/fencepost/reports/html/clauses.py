"""The clauses: a table for each group, with the verdict, the findings, and a bar of the decisions by outcome."""

from itertools import groupby
from xml.etree.ElementTree import Element

from fencepost.reports.html.tree import h
from fencepost.reports.model import Clause, Report

SIGNS = {
    "pass": "✓",
    "partial": "✓",
    "fail": "✕",
    "error": "!",
    "inconclusive": "?",
    "vacuous": "∅",
    "not applicable": "–",
}
_COLUMNS = ("clause", "verdict", "what it promises, and what was found", "asked", "decisive", "allowed and denied")


def badge(verdict: str, *, is_known: bool = False) -> Element:
    """The verdict as a word with a sign, so that it does not depend on colour alone."""
    told = f"{SIGNS.get(verdict, '')} {verdict}{', known' if is_known else ''}"
    return h("span", told, class_=f"verdict {verdict.replace(' ', '-')}")


def clause_tables(report: Report) -> list[Element]:
    """The tables, one for each group in the order of the clauses."""
    return [_table(group, list(clauses)) for group, clauses in groupby(report.clauses, key=lambda clause: clause.group)]


def _table(group: str, clauses: list[Clause]) -> Element:
    passed = sum(clause.verdict == "pass" for clause in clauses)
    most = max((clause.allowed + clause.denied + clause.inconclusive for clause in clauses), default=0)
    head = h(
        "tr",
        [h("th", name, scope="col", class_="number" if name in ("asked", "decisive") else None) for name in _COLUMNS],
    )
    return h(
        "table",
        h("caption", h("b", group), f" {passed} of {len(clauses)} pass"),
        h("thead", head),
        h("tbody", [_row(clause, most) for clause in clauses]),
        class_="clauses",
    )


def _row(clause: Clause, most: int) -> Element:
    limit = f"limit found: {clause.limit_found}" if clause.limit_found is not None else None
    found = [h("p", told, class_="found") for told in (limit, clause.detail) if told]
    return h(
        "tr",
        h("th", clause.id, h("span", f" {clause.level}", class_="quiet"), scope="row"),
        h("td", badge(clause.verdict, is_known=clause.known)),
        h("td", clause.text, found, origin(clause)),
        h("td", f"{clause.asked:,}", class_="number"),
        h("td", f"{clause.decisive:,}", class_="number"),
        h("td", _bar(clause, most)),
        id=f"clause-{clause.id}",
        data_verdict=clause.verdict,
    )


def origin(clause: Clause) -> Element | None:
    """Where the promise comes from, folded: its basis, what says it, and what is asked of it."""
    if not clause.source:
        return None
    told = [h("p", one) for one in (clause.note, clause.source) if one]
    return h("details", h("summary", clause.basis), told, class_="quiet")


def _bar(clause: Clause, most: int) -> Element | str:
    """A bar with a length relative to the clause of its group with the most decisions."""
    parts = [("allowed", clause.allowed), ("denied", clause.denied), ("inconclusive", clause.inconclusive)]
    if not any(count for _, count in parts):
        return "–"
    told = ", ".join(f"{count:,} {name}" for name, count in parts if count)
    drawn, x = [], 0.0
    for name, count in parts:
        width = 120 * count / most
        if count:
            drawn.append(h("rect", x=x, y=0, width=max(width, 1.0), height=12, class_=name))
        x += width
    return h("svg", h("title", told), drawn, role="img", view_box="0 0 122 12", class_="bar", width=122, height=12)

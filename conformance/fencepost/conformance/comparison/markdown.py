"""Comparisons as Markdown; text from a subject is escaped, so that it cannot break a table."""

from collections.abc import Iterable, Iterator, Sequence

from fencepost.conformance.comparison.difference import KINDS, Difference
from fencepost.conformance.comparison.matrix import Matrix, Row
from fencepost.reports.markdown_text import plain
from fencepost.reports.visible import visible

_MARKS = {"pass": "pass", "fail": "**FAIL**", "error": "**error**", "not applicable": "n/a"}
_HEADINGS = {
    "new failure": "New failures",
    "still failing": "Still failing",
    "fixed": "Fixed",
    "verdict changed": "Other verdicts",
    "limit changed": "Limits",
    "ledger changed": "Open points",
}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; the cells are Markdown already."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def difference_as_markdown(found: Difference) -> str:
    """The differences, with a table for each kind."""
    lines = ["# What changed", ""]
    if not found.changes:
        lines += ["Nothing: every verdict, limit and open point is as it was.", ""]
    if found.caveats:
        lines += ["The runs differ in more than their outcome:", "", *(f"- {plain(one)}" for one in found.caveats), ""]
    for kind in KINDS:
        changes = found.of(kind)
        if changes:
            rows = [(plain(one.key), plain(one.before), plain(one.after), plain(one.detail)) for one in changes]
            lines += [f"## {_HEADINGS[kind]} ({len(changes)})", "", *table(("", "before", "now", ""), rows), ""]
    for change in found.changes:
        if change.case:
            lines += [
                f"### {plain(change.key)}: the smallest case",
                "",
                *(f"    {visible(one)}" for one in change.case),
                "",
            ]
    return "\n".join(lines)


def matrix_as_markdown(found: Matrix) -> str:
    """The matrix: implementations across, clauses down."""
    names = [plain(column.label) for column in found.columns]
    facts = ((name, *map(plain, values)) for name, values in found.facts())
    lines = ["# Conformance", "", *table(("", *names), facts), ""]
    for group in found.groups:
        rows = [_clause(row) for row in group.rows]
        lines += [f"## {plain(group.name)}", "", *table(("clause", "level", *names, "what it promises"), rows), ""]
    for heading, others in (("Limits found", found.limits), ("Open points", found.ledger)):
        if others:
            rows = [(plain(row.key), *(_cell(cell.verdict, cell.detail) for cell in row.cells)) for row in others]
            lines += [f"## {heading}", "", *table(("", *names), rows), ""]
    return "\n".join(lines)


def _clause(row: Row) -> tuple[str, ...]:
    return (
        plain(row.key),
        plain(row.level),
        *(_MARKS.get(cell.verdict, plain(cell.verdict)) for cell in row.cells),
        plain(row.text),
    )


def _cell(verdict: str, detail: str) -> str:
    return f"{plain(verdict)} ({plain(detail)})" if detail else plain(verdict)

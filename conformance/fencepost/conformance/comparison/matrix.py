"""Implementations × clauses: one table of several runs, as the value that both its forms show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fencepost.conformance.catalogue import catalogue
from fencepost.reports.headline import headline, standing, standing_in_words
from fencepost.reports.model import Clause, Report

NOT_ASKED = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One implementation: its name and version, the conditions of its run, and how many clauses it keeps.

    `run` distinguishes the run from others of the same name and version; it is empty if there are none.
    """

    name: str
    version: str
    profile: str
    effort: str
    seed: int
    result: str
    level: str
    kept: str
    decisions: int
    run: str = ""

    @property
    def label(self) -> str:
        """The name, the version, and what distinguishes the run from others of both."""
        return f"{self.name} {self.version}".strip() + (f" ({self.run})" if self.run else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A clause's verdict for one implementation, or an open point's answer; `detail` explains it, if anything does."""

    verdict: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One clause or open point: its key, its text, and a cell for each implementation."""

    key: str
    level: str
    text: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows under one heading."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The whole table."""

    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    limits: tuple[Row, ...]
    ledger: tuple[Row, ...]

    def facts(self) -> Iterator[tuple[str, list[str]]]:
        """What is known of each run beside its clauses: a name, and a value for each column."""
        yield "profile", [column.profile for column in self.columns]
        yield "result", [column.result for column in self.columns]
        yield "level", [column.level for column in self.columns]
        yield "clauses that hold", [column.kept for column in self.columns]
        yield "effort, seed", [f"{column.effort}, {column.seed}" for column in self.columns]
        yield "decisions", [f"{column.decisions:,}" for column in self.columns]


def matrix(reports: Sequence[Report], *, names: Sequence[str] = ()) -> Matrix:
    """The table of these runs, in their order; `names` tell runs apart that are alike in all else.

    Clauses have the catalogue's order, with unknown clauses at the end of their group.
    """
    rows = list(_clause_rows(reports))
    groups = dict.fromkeys(group for group, _ in rows)
    return Matrix(
        columns=tuple(_distinguished([_column(report) for report in reports], names)),
        groups=tuple(Group(name=name, rows=tuple(row for group, row in rows if group == name)) for name in groups),
        limits=tuple(_limit_rows(reports)),
        ledger=tuple(_ledger_rows(reports)),
    )


def _column(report: Report) -> Column:
    applying = [row for row in report.clauses if row.verdict != "not applicable"]
    return Column(
        name=report.subject.name,
        version=report.subject.version,
        profile=report.profile,
        effort=report.effort,
        seed=report.seed,
        result=headline(report),
        level=report.level or NOT_ASKED,
        kept=f"{sum(standing(row) == 'pass' for row in applying)} of {len(applying)}",
        decisions=report.totals.decisions,
    )


def _distinguished(columns: Sequence[Column], names: Sequence[str]) -> Iterator[Column]:
    """The columns; runs of one name and version get their differences, or else their names, or a number."""
    for place, column in enumerate(columns):
        alike = [one for one in columns if (one.name, one.version) == (column.name, column.version)]
        options = {"profile": column.profile, "effort": column.effort, "seed": str(column.seed)}
        apart = [f"{key} {value}" for key, value in options.items() if len({getattr(one, key) for one in alike}) > 1]
        of_column = (column.profile, column.effort, column.seed)
        same = [one for one in alike if (one.profile, one.effort, one.seed) == of_column]
        if len(same) > 1:
            number = next(number for number, one in enumerate(same, start=1) if one is column)
            apart.append(names[place] if names else f"run {number}")
        yield replace(column, run=", ".join(apart))


def _clause_rows(reports: Sequence[Report]) -> Iterator[tuple[str, Row]]:
    known = {clause.id: (clause.group, clause.level, clause.text) for clause in catalogue().clauses}
    for report in reports:
        for row in report.clauses:
            known.setdefault(row.id, (row.group, row.level, row.text))
    judged = [{row.id: row for row in report.clauses} for report in reports]
    for key, (group, level, text) in known.items():
        if any(key in rows for rows in judged):
            cells = tuple(_cell(rows.get(key)) for rows in judged)
            yield group, Row(key=key, level=level, text=text, cells=cells)


def _cell(row: Clause | None) -> Cell:
    if row is None:
        return Cell(verdict=NOT_ASKED)
    if row.counterexamples:
        first = row.counterexamples[0]
        text = f"expected {first.expected}, got {first.got}"
        return Cell(verdict=row.verdict, detail=f"{text}; known" if row.known else text)
    word = row.verdict if standing(row) in ("fail", "known failure") else standing_in_words(row)
    return Cell(verdict=word, detail="" if row.not_asked else row.detail)


def _limit_rows(reports: Sequence[Report]) -> Iterator[Row]:
    found = [{row.id: row.limit_found for row in report.clauses if row.limit_found} for report in reports]
    known = {clause.id: clause for clause in catalogue().clauses}
    for key in dict.fromkeys(key for one in found for key in one):
        text = known[key].text if key in known else ""
        cells = tuple(Cell(verdict=one.get(key) or NOT_ASKED) for one in found)
        yield Row(key=key, level="", text=text, cells=cells)


def _ledger_rows(reports: Sequence[Report]) -> Iterator[Row]:
    entries = [{entry.key: entry for entry in report.ledger} for report in reports]
    for key in dict.fromkeys(key for one in entries for key in one):
        cells = []
        for one in entries:
            entry = one.get(key)
            found = (entry.found or entry.declared or NOT_ASKED) if entry is not None else NOT_ASKED
            text = f"declared {entry.declared}" if entry is not None and entry.broken else ""
            cells.append(Cell(verdict=found, detail=text))
        yield Row(key=key, level="", text="", cells=tuple(cells))

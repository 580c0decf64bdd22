"""The figures of faulty vaults that are made from source, on a terminal."""

from collections.abc import Iterator, Sequence

from fencepost.conformance.commands.console import table
from fencepost.conformance.strength.generated.measure import Case, Generated, Rate, Row
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

_COLUMNS = ("mutants", "killed", "alive", "undecided", "errors", "score", "95%", "strict", "95%")


def drawn(found: Generated) -> Iterator[RenderableType]:
    """The scores, the held-out ones first, and the mutants that are not killed, but for those that crash.

    Of mechanisms those in sample are shown, with those that crash. The strict score counts undecided mutants as alive.
    """
    mutants = found.rows[-1].mutants
    seeds = ", ".join(str(seed) for seed in found.seeds)
    yield Text(f"{mutants} of {found.of} {found.source}, {found.profile}, effort {found.effort}, seeds {seeds}")
    yield Text("strict: undecided mutants count as alive", style="dim")
    for title, rows in (("", found.rows), ("operator", found.operators), ("structure", found.structures)):
        if not rows:
            continue
        yield Text()
        yield _scores(title, rows)
    which = ", in sample" if found.source == "mechanisms" else ""
    for outcome in ("alive", "undecided", "error") if which else ("alive", "undecided"):
        cases = [case for case in found.cases if case.outcome == outcome]
        yield Text()
        yield Text(f"{outcome}{which}: {len(cases) or 'none'}", style="bold")
        if cases:
            yield _cases(cases)


def _scores(title: str, rows: Sequence[Row]) -> RenderableType:
    drawn = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    drawn.add_column(title, overflow="fold")
    for name in _COLUMNS:
        drawn.add_column(name, no_wrap=True)
    for row in rows:
        drawn.add_row(*_cells(row))
    return drawn


def _cases(cases: Sequence[Case]) -> RenderableType:
    columns = ("mutant", "line", "shown by", "change")
    return table(columns, ((case.mutant, str(case.line), case.says, case.change) for case in cases))


def _cells(row: Row) -> tuple[str, ...]:
    counts = (row.mutants, row.killed, row.alive, row.undecided, row.errors)
    return (row.name, *map(str, counts), *_rate(row.score), *_rate(row.strict))


def _rate(rate: Rate) -> tuple[str, str]:
    if rate.score is None:
        return "–", "–"
    return f"{rate.score:.3f}", f"{rate.low:.2f}–{rate.high:.2f}"

"""The figures of generated mutants on a terminal."""

from collections.abc import Iterator, Sequence

from fencepost.conformance.commands.console import table
from fencepost.conformance.strength.generated.measure import Case, Generated, Rate, Row
from rich.console import RenderableType
from rich.text import Text

_COLUMNS = ("mutants", "killed", "alive", "undecided", "errors", "score", "95%", "undecided as alive", "95%")


def drawn(found: Generated) -> Iterator[RenderableType]:
    """The scores, the held-out ones first, and every mutant that is not killed, but for those that crash."""
    mutants = found.rows[-1].mutants
    seeds = ", ".join(str(seed) for seed in found.seeds)
    yield Text(f"{mutants} of {found.of} generated mutants, {found.profile}, effort {found.effort}, seeds {seeds}")
    for title, rows in (("which", found.rows), ("operator", found.operators), ("structure", found.structures)):
        yield Text()
        yield table((*_COLUMNS, title), (_cells(row) for row in rows))
    for outcome in ("alive", "undecided"):
        cases = [case for case in found.cases if case.outcome == outcome]
        yield Text()
        yield Text(f"{outcome}: {len(cases) or 'none'}", style="bold")
        if cases:
            yield _cases(cases)


def _cases(cases: Sequence[Case]) -> RenderableType:
    columns = ("mutant", "line", "change", "shown by")
    return table(columns, ((case.mutant, str(case.line), case.change, case.says) for case in cases))


def _cells(row: Row) -> tuple[str, ...]:
    counts = (row.mutants, row.killed, row.alive, row.undecided, row.errors)
    return (*map(str, counts), *_rate(row.score), *_rate(row.strict), row.name)


def _rate(rate: Rate) -> tuple[str, str]:
    if rate.score is None:
        return "–", "–"
    return f"{rate.score:.3f}", f"{rate.low:.3f} to {rate.high:.3f}"

"""Shows which smallest cases of the mutants in the catalogue could be smaller.

python conformance/benchmarks/smallest_cases.py [--mutant ID …] [--every N] [--jobs N]
"""

import click
from fencepost.conformance.commands.console import show, table
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.strength.pool import default_processes, spread
from fencepost.conformance.strength.smallest_cases import Task, examine
from fencepost.conformance.strength.study import Design

_MOST = 4


@click.command()
@click.option("--mutant", "mutants", multiple=True, type=click.Choice(list(CATALOGUE)), help="Only this; repeatable.")
@click.option(
    "--every", type=click.IntRange(min=1), default=1, metavar="N", help="Only every N-th mutant of the catalogue."
)
@click.option("--jobs", type=click.IntRange(min=1), default=default_processes, show_default="2")
def main(*, mutants: tuple[str, ...], every: int, jobs: int) -> None:
    """Delete everything in turn from each mutant's first smallest case, and show the cases that can do without a part.

    The last line is the share of cases that need every part. Exit status 0, whatever the share.
    """
    chosen = Design(mutants=mutants or tuple(CATALOGUE)[::every]).pairs()
    tasks = [Task(mutant=mutant.id, profile=profile) for mutant, profile in chosen]
    found = dict(spread(examine, tasks, processes=jobs))
    cases = [found[place] for place in range(len(tasks))]
    rows = [(one.mutant, one.clause, one.why or _in_words(one.needless)) for one in cases if one.why or one.needless]
    show(table(("mutant", "clause", "needless, or why there is no case"), rows))
    shown = [one for one in cases if not one.why]
    smallest = sum(not one.needless for one in shown)
    click.echo(f"{smallest} of {len(shown)} cases are smallest: {smallest / max(1, len(shown)):.3f}")


def _in_words(needless: tuple[str, ...]) -> str:
    more = f"; and {len(needless) - _MOST} more" if len(needless) > _MOST else ""
    return "; ".join(needless[:_MOST]) + more


if __name__ == "__main__":
    main()

"""`fencepost diff`: what changed between two stored runs, for readers and for CI."""

import sys
from dataclasses import asdict
from pathlib import Path

import click
from fencepost.conformance.commands.console import show, show_json, table
from fencepost.conformance.commands.run_files import read_run
from fencepost.conformance.comparison.difference import KINDS, Change, Difference, difference
from fencepost.conformance.comparison.markdown import difference_as_markdown
from fencepost.reports.counted import counted
from fencepost.reports.visible import visible
from rich.text import Text

_RUN = click.Path(path_type=Path)
_COUNTED = {
    "new failure": ("new failure", "new failures"),
    "verdict changed": ("verdict changed", "verdicts changed"),
    "limit changed": ("limit changed", "limits changed"),
    "ledger changed": ("open point changed", "open points changed"),
}
"""The kinds of changes as they are counted, one of them and several; the others are the same in both."""


@click.command()
@click.argument("run_a", type=_RUN)
@click.argument("run_b", type=_RUN)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="The form of the output.",
)
@click.option(
    "--strict", is_flag=True, help="Exit with status 1 for any difference, not only for a change for the worse."
)
def diff(*, run_a: Path, run_b: Path, form: str, strict: bool) -> None:
    """Compare RUN_A, the earlier run, with RUN_B: each a report.json, or a folder that `check --report` wrote.

    Exit status: 2 bad usage or no stored run; 1 a change for the worse (a new failure, a lost pass, a newly broken
    choice, a run that no longer ends with 0); otherwise 0. A clause that passed and was not asked again is a lost pass.
    """
    found = difference(read_run(run_a), read_run(run_b))
    if form == "json":
        show_json({"worse": found.is_worse, **asdict(found)})
    elif form == "markdown":
        click.echo(difference_as_markdown(found))
    else:
        _show(found)
    sys.exit(1 if found.is_worse or (strict and found.is_any) else 0)


def _show(found: Difference) -> None:
    for caveat in found.caveats:
        show(Text(visible(caveat), style="dim"))
    if not found.changes:
        show(Text("nothing changed"))
        return
    show(table(("change", "what", "before → now"), [(one.kind, one.key, _in_words(one)) for one in found.changes]))
    for one in found.changes:
        if one.case:
            show(Text(f"\n{one.key}: the smallest case"))
            for line in one.case:
                show(Text(f"  {visible(line)}", no_wrap=True, overflow="ignore"))
    counts = [counted(len(found.of(kind)), *_COUNTED.get(kind, (kind, kind))) for kind in KINDS if found.of(kind)]
    show(Text(f"{', '.join(counts)}: {'worse' if found.is_worse else 'no worse'} than before"))


def _in_words(change: Change) -> str:
    return f"{change.before} → {change.after}{': ' if change.detail else ''}{change.detail}"

"""`fencepost matrix`: a table of implementations × clauses from stored runs."""

from pathlib import Path

import click
from fencepost.conformance.commands.console import write_out
from fencepost.conformance.commands.options import FILE
from fencepost.conformance.commands.run_files import read_run
from fencepost.conformance.comparison.markdown import matrix_as_markdown
from fencepost.conformance.comparison.matrix import matrix as compared
from fencepost.conformance.comparison.page import matrix_as_html


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN…")
@click.option(
    "--format",
    "form",
    type=click.Choice(("markdown", "html")),
    default="markdown",
    show_default=True,
    help="The form of the output.",
)
@click.option("--out", type=FILE, metavar="FILE", help="Write into this file, not to stdout.")
def matrix(*, runs: tuple[Path, ...], form: str, out: Path | None) -> None:
    """Draw the table of these RUNs, each a report.json or a folder that `check --report` wrote.

    Exit status: 0 whatever the runs found; 2 bad usage, or a RUN that is no stored run.
    """
    found = compared([read_run(run) for run in runs], names=[str(run) for run in runs])
    text = matrix_as_html(found) if form == "html" else matrix_as_markdown(found)
    write_out(text, out)

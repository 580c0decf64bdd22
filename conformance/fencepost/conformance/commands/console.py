"""Shows the results of commands on stdout, at its width, and in colour if it is a terminal."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click
from fencepost.conformance.commands.usage import os_error_as_usage
from fencepost.reports.files import write_text
from fencepost.reports.model import Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer
from fencepost.reports.visible import visible
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text


def show(*parts: RenderableType) -> None:
    """Draw the parts one below the other on stdout."""
    page = Page.of(sys.stdout)
    click.echo(page.draw(*parts), color=page.colour)


def show_json(value: object) -> None:
    """Write a JSON value, indented, to stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_report(report: Report, *, is_verbose: bool = False, on_stderr: bool = False) -> None:
    """Draw the terminal form of a report on stdout, or on stderr."""
    page = Page.of(sys.stderr if on_stderr else sys.stdout, is_verbose=is_verbose)
    click.echo(load_renderer("terminal")(report, page=page), color=page.colour, err=on_stderr)


def write_out(text: str, out: Path | None, *, colour: bool | None = None) -> None:
    """Write the text into the file of --out, or to stdout where there is none; bad usage if the file takes nothing."""
    if out is None:
        click.echo(text, color=colour, nl=not text.endswith("\n"))
        return
    with os_error_as_usage(f"--out {out}"):
        write_text(out, text)


def table(columns: Iterable[str], rows: Iterable[Iterable[str | Text]]) -> Table:
    """A table whose last column takes the remaining width.

    Texts are shown as they are, control characters as escapes.
    """
    names = list(columns)
    drawn = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=True, header_style="bold")
    for name in names[:-1]:
        drawn.add_column(name, overflow="fold")
    drawn.add_column(names[-1], ratio=1, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(visible(cell)) for cell in row))
    return drawn


def labelled(rows: Iterable[tuple[str, str | Text]]) -> Table:
    """A table of labels and values, without a heading."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(label, value if isinstance(value, Text) else Text(visible(value)))
    return grid

"""`fencepost report`: a stored run in any form that a renderer writes, without a new run."""

import sys
from dataclasses import replace
from pathlib import Path

import click
from fencepost.conformance.commands.console import write_out
from fencepost.conformance.commands.options import FILE
from fencepost.conformance.commands.usage import usage
from fencepost.reports.page import Page
from fencepost.reports.renderer import Renderer, load_renderer, renderers
from fencepost.reports.secrets import without_secrets
from fencepost.reports.stored import RunRefused, stored_run

_NOT_FROM_STORE = "events"
"""The stored form itself: written again, it would claim that the run took place here."""


def _formats() -> list[str]:
    return [name for name in renderers() if name != _NOT_FROM_STORE]


class _Format(click.ParamType[str]):
    """The name of an installed renderer; the renderers are looked up only when the option is used."""

    name = "format"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name unchanged; bad usage if no renderer has it."""
        if value not in _formats():
            self.fail(f"{value!r} is none of {', '.join(_formats())}.", param, ctx)
        return value

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        """The names for the help text."""
        return f"[{'|'.join(_formats())}]"


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--format", "form", type=_Format(), default="terminal", show_default=True, help="The form of the output.")
@click.option("--out", type=FILE, metavar="FILE", help="Write into this file, not to stdout.")
@click.option("-v", "--verbose", is_flag=True, help="Show every clause and every open point, none summed up.")
def report(*, run: Path, form: str, out: Path | None, verbose: bool) -> None:
    """Render RUN: a run.ndjson, a report.json, or a folder that `check --report` wrote.

    Exit status: 0 whatever the run found, 2 if RUN is no whole stored run or the file cannot be written.
    """
    try:
        found = stored_run(run)
    except (RunRefused, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise usage(f"{run}: {reason}") from None
    stored, where = without_secrets(found.report), found.environment
    page = Page.of(sys.stdout, is_verbose=verbose) if out is None else Page(is_verbose=verbose)
    if where is not None:
        page = replace(
            page,
            began=where.began,
            seconds=where.seconds,
            source=where.source,
            clause_seconds=where.clause_seconds,
        )
    write_out(_loaded(form)(stored, page=page), out, colour=page.colour)


def _loaded(form: str) -> Renderer:
    try:
        return load_renderer(form)
    except Exception as error:  # The renderer of a third party may fail in any way.
        raise usage(f"the renderer {form!r} cannot be loaded: {error}") from None

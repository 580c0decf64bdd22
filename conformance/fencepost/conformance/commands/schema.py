"""`fencepost schema`: the published JSON Schemas of the contract, the report, the event stream and adapter files."""

from importlib import import_module

import click
from fencepost.adapters.contract import carriers, contract_schema
from fencepost.conformance.commands.showing import show_json
from fencepost.reports.events import run_schema
from fencepost.reports.model import report_schema

_OF_FILES = ("cli", "rest")


@click.command(short_help="Print a JSON Schema: of the contract, the report, the event stream or an adapter file.")
@click.argument("which", type=click.Choice(["contract", "report", "run", *_OF_FILES]), default="contract")
def schema(*, which: str) -> None:
    """Print a published JSON Schema.

    Of the messages between kit and harness (contract), of report.json (report), of one line of run.ndjson (run), or
    of the TOML file that adapts a command-line tool (cli) or an HTTP service (rest).
    """
    if which in _OF_FILES:
        show_json(import_module(carriers()[which].module).file_schema())
        return
    schemas = {"contract": contract_schema, "report": report_schema, "run": run_schema}
    show_json(schemas[which]())

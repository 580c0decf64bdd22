"""`fencepost schema`: the published JSON Schemas of the contract, the report, the event stream and files."""

from importlib import import_module

import click
from fencepost.adapters.azure.target import target_schema
from fencepost.adapters.contract import carriers, contract_schema
from fencepost.conformance.commands.console import show_json
from fencepost.conformance.commands.live_events import progress_schema
from fencepost.reports.events import run_schema
from fencepost.reports.model import report_schema

_OF_FILES = ("cli", "rest")


@click.command()
@click.argument(
    "which", type=click.Choice(["contract", "report", "run", "progress", "target", *_OF_FILES]), default="contract"
)
def schema(*, which: str) -> None:
    """Print a published JSON Schema.

    Of the messages between kit and harness (contract), of report.json (report), of one line of run.ndjson (run), of a
    line that `check --events` writes before these (progress), or of the TOML file that adapts a command-line tool
    (cli), an HTTP service (rest) or an endpoint on Azure's wire (target).
    """
    if which in _OF_FILES:
        show_json(import_module(carriers()[which].module).file_schema())
        return
    schemas = {
        "contract": contract_schema,
        "report": report_schema,
        "run": run_schema,
        "progress": progress_schema,
        "target": target_schema,
    }
    show_json(schemas[which]())

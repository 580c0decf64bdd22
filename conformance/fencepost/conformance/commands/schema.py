"""`fencepost schema`: the published JSON Schemas of the contract, of the report and of the event stream."""

import click
from fencepost.adapters.contract import contract_schema
from fencepost.conformance.commands.console import show_json
from fencepost.reports.events import run_schema
from fencepost.reports.model import report_schema


@click.command(short_help="Print a JSON Schema: of the contract, of the report or of the event stream.")
@click.argument("which", type=click.Choice(["contract", "report", "run"]), default="contract")
def schema(*, which: str) -> None:
    """Print a published JSON Schema.

    The schema is that of the messages between kit and harness (contract), of report.json (report), or of one line of
    run.ndjson (run).
    """
    schemas = {"contract": contract_schema, "report": report_schema, "run": run_schema}
    show_json(schemas[which]())

"""`fencepost schema`: the published JSON Schemas of the contract, the report, the event stream and the target file."""

import click
from fencepost.adapters.azure.target import target_schema
from fencepost.adapters.contract import contract_schema
from fencepost.conformance.commands.showing import show_json
from fencepost.reports.events import run_schema
from fencepost.reports.model import report_schema


@click.command(short_help="Print a JSON Schema: of the contract, the report, the event stream or the target file.")
@click.argument("which", type=click.Choice(["contract", "report", "run", "target"]), default="contract")
def schema(*, which: str) -> None:
    """Print a published JSON Schema.

    Of the messages between kit and harness (contract), of report.json (report), of one line of run.ndjson (run), or of the
    file that leads to an endpoint on Azure's wire (target).
    """
    schemas = {"contract": contract_schema, "report": report_schema, "run": run_schema, "target": target_schema}
    show_json(schemas[which]())

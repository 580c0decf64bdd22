"""`fencepost schema`: the published JSON Schemas of the contract and of the report."""

import click
from fencepost.adapters.contract import contract_schema
from fencepost.conformance.commands.showing import show_json
from fencepost.reports.model import report_schema


@click.command(short_help="Print the JSON Schema of the contract or of the report.")
@click.argument("which", type=click.Choice(["contract", "report"]), default="contract")
def schema(*, which: str) -> None:
    """Print a published JSON Schema: of the messages between kit and harness (contract), or of report.json (report)."""
    show_json(contract_schema() if which == "contract" else report_schema())

"""`report.json`: the whole report, as its published schema describes it."""

from fencepost.reports.model import Report, report_to_json
from fencepost.reports.renderer import FileRenderer


def _write(report: Report) -> str:
    return report_to_json(report).decode("utf-8") + "\n"


render = FileRenderer(file_name="report.json", write=_write)
"""The renderer of the entry point `json`."""

"""`run.ndjson`: the run as a stream of events, from which every other form of the report can be made again."""

from fencepost.reports.events import Environment, report_to_events
from fencepost.reports.model import Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import TimedRenderer


def _write(report: Report, page: Page) -> str:
    environment = Environment.here(page)
    return b"".join(report_to_events(report, environment=environment)).decode("utf-8")


render = TimedRenderer(file_name="run.ndjson", write=_write)
"""The renderer of the entry point `events`."""

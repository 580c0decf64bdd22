"""Reads stored runs for a command: a file or folder that `check --report` wrote.

Otherwise bad usage gives the reason.
"""

from pathlib import Path

from fencepost.conformance.commands.usage import os_error_as_usage, usage
from fencepost.reports.model import Report
from fencepost.reports.secrets import without_secrets
from fencepost.reports.stored import RunRefused, stored_run


def read_run(path: Path) -> Report:
    """The report of a stored run, secrets masked; bad usage, with the place and the reason, if the run is not whole."""
    try:
        with os_error_as_usage(str(path)):
            return without_secrets(stored_run(path).report)
    except RunRefused as error:
        raise usage(f"{path}: {error}") from None

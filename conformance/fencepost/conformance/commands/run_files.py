"""Reading stored runs for a command: a file or folder that `check --report` wrote, or bad usage that says why not."""

from pathlib import Path

import click
from fencepost.reports.model import Report
from fencepost.reports.stored import RunRefused, stored_run
from fencepost.reports.visible import visible


def read_run(path: Path) -> Report:
    """The report of a stored run; bad usage, with the place and the reason, where there is no whole one."""
    try:
        return stored_run(path).report
    except RunRefused as error:
        raise click.UsageError(visible(f"{path}: {error}")) from None
    except OSError as error:
        raise click.UsageError(visible(f"{path}: {error.strerror or error}")) from None

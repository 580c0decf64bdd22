"""Reading stored runs for a command: a file or folder that `check --report` wrote, or bad usage that says why not."""

from pathlib import Path

from fencepost.conformance.commands.usage import usage
from fencepost.reports.model import Report
from fencepost.reports.secrets import without_secrets
from fencepost.reports.stored import RunRefused, stored_run


def read_run(path: Path) -> Report:
    """The report of a stored run, secrets masked; bad usage, with the place and the reason, where there is no whole one."""
    try:
        return without_secrets(stored_run(path).report)
    except RunRefused as error:
        raise usage(f"{path}: {error}") from None
    except OSError as error:
        raise usage(f"{path}: {error.strerror or error}") from None

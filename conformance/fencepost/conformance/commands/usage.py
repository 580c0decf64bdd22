"""Bad usage, told in lines of which a subject or a file may have written some."""

import click
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible_lines


def usage(told: str) -> click.UsageError:
    """Bad usage told in these lines: what does not print is an escape, and secrets are masked as in a report."""
    return click.UsageError("\n".join(visible_lines(Mask.of_here().apply(told))))

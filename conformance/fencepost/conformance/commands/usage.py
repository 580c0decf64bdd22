"""Bad usage with text that may come from a subject or a file."""

import click
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible_lines


def usage(told: str) -> click.UsageError:
    """A usage error with this text; control characters become escapes, and secrets are masked as in a report."""
    return click.UsageError("\n".join(visible_lines(Mask.of_here().apply(told))))

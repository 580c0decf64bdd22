"""Bad usage, and a harness that fails, with text that may come from a subject or a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import click
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible_lines


def usage(message: str) -> click.UsageError:
    """A usage error with this text; control characters become escapes, and secrets are masked as in a report."""
    return click.UsageError("\n".join(visible_lines(Mask.of_here().apply(message))))


@contextmanager
def os_error_as_usage(text: str) -> Iterator[None]:
    """Turn an `OSError` into bad usage: this text, and what was wrong."""
    try:
        yield
    except OSError as error:
        raise usage(f"{text}: {error.strerror or error}") from None


class HarnessFailed(click.ClickException):
    """A command that cannot go on because of the harness: exit status 2 without a hint at the command's usage."""

    exit_code: ClassVar[int] = 2

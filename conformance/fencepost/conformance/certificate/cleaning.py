"""Secrets kept out of a transcript as they are kept out of a report."""

from collections.abc import Callable
from typing import TypeAlias

from fencepost.reports.secrets import Mask

Clean: TypeAlias = Callable[[str], str]
"""Takes what is secret out of a text."""


def cleaner() -> Clean:
    """What masks in a text all that is masked in a report; it remembers the texts that it has seen."""
    return Mask.of_here().apply

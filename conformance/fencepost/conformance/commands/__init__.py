"""The command line: `fencepost` and its sub-commands."""

from fencepost.conformance.commands.group import main

__all__ = ["main"]

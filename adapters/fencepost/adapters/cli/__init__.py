"""The carrier `cli:FILE.toml`: an existing command-line tool that knows nothing of the kit."""

from fencepost.adapters.cli.carrier import connect, file_schema

__all__ = ["connect", "file_schema"]

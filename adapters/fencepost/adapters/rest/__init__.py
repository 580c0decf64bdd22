"""The carrier `rest:FILE.toml`: an existing HTTP service that knows nothing of the kit."""

from fencepost.adapters.rest.carrier import connect, file_schema

__all__ = ["connect", "file_schema"]

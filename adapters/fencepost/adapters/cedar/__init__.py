"""The Cedar policy engine as an implementation under test: `cedar` and `cedar:PROFILE`."""

from fencepost.adapters.cedar.adapter import CedarAdapter, open_adapter

__all__ = ["CedarAdapter", "open_adapter"]

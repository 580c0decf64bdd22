"""Peers: correct implementations, built differently from each other, that the kit must find no fault with."""

from fencepost.conformance.peers.stdlib_vault import StdlibVault, StdlibVaultUndeclared

__all__ = [
    "StdlibVault",
    "StdlibVaultUndeclared",
]

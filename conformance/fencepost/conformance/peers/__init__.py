"""Peers: known-good implementations, built differently from each other, in which the kit must find no fault."""

from fencepost.conformance.peers.freedoms import (
    AttributeMode2018,
    BareStringVault,
    CollapsingCountingVault,
    DoubtfulVault,
    ListModeToday,
    SettlingVault,
    WrongCodesVault,
)
from fencepost.conformance.peers.netaddr_vault import NetaddrVault, NetaddrVaultUndeclared
from fencepost.conformance.peers.restricted import (
    DataPlaneOnlyVault,
    DecisionsOnlyVault,
    EnforcerVault,
    IpRulesOnlyVault,
    MinimalVault,
    MinimalVault2018,
    NetworkGateVault,
    NoServiceEndpointsVault,
    WholeSetsOnlyVault,
)
from fencepost.conformance.peers.sqlite_vault import SqliteVault, SqliteVaultUndeclared
from fencepost.conformance.peers.stdlib_vault import StdlibVault, StdlibVaultUndeclared
from fencepost.conformance.peers.suspicious import NotOffered, SuspiciousVault
from fencepost.conformance.peers.trie_vault import TrieVault, TrieVaultUndeclared

__all__ = [
    "AttributeMode2018",
    "BareStringVault",
    "CollapsingCountingVault",
    "DataPlaneOnlyVault",
    "DecisionsOnlyVault",
    "DoubtfulVault",
    "EnforcerVault",
    "IpRulesOnlyVault",
    "ListModeToday",
    "MinimalVault",
    "MinimalVault2018",
    "NetaddrVault",
    "NetaddrVaultUndeclared",
    "NetworkGateVault",
    "NoServiceEndpointsVault",
    "NotOffered",
    "SettlingVault",
    "SqliteVault",
    "SqliteVaultUndeclared",
    "StdlibVault",
    "StdlibVaultUndeclared",
    "SuspiciousVault",
    "TrieVault",
    "TrieVaultUndeclared",
    "WholeSetsOnlyVault",
    "WrongCodesVault",
]

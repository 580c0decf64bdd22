"""Peers that offer less: each declares a part of the contract, and raises when the kit asks for the rest."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.peer import ALL_FEATURES
from fencepost.conformance.peers.profiles import KEYVAULT, KEYVAULT_2018
from fencepost.conformance.peers.suspicious import SuspiciousVault


def _all_but(*features: str) -> tuple[str, ...]:
    return tuple(feature for feature in ALL_FEATURES if feature not in features)


class IpRulesOnlyVault(SuspiciousVault):
    """A vault without subnets."""

    name = "peer-ip-rules-only"
    features = (*_all_but("service-endpoints"), "ip-rules-only")


class DataPlaneOnlyVault(SuspiciousVault):
    """A vault that answers no control-plane request."""

    name = "peer-data-plane-only"
    features = (*ALL_FEATURES, "data-plane-only")


class DecisionsOnlyVault(SuspiciousVault):
    """A vault that enforces rule sets validated elsewhere, and raises where it would have to refuse a rule set."""

    name = "peer-decisions-only"
    features = (*ALL_FEATURES, "decisions-only")


class EnforcerVault(SuspiciousVault):
    """A packet filter: all three restrictions, and no optional feature."""

    name = "peer-enforcer"
    features = ("ip-rules-only", "data-plane-only", "decisions-only")


class NoServiceEndpointsVault(SuspiciousVault):
    """A vault that knows subnets, but not which of them have the service endpoint."""

    name = "peer-no-service-endpoints"
    features = _all_but("service-endpoints")


class WholeSetsOnlyVault(SuspiciousVault):
    """A vault that accepts whole rule sets only and never shows them."""

    name = "peer-whole-sets-only"
    features = _all_but("read-back", "incremental-rules")


class NetworkGateVault(SuspiciousVault):
    """A vault that judges the network alone, without services, tokens or codes."""

    name = "peer-network-gate"
    features = _all_but("trusted-services", "caller-credentials", "decision-codes")


class MinimalVault:
    """The smallest vault: the four required methods, no feature, and one profile."""

    def __init__(self, *, profile: str = KEYVAULT.name) -> None:
        self._vault = _Nothing(profile=profile)

    def describe(self, *, protocol: int) -> JsonObject:
        """The shortest possible statement."""
        full = self._vault.describe(protocol=protocol)
        return {key: full[key] for key in ("protocol", "name", "version", "profile", "features")}

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault without rules, in a network of exactly these subnets."""
        return self._vault.reset(subnets=subnets)

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Replace the whole rule set."""
        return self._vault.put_rules(network_acls=network_acls)

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """One decision for each request."""
        return self._vault.decide(requests=requests)


class MinimalVault2018(MinimalVault):
    """The smallest vault, after the announcement of 2018."""

    def __init__(self) -> None:
        super().__init__(profile=KEYVAULT_2018.name)


class _Nothing(SuspiciousVault):
    name = "peer-minimal"
    features = ()

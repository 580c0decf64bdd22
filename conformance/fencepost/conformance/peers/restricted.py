"""Peers that offer less: each promises a part of the contract, and raises when it is asked for the rest."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.peer import ALL_FEATURES
from fencepost.conformance.peers.profiles import KEYVAULT, KEYVAULT_2018
from fencepost.conformance.peers.suspicious import SuspiciousVault


def _all_but(*features: str) -> tuple[str, ...]:
    return tuple(feature for feature in ALL_FEATURES if feature not in features)


class IpRulesOnlyVault(SuspiciousVault):
    """Knows no subnets."""

    name = "peer-ip-rules-only"
    features = (*_all_but("service-endpoints"), "ip-rules-only")


class DataPlaneOnlyVault(SuspiciousVault):
    """Answers no control-plane request."""

    name = "peer-data-plane-only"
    features = (*ALL_FEATURES, "data-plane-only")


class DecisionsOnlyVault(SuspiciousVault):
    """Enforces rule sets that something else has validated; raises where it would have to refuse one."""

    name = "peer-decisions-only"
    features = (*ALL_FEATURES, "decisions-only")


class EnforcerVault(SuspiciousVault):
    """All three restrictions and nothing else: a packet filter."""

    name = "peer-enforcer"
    features = ("ip-rules-only", "data-plane-only", "decisions-only")


class NoServiceEndpointsVault(SuspiciousVault):
    """Knows subnets, and not which of them have the service endpoint."""

    name = "peer-no-service-endpoints"
    features = _all_but("service-endpoints")


class WholeSetsOnlyVault(SuspiciousVault):
    """Takes rule sets whole and never shows them."""

    name = "peer-whole-sets-only"
    features = _all_but("read-back", "incremental-rules")


class NetworkGateVault(SuspiciousVault):
    """Judges the network alone: no services, no tokens, no codes."""

    name = "peer-network-gate"
    features = _all_but("trusted-services", "caller-credentials", "decision-codes")


class MinimalVault:
    """The four methods, no feature, no profile but its own."""

    def __init__(self, *, profile: str = KEYVAULT.name) -> None:
        self._vault = _Nothing(profile=profile)

    def describe(self, *, protocol: int) -> JsonObject:
        """The shortest statement that there is."""
        full = self._vault.describe(protocol=protocol)
        return {key: full[key] for key in ("protocol", "name", "version", "profile", "features")}

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault without rules in a network of just these subnets."""
        return self._vault.reset(subnets=subnets)

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Replace the whole rule set."""
        return self._vault.put_rules(network_acls=network_acls)

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """One decision a request."""
        return self._vault.decide(requests=requests)


class MinimalVault2018(MinimalVault):
    """The same by the announcement of 2018."""

    def __init__(self) -> None:
        super().__init__(profile=KEYVAULT_2018.name)


class _Nothing(SuspiciousVault):
    name = "peer-minimal"
    features = ()

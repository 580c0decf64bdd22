"""Peers that offer less: each declares a part of the contract, and raises when the kit asks for the rest."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.memory import State
from fencepost.conformance.peers.netaddr_vault import NetaddrVault
from fencepost.conformance.peers.peer import ALL_FEATURES, as_object
from fencepost.conformance.peers.profiles import KEYVAULT, KEYVAULT_2018
from fencepost.conformance.peers.stdlib_vault import StdlibVault
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


class DenyingVault(StdlibVault):
    """A vault whose default action is Deny from the first moment on, and that does not speak of it."""

    first_action = "Deny"
    choices = replace(StdlibVault.choices, default_of_default_action="Deny")

    def _spell_rules(self, state: State[IPv4Network]) -> JsonObject:
        acls = as_object(super()._spell_rules(state).get("networkAcls", {}))
        return {"networkAcls": {name: value for name, value in acls.items() if name != "defaultAction"}}


class AlwaysDenyVault(SuspiciousVault):
    """Has no default action: denies whatever no rule, subnet or bypass lets in."""

    name = "peer-always-deny"
    features = (*ALL_FEATURES, "always-deny")
    guarded = DenyingVault


class AlwaysDenyFilter(SuspiciousVault):
    """A packet filter as it comes: it denies, and whatever it is given has been validated."""

    name = "peer-always-deny-filter"
    features = ("always-deny", "ip-rules-only", "data-plane-only", "decisions-only")
    guarded = DenyingVault


class LenientFilter(SuspiciousVault):
    """A packet filter that masks host bits and takes every range, reserved and around private space, too."""

    name = "peer-lenient-filter"
    features = ("ip-rules-only", "data-plane-only", "decisions-only")
    guarded = NetaddrVault


class LenientEnforcer(SuspiciousVault):
    """The same with everything that an implementation can promise."""

    name = "peer-lenient-enforcer"
    features = (*ALL_FEATURES, "decisions-only")
    guarded = NetaddrVault


class AlwaysDenyRules(SuspiciousVault):
    """No default action and no services: nothing at all can be switched."""

    name = "peer-always-deny-rules"
    features = (*_all_but("trusted-services", "caller-credentials"), "always-deny")
    guarded = DenyingVault


class FewOperationsVault(SuspiciousVault):
    """Can be asked for a few operations only."""

    name = "peer-few-operations"
    operations = ("VaultGet", "VaultList", "KeySign", "KeyList", "SecretSet")


class OneOperationVault(SuspiciousVault):
    """Can be asked for one operation, which is not the plainest."""

    name = "peer-one-operation"
    operations = ("KeyVerify",)


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

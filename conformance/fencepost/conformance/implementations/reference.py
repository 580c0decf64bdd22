"""The reference behind the contract: it decides, refuses and reads back as an implementation would."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from fencepost.adapters.contract import JsonObject
from fencepost.adapters.contract.vocabulary import PROTOCOL
from fencepost.conformance.lockstep.wire import network_from_wire, request_from_wire, wire_rules_in_force
from fencepost.reference import Outcome, Request, Vault, Verdict, Write, acceptable_codes, load_profile
from fencepost.reference.open_points import OPEN_POINTS

_OTHERWISE = {
    "reserved-ranges": "accept",
    "duplicates": "keep",
    "prefix-31": "accept",
    "lost-service-endpoint": "accept",
    "remove-unknown": "ignore",
}
_BY_PROFILE = ("single-address-read-back", "trusted-services", "trusted-scenarios")
_CHOICES = {point.key: point.answers[0] for point in OPEN_POINTS if point.key not in _BY_PROFILE} | _OTHERWISE
_FEATURES = (
    *("read-back", "incremental-rules", "service-endpoints", "trusted-services", "caller-credentials"),
    *("decision-codes", "snapshot-isolation"),
)


class ReferenceImplementation:
    """An implementation of the contract that answers as the reference does, with a choice for every open point."""

    def __init__(self, profile: str) -> None:
        self._profile = load_profile(profile).with_choices(_CHOICES)
        self._vault = Vault(profile=self._profile)

    def describe(self, *, protocol: int) -> JsonObject:
        """The implementation conformance statement."""
        del protocol
        return {
            "protocol": PROTOCOL,
            "name": "fencepost reference",
            "version": version("fencepost"),
            "profile": self._profile.name,
            "features": list(_FEATURES),
            "choices": {
                **_CHOICES,
                "single-address-read-back": "/32" if self._profile.prefix_32 == "accept" else "bare",
                "trusted-services": self._profile.choice("trusted-services"),
            },
        }

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault without rules in a network with exactly these subnets."""
        self._vault = Vault(profile=self._profile).reset(network_from_wire(subnets))
        return {}

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """One decision for each request, with status and code of a denial."""
        return {"decisions": [self._decision(request_from_wire(request)) for request in requests]}

    def _decision(self, request: Request) -> JsonObject:
        vault = self._vault
        decision = vault.decide(request)
        if decision.outcome is not Outcome.DENY:
            return {"outcome": "allow"}
        codes = acceptable_codes(request, rules=vault.rules, network=vault.network, profile=vault.profile)
        status, code = min(codes) if codes else (403, None)
        return {"outcome": "deny", "status": status, **({"code": code} if code else {})}

    def get_rules(self) -> JsonObject:
        """The rules in force; a single address as its /32 if the profile knows that form."""
        acls = wire_rules_in_force(self._vault.rules)
        if self._profile.prefix_32 == "accept":
            entries = [rule.text if "/" in rule.text else f"{rule.text}/32" for rule in self._vault.rules.ip_rules]
            acls["ipRules"] = [{"value": value} for value in entries]
        return {"networkAcls": acls}

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Replace the whole rule set; a write result."""
        return self._answer(self._vault.put_rules(network_acls))

    def update_rules(self, **switches: object) -> JsonObject:
        """Change the switches that are named; a write result."""
        names = {"default_action": "defaultAction", "bypass": "bypass"}
        return self._answer(self._vault.update_rules({names[name]: value for name, value in switches.items()}))

    def add_ip_rule(self, *, value: object) -> JsonObject:
        """Add one IP rule; a write result."""
        return self._answer(self._vault.add_ip_rule(value))

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        """Remove every IP rule equal to this one; a write result."""
        return self._answer(self._vault.remove_ip_rule(value))

    def add_virtual_network_rule(self, **entry: object) -> JsonObject:
        """Add one virtual network rule; a write result."""
        ignoring = entry.get("ignore_missing_vnet_service_endpoint") is True
        rule: Mapping[str, object] = {"id": entry["id"], "ignoreMissingVnetServiceEndpoint": ignoring}
        return self._answer(self._vault.add_virtual_network_rule(rule))

    def remove_virtual_network_rule(self, *, id: str) -> JsonObject:  # noqa: A002 - the contract's member name
        """Remove every rule for this subnet; a write result."""
        return self._answer(self._vault.remove_virtual_network_rule(id))

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        """Switch a subnet's endpoints."""
        self._vault = self._vault.set_service_endpoints(subnet, service_endpoints)
        return {}

    def shutdown(self) -> JsonObject:
        """Do nothing: there is nothing to close."""
        return {}

    def _answer(self, write: Write) -> JsonObject:
        if write.verdict is Verdict.ACCEPTED and write.accepted is not None:
            self._vault = write.accepted
            return {"accepted": True}
        first = write.violations[0]
        return {"accepted": False, "status": 400, "code": "BadRequest", "message": f"{first.path}: {first.name}"}

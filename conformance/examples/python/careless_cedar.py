"""A real engine that fails: Cedar decides every request, by policies into which a hand translated the rules carelessly.

Addresses and subnets are matched as text, which reads well and is wrong three times over: a prefix is rounded
up to whole octets, a single address is the beginning of others, and so is a subnet's id. To see what a run makes of it,
from this folder: `fencepost check library:careless_cedar:CarelessCedar --seed 1`.
"""

import importlib.metadata
import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import cedarpy

Json: TypeAlias = dict[str, Any]

CREDENTIALS = "forbid(principal, action, resource) unless { context.authenticated && context.authorized };"
CONTROL_PLANE = 'permit(principal, action, resource == Plane::"control");'


class CarelessCedar:
    """A key vault's firewall; parameters and results are those of the contract."""

    def __init__(self) -> None:
        self.reset(subnets=[])

    def describe(self, *, protocol: int) -> Json:
        """What there is to ask: whole rule sets that something else has validated, and their decisions."""
        return {
            "protocol": protocol,
            "name": "Cedar, carelessly",
            "version": importlib.metadata.version("cedarpy"),
            "profile": "keyvault",
            "features": ["decisions-only", "trusted-services", "caller-credentials"],
            "choices": {"trusted-services": "attribute"},
            "homepage": "https://www.cedarpolicy.com",
        }

    def reset(self, *, subnets: Sequence[Json]) -> Json:  # noqa: ARG002 - whose endpoints are always on
        """A new vault: it is open, and trusted services pass."""
        self.put_rules(network_acls={})
        return {}

    def put_rules(self, *, network_acls: Json) -> Json:
        """Replace the policies by those of these rules."""
        written = [CREDENTIALS, CONTROL_PLANE]
        if network_acls.get("defaultAction", "Allow") == "Allow":
            written.append(permit("true"))
        if network_acls.get("bypass", "AzureServices") == "AzureServices":
            written.append(permit("context.trusted"))
        written += [
            permit(f"context.address like {pattern(rule['value'])}") for rule in network_acls.get("ipRules", [])
        ]
        for rule in network_acls.get("virtualNetworkRules", []):
            written.append(permit(f"context.subnet like {json.dumps(rule['id'].lower() + '*')}"))
        self.policies = cedarpy.PolicySet.from_str("\n".join(written))
        return {"accepted": True}

    def decide(self, *, requests: Sequence[Json]) -> Json:
        """What Cedar decides."""
        asked = [self.question(request) for request in requests]
        results = cedarpy.is_authorized_batch(asked, self.policies, cedarpy.Entities.from_json_str("[]"))
        assert not any(result.diagnostics.errors for result in results)
        return {"decisions": ["allow" if result.allowed else "deny" for result in results]}

    def question(self, request: Json) -> Json:
        """One request in Cedar's terms."""
        source, caller = request["source"], request.get("caller", {})
        context = {
            "address": source["address"] if "subnet" not in source else "",
            "subnet": source.get("subnet", "").lower(),
            "authenticated": caller.get("authenticated", True),
            "authorized": caller.get("authorized", True),
            "trusted": caller.get("trusted", False),
        }
        return {
            "principal": {"type": "Client", "id": ""},
            "action": {"type": "Action", "id": request["operation"]},
            "resource": {"type": "Plane", "id": request["plane"]},
            "context": json.dumps(context),
        }


def permit(condition: str) -> str:
    """A permit on the data plane."""
    return f'permit(principal, action, resource == Plane::"data") when {{ {condition} }};'


def pattern(rule: str) -> str:
    """The beginning of the addresses that a rule holds, in whole octets; here is where it goes wrong."""
    address, _, prefix = rule.partition("/")
    octets = -(-int(prefix or 32) // 8)
    return json.dumps(".".join(address.split(".")[:octets]) + "*")

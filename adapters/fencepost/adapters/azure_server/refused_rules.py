"""The words for rules that the subject has refused: the service's own where a recording has them."""

import ipaddress
import re
from collections.abc import Iterator, Mapping

from fencepost.adapters.azure.forms import texts_of
from fencepost.adapters.azure_server.errors import OPEN_POINT, Refusal, bad_request, refusal
from fencepost.adapters.azure_server.network import Networks
from fencepost.adapters.azure_server.open_rules import PRIVATE, open_points_in
from fencepost.adapters.azure_server.subject import Refused
from fencepost.adapters.contract.protocol import JsonObject

_SUBNET = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualNetworks/[^/]+/subnets/[^/]+", re.I
)
_SERVICE = "Microsoft.KeyVault"
_LIMITS = (127, 200, 1000)


def explained(refused: Refused, acls: JsonObject, networks: Networks) -> Refusal:
    """The answer to a refused write: a private range, a missing subnet or endpoint, or the subject's words."""
    for path, value, private in _private_values(acls):
        first, last = private.network_address, private.broadcast_address
        return bad_request(
            f"Invalid value found at properties.networkAcls.{path}: {value} belongs to forbidden range "
            f"{first}–{last} (private IP addresses)"
        )
    for subnet in _without_endpoint(acls, networks):
        network, _, name = subnet.rpartition("/subnets/")
        return refusal(
            400,
            "VirtualNetworkNotValid",
            "Operation on Virtual Network could not be performed. StatusCode: 400 (BadRequest). Error Code: "
            "SubnetsHaveNoServiceEndpointsConfigured. Error Message: "
            f"Subnets {name} of virtual network {network} do not have ServiceEndpoints for {_SERVICE} resources "
            f"configured. Add {_SERVICE} to subnet's ServiceEndpoints collection before trying to ACL {_SERVICE} "
            "resources to these subnets",
        )
    for subnet in _unknown(acls, networks):
        network = subnet.rpartition("/subnets/")[0]
        is_network = networks.find(network) is not None
        parent = subnet if is_network else network
        return refusal(
            400,
            "VirtualNetworkNotValid",
            "Operation on Virtual Network could not be performed. StatusCode: 404 (NotFound). Error Code: "
            "ParentResourceNotFound. Error Message: Failed to perform 'action' on resource(s) of type "
            f"'virtualNetworks/taggedTrafficConsumers', because the parent resource '{parent}' could not be found..",
            headers={OPEN_POINT: "missing-subnet"} if is_network else None,
        )
    is_long = any(len(rules) > min(_LIMITS) for rules in _lists(acls))
    points = open_points_in(acls) or ("over-the-limit" if is_long else "malformed-address",)
    return refusal(
        refused.status,
        refused.code,
        f"The rules were refused: {refused.message}",
        headers={OPEN_POINT: ", ".join(points)},
    )


def _lists(acls: JsonObject) -> Iterator[list[object]]:
    for member in ("ipRules", "virtualNetworkRules"):
        rules = acls.get(member)
        if isinstance(rules, list):
            yield rules


def _private_values(acls: JsonObject) -> Iterator[tuple[str, str, ipaddress.IPv4Network]]:
    rules = acls.get("ipRules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        value = rule.get("value") if isinstance(rule, Mapping) else None
        try:
            block = ipaddress.IPv4Network(value) if isinstance(value, str) else None
        except ValueError:
            block = None
        for private in PRIVATE if block is not None else ():
            if block is not None and block.subnet_of(private):
                yield f"ipRules[{index}].value", str(value), private


def _without_endpoint(acls: JsonObject, networks: Networks) -> Iterator[str]:
    for name in texts_of(acls, "virtualNetworkRules", "id"):
        subnet = networks.subnet(name)
        if subnet is not None and _SERVICE not in subnet.endpoints:
            yield subnet.id


def _unknown(acls: JsonObject, networks: Networks) -> Iterator[str]:
    named = texts_of(acls, "virtualNetworkRules", "id")
    return (name for name in named if _SUBNET.fullmatch(name) and networks.subnet(name) is None)

"""Short constructors for witnesses: contract calls, rule sets and requests."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.values import Profile

Call: TypeAlias = tuple[str, JsonObject]
"""A method of the contract and its parameters, both as on the wire."""

_PAYROLL = "/subscriptions/0f8fad5b-d9cb-469f-a165-70867728950e"
_ENDPOINT = "Microsoft.KeyVault"


def subnet_id(subnet: str = "app", *, network: str = "hub", group: str = "Prod", subscription: str = _PAYROLL) -> str:
    """The id of a subnet; the defaults name one subnet."""
    provider = "providers/Microsoft.Network"
    return f"{subscription}/resourceGroups/{group}/{provider}/virtualNetworks/{network}/subnets/{subnet}"


APP = subnet_id()
APP_2 = subnet_id("app-2")
DATABASE = subnet_id("database")
OTHER_NETWORK = subnet_id(network="spoke")
OTHER_GROUP = subnet_id(group="Test")
OTHER_SUBSCRIPTION = subnet_id(subscription="/subscriptions/7c9e6679-7425-40de-944b-e07fc1f90ae7")
NETWORK = (APP, APP_2, DATABASE, OTHER_NETWORK, OTHER_GROUP, OTHER_SUBSCRIPTION)
"""The subnets of every witness without a `reset` of its own, all with the service endpoint."""

HERE = "20.0.0.7"
"""A public address that no rule covers unless the witness has such a rule."""
INSIDE = "10.1.0.4"
"""A private address, which a subnet with the service endpoint shows."""


def reset(*, subnets: Sequence[str] = NETWORK, without: Sequence[str] = ()) -> Call:
    """A `reset` to a new vault; the subnets `without` lack the service endpoint."""
    network: list[JsonObject] = [
        {"id": subnet, "serviceEndpoints": [] if subnet in without else [_ENDPOINT]} for subnet in subnets
    ]
    return "reset", {"subnets": network}


def put(*ranges: object, subnets: Iterable[object] = (), default: object = "Deny", bypass: object = "None") -> Call:
    """A write of a whole rule set; a subnet is an id or a whole entry."""
    acls = {
        "bypass": bypass,
        "defaultAction": default,
        "ipRules": [{"value": value} for value in ranges],
        "virtualNetworkRules": [entry if isinstance(entry, dict) else {"id": entry} for entry in subnets],
    }
    return "putRules", {"networkAcls": acls}


def dormant(subnet: str) -> JsonObject:
    """A virtual network rule that is accepted although its subnet lacks the endpoint."""
    return {"id": subnet, "ignoreMissingVnetServiceEndpoint": True}


def update(*, default: object = None, bypass: object = None) -> Call:
    """An update of one switch or both."""
    given = {"defaultAction": default, "bypass": bypass}
    return "updateRules", {name: word for name, word in given.items() if word is not None}


def add(value: object) -> Call:
    """A call that adds one IP rule."""
    return "addIpRule", {"value": value}


def remove(value: object) -> Call:
    """A call that removes one IP rule."""
    return "removeIpRule", {"value": value}


def add_subnet(subnet: object) -> Call:
    """A call that adds one virtual network rule."""
    return "addVirtualNetworkRule", {"id": subnet}


def remove_subnet(subnet: object) -> Call:
    """A call that removes one virtual network rule."""
    return "removeVirtualNetworkRule", {"id": subnet}


def endpoints(subnet: str, *names: str) -> Call:
    """A call that sets the service endpoints of one subnet."""
    return "setServiceEndpoints", {"subnet": subnet, "serviceEndpoints": list(names)}


def switch_on(subnet: str) -> Call:
    """A call that gives a subnet the service endpoint."""
    return endpoints(subnet, _ENDPOINT)


def read() -> Call:
    """A call that reads the rules back."""
    return "getRules", {}


def ask(*requests: JsonObject) -> Call:
    """A call that has requests decided in one batch."""
    return "decide", {"requests": list(requests)}


def call(
    address: str = HERE, operation: str = "SecretGet", *, subnet: str | None = None, **caller: object
) -> JsonObject:
    """One data-plane request; `caller` holds the caller's members."""
    return _request("data", address, operation, subnet, caller)


def control(
    operation: str = "VaultGet", address: str = HERE, *, subnet: str | None = None, **caller: object
) -> JsonObject:
    """One control-plane request; `caller` holds the caller's members."""
    return _request("control", address, operation, subnet, caller)


def trusted(
    profile: Profile,
    address: str = HERE,
    operation: str = "SecretGet",
    *,
    subnet: str | None = None,
    service: str = "Azure Backup",
    **caller: object,
) -> JsonObject:
    """One data-plane request of a trusted service, marked as trusted in the profile's way."""
    said: JsonObject = {} if profile.trusted_services is not None else {"trusted": True}
    return _request("data", address, operation, subnet, {"service": service, **said, **caller})


def untrusted(profile: Profile, service: str = "Contoso Billing") -> JsonObject:
    """One data-plane request of an untrusted service, marked in the profile's way."""
    said: JsonObject = {} if profile.trusted_services is not None else {"trusted": False}
    return _request("data", HERE, "SecretGet", None, {"service": service, **said})


def _request(plane: str, address: str, operation: str, subnet: str | None, caller: JsonObject) -> JsonObject:
    source = {"address": address} if subnet is None else {"address": address, "subnet": subnet}
    request: dict[str, object] = {"plane": plane, "operation": operation, "source": source}
    return {**request, "caller": dict(caller)} if caller else request


def singles(count: int) -> list[str]:
    """So many single addresses, all different and none adjacent: 20.1.0.1, 20.1.1.1, …, 20.4.249.1."""
    return [f"20.{1 + index // 250}.{index % 250}.1" for index in range(count)]


def names(count: int) -> list[str]:
    """The ids of so many subnets, none in the default network."""
    return [subnet_id(f"s{index}", network="large") for index in range(count)]

"""From the reference's values to the JSON of the contract, and back."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.reference import (
    Caller,
    Network,
    Plane,
    Request,
    RuleSet,
    Subnet,
    address_from_text,
    text_from_address,
)

WireRules = dict[str, object]


WAYS_TO_SAY_YES: Sequence[tuple[str, ...]] = (
    ("authenticated", "authorized"),
    ("authenticated",),
    ("authorized",),
    ("caller",),
)
"""Which members may be written out with their default values: both flags, one flag, or the members of a caller."""


def wire_request(request: Request, *, explicit: Collection[str] = ()) -> JsonObject:
    """A request as the contract has it; members with default values are left out unless `explicit` names them."""
    caller = request.caller
    members: dict[str, object] = {}
    if "authenticated" in explicit or not caller.authenticated:
        members["authenticated"] = caller.authenticated
    if "authorized" in explicit or not caller.authorized:
        members["authorized"] = caller.authorized
    if caller.service is not None:
        members["service"] = caller.service
    if caller.trusted is not None:
        members["trusted"] = caller.trusted
    source: dict[str, object] = {"address": text_from_address(request.address)}
    if request.subnet is not None:
        source["subnet"] = request.subnet
    message: dict[str, object] = {"plane": request.plane.value, "operation": request.operation, "source": source}
    if members or "caller" in explicit:
        message["caller"] = members
    return message


def written_out(message: JsonObject) -> tuple[str, ...]:
    """The members with default values that a wire message writes out, as `wire_request` takes them."""
    caller = message.get("caller")
    if not isinstance(caller, Mapping):
        return ()
    return tuple(name for name in ("authenticated", "authorized") if caller.get(name) is True) or ("caller",) * (
        not caller
    )


def request_from_wire(message: Mapping[str, object]) -> Request:
    """The request of a wire message; `KeyError`, `TypeError` or `ValueError` if there is none."""
    source, caller = _object(message["source"]), _object(message.get("caller") or {})
    subnet, service, trusted = source.get("subnet"), caller.get("service"), caller.get("trusted")
    return Request(
        plane=Plane(str(message["plane"])),
        operation=str(message["operation"]),
        address=address_from_text(str(source["address"])),
        subnet=str(subnet) if subnet is not None else None,
        caller=Caller(
            authenticated=caller.get("authenticated", True) is True,
            authorized=caller.get("authorized", True) is True,
            service=str(service) if service is not None else None,
            trusted=trusted if isinstance(trusted, bool) else None,
        ),
    )


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, got {value!r}")
    return value


def wire_rules(
    ip_values: Iterable[object],
    subnet_ids: Iterable[object] = (),
    *,
    default_action: object = "Deny",
    bypass: object = "None",
) -> WireRules:
    """A `networkAcls` object with both switches, from the values and ids of its rules."""
    return {
        "bypass": bypass,
        "defaultAction": default_action,
        "ipRules": [{"value": value} for value in ip_values],
        "virtualNetworkRules": [{"id": subnet} for subnet in subnet_ids],
    }


def entries_of(acls: Mapping[str, object], member: str) -> list[dict[str, object]]:
    """The entries of one of the two lists of a `networkAcls` object that the kit has made."""
    entries = acls[member]
    assert isinstance(entries, list)
    return entries


def wire_rules_in_force(rules: RuleSet) -> WireRules:
    """The `networkAcls` that the reference's rules came from."""
    acls = wire_rules(
        (rule.text for rule in rules.ip_rules),
        default_action=rules.default_action.value,
        bypass=rules.bypass.value,
    )
    acls["virtualNetworkRules"] = [
        {"id": rule.id, **({"ignoreMissingVnetServiceEndpoint": True} if rule.ignore_missing_endpoint else {})}
        for rule in rules.virtual_network_rules
    ]
    return acls


def wire_network(network: Network) -> list[JsonObject]:
    """The subnets as `reset` takes them."""
    return [{"id": subnet.id, "serviceEndpoints": list(subnet.service_endpoints)} for subnet in network.subnets]


def network_from_wire(subnets: Iterable[Mapping[str, object]]) -> Network:
    """The network that the parameters of `reset` describe."""
    found = []
    for subnet in subnets:
        endpoints = subnet.get("serviceEndpoints", ())
        if not isinstance(endpoints, list | tuple):
            raise TypeError(f"expected a list of service endpoints, got {endpoints!r}")
        found.append(Subnet(id=str(subnet["id"]), service_endpoints=tuple(str(endpoint) for endpoint in endpoints)))
    return Network(subnets=tuple(found))

"""The subnets that a file of rules defines itself, with their service endpoints."""

from collections.abc import Iterator, Mapping

from fencepost.adapters.contract.vocabulary import SERVICE_ENDPOINT
from fencepost.conformance.rule_files.found import OwnSubnet
from fencepost.conformance.rule_files.holders import changes_of, properties_of, rows_of
from fencepost.conformance.rule_files.members import member
from fencepost.conformance.rule_files.template import NETWORK, SUBNETS, Evaluation, Fault, Resource
from fencepost.reference import is_subnet_id


def subnets_of(resource: Resource) -> Iterator[OwnSubnet]:
    """The subnets that a network or a subnet of a template defines; none of those whose name is not known."""
    properties, known = resource.properties or {}, resource.evaluation
    names: list[str] = []
    if resource.kind in (NETWORK, *SUBNETS):
        try:
            written = (*resource.parents, member(resource.body, "name"))
            names = "/".join(str(known.value(one, "$.name")) for one in written).split("/")
        except Fault:
            return
    if resource.kind == NETWORK and len(names) == 1:
        yield from _of_network(names[0], properties, f"{resource.path}.properties", known)
    elif resource.kind in SUBNETS and len(names) == 2:
        subnet = _id(names[0], names[1], known)
        try:
            listed = known.value(member(properties, "serviceEndpoints"), f"{resource.path}.properties.serviceEndpoints")
        except Fault as fault:
            yield OwnSubnet(id=subnet, unknown=str(fault))
        else:
            yield OwnSubnet(id=subnet, service_endpoints=_endpoints(listed))


def _of_network(network: str, properties: Mapping[str, object], path: str, known: Evaluation) -> Iterator[OwnSubnet]:
    """The subnets in the properties of a network; where their list is not known, all that it may have."""
    try:
        value = known.value(_deciding_parts(properties), path)
    except Fault as fault:
        yield OwnSubnet(id=_id(network, "", known), unknown=str(fault))
        return
    listed = member(value, "subnets") if isinstance(value, Mapping) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping) and isinstance(member(one, "name"), str):
            endpoints = _endpoints(member(properties_of(one), "serviceEndpoints"))
            yield OwnSubnet(id=_id(network, str(member(one, "name")), known), service_endpoints=endpoints)


def _deciding_parts(properties: Mapping[str, object]) -> dict[str, object]:
    """The lists and loops of subnets, each subnet with its name and endpoints alone: its range may not be known."""
    loops, listed = member(properties, "copy"), member(properties, "subnets")
    kept: dict[str, object] = {}
    if listed is not None:
        kept["subnets"] = [_deciding_part(one) for one in listed] if isinstance(listed, list) else listed
    if isinstance(loops, list):
        named = [one for one in loops if isinstance(one, Mapping) and str(one.get("name")).lower() == "subnets"]
        kept["copy"] = [{**one, "input": _deciding_part(one.get("input"))} for one in named]
    return kept


def _deciding_part(subnet: object) -> object:
    if not isinstance(subnet, Mapping):
        return subnet
    properties = member(subnet, "properties")
    if isinstance(properties, Mapping):
        properties = {"serviceEndpoints": member(properties, "serviceEndpoints")}
    return {"name": member(subnet, "name"), "properties": properties}


def _id(network: str, subnet: str, known: Evaluation) -> str:
    provider = f"/subscriptions/{known.subscription}/resourceGroups/{known.group}/providers/Microsoft.Network"
    return f"{provider}/virtualNetworks/{network}/subnets/{subnet}"


def _endpoints(listed: object) -> tuple[str, ...]:
    """The one endpoint that counts, if it is among those of a subnet: as objects, or as Terraform's texts."""
    entries = listed if isinstance(listed, list) else ()
    services = [member(one, "service") if isinstance(one, Mapping) else one for one in entries]
    return (SERVICE_ENDPOINT,) if SERVICE_ENDPOINT in services else ()


def listed_subnets(value: object) -> Iterator[OwnSubnet]:
    """The subnets among resources as a service prints them: in lists, and as a what-if result leaves them."""
    if isinstance(value, list):
        for one in value:
            yield from listed_subnets(one)
    if not isinstance(value, Mapping):
        return
    if isinstance(changes := changes_of(value), list):
        for change in changes:
            if isinstance(change, Mapping) and isinstance(after := change.get("after"), Mapping):
                yield from listed_subnets({"id": change.get("resourceId"), **after})
    elif "properties" not in value and isinstance(held := rows_of(value.get("value", value.get("data"))), list):
        yield from listed_subnets(held)
    else:
        yield from _of_resource(value)


def _of_resource(body: Mapping[str, object]) -> Iterator[OwnSubnet]:
    """The subnets of a network or a subnet; the Azure CLI prints their properties without an object around them."""
    kind, own = str(member(body, "type", "")).lower(), member(body, "id")
    properties = properties_of(body) or body
    if kind == SUBNETS[0]:
        yield from _with_endpoints(own, properties)
    elif kind == NETWORK:
        listed = member(properties, "subnets")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping):
                subnet = member(one, "id") or f"{own}/subnets/{member(one, 'name')}"
                yield from _with_endpoints(subnet, properties_of(one) or one)


def _with_endpoints(subnet: object, properties: Mapping[str, object]) -> Iterator[OwnSubnet]:
    if isinstance(subnet, str) and is_subnet_id(subnet):
        yield OwnSubnet(id=subnet, service_endpoints=_endpoints(member(properties, "serviceEndpoints")))


def terraform_subnets(kind: object, values: Mapping[str, object], unknown: object) -> Iterator[OwnSubnet]:
    """The subnets that a resource of Terraform is or holds, as far as their ids are known.

    `unknown` are the members that only the application of the plan tells.
    """
    if kind == "azurerm_virtual_network":
        blocks = values.get("subnet")
        for block in blocks if isinstance(blocks, list) else ():
            if isinstance(block, Mapping):
                yield from terraform_subnets("azurerm_subnet", block, unknown)
    elif kind == "azurerm_subnet" and is_subnet_id(subnet := values.get("id")):
        if isinstance(unknown, Mapping) and (unknown.get("service_endpoints") or unknown.get("subnet")):
            reason = f"the service endpoints of {subnet}: the plan does not know them before it is applied"
            yield OwnSubnet(id=str(subnet), unknown=reason)
        else:
            yield OwnSubnet(id=str(subnet), service_endpoints=_endpoints(values.get("service_endpoints")))

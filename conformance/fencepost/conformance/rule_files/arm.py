"""Vaults of Azure Resource Manager: resources, lists of resources, templates, what-if results, Resource Graph."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from fencepost.adapters.contract.vocabulary import SERVICE_ENDPOINT
from fencepost.conformance.rule_files.acls import public_access_faults, read_acls
from fencepost.conformance.rule_files.found import FoundRules
from fencepost.conformance.rule_files.members import read_members
from fencepost.conformance.rule_files.template import Evaluation, Fault, Resource, resources_of
from fencepost.reference import Subnet, is_subnet_id

VAULT_TYPE = "microsoft.keyvault/vaults"
_NETWORK_TYPE = "microsoft.network/virtualnetworks"
_SUBNET_TYPE = "microsoft.network/virtualnetworks/subnets"


def is_template(value: object) -> bool:
    """Whether an object is an ARM template: it has resources, and no properties as a resource has."""
    return (
        isinstance(value, Mapping) and isinstance(value.get("resources"), list | Mapping) and "properties" not in value
    )


def vaults_in(value: object, path: str, parameters: Mapping[str, object]) -> Iterator[FoundRules]:
    """Every vault in a resource, in a list of resources, in a template, or in the answer of a service that lists them.

    `parameters` are the values of a parameters file. `Fault` where a condition or a loop of a template cannot be known.
    """
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from vaults_in(one, f"{path}[{index}]", parameters)
    elif not isinstance(value, Mapping):
        return
    elif is_template(value):
        yield from _of_template(value, path, parameters)
    elif isinstance(value.get("template"), Mapping):  # the answer of an export
        yield from vaults_in(value["template"], f"{path}.template", parameters)
    elif isinstance(value.get("value"), list) and "properties" not in value:  # a page of a list
        yield from vaults_in(value["value"], f"{path}.value", parameters)
    elif "data" in value and "properties" not in value:  # Resource Graph
        yield from vaults_in(_rows(value["data"]), f"{path}.data", parameters)
    elif isinstance(_changes(value), list):  # what-if
        yield from _after(value, path)
    else:
        yield from _of_resource(Resource(body=value, path=path, evaluation=Evaluation()), literal=True)
        properties = value.get("properties")
        nested = properties.get("template") if isinstance(properties, Mapping) else None
        if isinstance(nested, Mapping):
            yield from vaults_in(nested, f"{path}.properties.template", parameters)


def _of_template(template: Mapping[str, object], path: str, given: Mapping[str, object]) -> Iterator[FoundRules]:
    resources = list(resources_of(template, path, Evaluation(template=template, given=given)))
    subnets = tuple(one for resource in resources for one in _subnets_of(resource))
    for resource in resources:
        for found in _of_resource(resource, literal=False):
            yield replace(found, subnets=subnets)


def _of_resource(resource: Resource, *, literal: bool) -> Iterator[FoundRules]:
    """The vault that a resource is, if it is one. Texts are values where `literal`, else they may be expressions."""
    body, path = resource.body, resource.path
    kind, properties = _member(body, "type"), _member(body, "properties")
    is_vault = isinstance(kind, str) and kind.lower() == VAULT_TYPE
    if not isinstance(properties, Mapping):
        return
    members = read_members(properties, f"{path}.properties", ("networkAcls", "publicNetworkAccess"))
    # A resource cut out of a file may have lost its type; its rules are what marks it then.
    if not is_vault and not (kind is None and ("networkAcls" in members.values or members.faults)):
        return
    here = f"{path}.properties.networkAcls"
    name = _name(body, resource.evaluation, literal=literal)
    try:
        acls = members.values.get("networkAcls")
        access = members.values.get("publicNetworkAccess")
        if not literal:
            acls = resource.evaluation.value(acls, here)
            access = resource.evaluation.value(access, f"{path}.properties.publicNetworkAccess")
    except Fault as fault:
        yield FoundRules(network_acls=None, path=here, vault=name, faults=(str(fault), *members.faults))
        return
    found = read_acls(acls, here, vault=name)
    faults = public_access_faults(access, f"{path}.properties.publicNetworkAccess")
    yield replace(found, faults=(*members.faults, *faults, *found.faults))


def _name(body: Mapping[str, object], evaluation: Evaluation, *, literal: bool) -> str | None:
    """The vault's name; the text of the expression where the name cannot be known."""
    name = _member(body, "name")
    if not isinstance(name, str):
        return None
    if literal:
        return name
    try:
        value = evaluation.value(name, "$.name")
    except Fault:
        return name
    return value if isinstance(value, str) else name


def _subnets_of(resource: Resource) -> Iterator[Subnet]:
    """The subnets that a network or a subnet of a template defines; none of those whose name or list is not known."""
    kind = str(_member(resource.body, "type")).lower()
    properties = resource.body.get("properties")
    try:
        if kind == _NETWORK_TYPE and isinstance(properties, Mapping):
            network = resource.evaluation.value(resource.body.get("name"), "$.name")
            subnets = resource.evaluation.value({k: properties[k] for k in ("subnets", "copy") if k in properties}, "$")
            listed = subnets.get("subnets") if isinstance(subnets, Mapping) else None
            for one in listed if isinstance(listed, list) else ():
                if isinstance(one, Mapping) and isinstance(one.get("name"), str):
                    yield from _subnet(f"{network}/{one['name']}", one.get("properties"))
        elif kind in (_SUBNET_TYPE, "subnets"):
            names = [resource.evaluation.value(one, "$.name") for one in (*resource.parents, resource.body.get("name"))]
            endpoints = properties.get("serviceEndpoints") if isinstance(properties, Mapping) else None
            value = resource.evaluation.value(endpoints, "$.properties.serviceEndpoints")
            yield from _subnet("/".join(map(str, names)), {"serviceEndpoints": value})
    except Fault:
        return


def _subnet(name: str, properties: object) -> Iterator[Subnet]:
    network, _, subnet = name.partition("/")
    listed = properties.get("serviceEndpoints") if isinstance(properties, Mapping) else None
    services = (
        [one.get("service") for one in listed or () if isinstance(one, Mapping)] if isinstance(listed, list) else []
    )
    provider = "/subscriptions/{subscription}/resourceGroups/{resource-group}/providers/Microsoft.Network"
    found = f"{provider}/virtualNetworks/{network}/subnets/{subnet}"
    if is_subnet_id(found):
        yield Subnet(id=found, service_endpoints=(SERVICE_ENDPOINT,) if SERVICE_ENDPOINT in services else ())


def _rows(data: object) -> object:
    """The rows of a Resource Graph answer as objects; its older form is a table of columns and rows."""
    if isinstance(data, Mapping) and isinstance(data.get("columns"), list) and isinstance(data.get("rows"), list):
        names = [str(column.get("name")) for column in data["columns"] if isinstance(column, Mapping)]
        return [dict(zip(names, row, strict=False)) for row in data["rows"] if isinstance(row, list)]
    return data


def _changes(value: Mapping[str, object]) -> object:
    properties = value.get("properties")
    return (
        value.get("changes")
        if "changes" in value
        else properties.get("changes")
        if isinstance(properties, Mapping)
        else None
    )


def _after(value: Mapping[str, object], path: str) -> Iterator[FoundRules]:
    """The vaults as they are after the changes that a what-if result predicts; a deleted vault is none."""
    inside = "" if "changes" in value else ".properties"
    changes = _changes(value)
    for index, change in enumerate(changes if isinstance(changes, list) else ()):
        after = change.get("after") if isinstance(change, Mapping) else None
        if isinstance(after, Mapping):
            here = f"{path}{inside}.changes[{index}].after"
            yield from _of_resource(Resource(body=after, path=here, evaluation=Evaluation()), literal=True)


def _member(value: Mapping[str, object], name: str) -> object:
    return next((content for key, content in value.items() if key.lower() == name.lower()), None)

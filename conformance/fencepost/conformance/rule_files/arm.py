"""Vaults of Azure Resource Manager: resources, lists of resources, templates, what-if results, Resource Graph."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from fencepost.conformance.rule_files.acls import cut_by_powershell, public_access_faults, read_acls
from fencepost.conformance.rule_files.clients import from_powershell, is_powershell, powershell_rules, without_rules
from fencepost.conformance.rule_files.found import FoundRules
from fencepost.conformance.rule_files.holders import changes_of, kind_of, properties_of, rows_of
from fencepost.conformance.rule_files.json_file import parsed
from fencepost.conformance.rule_files.members import member, read_members
from fencepost.conformance.rule_files.subnets import subnets_of
from fencepost.conformance.rule_files.template import (
    DEPLOYMENT,
    VAULT,
    Evaluation,
    Fault,
    Resource,
    resources_of,
)

WITHOUT_PROPERTIES = "this vault comes without its properties, as az keyvault list prints it; ask az keyvault show"
_WITHOUT_OTHERS = "networkAcls stands here without the other properties, and publicNetworkAccess decides too"
_RECOVERED = (
    "a vault that is recovered keeps the rules that it was deleted with, whatever stands here, and these are not in "
    "the file; ask az keyvault show once it is recovered"
)
"""Azure/azure-rest-api-specs #21306: a PUT of other rules with createMode recover left those of the deleted vault."""
_RULES = re.compile(r"network_?rule", re.IGNORECASE)
"""How the name of a member begins that holds rules in the objects of other clients and of other services."""
DECIDING = ("networkAcls", "publicNetworkAccess", "createMode")
"""The properties of a vault that decide what rules are in force, or that rules do not decide."""
_VAULT_ID = re.compile(r"/providers/Microsoft\.KeyVault/vaults/([^/]+)$", re.IGNORECASE)


def is_template(value: object) -> bool:
    """Whether an object is an ARM template: it has resources, and no properties as a resource has."""
    return (
        isinstance(value, Mapping)
        and isinstance(member(value, "resources"), list | Mapping)
        and member(value, "properties") is None
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
        yield from vaults_in(rows_of(value["data"]), f"{path}.data", parameters)
    elif isinstance(changes_of(value), list):  # what-if
        yield from _after(value, path)
    elif (written := powershell_rules(value)) is not None:
        rules, inside = written
        yield from_powershell(value, rules, f"{path}{inside}")
    elif is_powershell(value):
        yield without_rules(value, path)
    else:
        is_stored = member(value, "id") is not None
        for one in _of_resource(literal_resource(value, path), literal=True):
            yield replace(one, is_stored=is_stored)
        nested = properties_of(value).get("template")
        if isinstance(nested, Mapping):
            yield from vaults_in(nested, f"{path}.properties.template", parameters)


def literal_resource(body: Mapping[str, object], path: str) -> Resource:
    """A resource whose texts are values: as a service or a client prints it.

    Properties may be JSON as a text, which is what a query of Resource Graph makes of them by `tostring()`.
    """
    properties = member(body, "properties")
    if isinstance(properties, str):
        try:
            properties = parsed(properties)
        except (ValueError, RecursionError):
            properties = None
    return Resource(
        body=body,
        path=path,
        evaluation=Evaluation(),
        kind=kind_of(body),
        properties=properties if isinstance(properties, Mapping) else None,
    )


def _of_template(template: Mapping[str, object], path: str, given: Mapping[str, object]) -> Iterator[FoundRules]:
    declared = member(template, "parameters")
    for name in given:
        if not isinstance(declared, Mapping) or member(declared, name) is None:
            raise Fault(
                path=f"{path}.parameters", reason=f"no parameter {name!r} is declared, which --parameters gives"
            )
    evaluation = Evaluation(template=template, given=given).checked(path)
    resources = list(resources_of(template, path, evaluation))
    subnets = tuple(one for resource in resources for one in subnets_of(resource))
    linked = tuple(
        f"{resource.path}.properties.templateLink: passed over, the template that it names is another file"
        for resource in resources
        if resource.kind == DEPLOYMENT and resource.properties and member(resource.properties, "templateLink")
    )
    for resource in resources:
        for found in _of_resource(resource, literal=False):
            yield replace(found, subnets=subnets, notes=(*linked, *found.notes))


def _of_resource(resource: Resource, *, literal: bool) -> Iterator[FoundRules]:
    """The vault that a resource is, if it is one. Texts are values where `literal`, else they may be expressions."""
    path, name = f"{resource.path}.properties", _name(resource, literal=literal)
    if resource.properties is None:
        if resource.kind == VAULT:
            yield FoundRules(network_acls=None, path=path, vault=name, faults=_without_properties(resource.body, path))
        return
    members = read_members(resource.properties, path, ("networkAcls",))
    # A resource cut out of a file may have lost its type; its rules are what marks it then.
    if resource.kind == VAULT or (not resource.kind and (members.values or members.faults)):
        found = rules_in(resource.properties, path, vault=name, evaluation=None if literal else resource.evaluation)
        faults = (*_beside_properties(resource, has_rules=bool(members.values)), *found.faults)
        yield replace(found, address=_id(resource) if literal else None, faults=faults)


def _id(resource: Resource) -> str | None:
    """The resource's id, by which a vault is known among those of one name."""
    written = member(resource.body, "id")
    return written if isinstance(written, str) else None


def _without_properties(body: Mapping[str, object], path: str) -> tuple[str, ...]:
    written = member(body, "properties")
    if written is None and member(body, "networkAcls") is not None:
        return (f"{path}: {_WITHOUT_OTHERS}",)
    if written is None:
        return (f"{path}: {WITHOUT_PROPERTIES}",)
    cut = tuple(cut_by_powershell(written, path))
    return cut or (f"{path}: expected an object, or one as JSON text, got {written!r:.60}",)


def _beside_properties(resource: Resource, *, has_rules: bool) -> Iterator[str]:
    """The faults of a vault that has what decides beside its properties, and not among them."""
    yield from public_access_faults(
        member(resource.body, "publicNetworkAccess"), f"{resource.path}.publicNetworkAccess"
    )
    if not has_rules and member(resource.body, "networkAcls") is not None:
        yield f"{resource.path}.networkAcls: it stands beside the properties of the vault, and belongs among them"


def rules_in(
    properties: Mapping[str, object], path: str, *, vault: str | None = None, evaluation: Evaluation | None = None
) -> FoundRules:
    """The rules in the properties of a vault, and the faults beside them.

    Texts are values without an `evaluation`; else they may be expressions.
    """
    members = read_members(properties, path, DECIDING)
    others = [
        f"{path}.{name}: a vault has 'networkAcls' for its rules" for name in members.others if _RULES.match(name)
    ]
    members = replace(members, faults=(*members.faults, *others))
    values = dict(members.values)
    try:
        if evaluation is not None:
            values = {name: evaluation.value(one, f"{path}.{name}") for name, one in values.items()}
    except Fault as fault:
        return FoundRules(network_acls=None, path=path, vault=vault, faults=(str(fault), *members.faults))
    found = read_acls(values.get("networkAcls"), f"{path}.networkAcls", vault=vault)
    faults = public_access_faults(values.get("publicNetworkAccess"), f"{path}.publicNetworkAccess")
    faults += _recovery_faults(values.get("createMode"), f"{path}.createMode")
    return replace(found, faults=(*members.faults, *faults, *found.faults))


def _recovery_faults(mode: object, path: str) -> tuple[str, ...]:
    """The reason why the rules of a vault that is made in this `createMode` cannot be known; none for a new vault."""
    if mode is None or (isinstance(mode, str) and mode.lower() in ("", "default")):
        return ()
    reason = _RECOVERED if str(mode).lower() == "recover" else "expected 'default' or 'recover'"
    return (f"{path}: {mode!r:.60}: {reason}",)


def _name(resource: Resource, *, literal: bool) -> str | None:
    """The vault's name; the text of the expression where the name cannot be known."""
    name = member(resource.body, "name")
    if not isinstance(name, str):
        return None
    if literal:
        return name
    try:
        value = resource.evaluation.value(name, "$.name")
    except Fault:
        return name
    return value if isinstance(value, str) else name


def cut_in(value: object) -> Iterator[str]:
    """What says that a list of a service is not whole: a next page, or a number of entries that are not there.

    Of a what-if result that are the changes of which the service cannot say whether they come.
    """
    if isinstance(value, Mapping) and isinstance(changes_of(value), list):
        path, holder = ("$", value) if "changes" in value else ("$.properties", properties_of(value))
        if member(holder, "potentialChanges"):
            yield f"{path}.potentialChanges: passed over, whether these changes come is not known before"
    if not isinstance(value, Mapping) or "properties" in value or not {"value", "data"} & value.keys():
        return
    for name in ("nextLink", "skip_token", "skipToken", "$skipToken"):
        if member(value, name):
            yield f"$.{name}: the list is cut, more entries are on the next page"
    if str(member(value, "resultTruncated")).lower() == "true":
        yield "$.resultTruncated: the list is cut, not every entry is in it"
    rows = rows_of(value.get("value", value.get("data")))
    for name in ("total_records", "totalRecords"):
        total = member(value, name)
        if isinstance(total, int) and isinstance(rows, list) and total > len(rows):
            yield f"$.{name}: the list is cut, it has {len(rows)} of {total} entries"


def deleted_in(value: object) -> Iterator[str]:
    """A sentence for each vault that a what-if result deletes."""
    changes = changes_of(value) if isinstance(value, Mapping) else None
    inside = "" if isinstance(value, Mapping) and "changes" in value else ".properties"
    for index, change in enumerate(changes if isinstance(changes, list) else ()):
        if not isinstance(change, Mapping) or change.get("changeType") != "Delete":
            continue
        before = change.get("before")
        before = before if isinstance(before, Mapping) else {}
        named = _VAULT_ID.search(str(change.get("resourceId")))
        if named is not None or str(member(before, "type")).lower() == VAULT:
            name = named[1] if named is not None else member(before, "name")
            yield f"${inside}.changes[{index}]: the change deletes the vault {name}"


def _after(value: Mapping[str, object], path: str) -> Iterator[FoundRules]:
    """The vaults as they are after the changes that a what-if result predicts; a deleted vault is none."""
    inside = "" if "changes" in value else ".properties"
    changes = changes_of(value)
    for index, change in enumerate(changes if isinstance(changes, list) else ()):
        if not isinstance(change, Mapping):
            continue
        here, after = f"{path}{inside}.changes[{index}].after", change.get("after")
        named = _VAULT_ID.search(str(change.get("resourceId")))
        if isinstance(after, Mapping):
            yield from _of_resource(literal_resource(after, here), literal=True)
        elif named is not None and change.get("changeType") != "Delete":
            fault = f"{here}: the vault as it is after the change is not in the file; ask for FullResourcePayloads"
            yield FoundRules(network_acls=None, path=here, vault=named[1], faults=(fault,))

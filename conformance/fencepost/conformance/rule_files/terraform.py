"""Vaults in what `terraform show -json` prints, of a plan or of a state.

Sources: the provider's documentation of `azurerm_key_vault` (`network_acls`, `public_network_access_enabled`)
and developer.hashicorp.com, "JSON output format".
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from fencepost.conformance.rule_files.acls import read_acls
from fencepost.conformance.rule_files.arm import DECIDING, rules_in
from fencepost.conformance.rule_files.found import FoundRules
from fencepost.conformance.rule_files.holders import properties_of
from fencepost.conformance.rule_files.members import member, read_members
from fencepost.conformance.rule_files.subnets import terraform_subnets
from fencepost.conformance.rule_files.template import VAULT
from fencepost.conformance.rule_files.terraform_members import BLOCK
from fencepost.conformance.rule_files.terraform_members import DECIDING as DECIDING_IN_TERRAFORM

_MEMBERS = {"bypass": "bypass", "default_action": "defaultAction"}
_LISTS = {"ip_rules": ("ipRules", "value"), "virtual_network_subnet_ids": ("virtualNetworkRules", "id")}
_SPELLING = {**{to: name for name, to in _MEMBERS.items()}, **{to: name for name, (to, _) in _LISTS.items()}}
_UNKNOWN = "the plan does not know this value before it is applied"
_RECOVERS = (
    "if a deleted vault of this name can be recovered, the provider recovers it with the rules that it was deleted "
    "with, unless recover_soft_deleted_key_vaults is false"
)
"""hashicorp/terraform-provider-azurerm #17375 and #18970: the plan shows other rules than those of such a vault."""


def is_terraform(value: object) -> bool:
    """Whether an object is a plan or a state of Terraform as JSON."""
    return isinstance(value, Mapping) and (
        "planned_values" in value or "format_version" in value or ("values" in value and "terraform_version" in value)
    )


def vaults_in(value: Mapping[str, object], path: str) -> Iterator[FoundRules]:
    """Every vault of the plan after it is applied, or of the state; of the root module and of all modules in it."""
    part = "planned_values" if "planned_values" in value else "values"
    changes = value.get("resource_changes")
    unknown = {
        str(change.get("address")): change["change"].get("after_unknown")
        for change in (changes if isinstance(changes, list) else ())
        if isinstance(change, Mapping) and isinstance(change.get("change"), Mapping)
    }
    created = {
        str(change.get("address"))
        for change in (changes if isinstance(changes, list) else ())
        if isinstance(change, Mapping) and "create" in _actions(change.get("change"))
    }
    values = value.get(part)
    module = values.get("root_module") if isinstance(values, Mapping) else None
    resources = list(_resources(module, f"{path}.{part}.root_module"))
    updates = tuple(
        f"{here}: azapi_update_resource changes a vault after it is made, and is not read"
        for one, here in resources
        if one.get("type") == "azapi_update_resource" and _is_vault_of_azapi(one)
    )
    subnets = tuple(
        subnet
        for one, _ in resources
        if isinstance(values := one.get("values"), Mapping)
        for subnet in terraform_subnets(one.get("type"), values, unknown.get(str(one.get("address"))))
    )
    for one, here in resources:
        not_known = unknown.get(str(one.get("address")))
        found: Iterable[FoundRules] = ()
        if one.get("type") == "azurerm_key_vault":
            recovers = f"{here.removesuffix('.values')}: {_RECOVERS}"
            notes = (recovers,) if str(one.get("address")) in created else ()
            read = _of_azurerm(one, here, not_known)
            found = [replace(read, notes=(*read.notes, *notes))]
        elif one.get("type") == "azapi_resource" and _is_vault_of_azapi(one):
            found = _of_azapi(one, here, not_known)
        for each in found:
            faults = (*each.faults, *updates)
            address, is_stored = str(one.get("address")), part == "values"
            yield replace(each, address=address, faults=faults, subnets=subnets, is_stored=is_stored)


def _actions(change: object) -> list[object]:
    actions = change.get("actions") if isinstance(change, Mapping) else None
    return actions if isinstance(actions, list) else []


def _resources(module: object, path: str) -> Iterator[tuple[Mapping[str, object], str]]:
    """Every managed resource of a module and of the modules in it, with the path of its values."""
    if not isinstance(module, Mapping):
        return
    resources, children = module.get("resources"), module.get("child_modules")
    for index, one in enumerate(resources if isinstance(resources, list) else ()):
        if isinstance(one, Mapping) and one.get("mode", "managed") == "managed":
            yield one, f"{path}.resources[{index}].values"
    for index, one in enumerate(children if isinstance(children, list) else ()):
        yield from _resources(one, f"{path}.child_modules[{index}]")


def _is_vault_of_azapi(resource: Mapping[str, object]) -> bool:
    values = resource.get("values")
    kind = values.get("type") if isinstance(values, Mapping) else None
    return str(kind).lower().startswith(f"{VAULT}@")


def _of_azurerm(resource: Mapping[str, object], path: str, unknown: object) -> FoundRules:
    values = resource.get("values")
    values = values if isinstance(values, Mapping) else {}
    name = values.get("name") if isinstance(values.get("name"), str) else resource.get("address")
    here, vault = f"{path}.network_acls", str(name)
    faults = [f"{path}.{one}: {_UNKNOWN}" for one in _unknown(unknown)]
    enabled = values.get("public_network_access_enabled")
    if enabled not in (None, True):
        reason = "this vault's public_network_access_enabled decides, which is not judged yet"
        faults.append(f"{path}.public_network_access_enabled: {json.dumps(enabled)}: {reason}")
    blocks = values.get("network_acls")
    blocks = [blocks] if isinstance(blocks, Mapping) else blocks or []
    if not isinstance(blocks, list) or len(blocks) > 1 or not all(isinstance(one, Mapping) for one in blocks):
        faults.append(f"{here}: expected a list with one block, got {json.dumps(blocks):.60}")
        blocks = []
    if not blocks:
        return FoundRules(network_acls=read_acls(None, here).network_acls, path=here, vault=vault, faults=tuple(faults))
    block, block_path = blocks[0], f"{here}[0]"
    strange = [name for name in block if name not in BLOCK]
    notes = tuple(f"{block_path}.{name}: passed over, network_acls has no such member" for name in strange)
    acls: dict[str, object] = {to: block[name] for name, to in _MEMBERS.items() if block.get(name) is not None}
    for name, (to, key) in _LISTS.items():
        entries = block.get(name) or []
        if not isinstance(entries, list):
            faults.append(f"{block_path}.{name}: expected a list, got {json.dumps(entries):.60}")
            entries = []
        acls[to] = [{key: one} for one in entries]
    return FoundRules(
        network_acls=acls, path=block_path, vault=vault, faults=tuple(faults), notes=notes, spelling=_SPELLING
    )


def _unknown(after_unknown: object) -> Iterator[str]:
    """The members that decide and whose values only the application of the plan tells."""
    if isinstance(after_unknown, Mapping):
        for member in DECIDING_IN_TERRAFORM:
            if _holds_true(after_unknown.get(member)):
                yield member


def _holds_true(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_true, value.values()))
    return any(map(_holds_true, value)) if isinstance(value, list) else value is True


def _of_azapi(resource: Mapping[str, object], path: str, unknown: object) -> Iterator[FoundRules]:
    """A vault that the provider azapi writes: the type and the body are Azure Resource Manager's own."""
    values = resource.get("values")
    values = values if isinstance(values, Mapping) else {}
    body = values.get("body")
    here, vault = f"{path}.body.properties", str(values.get("name"))
    faults = [f"{path}.{one}: {_UNKNOWN}" for one in _unknown_in_body(unknown)]
    if values.get("sensitive_body") is not None or values.get("sensitive_body_version") is not None:
        faults.append(f"{path}.sensitive_body: the plan does not show this part of the body")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError) as error:
            faults.append(f"{path}.body: not JSON: {error}")
    if isinstance(body, Mapping):
        faults += read_members(body, f"{path}.body", ("properties",)).faults
    properties = properties_of(body) if isinstance(body, Mapping) else {}
    found = rules_in(properties, here, vault=vault)
    yield replace(found, faults=(*faults, *found.faults))


def _unknown_in_body(after_unknown: object) -> Iterator[str]:
    """The members of an azapi resource that decide, or hold what decides, and that the plan does not know."""
    body = after_unknown.get("body") if isinstance(after_unknown, Mapping) else None
    properties = member(body, "properties") if isinstance(body, Mapping) else None
    inner = properties if isinstance(properties, Mapping) else {}
    names = {name.lower() for name in DECIDING}
    deciding = {name: one for name, one in inner.items() if name.lower() in names}
    if body is True:
        yield "body"
    if properties is True:
        yield "body.properties"
    yield from (f"body.properties.{name}" for name, one in deciding.items() if _holds_true(one))

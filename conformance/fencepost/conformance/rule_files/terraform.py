"""Vaults in what `terraform show -json` prints, of a plan or of a state.

Sources: the provider's documentation of `azurerm_key_vault` (`network_acls`, `public_network_access_enabled`)
and developer.hashicorp.com, "JSON output format".
"""

import json
from collections.abc import Iterator, Mapping

from fencepost.conformance.rule_files.acls import public_access_faults, read_acls
from fencepost.conformance.rule_files.found import FoundRules

_MEMBERS = {"bypass": "bypass", "default_action": "defaultAction"}


def is_terraform(value: object) -> bool:
    """Whether an object is a plan or a state of Terraform as JSON."""
    return isinstance(value, Mapping) and (
        "planned_values" in value or ("values" in value and "terraform_version" in value)
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
    values = value[part]
    module = values.get("root_module") if isinstance(values, Mapping) else None
    yield from _of_module(module, f"{path}.{part}.root_module", unknown)


def _of_module(module: object, path: str, unknown: Mapping[str, object]) -> Iterator[FoundRules]:
    if not isinstance(module, Mapping):
        return
    resources, children = module.get("resources"), module.get("child_modules")
    for index, one in enumerate(resources if isinstance(resources, list) else ()):
        if isinstance(one, Mapping) and one.get("mode", "managed") == "managed":
            here = f"{path}.resources[{index}].values"
            if one.get("type") == "azurerm_key_vault":
                yield _of_azurerm(one, here, unknown.get(str(one.get("address"))))
            elif one.get("type") == "azapi_resource":
                yield from _of_azapi(one, here)
    for index, one in enumerate(children if isinstance(children, list) else ()):
        yield from _of_module(one, f"{path}.child_modules[{index}]", unknown)


def _of_azurerm(resource: Mapping[str, object], path: str, unknown: object) -> FoundRules:
    values = resource.get("values")
    values = values if isinstance(values, Mapping) else {}
    name = values.get("name") if isinstance(values.get("name"), str) else resource.get("address")
    here, vault = f"{path}.network_acls", str(name)
    faults = [f"{path}.{one}: the plan does not know this value before it is applied" for one in _unknown(unknown)]
    enabled = values.get("public_network_access_enabled")
    faults += public_access_faults("Disabled" if enabled is False else None, f"{path}.public_network_access_enabled")
    blocks = values.get("network_acls")
    block = blocks[0] if isinstance(blocks, list) and blocks else None
    if not isinstance(block, Mapping):
        return FoundRules(network_acls=read_acls(None, here).network_acls, path=here, vault=vault, faults=tuple(faults))
    acls: dict[str, object] = {to: block[name] for name, to in _MEMBERS.items() if block.get(name) is not None}
    acls["ipRules"] = [{"value": one} for one in block.get("ip_rules") or ()]
    acls["virtualNetworkRules"] = [{"id": one} for one in block.get("virtual_network_subnet_ids") or ()]
    return FoundRules(network_acls=acls, path=f"{here}[0]", vault=vault, faults=tuple(faults))


def _unknown(after_unknown: object) -> Iterator[str]:
    """The members that decide and whose values only the application of the plan tells."""
    if isinstance(after_unknown, Mapping):
        for member in ("network_acls", "public_network_access_enabled"):
            if _holds_true(after_unknown.get(member)):
                yield member


def _holds_true(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_true, value.values()))
    return any(map(_holds_true, value)) if isinstance(value, list) else value is True


def _of_azapi(resource: Mapping[str, object], path: str) -> Iterator[FoundRules]:
    """A vault that the provider azapi writes: the type and the body are Azure Resource Manager's own."""
    values = resource.get("values")
    if not isinstance(values, Mapping) or not str(values.get("type", "")).lower().startswith(
        "microsoft.keyvault/vaults@"
    ):
        return
    body = values.get("body")
    if isinstance(body, str):
        body = json.loads(body)
    properties = body.get("properties") if isinstance(body, Mapping) else None
    properties = properties if isinstance(properties, Mapping) else {}
    here = f"{path}.body.properties"
    found = read_acls(properties.get("networkAcls"), f"{here}.networkAcls", vault=str(values.get("name")))
    faults = public_access_faults(properties.get("publicNetworkAccess"), f"{here}.publicNetworkAccess")
    yield FoundRules(
        network_acls=found.network_acls,
        path=found.path,
        vault=found.vault,
        faults=(*faults, *found.faults),
        notes=found.notes,
    )

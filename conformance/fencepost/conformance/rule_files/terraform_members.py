"""Members of what `terraform show -json` prints: names count with their case, and a near miss is a fault.

Sources: developer.hashicorp.com, "JSON output format"; the provider's documentation of `azurerm_key_vault`,
`azurerm_subnet` and `azurerm_virtual_network`; the provider azapi's documentation of `azapi_resource`.
"""

import re
from collections.abc import Iterator, Mapping

from fencepost.conformance.rule_files.members import misspelt, nearest

BLOCK = ("bypass", "default_action", "ip_rules", "virtual_network_subnet_ids")
"""The members of `network_acls`."""
DECIDING = ("network_acls", "public_network_access_enabled")
"""The members of `azurerm_key_vault` that decide."""
_VAULT, _OF_A_VAULT = "azurerm_key_vault", "azurerm_key_vault_"
"""The type of a vault, and how the types of what is in a vault begin."""
_DOCUMENT = (
    ("format_version", "terraform_version", "planned_values", "values", "resource_changes"),
    ("variables", "resource_drift", "output_changes", "prior_state", "configuration", "relevant_attributes", "checks"),
)
_CHANGE = (
    ("address", "change"),
    ("mode", "type", "name", "index", "deposed", "previous_address", "module_address", "action_reason"),
)
_CHANGED = (
    ("actions", "after_unknown"),
    ("before", "after", "before_sensitive", "after_sensitive", "replace_paths", "importing", "generated_config"),
)
_MODULE = (("resources", "child_modules"), ("address",))
_RESOURCE = (
    ("address", "mode", "type", "values"),
    ("name", "index", "provider_name", "schema_version", "sensitive_values", "depends_on", "tainted", "deposed_key"),
)
_AZAPI = (("type", "body", "name", "sensitive_body", "sensitive_body_version"), ("parent_id", "identity", "output"))
_SUBNET = (("id", "service_endpoints"), ("service_endpoint_policy_ids",))
_VALUES = {
    "azurerm_key_vault": ((*DECIDING, "name"), ()),
    "azapi_resource": _AZAPI,
    "azapi_update_resource": _AZAPI,
    "azurerm_subnet": _SUBNET,
    "azurerm_virtual_network": (("subnet",), ()),
}
"""The members of each kind of resource that are read, and others that it has and that are near to these."""
_RULES = re.compile(r"network_?rule", re.IGNORECASE)
"""How the names of the blocks begin that hold rules in resources of other services."""


def faults_around(value: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with the names of members in a plan or a state, down to the rules."""
    yield from misspelt(value, "$", _DOCUMENT[0], beside=_DOCUMENT[1])
    for part in ("planned_values", "values"):
        values = value.get(part)
        yield from misspelt(values, f"$.{part}", ("root_module",), beside=("outputs",))
        if isinstance(values, Mapping):
            yield from _of_module(values.get("root_module"), f"$.{part}.root_module")
    changes = value.get("resource_changes")
    for index, change in enumerate(changes if isinstance(changes, list) else ()):
        here = f"$.resource_changes[{index}]"
        yield from misspelt(change, here, _CHANGE[0], beside=_CHANGE[1])
        changed = change.get("change") if isinstance(change, Mapping) else None
        yield from misspelt(changed, f"{here}.change", _CHANGED[0], beside=_CHANGED[1])
        if isinstance(changed, Mapping) and isinstance(change, Mapping) and change.get("type") in (_VAULT, None):
            yield from misspelt(changed.get("after_unknown"), f"{here}.change.after_unknown", DECIDING)


def _of_module(module: object, path: str) -> Iterator[str]:
    yield from misspelt(module, path, _MODULE[0], beside=_MODULE[1])
    if not isinstance(module, Mapping):
        return
    resources, children = module.get("resources"), module.get("child_modules")
    for index, one in enumerate(resources if isinstance(resources, list) else ()):
        yield from _of_resource(one, f"{path}.resources[{index}]")
    for index, one in enumerate(children if isinstance(children, list) else ()):
        yield from _of_module(one, f"{path}.child_modules[{index}]")


def _of_resource(resource: object, path: str) -> Iterator[str]:
    yield from misspelt(resource, path, _RESOURCE[0], beside=_RESOURCE[1])
    kind = resource.get("type") if isinstance(resource, Mapping) else None
    if not isinstance(resource, Mapping) or not isinstance(kind, str) or kind.startswith(_OF_A_VAULT):
        return
    if kind not in _VALUES and nearest(kind, (_VAULT,)):
        yield f"{path}.type: {kind!r}: no such type; did you mean {_VAULT!r}?"
    if kind in _VALUES:
        values, here = resource.get("values"), f"{path}.values"
        yield from misspelt(values, here, _VALUES[kind][0], beside=_VALUES[kind][1])
        if kind == "azurerm_key_vault" and isinstance(values, Mapping):
            yield from _of_vault(values, here)
        subnets = values.get("subnet") if kind == "azurerm_virtual_network" and isinstance(values, Mapping) else None
        for index, one in enumerate(subnets if isinstance(subnets, list) else ()):
            yield from misspelt(one, f"{here}.subnet[{index}]", _SUBNET[0], beside=_SUBNET[1])


def _of_vault(values: Mapping[str, object], path: str) -> Iterator[str]:
    for name in values:
        if _RULES.match(name):
            yield f"{path}.{name}: a vault has 'network_acls' for its rules"
    blocks = values.get("network_acls")
    for index, one in enumerate(blocks if isinstance(blocks, list) else [blocks]):
        yield from misspelt(one, f"{path}.network_acls[{index}]", BLOCK)

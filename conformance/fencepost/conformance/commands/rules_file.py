"""Finds the rules in a file: a `networkAcls` object, a vault resource, or an ARM template that holds one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fencepost.conformance.commands.json_input import UnreadableInput, read_json

VAULT_TYPE = "microsoft.keyvault/vaults"
MEMBERS = ("bypass", "defaultAction", "ipRules", "virtualNetworkRules")
NEVER_SET_UP: Mapping[str, object] = MappingProxyType({"bypass": "AzureServices", "defaultAction": "Allow"})
"""The rules of a vault without `networkAcls`: its firewall lets everything through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRules:
    """A `networkAcls` object and its JSON path in the file, with the vault's name if it has one.

    For a vault without `networkAcls` the rules are `NEVER_SET_UP`.
    """

    network_acls: object
    path: str
    vault: str | None = None


def read_rules(path: str, *, vault: str | None = None) -> FoundRules:
    """The rules in the file, `-` being stdin; those of the vault with that name (in any case) if there are several.

    `UnreadableInput` if there are none, if no vault has that name, or if several vaults need a name to choose.
    """
    name = "stdin" if path == "-" else path
    value = read_json(path)
    if not isinstance(value, Mapping | list):
        raise UnreadableInput(name=name, reasons=(f"$: expected an object with rules, got {_kind(value)}",))
    if isinstance(value, Mapping) and not _is_template(value) and "properties" not in value:
        return _bare(name, value, vault)
    found = list(_vaults(value, "$"))
    if not found:
        raise UnreadableInput(name=name, reasons=(_without_vaults(value),))
    chosen = [one for one in found if vault is None or (one.vault or "").lower() == vault.lower()]
    if len(chosen) == 1:
        return chosen[0]
    listed = ", ".join(f"{one.vault or '(without a name)'} at {one.path}" for one in chosen or found)
    reason = (
        f"there is no vault called {vault!r}; there are: {listed}"
        if not chosen
        else f"there are {len(chosen)} vaults; choose one by --vault NAME: {listed}"
    )
    raise UnreadableInput(name=name, reasons=(reason,))


def _bare(name: str, value: Mapping[str, object], vault: str | None) -> FoundRules:
    """A `networkAcls` object itself, or an object that holds only it under this name."""
    wrapped = "networkAcls" in value
    inner, path = (value["networkAcls"], "$.networkAcls") if wrapped else (value, "$")
    reasons = []
    if vault is not None:
        reasons.append("these are the rules of one vault without a name: leave --vault out")
    if isinstance(inner, Mapping) and inner and not any(member in inner for member in MEMBERS):
        members = ", ".join(repr(member) for member in list(inner)[:6])
        reasons.append(
            f"{path}: neither a networkAcls object ({', '.join(MEMBERS)}), nor a vault resource, nor an ARM template:"
            f" it has {members}"
        )
    if reasons:
        raise UnreadableInput(name=name, reasons=tuple(reasons))
    return FoundRules(network_acls=NEVER_SET_UP if inner is None else inner, path=path)


def _is_template(value: Mapping[str, object]) -> bool:
    return isinstance(value.get("resources"), list | Mapping) and "properties" not in value


def _vaults(value: object, path: str) -> Iterator[FoundRules]:
    """Every vault in a resource, in a list of resources, or in a template; nested deployments included."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _vaults(one, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        yield from _of_resource(value, path)
        for key, one in _nested(value):
            yield from _vaults(one, f"{path}{key}")


def _of_resource(value: Mapping[str, object], path: str) -> Iterator[FoundRules]:
    kind = value.get("type")
    is_vault = isinstance(kind, str) and kind.lower() == VAULT_TYPE
    properties = value.get("properties")
    # A resource cut out of a template may lack its type; its rules identify it then.
    if not isinstance(properties, Mapping) or not (is_vault or (kind is None and "networkAcls" in properties)):
        return
    name, rules = value.get("name"), properties.get("networkAcls")
    yield FoundRules(
        network_acls=NEVER_SET_UP if rules is None else rules,
        path=f"{path}.properties.networkAcls",
        vault=name if isinstance(name, str) else None,
    )


def _nested(value: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    """The resources of a template or a nested deployment: a list, or an object by symbolic name."""
    resources = value.get("resources")
    if isinstance(resources, list):
        yield ".resources", resources
    elif isinstance(resources, Mapping):
        for name, one in resources.items():
            yield f".resources.{name}", one
    properties = value.get("properties")
    if isinstance(properties, Mapping) and isinstance(properties.get("template"), Mapping):
        yield ".properties.template", properties["template"]


def _without_vaults(value: object) -> str:
    if isinstance(value, Mapping) and isinstance(value.get("type"), str):
        return f"$.type: expected a vault (Microsoft.KeyVault/vaults) or a template, got {value['type']!r}"
    if isinstance(value, Mapping) and _is_template(value):
        return "$.resources: no vault (Microsoft.KeyVault/vaults) is among the resources"
    if isinstance(value, Mapping):
        return "$.properties: no networkAcls in it, and no type that says that it is a vault"
    return "$: no vault (Microsoft.KeyVault/vaults) is in the list"


def _kind(value: object) -> str:
    names = {str: "a text", bool: "a truth value", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), type(value).__name__)

"""The rules in a file, whichever of the forms that people keep them in the file has."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from fencepost.conformance.rule_files import arm, terraform
from fencepost.conformance.rule_files.acls import MEMBERS, read_acls
from fencepost.conformance.rule_files.clients import from_powershell, from_short_form, is_short_form, powershell_rules
from fencepost.conformance.rule_files.found import FoundRules
from fencepost.conformance.rule_files.json_file import STDIN, UnreadableInput, read_json
from fencepost.conformance.rule_files.template import Fault

_SOURCES = {
    ".bicep": "this is Bicep source; compile it first: az bicep build --file {name} --stdout > template.json",
    ".bicepparam": "these are Bicep parameters; compile them first: az bicep build-params --file {name}",
    ".tf": "this is Terraform source; print the plan: terraform plan -out p && terraform show -json p > plan.json",
}


def read_rules(path: str, *, vault: str | None = None, parameters: str | None = None) -> FoundRules:
    """The rules in the file, `-` being stdin; of the vault of that name (in any case) where there are several.

    `parameters` is the path of an ARM parameters file. `UnreadableInput` with every reason where the file has no rules,
    where no vault has that name, where it takes a name to choose, or where the rules cannot be known or judged.
    """
    name = "stdin" if path == STDIN else path
    source = _SOURCES.get(Path(path).suffix.lower())
    if source is not None and path != STDIN:
        raise UnreadableInput(name=name, reasons=(source.format(name=path),))
    value = read_json(path, with_comments=True)
    given = _parameters(parameters) if parameters is not None else {}
    try:
        found = _chosen(value, vault, given)
    except Fault as fault:
        raise UnreadableInput(name=name, reasons=(str(fault),)) from None
    except _NoRules as error:
        raise UnreadableInput(name=name, reasons=error.reasons) from None
    if found.faults:
        raise UnreadableInput(name=name, reasons=found.faults)
    return found


class _NoRules(ValueError):
    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons


def _chosen(value: object, vault: str | None, given: Mapping[str, object]) -> FoundRules:
    if not isinstance(value, Mapping | list):
        raise _NoRules(f"$: expected an object with rules, got {_kind(value)}")
    alone = _alone(value) if isinstance(value, Mapping) else None
    if alone is not None:
        if vault is not None and (alone.vault is None or alone.vault.lower() != vault.lower()):
            raise _NoRules("these are the rules of one vault: leave --vault out")
        return alone
    if isinstance(value, Mapping) and terraform.is_terraform(value):
        found = list(terraform.vaults_in(value, "$"))
    else:
        found = list(arm.vaults_in(value, "$", given))
    if not found:
        raise _NoRules(_without_vaults(value))
    return _named(found, vault)


def _named(found: list[FoundRules], vault: str | None) -> FoundRules:
    chosen = [one for one in found if vault is None or (one.vault or "").lower() == vault.lower()]
    if len(chosen) == 1:
        return chosen[0]
    listed = ", ".join(f"{one.vault or '(without a name)'} at {one.path}" for one in chosen or found)
    if not chosen:
        raise _NoRules(f"there is no vault called {vault!r}; there are: {listed}")
    raise _NoRules(f"there are {len(chosen)} vaults; choose one by --vault NAME: {listed}")


def _alone(value: Mapping[str, object]) -> FoundRules | None:
    """The rules where the file holds nothing else: a `networkAcls` object, or a client's own form of it."""
    if is_short_form(value):
        return from_short_form(value)
    written = powershell_rules(value)
    if written is not None:
        return from_powershell(value, *written)
    keys = {key.lower(): key for key in value}
    if "networkacls" in keys and "properties" not in keys and "type" not in keys:
        found = read_acls(value[keys["networkacls"]], f"$.{keys['networkacls']}")
        return _with_known_members(value[keys["networkacls"]], found)
    if not value or keys.keys() & {name.lower() for name in MEMBERS}:
        return read_acls(value, "$")
    if arm.is_template(value) or keys.keys() & _AROUND_VAULTS:
        return None
    return _with_known_members(value, read_acls(value, "$"))


_AROUND_VAULTS = frozenset(
    {"properties", "type", "template", "value", "data", "changes", "planned_values", "terraform_version"}
)
"""Members, in lower case, of objects that hold a vault or several."""


def _with_known_members(value: object, found: FoundRules) -> FoundRules:
    """The same with a fault where an object has members and none of them is a member of `networkAcls`."""
    if not isinstance(value, Mapping) or not value or found.network_acls or found.faults:
        return found
    members = ", ".join(repr(member) for member in list(value)[:6])
    kinds = f"a networkAcls object ({', '.join(MEMBERS)}), a vault resource, an ARM template, or a client's output"
    return replace(found, faults=(f"{found.path}: expected {kinds}; the object has {members}",))


def _parameters(path: str) -> Mapping[str, object]:
    """The values of an ARM parameters file; `UnreadableInput` where a value is a reference to a secret."""
    value = read_json(path, with_comments=True)
    section = value.get("parameters", value) if isinstance(value, Mapping) else None
    if not isinstance(section, Mapping):
        raise UnreadableInput(name=path, reasons=("$.parameters: expected an object with the values of parameters",))
    given: dict[str, object] = {}
    for name, one in section.items():
        if isinstance(one, Mapping) and "value" in one:
            given[name] = one["value"]
        else:
            given[name] = Fault(path=f"$.parameters.{name}", reason=f"{path} gives no plain value for this parameter")
    return given


def _without_vaults(value: object) -> str:
    if isinstance(value, Mapping) and arm.is_template(value):
        return "$.resources: no vault (Microsoft.KeyVault/vaults) is deployed by this template"
    if isinstance(value, Mapping) and terraform.is_terraform(value):
        return "$: no azurerm_key_vault is among the resources"
    if isinstance(value, Mapping) and isinstance(value.get("type"), str):
        return f"$.type: expected a vault (Microsoft.KeyVault/vaults) or a template, got {value['type']!r}"
    if isinstance(value, Mapping) and "properties" in value:
        return "$.properties: no networkAcls in it, and no type that says that it is a vault"
    if isinstance(value, list) and any(_is_vault_without_properties(one) for one in value):
        return "$: these vaults come without their properties, as az keyvault list prints them; ask az keyvault show"
    return "$: no vault (Microsoft.KeyVault/vaults) is in the list"


def _is_vault_without_properties(value: object) -> bool:
    return isinstance(value, Mapping) and str(value.get("type", "")).lower() == arm.VAULT_TYPE


def _kind(value: object) -> str:
    names = {str: "a text", bool: "a truth value", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def named_subnets(found: FoundRules) -> Iterable[str]:
    """The ids in the rules for subnets, as far as they are texts."""
    acls = found.network_acls
    entries = acls.get("virtualNetworkRules") if isinstance(acls, Mapping) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("id"), str):
            yield str(entry["id"])

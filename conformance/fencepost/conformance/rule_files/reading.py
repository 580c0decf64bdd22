"""The rules in a file, whichever of the forms that people keep them in the file has."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from fencepost.conformance.rule_files import arm, terraform, terraform_members
from fencepost.conformance.rule_files.acls import MEMBERS, read_acls
from fencepost.conformance.rule_files.clients import from_short_form, is_powershell, is_short_form, powershell_rules
from fencepost.conformance.rule_files.found import FoundRules
from fencepost.conformance.rule_files.holders import kind_of, misspelt_in_changes
from fencepost.conformance.rule_files.json_file import STDIN, UnreadableInput, read_json
from fencepost.conformance.rule_files.members import faults_around, member, misspelt, nearest, no_such_member
from fencepost.conformance.rule_files.subnets import listed_subnets
from fencepost.conformance.rule_files.template import VAULT, Fault

_PRINT_PLAN = "print the plan: terraform plan -out p && terraform show -json p > plan.json"
_SOURCES = {
    ".bicep": "this is Bicep source; compile it first: az bicep build --file {name} --stdout > template.json",
    ".bicepparam": "these are Bicep parameters; compile them first: az bicep build-params --file {name}",
    ".tf": f"this is Terraform source; {_PRINT_PLAN}",
    ".tf.json": f"this is Terraform source; {_PRINT_PLAN}",
}


def read_rules(path: str, *, vault: str | None = None, parameters: str | None = None) -> FoundRules:
    """The rules in the file, `-` being stdin; of the vault of that name (in any case) where there are several.

    `parameters` is the path of an ARM parameters file. `UnreadableInput` with every reason where the file has no rules,
    where no vault has that name, where it takes a name to choose, or where the rules cannot be known or judged.
    """
    name = "stdin" if path == STDIN else path
    source = next((reason for suffix, reason in _SOURCES.items() if path.lower().endswith(suffix)), None)
    if source is not None:
        raise UnreadableInput(name=name, reasons=(source.format(name=path),))
    value = read_json(path, with_comments=True)
    given = _parameters(parameters) if parameters is not None else {}
    try:
        if parameters is not None and not _takes_parameters(value):
            raise _NoRules("$: this is no ARM template: leave --parameters out")
        if around := dict.fromkeys(_faults_around(value)):
            raise _NoRules(*around)
        found = _chosen(value, vault, given)
    except Fault as fault:
        raise UnreadableInput(name=name, reasons=(str(fault),)) from None
    except RecursionError:
        raise UnreadableInput(name=name, reasons=("$: a value in it is nested too deep",)) from None
    except _NoRules as error:
        raise UnreadableInput(name=name, reasons=error.reasons) from None
    if found.faults:
        raise UnreadableInput(name=name, reasons=found.faults)
    return replace(found, network_acls=_in_force(found.network_acls)) if found.is_stored else found


def _faults_around(value: object) -> Iterator[str]:
    """What is wrong with the members around the rules, by the manner of the tool that has written the file."""
    yield from faults_around(value)
    yield from misspelt_in_changes(value)
    if isinstance(value, Mapping) and terraform.is_terraform(value):
        yield from terraform_members.faults_around(value)


def _in_force(acls: object) -> object:
    """Rules that the service has accepted: neither null nor a subnet that lacks the endpoint now refuses them.

    The service does not print the flag with which a rule without the endpoint was put. A client prints null for a list
    or a word that it has not got.
    """
    if isinstance(acls, Mapping):
        acls = {name: one for name, one in acls.items() if one is not None}
    rules = acls.get("virtualNetworkRules") if isinstance(acls, Mapping) else None
    if not isinstance(acls, Mapping) or not isinstance(rules, list):
        return acls
    flagged = [{**one, "ignoreMissingVnetServiceEndpoint": True} if isinstance(one, Mapping) else one for one in rules]
    return {**acls, "virtualNetworkRules": flagged}


def _takes_parameters(value: object) -> bool:
    return arm.is_template(value) or (isinstance(value, Mapping) and arm.is_template(value.get("template")))


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
    deleted, cut = tuple(arm.deleted_in(value)), tuple(arm.cut_in(value))
    if not found:
        near = tuple(misspelt(value, "$", _WITH_CASE))
        raise _NoRules(*(deleted or near or (_without_vaults(value),)), *cut)
    chosen = _named(found, vault, (*deleted, *cut))
    return replace(chosen, notes=(*chosen.notes, *cut), subnets=(*chosen.subnets, *listed_subnets(value)))


def _named(found: list[FoundRules], vault: str | None, beside: tuple[str, ...]) -> FoundRules:
    """The vault of that name or path; `beside` says why it may be absent."""
    chosen = [one for one in found if vault is None or vault.lower() in _names(one)]
    if len(chosen) == 1:
        return chosen[0]
    several = chosen or found
    listed = ", ".join(f"{one.vault or '(without a name)'} at {one.address or one.path}" for one in several[:_LISTED])
    if len(several) > _LISTED:
        listed += f", and {len(several) - _LISTED:,} more"
    if not chosen:
        raise _NoRules(f"there is no vault called {vault!r}; there are: {listed}", *beside)
    if all(one.faults for one in chosen):
        raise _NoRules(*(fault for one in chosen for fault in one.faults))
    raise _NoRules(f"there are {len(chosen)} vaults; choose one by --vault NAME, or by its place: {listed}")


_LISTED = 20
"""So many vaults are named in an error."""


def _names(found: FoundRules) -> Iterable[str]:
    """What `--vault` may call a vault, in lower case."""
    return (name.lower() for name in (found.vault, found.address, found.path) if name is not None)


def _alone(value: Mapping[str, object]) -> FoundRules | None:
    """The rules where the file holds nothing else: a `networkAcls` object, or a client's own form of it."""
    if is_short_form(value):
        return from_short_form(value)
    if powershell_rules(value) is not None or is_powershell(value):
        return None
    if not value:
        raise _NoRules('$: the object is empty; a vault whose firewall was never set up is {"networkAcls": null}')
    keys = {key.lower(): key for key in value}
    if "resourceaccessrules" in keys and "properties" not in keys:
        raise _NoRules(f"$.{keys['resourceaccessrules']}: a storage account has this member, and a vault has not")
    if "networkacls" in keys and "properties" not in keys and "type" not in keys:
        if (kind := kind_of(value)) not in ("", VAULT):
            raise _NoRules(f"$: expected the rules of a vault ({_VAULT_TYPE}), got those of a resource {kind}")
        return _with_known_members(value[keys["networkacls"]], arm.rules_in(value, "$"))
    if keys.keys() & {name.lower() for name in MEMBERS}:
        return read_acls(value, "$")
    if arm.is_template(value) or keys.keys() & _AROUND_VAULTS or terraform.is_terraform(value):
        return None
    return _with_known_members(value, read_acls(value, "$"))


_AROUND_VAULTS = frozenset(
    {"properties", "type", "template", "value", "data", "changes", "planned_values", "terraform_version"}
)
"""Members, in lower case, of objects that hold a vault or several."""
_WITH_CASE = ("template", "value", "data", "changes", "planned_values", "values", "resource_changes")
"""Members of objects that hold a vault or several whose names count with their case."""
_FIRST = (*_WITH_CASE, *MEMBERS, "networkAcls", "properties", "resources", "VaultName", "ip", "vnet")
"""Members by which the form of a file is known."""


def _with_known_members(value: object, found: FoundRules) -> FoundRules:
    """The same with a fault where an object has members and none of them is a member of `networkAcls`."""
    if not isinstance(value, Mapping) or not value or found.network_acls or found.faults:
        return found
    if "deploymentparameters.json" in str(value.get("$schema")).lower():
        reason = "these are the parameters of a template: name the template, and this file by --parameters"
        return replace(found, faults=(f"{found.path}: {reason}",))
    advice = next((advice for known, advice in _FORMS if known <= {name.lower() for name in value}), None)
    if advice is not None:
        return replace(found, faults=(f"{found.path}: {advice}",))
    misspelt_first = [
        f"{found.path}.{name}: {no_such_member(near)}" for name in value if (near := nearest(name, _FIRST))
    ]
    if misspelt_first:
        return replace(found, faults=tuple(misspelt_first))
    members = ", ".join(repr(member) for member in list(value)[:6])
    kinds = f"a networkAcls object ({', '.join(MEMBERS)}), a vault resource, an ARM template, or a client's output"
    return replace(found, faults=(f"{found.path}: expected {kinds}; the object has {members}",))


_NOT_PULUMI = "is not read: give the object networkAcls of the vault alone, or what az keyvault show prints"
_FORMS = (
    (frozenset({"error"}), "this is an error of the service, and no vault"),
    (frozenset({"resource", "terraform"}), f"this is Terraform source as JSON; {_PRINT_PLAN}"),
    (frozenset({"version", "deployment"}), f"this is a stack of Pulumi, which {_NOT_PULUMI}"),
    (frozenset({"steps"}), f"this is a preview of Pulumi, which {_NOT_PULUMI}"),
)
"""Members, in lower case, of objects that are known and not read, and what to do with these."""


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
    if _is_stored_state(value):
        return "$: this is the state as Terraform stores it; terraform show -json prints it in the form that is read"
    if isinstance(value, Mapping) and arm.is_template(value):
        left_out = "a condition that is false, a loop without a turn, or `existing` leaves a vault out"
        reason = f"is deployed by this template: {left_out}; templates that it links to are other files"
        return f"$.resources: no vault ({_VAULT_TYPE}) {reason}"
    if isinstance(value, Mapping) and terraform.is_terraform(value):
        others = "azapi_update_resource and vaults that the plan deletes"
        passed_over = f"data sources (data.azurerm_key_vault), {others} are passed over"
        return f"$: no azurerm_key_vault is among the resources; {passed_over}"
    if isinstance(value, Mapping) and isinstance(member(value, "type"), str):
        return f"$.type: expected a vault ({_VAULT_TYPE}) or a template, got {member(value, 'type')!r}"
    if isinstance(value, Mapping) and kind_of(value) not in ("", VAULT):
        return f"$: expected a vault ({_VAULT_TYPE}), got a resource {kind_of(value)}"
    if isinstance(value, Mapping) and member(value, "properties") is not None:
        return "$.properties: no networkAcls in it, and no type that says that it is a vault"
    return f"$: no vault ({_VAULT_TYPE}) is in the list{_first_entry(value)}"


def _is_stored_state(value: object) -> bool:
    """Whether an object is a file `terraform.tfstate`: its version is a number, which no ARM template has."""
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("resources"), list)
        and ("terraform_version" in value or isinstance(value.get("version"), int))
    )


_VAULT_TYPE = "Microsoft.KeyVault/vaults"


def _first_entry(value: object) -> str:
    """What the first entry of a list has instead of a type and properties."""
    for name in ("value", "data"):
        value = value.get(name, value) if isinstance(value, Mapping) else value
    first = value[0] if isinstance(value, list) and value else None
    if not isinstance(first, Mapping):
        return ""
    if isinstance(first.get("value"), str) or "virtualnetworks/" in str(first.get("id")).lower():
        return "; these are rules alone, and the default action decides too: give the whole object networkAcls"
    if isinstance(member(first, "type"), str):
        return f"; the first entry is a {member(first, 'type')}"
    return f"; an entry has a type and properties, the first here has {', '.join(map(repr, list(first)[:6]))}"


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

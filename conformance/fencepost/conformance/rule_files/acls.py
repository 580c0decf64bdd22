"""A `networkAcls` object as Azure Resource Manager accepts it, brought to the spelling of the contract."""

import re
from collections.abc import Iterable, Iterator, Mapping

from fencepost.conformance.rule_files.found import NEVER_SET_UP, FoundRules
from fencepost.conformance.rule_files.members import member, nearest, no_such_member, read_members

MEMBERS = ("bypass", "defaultAction", "ipRules", "virtualNetworkRules")
_ENTRY = {
    "ipRules": frozenset({"value"}),
    "virtualNetworkRules": frozenset({"id", "ignoreMissingVnetServiceEndpoint"}),
}
_ADDED_BY_CLIENTS = {"resourcegroup"}
"""Members that the Azure CLI adds to what it reads: they say nothing about the rule."""
_OF_CLIENTS = {
    "ip": ("the Azure CLI's short form", "ipRules"),
    "vnet": ("the Azure CLI's short form", "virtualNetworkRules"),
    "IpAddressRanges": ("PowerShell", "ipRules"),
    "VirtualNetworkResourceIds": ("PowerShell", "virtualNetworkRules"),
    "virtual_network_subnet_ids": ("Terraform", "virtualNetworkRules"),
}
"""Lists of rules in the forms of clients: which client's, and what Azure Resource Manager calls them."""


def read_acls(value: object, path: str, *, vault: str | None = None) -> FoundRules:
    """The rules in a `networkAcls` object; null or nothing is a vault whose firewall was never set up."""
    if value is None:
        return FoundRules(network_acls=NEVER_SET_UP, path=path, vault=vault)
    cut = tuple(cut_by_powershell(value, path))
    if cut or not isinstance(value, Mapping):
        return FoundRules(network_acls=value, path=path, vault=vault, faults=cut)
    members = read_members(value, path, MEMBERS)
    acls = dict(members.values)
    strayed = public_access_faults(member(value, "publicNetworkAccess"), f"{path}.publicNetworkAccess")
    faults = [*members.faults, *strayed, *_misplaced(members.others, path)]
    misspelt = " ".join(faults)
    notes = [f"{path}.{name}: passed over, networkAcls has no such member" for name in members.others]
    notes = [note for note in notes if f"{note.partition(':')[0]}:" not in misspelt]
    for name, known in _ENTRY.items():
        entries = acls.get(name)
        if isinstance(entries, list):
            acls[name] = [_entry(one, f"{path}.{name}[{n}]", known, faults, notes) for n, one in enumerate(entries)]
    return FoundRules(network_acls=acls, path=path, vault=vault, faults=tuple(faults), notes=tuple(notes))


def _misplaced(names: Iterable[str], path: str) -> Iterator[str]:
    for name in names:
        if near := nearest(name, ("copy",)):
            yield f"{path}.{name}: {no_such_member(near)}"
        if own := nearest(name, tuple(_OF_CLIENTS)):
            client, of_arm = _OF_CLIENTS[own]
            yield f"{path}.{name}: no such member; {client} has {own!r}, and networkAcls has {of_arm!r} for these rules"


def _entry(entry: object, path: str, known: frozenset[str], faults: list[str], notes: list[str]) -> object:
    if not isinstance(entry, Mapping):
        return entry
    if entry.keys() <= known:  # the usual entry, and there may be a million
        return entry
    members = read_members(entry, path, sorted(known))
    faults += members.faults
    strange = [name for name in members.others if name.lower() not in _ADDED_BY_CLIENTS]
    notes += [f"{path}.{name}: passed over, a rule has no such member" for name in strange]
    return dict(members.values)


_CUT = re.compile(r"@\{.*\}|(?:System|Microsoft)\.[\w.]+(?:\[\])?", re.DOTALL)


def cut_by_powershell(acls: object, path: str) -> Iterator[str]:
    """A fault for each object or list that `ConvertTo-Json` has cut to one text, beyond its `-Depth`."""
    if isinstance(acls, str) and _CUT.fullmatch(acls):
        yield f"{path}: PowerShell has cut this to {acls[:80]!r}; write it by ConvertTo-Json -Depth 10"
    elif isinstance(acls, Mapping):
        for name, one in acls.items():
            yield from cut_by_powershell(one, f"{path}.{name}")
    elif isinstance(acls, list) and acls:  # every entry is cut, or none is
        yield from cut_by_powershell(acls[0], f"{path}[0]")


def public_access_faults(value: object, path: str) -> tuple[str, ...]:
    """The reason why rules cannot be judged beside this `publicNetworkAccess`; none where public access is enabled.

    An absent, empty or null value means enabled: the service reads each of them back as `Enabled`.
    """
    if value is None or (isinstance(value, str) and value.lower() in ("", "enabled")):
        return ()
    return (f"{path}: {value!r}: this vault's publicNetworkAccess decides, which is not judged yet",)

"""Rules in the own forms of two clients: the Azure CLI's short form and what PowerShell's `ConvertTo-Json` writes.

Sources: Azure/azure-cli `keyvault/custom.py` (`_parse_network_acls`: the members `ip` and `vnet`, and an entry of two
parts is a network and a subnet in the vault's own resource group); Azure/azure-powershell `PSKeyVaultNetworkRuleSet.cs`
(the enumerations Allow 0, Deny 1 and None 0, AzureServices 1).
"""

import json
from collections.abc import Iterator, Mapping

from fencepost.conformance.rule_files.acls import cut_by_powershell, public_access_faults
from fencepost.conformance.rule_files.expressions import RESOURCE_GROUP, SUBSCRIPTION
from fencepost.conformance.rule_files.found import FoundRules
from fencepost.conformance.rule_files.members import misspelt, nearest
from fencepost.reference import is_subnet_id

_POWERSHELL = ("DefaultAction", "Bypass", "IpAddressRanges", "VirtualNetworkResourceIds")
_BESIDE = ("IpAddressRangesText", "VirtualNetworkResourceIdsText")
_OF_A_VAULT = ("VaultName", "NetworkAcls", "PublicNetworkAccess", "ResourceId")
_BESIDE_IN_A_VAULT = ("NetworkAclsText", "VaultUri", "ResourceGroupName", "OriginalVault")
_SHORT = {"ip": "ipRules", "vnet": "virtualNetworkRules"}
_SPELLING_OF_CLI = {of_arm: own for own, of_arm in _SHORT.items()}
_SPELLING = {
    "defaultAction": "DefaultAction",
    "bypass": "Bypass",
    "ipRules": "IpAddressRanges",
    "virtualNetworkRules": "VirtualNetworkResourceIds",
}
_WORDS = {"DefaultAction": ("Allow", "Deny"), "Bypass": ("None", "AzureServices")}


def is_short_form(value: Mapping[str, object]) -> bool:
    """Whether an object is what `az keyvault create --network-acls` takes: `ip` and `vnet`, or what nearly reads so."""
    names = {nearest(name, tuple(_SHORT)) for name in value}
    return bool(names) and None not in names


def from_short_form(value: Mapping[str, object]) -> FoundRules:
    """The rules that the Azure CLI makes of its short form; the switches are options of their own there."""
    ranges, subnets = value.get("ip") or [], value.get("vnet") or []
    faults = list(misspelt(value, "$", tuple(_SHORT)))
    faults += [f"$.{name}: expected a list" for name, one in (("ip", ranges), ("vnet", subnets)) if not _is_list(one)]
    ids = [_subnet_id(one) for one in subnets] if isinstance(subnets, list) else []
    faults += [
        f"$.vnet[{index}]: {json.dumps(subnets[index]):.80}: expected NETWORK/SUBNET or the resource id of a subnet"
        for index, one in enumerate(ids)
        if one is None and isinstance(subnets, list)
    ]
    acls = {
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [{"value": one} for one in ranges] if isinstance(ranges, list) else [],
        "virtualNetworkRules": [{"id": one} for one in ids],
    }
    switches = "without its options --default-action and --bypass the client writes Allow and AzureServices"
    notes = [f"$: the short form of the Azure CLI names no switches; {switches}"]
    if ids != subnets:
        notes.append(
            f"$.vnet: NETWORK/SUBNET is a subnet in the vault's own resource group; {SUBSCRIPTION} and "
            f"{RESOURCE_GROUP} stand for what the file does not say"
        )
    return FoundRules(network_acls=acls, path="$", faults=tuple(faults), notes=tuple(notes), spelling=_SPELLING_OF_CLI)


def _subnet_id(entry: object) -> str | None:
    """The resource id that the Azure CLI makes of an entry of `vnet`, with words for what only its call says."""
    if not isinstance(entry, str):
        return None
    match entry.split("/"):
        case [network, subnet] if network and subnet:
            group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}"
            return f"{group}/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{subnet}"
    return entry if is_subnet_id(entry) else None


def powershell_rules(value: Mapping[str, object]) -> tuple[Mapping[str, object], str] | None:
    """The rule set in an object that PowerShell writes, and its path in it; None if the object is of another kind."""
    inner = value.get("NetworkAcls")
    if isinstance(inner, Mapping) and ("VaultName" in value or _LISTS & inner.keys()):
        return inner, ".NetworkAcls"
    return (value, "") if _LISTS & value.keys() else None


_LISTS = frozenset({"IpAddressRanges", "VirtualNetworkResourceIds"})


def is_powershell(value: Mapping[str, object]) -> bool:
    """Whether an object is a vault as `Get-AzKeyVault` writes it."""
    return "VaultName" in value


def without_rules(value: Mapping[str, object], path: str) -> FoundRules:
    """A vault of PowerShell that comes without its rules: as an entry of a list, or cut by `ConvertTo-Json`."""
    name = value.get("VaultName")
    cut = tuple(cut_by_powershell(value.get("NetworkAcls"), f"{path}.NetworkAcls"))
    fault = (
        f"{path}.NetworkAcls: not in the file, as Get-AzKeyVault lists a vault; ask Get-AzKeyVault -VaultName {name}"
    )
    return FoundRules(
        network_acls=None,
        path=f"{path}.NetworkAcls",
        vault=name if isinstance(name, str) else None,
        faults=cut or tuple(_misspelt_in_vault(value, path)) or (fault,),
    )


def from_powershell(value: Mapping[str, object], rules: Mapping[str, object], path: str) -> FoundRules:
    """The rules of `Get-AzKeyVault | ConvertTo-Json`, whose words are numbers and whose lists are texts.

    A list that `ConvertTo-Json` has flattened to one text, beyond its `-Depth`, is a fault.
    """
    faults = [
        *(_misspelt_in_vault(value, path.removesuffix(".NetworkAcls")) if rules is not value else ()),
        *misspelt(rules, path, _POWERSHELL, beside=_BESIDE),
        *public_access_faults(
            value.get("PublicNetworkAccess"), f"{path.removesuffix('.NetworkAcls')}.PublicNetworkAccess"
        ),
    ]
    acls: dict[str, object] = {}
    for member, to in (("DefaultAction", "defaultAction"), ("Bypass", "bypass")):
        word = rules.get(member)
        names = _WORDS[member]
        is_number = isinstance(word, int) and not isinstance(word, bool) and 0 <= word < len(names)
        acls[to] = names[word] if is_number and isinstance(word, int) else word
    for member, to, key in (
        ("IpAddressRanges", "ipRules", "value"),
        ("VirtualNetworkResourceIds", "virtualNetworkRules", "id"),
    ):
        entries = rules.get(member)
        if entries is None:
            entries = []
        if not isinstance(entries, list):
            faults.append(
                f"{path}.{member}: expected a list, got {entries!r:.60}; write it by ConvertTo-Json -Depth 10"
            )
            entries = []
        acls[to] = [{key: one} for one in entries]
    name = value.get("VaultName")
    vault = name if isinstance(name, str) else None
    return FoundRules(
        network_acls=acls, path=path, vault=vault, faults=tuple(faults), is_stored=True, spelling=_SPELLING
    )


def _misspelt_in_vault(value: Mapping[str, object], path: str) -> Iterator[str]:
    return misspelt(value, path, _OF_A_VAULT, beside=_BESIDE_IN_A_VAULT)


def _is_list(value: object) -> bool:
    return isinstance(value, list)

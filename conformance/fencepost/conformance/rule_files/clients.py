"""Rules in the own forms of two clients: the Azure CLI's short form and what PowerShell's `ConvertTo-Json` writes.

Sources: Azure/azure-cli `keyvault/custom.py` (`_parse_network_acls`, members `ip` and `vnet`); Azure/azure-powershell
`PSKeyVaultNetworkRuleSet.cs` (the enumerations Allow 0, Deny 1 and None 0, AzureServices 1).
"""

from collections.abc import Mapping

from fencepost.conformance.rule_files.acls import cut_by_powershell, public_access_faults
from fencepost.conformance.rule_files.found import FoundRules

_POWERSHELL = ("DefaultAction", "Bypass", "IpAddressRanges", "VirtualNetworkResourceIds")
_WORDS = {"DefaultAction": ("Allow", "Deny"), "Bypass": ("None", "AzureServices")}


def is_short_form(value: Mapping[str, object]) -> bool:
    """Whether an object is what `az keyvault create --network-acls` takes: lists under `ip` and `vnet`."""
    return bool(value) and value.keys() <= {"ip", "vnet"}


def from_short_form(value: Mapping[str, object]) -> FoundRules:
    """The rules that the Azure CLI makes of its short form; the switches are options of their own there."""
    ranges, subnets = value.get("ip") or [], value.get("vnet") or []
    faults = [f"$.{name}: expected a list" for name, one in (("ip", ranges), ("vnet", subnets)) if not _is_list(one)]
    acls = {
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [{"value": one} for one in ranges] if isinstance(ranges, list) else [],
        "virtualNetworkRules": [{"id": one} for one in subnets] if isinstance(subnets, list) else [],
    }
    note = (
        "$: the short form of the Azure CLI names no switches; without its options --default-action and --bypass the "
        "client writes Allow and AzureServices"
    )
    return FoundRules(network_acls=acls, path="$", faults=tuple(faults), notes=(note,))


def powershell_rules(value: Mapping[str, object]) -> tuple[Mapping[str, object], str] | None:
    """The rule set in an object that PowerShell writes, and its path in it; None if the object is of another kind."""
    inner = value.get("NetworkAcls")
    if isinstance(inner, Mapping) and {"IpAddressRanges", "VirtualNetworkResourceIds"} & inner.keys():
        return inner, ".NetworkAcls"
    return (value, "") if {"IpAddressRanges", "VirtualNetworkResourceIds"} & value.keys() else None


def is_powershell(value: Mapping[str, object]) -> bool:
    """Whether an object is a vault as `Get-AzKeyVault` writes it."""
    return "VaultName" in value and bool({"ResourceId", "NetworkAcls"} & value.keys())


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
        faults=cut or (fault,),
    )


def from_powershell(value: Mapping[str, object], rules: Mapping[str, object], path: str) -> FoundRules:
    """The rules of `Get-AzKeyVault | ConvertTo-Json`, whose words are numbers and whose lists are texts.

    A list that `ConvertTo-Json` has flattened to one text, beyond its `-Depth`, is a fault.
    """
    faults = [
        *public_access_faults(
            value.get("PublicNetworkAccess"), f"{path.removesuffix('.NetworkAcls')}.PublicNetworkAccess"
        )
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
    return FoundRules(network_acls=acls, path=path, vault=vault, faults=tuple(faults), is_stored=True)


def _is_list(value: object) -> bool:
    return isinstance(value, list)

"""How a vault's `networkAcls` reads back: the normal forms of the recorded service."""

from collections.abc import Iterator, Mapping

from fencepost.adapters.contract.protocol import JsonObject

ALL_DEFAULT: JsonObject = {
    "bypass": "AzureServices",
    "defaultAction": "Allow",
    "ipRules": [],
    "virtualNetworkRules": [],
}
"""The rules of a vault to which none were written: everybody is let in."""


def read_back(acls: Mapping[str, object]) -> JsonObject | None:
    """The object as the service would show it; None where it shows none.

    A bare address is shown as its /32, a subnet id in lower case, an absent list empty; the order is kept, and the
    all-default object without rules is not shown at all.

    >>> read_back({"defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]})["ipRules"]
    [{'value': '20.1.2.3/32'}]
    >>> read_back({"bypass": "AzureServices", "defaultAction": "Allow"}) is None
    True
    """
    shown: dict[str, object] = {
        "bypass": acls.get("bypass") or "AzureServices",
        "defaultAction": acls.get("defaultAction") or "Allow",
        "ipRules": [{"value": with_prefix(value)} for value in texts_of(acls, "ipRules", "value")],
        "virtualNetworkRules": [{"id": name.lower()} for name in texts_of(acls, "virtualNetworkRules", "id")],
    }
    return None if shown == ALL_DEFAULT else shown


def with_prefix(value: str) -> str:
    """The rule's value, a bare address with its /32.

    >>> with_prefix("20.1.2.3"), with_prefix("20.0.0.0/8")
    ('20.1.2.3/32', '20.0.0.0/8')
    """
    return value if "/" in value else f"{value}/32"


def texts_of(acls: Mapping[str, object], rules: str, member: str) -> Iterator[str]:
    """The texts that this member has in the entries of a list of rules."""
    entries = acls.get(rules)
    for entry in entries if isinstance(entries, list | tuple) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get(member), str):
            yield entry[member]

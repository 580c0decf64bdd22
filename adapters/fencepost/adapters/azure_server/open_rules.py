"""Which open points the answer to written rules hangs on: what neither a recording nor a document settles."""

import ipaddress
import socket
from collections import Counter
from collections.abc import Iterator

from fencepost.adapters.azure.forms import texts_of, with_prefix
from fencepost.adapters.contract.protocol import JsonObject

PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""The blocks that the service was seen to refuse."""

_RESERVED = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "192.0.2.0/24"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
_WORDS = {"bypass": ("AzureServices", "None"), "defaultAction": ("Allow", "Deny")}
_LISTS = ("ipRules", "virtualNetworkRules")
_LIMITS = (127, 200, 1000)
_SIZES = {str(prefix): 1 << 32 - prefix for prefix in range(33)}


def _ends(blocks: tuple[ipaddress.IPv4Network, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((int(block.network_address), int(block.broadcast_address)) for block in blocks)


_PRIVATE_ENDS, _RESERVED_ENDS = _ends(PRIVATE), _ends(_RESERVED)


def open_points_in(acls: JsonObject) -> tuple[str, ...]:
    """The names of the open points, each once; `facts.toml` says what each is.

    >>> open_points_in({"defaultAction": "deny", "ipRules": [{"value": "20.1.2.2/31"}]})
    ('enum-case', 'prefix-31')
    """
    return tuple(dict.fromkeys((*_of_members(acls), *_of_addresses(acls), *_of_repetition(acls), *open_forms_of(acls))))


def open_forms_of(acls: JsonObject) -> tuple[str, ...]:
    """The open points that the form of the object hangs on when it is read back."""
    has_rules = any(acls.get(name) for name in _LISTS)
    is_all_but_bypass = acls.get("bypass") == "None" and acls.get("defaultAction", "Allow") == "Allow"
    return ("allow-with-bypass-none",) if is_all_but_bypass and not has_rules else ()


def _of_members(acls: JsonObject) -> Iterator[str]:
    if any(value is None for value in acls.values()):
        yield "null-members"
    for member, words in _WORDS.items():
        value = acls.get(member)
        if isinstance(value, str) and value not in words and value.lower() in [word.lower() for word in words]:
            yield "enum-case"


def _of_addresses(acls: JsonObject) -> Iterator[str]:
    for value in texts_of(acls, "ipRules", "value"):
        if ":" in value:
            yield "ipv6"
            continue
        address, _, prefix = with_prefix(value).partition("/")
        if prefix not in _SIZES:
            continue
        try:
            first, size = int.from_bytes(socket.inet_pton(socket.AF_INET, address)), _SIZES[prefix]
        except (OSError, ValueError):
            continue
        if size in (2, 1 << 32):
            yield "prefix-31" if size == 2 else "prefix-0"
        if first % size:
            yield "host-bits"
        first -= first % size
        last = first + size - 1
        if any(first < begin <= last or first <= end < last for begin, end in _PRIVATE_ENDS):
            yield "private-superset"
        if any(begin <= first and last <= end for begin, end in _RESERVED_ENDS):
            yield "reserved-ranges"


def _of_repetition(acls: JsonObject) -> Iterator[str]:
    subnets = Counter(name.lower() for name in texts_of(acls, "virtualNetworkRules", "id"))
    addresses = Counter(with_prefix(value) for value in texts_of(acls, "ipRules", "value"))
    if subnets and max(subnets.values()) > 1:
        yield "duplicates"
    if any(found.total() > limit >= len(found) for found in (subnets, addresses) for limit in _LIMITS):
        yield "duplicates-count"

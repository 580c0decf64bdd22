"""Every violation that the reference names, and every open point, in words."""

from collections.abc import Mapping
from types import MappingProxyType

from fencepost.reference import Bypass, DefaultAction, Profile, Violation
from fencepost.reference.open_points import OPEN_POINTS

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "not-an-object": "expected an object with the rules",
        "not-a-list": "expected a list",
        "entry-not-an-object": "expected an object as entry",
        "entry-without-value": "the entry has no member 'value'",
        "entry-without-id": "the entry has no member 'id'",
        "not-text": "expected an address or a range as text",
        "empty": "the text is empty",
        "ipv6": "an IPv6 address; only IPv4 is supported",
        "too-few-octets": "an IPv4 address has four numbers, this has fewer",
        "too-many-octets": "an IPv4 address has four numbers, this has more",
        "empty-octet": "one of the four numbers is missing",
        "other-digits": "digits of another script than ASCII's",
        "not-a-number": "neither an IPv4 address nor a range in CIDR notation",
        "octet-over-255": "one of the four numbers is over 255",
        "two-slashes": "more than one slash",
        "empty-prefix": "nothing follows the slash",
        "negative-prefix": "the prefix is negative",
        "prefix-over-32": "the prefix is over 32",
        "not-a-mask": "what follows the slash is neither a prefix nor a mask",
        "prefix-32": "a range of one address (/32): write the bare address",
        "private": "private address space (RFC 1918): rules are for public addresses only",
        "reserved": "reserved address space",
        "unknown-word": "none of the words that may stand here",
        "not-a-subnet-id": (
            "no resource id of a subnet (/subscriptions/…/resourceGroups/…/providers/Microsoft.Network"
            "/virtualNetworks/…/subnets/…)"
        ),
        "too-many": "more rules than the maximum",
        "unknown-subnet": "a subnet that the network does not have",
        "unsaid-flag": "the rule has ignoreMissingVnetServiceEndpoint, and this write does not say it again",
    }
    | {point.key: point.refused for point in OPEN_POINTS if point.refused}
)
"""The words for each name of a violation."""

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        **{point.key: point.question for point in OPEN_POINTS},
        "touches-reserved": "whether a range may touch reserved or special address space",
        "subnet-outside-the-network": "what a rule for a subnet outside the network comes to",
        "unsaid-flag": "what a rule comes to that is put again without its ignoreMissingVnetServiceEndpoint",
    }
)
"""The question of each open point, in words."""


def reason(violation: Violation, *, value: object, profile: Profile) -> str:
    """Why the value at the violation's path is refused, with the value (shortened) and the limit where it matters."""
    text = REASONS.get(violation.name, violation.name)
    if violation.name == "too-many":
        maximum = profile.max_ip_rules if violation.path == "$.ipRules" else profile.max_virtual_network_rules
        length = len(value) if isinstance(value, list) else "?"
        return f"{length} rules, the profile {profile.name} has a maximum of {maximum}"
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        return f"{value!r:.80} is a template expression, which is not evaluated here: write the value itself"
    if violation.name == "unknown-word":
        words = Bypass if violation.path.endswith("bypass") else DefaultAction
        text = f"expected {' or '.join(words)}"
    if isinstance(value, list | dict):
        return text
    return f"{text}: {value!r:.80}"


def open_point(key: str) -> str:
    """An open point's key and its question."""
    words = QUESTIONS.get(key)
    return f"{key}: {words}" if words else key

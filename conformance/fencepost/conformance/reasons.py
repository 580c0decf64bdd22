"""In words: every violation that the reference has a name for, and every open point of the ledger."""

from collections.abc import Mapping
from types import MappingProxyType

from fencepost.reference import Bypass, DefaultAction, Profile, Violation

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "not-an-object": "expected an object with the rules",
        "not-a-list": "expected a list",
        "entry-not-an-object": "expected an object as entry",
        "entry-without-value": "the entry has no member 'value'",
        "entry-without-id": "the entry has no member 'id'",
        "not-text": "expected an address or a range as text",
        "empty": "the text is empty",
        "surrounding-blanks": "there are blanks around the value",
        "ipv6": "an IPv6 address; only IPv4 is supported",
        "too-few-octets": "an IPv4 address has four numbers, this has fewer",
        "too-many-octets": "an IPv4 address has four numbers, this has more",
        "empty-octet": "one of the four numbers is missing",
        "other-digits": "digits of another script than ASCII's",
        "not-a-number": "neither an IPv4 address nor a range in CIDR notation",
        "octet-over-255": "one of the four numbers is over 255",
        "leading-zeros": "a number with leading zeros",
        "two-slashes": "more than one slash",
        "empty-prefix": "nothing follows the slash",
        "negative-prefix": "the prefix is negative",
        "prefix-over-32": "the prefix is over 32",
        "prefix-spelling": "the prefix is not written as a plain number",
        "not-a-mask": "what follows the slash is neither a prefix nor a mask",
        "netmask-form": "a netmask in place of the prefix",
        "hostmask-form": "a host mask in place of the prefix",
        "prefix-0": "a range of all addresses",
        "prefix-31": "a range of two addresses (/31)",
        "prefix-32": "a range of one address (/32): write the bare address",
        "host-bits": "the address is not the first of its range: host bits are set",
        "private": "private address space (RFC 1918): rules are for public addresses only",
        "private-superset": "the range covers private address space (RFC 1918)",
        "reserved": "reserved address space",
        "unknown-word": "none of the words that may stand here",
        "null-members": "null in place of a value",
        "enum-case": "the word is known in other case only",
        "not-a-subnet-id": (
            "no resource id of a subnet (/subscriptions/…/resourceGroups/…/providers/Microsoft.Network"
            "/virtualNetworks/…/subnets/…)"
        ),
        "duplicates": "a rule stands more than once",
        "too-many": "more rules than the maximum",
        "unknown-subnet": "a subnet that the network does not have",
        "missing-service-endpoint": "the subnet does not have the service endpoint Microsoft.KeyVault",
        "lost-service-endpoint": "the subnet has lost its service endpoint Microsoft.KeyVault",
        "remove-unknown": "no such rule is there to be removed",
    }
)
"""The words for each name of a violation."""

OPEN_POINTS: Mapping[str, str] = MappingProxyType(
    {
        "host-bits": "whether a range with host bits is refused or masked",
        "private-superset": "whether a range that covers private space is accepted",
        "superset-matches-private": "whether a range wider than private or reserved space lets such a caller in",
        "reserved-ranges": "whether rules for reserved address space are accepted",
        "duplicates": "whether repeated rules are refused, collapsed or kept",
        "duplicates-count": "whether repeated rules count toward the limit",
        "prefix-31": "whether /31 is accepted",
        "prefix-0": "whether /0 is accepted",
        "missing-service-endpoint": "whether a rule for a subnet without the service endpoint is accepted",
        "lost-service-endpoint": "whether a rule is kept whose subnet has lost its service endpoint",
        "surrounding-blanks": "whether blanks around a value are refused or stripped",
        "leading-zeros": "whether leading zeros are refused, decimal or octal",
        "prefix-spelling": "whether spellings like /024 are accepted",
        "netmask-form": "whether a netmask is accepted in place of a prefix",
        "hostmask-form": "whether a host mask is accepted in place of a prefix",
        "remove-unknown": "whether removing a rule that is not there is refused",
        "enum-case": "whether another case of a known word is accepted",
        "null-members": "whether null is refused or taken as absent",
        "default-of-bypass": "what an absent bypass means (the API's specification says AzureServices)",
        "default-of-default-action": "what an absent default action means (azure-cli and Terraform say Allow)",
        "single-address-read-back": "how a single address is read back",
        "unauthenticated-and-blocked": "what a blocked caller without a token is told",
        "trusted-services": "how a trusted service is told from others",
        "trusted-scenarios": "whether a service is trusted for every connection, or for its documented scenario only",
        "touches-reserved": "whether a range may touch reserved or special address space",
        "subnet-outside-the-network": "what a rule for a subnet outside the network comes to",
    }
)
"""What each open point leaves open, in words."""


def reason(violation: Violation, *, value: object, profile: Profile) -> str:
    """Why the value at the violation's path is refused, with the value itself (shortened) and the limit where it counts."""
    told = REASONS.get(violation.name, violation.name)
    if violation.name == "too-many":
        maximum = profile.max_ip_rules if violation.path == "$.ipRules" else profile.max_virtual_network_rules
        length = len(value) if isinstance(value, list) else "?"
        return f"{length} rules, the profile {profile.name} has a maximum of {maximum}"
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        return f"{value!r:.80} is a template expression, which is not evaluated here: write the value itself"
    if violation.name == "unknown-word":
        words = Bypass if violation.path.endswith("bypass") else DefaultAction
        told = f"expected {' or '.join(words)}"
    if isinstance(value, list | dict):
        return told
    return f"{told}: {value!r:.80}"


def open_point(key: str) -> str:
    """An open point by its key and in words."""
    words = OPEN_POINTS.get(key)
    return f"{key}: {words}" if words else key

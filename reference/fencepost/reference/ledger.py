"""The answers that each open point of the specification can have."""

from collections.abc import Mapping
from types import MappingProxyType

ANSWERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "host-bits": ("reject", "mask"),
        "private-superset": ("reject", "accept"),
        "superset-matches-private": ("yes", "no"),
        "reserved-ranges": ("reject", "accept"),
        "duplicates": ("reject", "collapse", "keep"),
        "duplicates-count": ("yes", "no"),
        "prefix-31": ("reject", "accept"),
        "prefix-0": ("reject", "accept"),
        "missing-service-endpoint": ("reject", "accept"),
        "lost-service-endpoint": ("reject", "accept"),
        "surrounding-blanks": ("reject", "strip"),
        "leading-zeros": ("reject", "decimal", "octal"),
        "prefix-spelling": ("reject", "accept"),
        "netmask-form": ("reject", "accept"),
        "hostmask-form": ("reject", "accept"),
        "remove-unknown": ("reject", "ignore"),
        "enum-case": ("sensitive", "insensitive"),
        "null-members": ("reject", "as-absent"),
        "default-of-bypass": ("AzureServices", "None"),
        "default-of-default-action": ("Allow", "Deny"),
        "single-address-read-back": ("bare", "/32"),
        "unauthenticated-and-blocked": ("401", "403"),
        "trusted-services": ("list", "attribute"),
        "trusted-scenarios": ("connection", "scenario"),
    }
)
"""Each open point and its possible answers; it stays unspecified in a profile until an answer is chosen."""

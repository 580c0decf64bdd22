"""What a vault of the mutant catalogue holds and is asked: profile, rules, rule set, request, refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple


class IpRule(NamedTuple):
    """One IP rule as read: the interval of addresses that it covers, and how it was written."""

    first: int
    last: int
    network: int
    prefix: int
    text: str


class SubnetRule(NamedTuple):
    """One virtual network rule as read: the id in lower case, and as it was written."""

    id: str
    text: str
    ignores_missing_endpoint: bool


class Held(NamedTuple):
    """The rule set in force. `scan` is the list of IP rules that decisions look through."""

    bypass: str = "AzureServices"
    default_action: str = "Allow"
    ip_rules: tuple[IpRule, ...] = ()
    subnet_rules: tuple[SubnetRule, ...] = ()
    scan: tuple[IpRule, ...] = ()


class Ask(NamedTuple):
    """One request as read, its address both as a number and as it was written."""

    plane: str
    operation: str
    dotted: str
    address: int
    subnet: str | None
    authenticated: bool
    authorized: bool
    service: str | None
    trusted: bool


class Refused(ValueError):
    """A write that the vault does not take; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What differs between the service of 2018 and of today.

    `trusted_services` is the list kept by name, or None where each request says `trusted`.
    """

    name: str
    max_ip_rules: int
    max_subnet_rules: int
    refused_prefixes: frozenset[int]
    trusted_services: frozenset[str] | None
    checks_endpoints: bool
    single_suffix: str


PREVIEW = Profile(
    name="keyvault-2018-preview",
    max_ip_rules=127,
    max_subnet_rules=127,
    refused_prefixes=frozenset({31, 32}),
    trusted_services=frozenset(
        {
            "Azure Virtual Machines deployment service",
            "Azure Resource Manager (ARM) template deployment service",
            "Azure Disk Encryption volume encryption service",
            "Azure Backup",
            "Exchange Online & SharePoint Online",
            "Azure Information Protection",
        }
    ),
    checks_endpoints=False,
    single_suffix="",
)
TODAY = Profile(
    name="keyvault",
    max_ip_rules=1000,
    max_subnet_rules=200,
    refused_prefixes=frozenset(),
    trusted_services=None,
    checks_endpoints=True,
    single_suffix="/32",
)
PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in (PREVIEW, TODAY)})
"""The profiles that a vault can take on, by name."""

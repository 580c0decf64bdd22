"""The values of a mutant's vault: profile, rules, rule set, request and refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple


class IpRule(NamedTuple):
    """One IP rule as parsed: the interval of addresses that it covers, and its text."""

    first: int
    last: int
    network: int
    prefix: int
    text: str


class SubnetRule(NamedTuple):
    """One virtual network rule as parsed: the id in lower case, and its text."""

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
    """One request as parsed, its address both as a number and as text."""

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
    """A write that the vault does not accept; the text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The differences between the service of 2018 and today's.

    `trusted_services` is the list of names, or None if each request has the attribute `trusted`.
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
"""The profiles of a vault, by name."""

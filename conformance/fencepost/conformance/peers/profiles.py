"""What each profile fixes, as the peers read the contract: limits, prefixes, trusted names, missing endpoint."""

from dataclasses import dataclass

PRIVATE_BLOCKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""The blocks of RFC 1918."""

RESERVED_BLOCKS = (
    "0.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
"""The blocks of the open point `reserved-ranges`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profile: the differences between the announcement of 2018 and today's documentation."""

    name: str
    max_ip_rules: int
    max_virtual_network_rules: int
    takes_prefix_32: bool
    takes_prefix_31: bool
    """Whether /31 is an open point (`prefix-31`); otherwise it is always refused."""
    refuses_missing_endpoint: bool
    """Whether VAL-8 holds; otherwise `missing-service-endpoint` is an open point."""
    trusted_services: str
    """How trust is recognised if the implementation chooses no other way: `list` or `attribute`."""
    trusted_names: frozenset[str]


TRUSTED_IN_2018 = frozenset(
    {
        "Azure Virtual Machines deployment service",
        "Azure Resource Manager (ARM) template deployment service",
        "Azure Disk Encryption volume encryption service",
        "Azure Backup",
        "Exchange Online & SharePoint Online",
        "Azure Information Protection",
    }
)
"""The services of the announcement's table that are trusted; "coming soon" is not."""

KEYVAULT_2018 = Profile(
    name="keyvault-2018-preview",
    max_ip_rules=127,
    max_virtual_network_rules=127,
    takes_prefix_32=False,
    takes_prefix_31=False,
    refuses_missing_endpoint=False,
    trusted_services="list",
    trusted_names=TRUSTED_IN_2018,
)
KEYVAULT = Profile(
    name="keyvault",
    max_ip_rules=1000,
    max_virtual_network_rules=200,
    takes_prefix_32=True,
    takes_prefix_31=True,
    refuses_missing_endpoint=True,
    trusted_services="attribute",
    # No document lists today's names exactly; today's table still has all names of the announcement.
    trusted_names=TRUSTED_IN_2018,
)


def profile_named(name: str) -> Profile:
    """The profile of this name; `ValueError` if there is none."""
    for profile in (KEYVAULT, KEYVAULT_2018):
        if profile.name == name:
            return profile
    raise ValueError(f"no profile is called {name!r}; known are {KEYVAULT.name!r} and {KEYVAULT_2018.name!r}")

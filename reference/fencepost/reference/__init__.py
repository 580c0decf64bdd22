"""The meaning of the specification, small enough to be checked by eye. A leaf: it imports nothing of the kit."""

from fencepost.reference.addresses import (
    Block,
    address_from_text,
    block_from_cidr,
    cidr_from_block,
    is_clear,
    is_public,
    text_from_address,
)
from fencepost.reference.codes import acceptable_codes
from fencepost.reference.decide import decide
from fencepost.reference.model import (
    SERVICE_ENDPOINT,
    Bypass,
    Caller,
    Decision,
    DefaultAction,
    IpRule,
    Network,
    Outcome,
    Plane,
    Request,
    RuleSet,
    Subnet,
    VirtualNetworkRule,
)
from fencepost.reference.parse import Reading, is_subnet_id, read_ip_rule
from fencepost.reference.profile import Profile, UnknownProfile, load_profile, profile_from_toml, profile_names
from fencepost.reference.validate import Assessment, Verdict, Violation, validate
from fencepost.reference.vault import Vault, Write

__all__ = [
    "SERVICE_ENDPOINT",
    "Assessment",
    "Block",
    "Bypass",
    "Caller",
    "Decision",
    "DefaultAction",
    "IpRule",
    "Network",
    "Outcome",
    "Plane",
    "Profile",
    "Reading",
    "Request",
    "RuleSet",
    "Subnet",
    "UnknownProfile",
    "Vault",
    "Verdict",
    "Violation",
    "VirtualNetworkRule",
    "Write",
    "acceptable_codes",
    "address_from_text",
    "block_from_cidr",
    "cidr_from_block",
    "decide",
    "is_clear",
    "is_public",
    "is_subnet_id",
    "load_profile",
    "profile_from_toml",
    "profile_names",
    "read_ip_rule",
    "text_from_address",
    "validate",
]

"""Writes in the forms that a subject offers: no default action if it has none, host bits if it masks them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Interface
from zlib import crc32

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.lockstep.case import WriteStep, apply_write
from fencepost.reference import Profile, Vault, Verdict, read_ip_rule

_ONE_IN, _SELDOM = 3, 24
"""One range in so many is written with host bits if the subject declares that it masks them, or is found to do so."""


def as_offered(step: WriteStep, vault: Vault, capabilities: Capabilities) -> WriteStep | None:
    """The write as it may be sent to the subject now; None if nothing of it may be sent.

    A subject that always denies is sent no default action but Deny, and updates of the bypass alone. A whole set that
    keeps a rule with `ignoreMissingVnetServiceEndpoint` repeats the flag while the subnet lacks its endpoint. Where
    host bits are masked, some ranges have host bits: always the same ones, so that one range has one text. A
    decisions-only subject is sent what the profile certainly accepts.
    """
    params: Mapping[str, object] | None = step.params
    if step.method in ("putRules", "updateRules") and not capabilities.default_action:
        params = _without_default_action(step)
    if params is None:
        return None
    if step.method == "putRules":
        params = {**params, "networkAcls": _flagged(params["networkAcls"], vault)}
    if vault.profile.choice("host-bits") == "mask":
        one_in = _ONE_IN if capabilities.masks_host_bits else _SELDOM
        params = _with_host_bits(params, vault.profile, one_in)
    offered = replace(step, params=params)
    if not capabilities.refusals and apply_write(vault, offered).verdict is not Verdict.ACCEPTED:
        return None
    return offered


def _without_default_action(step: WriteStep) -> Mapping[str, object] | None:
    """The parameters for a subject that always denies; None if they only look for another default action."""
    if step.method == "updateRules":
        return {"bypass": step.params["bypass"]} if "bypass" in step.params else None
    acls = step.params["networkAcls"]
    if not isinstance(acls, Mapping):
        return step.params
    if acls.get("defaultAction", "Deny") not in ("Allow", "Deny"):
        return None
    return {**step.params, "networkAcls": {**acls, "defaultAction": "Deny"}}


def _flagged(acls: object, vault: Vault) -> object:
    entries = acls.get("virtualNetworkRules") if isinstance(acls, Mapping) else None
    if not isinstance(acls, Mapping) or not isinstance(entries, list):
        return acls
    flag = "ignoreMissingVnetServiceEndpoint"
    flagged = [{**entry, flag: True} if _must_say_the_flag(entry, vault) else entry for entry in entries]
    return {**acls, "virtualNetworkRules": flagged}


def _must_say_the_flag(entry: object, vault: Vault) -> bool:
    subnet = entry.get("id") if isinstance(entry, Mapping) else None
    if not isinstance(subnet, str) or vault.network.has_endpoint(subnet):
        return False
    kept = vault.rules.rule_for_subnet(subnet)
    return kept is not None and kept.ignore_missing_endpoint


def _with_host_bits(params: Mapping[str, object], profile: Profile, one_in: int) -> Mapping[str, object]:
    if "value" in params:
        return {**params, "value": with_host_bits(params["value"], profile, one_in)}
    acls = params.get("networkAcls")
    entries = acls.get("ipRules") if isinstance(acls, Mapping) else None
    if not isinstance(acls, Mapping) or not isinstance(entries, list):
        return params
    changed = [
        {**entry, "value": with_host_bits(entry["value"], profile, one_in)}
        if isinstance(entry, Mapping) and "value" in entry
        else entry
        for entry in entries
    ]
    return {**params, "networkAcls": {**acls, "ipRules": changed}}


def with_host_bits(value: object, profile: Profile, one_in: int) -> object:
    """The fixed text of a range where host bits are masked, one in so many with host bits; other values unchanged."""
    other = _fixed_text(value, one_in) if isinstance(value, str) else None
    return value if other in (None, value) or not read_ip_rule(value, profile).is_accepted else other


@lru_cache(maxsize=4_096)
def _fixed_text(value: str, one_in: int) -> str | None:
    """The text for the range of this address and prefix; None for texts that are not written in the usual form."""
    try:
        interface = IPv4Interface(value)
    except ValueError:
        return None
    block = interface.network
    mark, hosts = crc32(str(block).encode()), block.num_addresses - 1
    if str(interface) != value or not hosts:
        return None
    return str(block) if mark % one_in else f"{block[1 + mark // one_in % hosts]}/{block.prefixlen}"

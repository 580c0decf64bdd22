"""Kinds of writes that must be refused, or ask for something absent: they change nothing in any state of a walk."""

from dataclasses import replace

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.generate import blocks, mistakes
from fencepost.conformance.generate.accepted_writes import put
from fencepost.conformance.generate.changes import Change, call
from fencepost.conformance.generate.rule_sets import FLAG
from fencepost.conformance.generate.small_world import Walk
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import WireRules, entries_of
from fencepost.reference import text_from_address

_PRIVATE = "10.1.2.3"


def _in_vain(change: Change, clause: str) -> Change:
    return replace(change, aim=clause, clauses=("VAL-9",))


def add_private(walk: Walk) -> Change:
    """Add a private address."""
    del walk
    return _in_vain(call("addIpRule", value=_PRIVATE), "VAL-3")


def add_malformed(walk: Walk) -> Change:
    """Add text that begins or ends like an address, or resembles one."""
    spot = text_from_address(walk.world.spot)
    texts = (f"{spot}.", f"{spot}/33", f"{spot}:443", f"{spot}/", f"{spot},", f"{spot}-{spot}", f"x{spot}", "")
    return _in_vain(call("addIpRule", value=walk.random.choice(texts)), "VAL-5")


def add_ipv6(walk: Walk) -> Change:
    """Add an IPv6 address, sometimes the mapped form of an IPv4 address."""
    mapped = f"::ffff:{text_from_address(walk.world.spot)}"
    return _in_vain(call("addIpRule", value=walk.random.choice((mapped, "2001:db8::1", "::"))), "VAL-4")


def add_no_subnet(walk: Walk) -> Change | None:
    """Add text that is no subnet's id."""
    if not walk.state.capabilities.subnets:
        return None
    known = walk.random.choice(walk.vault.network.subnets).id
    wrong = [one.value for one in mistakes.subnet_mistakes(known) if not one.entry]
    return _in_vain(call("addVirtualNetworkRule", id=walk.random.choice(wrong)), "VAL-7")


def add_lacking_subnet(walk: Walk) -> Change | None:
    """Add a subnet without the endpoint."""
    if not walk.subnets_without_endpoint() or walk.vault.profile.missing_endpoint != "reject":
        return None
    flag: JsonObject = {FLAG: False} if walk.random.randrange(2) else {}
    return _in_vain(
        call("addVirtualNetworkRule", id=walk.random.choice(walk.subnets_without_endpoint()), **flag), "VAL-8"
    )


def put_with_a_wrong_ip_rule(walk: Walk) -> Change:
    """Put another set with other switches and one wrong IP rule anywhere in it."""
    acls, random = _otherwise(walk), walk.random
    entries = entries_of(acls, "ipRules")
    value, clause = random.choice(
        ((_PRIVATE, "VAL-3"), ("20.1.2.256", "VAL-5"), ("2001:db8::1", "VAL-4"), ("", "VAL-5"))
    )
    entries.insert(random.randrange(len(entries) + 1), {"value": value})
    return _in_vain(put(acls), clause)


def put_with_a_wrong_subnet(walk: Walk) -> Change | None:
    """Put another set with other switches and one wrong id, or a subnet that lacks its endpoint."""
    if not walk.state.capabilities.subnets:
        return None
    acls, random = _otherwise(walk), walk.random
    entries = entries_of(acls, "virtualNetworkRules")
    wrong, clause = "default", "VAL-7"
    if walk.subnets_without_endpoint() and walk.vault.profile.missing_endpoint == "reject" and random.randrange(2):
        wrong, clause = random.choice(walk.subnets_without_endpoint()), "VAL-8"
    entries.insert(random.randrange(len(entries) + 1), {"id": wrong})
    return _in_vain(put(acls), clause)


def put_with_a_wrong_switch(walk: Walk) -> Change | None:
    """Put another set with an unknown word for a switch."""
    member, word = walk.random.choice((("bypass", "All"), ("defaultAction", "Block")))
    if not walk.state.capabilities.default_action:
        member, word = "bypass", "All"
    if not walk.state.capabilities.a_switch:
        return None
    return _in_vain(put({**_otherwise(walk), member: word}), "VAL-6")


def put_too_many(walk: Walk) -> Change:
    """Put one IP rule too many, with other switches and subnets."""
    acls = {**_otherwise(walk), "ipRules": [{"value": blocks.text(one)} for one in walk.world.crowd]}
    return replace(put(acls), aim="LIM-2", clauses=("LIM-6",))


def update_with_a_wrong_default_action(walk: Walk) -> Change | None:
    """Update to another, known bypass and an unknown default action, in either order."""
    if not walk.state.capabilities.default_action:
        return update_with_a_wrong_bypass(walk)
    bypass = "None" if walk.vault.rules.bypass.value == "AzureServices" else "AzureServices"
    return _update_in_vain(walk, ("bypass", bypass), ("defaultAction", "Block"))


def update_with_a_wrong_bypass(walk: Walk) -> Change | None:
    """Update to the other default action and an unknown bypass, in either order."""
    if not walk.state.capabilities.a_switch:
        return None
    action = "Allow" if walk.vault.rules.default_action.value == "Deny" else "Deny"
    return _update_in_vain(walk, ("defaultAction", action), ("bypass", "All"))


def _update_in_vain(walk: Walk, *switches: tuple[str, str]) -> Change:
    params = dict(switches if walk.random.randrange(2) else switches[::-1])
    return _in_vain(Change(step=WriteStep(method="updateRules", params=params)), "VAL-6")


def remove_what_is_not_there(walk: Walk) -> Change | None:
    """Remove an absent rule or subnet: refused or not, nothing changes."""
    if walk.state.unlisted and walk.random.randrange(2):
        return call("removeVirtualNetworkRule", id=walk.random.choice(walk.state.unlisted))
    return call("removeIpRule", value=blocks.text(walk.absent_ranges()[0])) if walk.absent_ranges() else None


def _otherwise(walk: Walk) -> WireRules:
    """Another set of the world's rules, with both switches changed."""
    rules = walk.vault.rules
    return {
        **walk.some_rules(),
        "defaultAction": "Allow" if rules.default_action.value == "Deny" else "Deny",
        "bypass": "None" if rules.bypass.value == "AzureServices" else "AzureServices",
    }

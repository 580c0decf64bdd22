"""Kinds of writes that must be refused, or ask for something absent: they change nothing in any state of a walk."""

from dataclasses import replace

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.generate import blocks, mistakes
from fencepost.conformance.generate.accepted_writes import call, put
from fencepost.conformance.generate.rule_sets import FLAG
from fencepost.conformance.generate.strokes import Stroke
from fencepost.conformance.generate.walkers import Walker
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import WireRules
from fencepost.reference import text_from_address

_PRIVATE = "10.1.2.3"


def _in_vain(stroke: Stroke, clause: str) -> Stroke:
    return replace(stroke, aim=clause, clauses=("VAL-9",))


def add_private(walker: Walker) -> Stroke:
    """Add a private address."""
    del walker
    return _in_vain(call("addIpRule", value=_PRIVATE), "VAL-3")


def add_malformed(walker: Walker) -> Stroke:
    """Add text that begins or ends like an address, or resembles one."""
    spot = text_from_address(walker.world.spot)
    texts = (f"{spot}.", f"{spot}/33", f"{spot}:443", f"{spot}/", f"{spot},", f"{spot}-{spot}", f"x{spot}", "")
    return _in_vain(call("addIpRule", value=walker.random.choice(texts)), "VAL-5")


def add_ipv6(walker: Walker) -> Stroke:
    """Add an IPv6 address, sometimes the mapped form of an IPv4 address."""
    mapped = f"::ffff:{text_from_address(walker.world.spot)}"
    return _in_vain(call("addIpRule", value=walker.random.choice((mapped, "2001:db8::1", "::"))), "VAL-4")


def add_no_subnet(walker: Walker) -> Stroke | None:
    """Add text that is no subnet's id."""
    if not walker.scene.capabilities.subnets:
        return None
    known = walker.random.choice(walker.vault.network.subnets).id
    wrong = [one.value for one in mistakes.subnet_mistakes(known) if not one.entry]
    return _in_vain(call("addVirtualNetworkRule", id=walker.random.choice(wrong)), "VAL-7")


def add_lacking_subnet(walker: Walker) -> Stroke | None:
    """Add a subnet without the endpoint."""
    if not walker.lacking() or walker.vault.profile.missing_endpoint != "reject":
        return None
    flag: JsonObject = {FLAG: False} if walker.random.randrange(2) else {}
    return _in_vain(call("addVirtualNetworkRule", id=walker.random.choice(walker.lacking()), **flag), "VAL-8")


def put_with_a_wrong_ip_rule(walker: Walker) -> Stroke:
    """Put another set with other switches and one wrong IP rule anywhere in it."""
    acls, random = _otherwise(walker), walker.random
    entries = acls["ipRules"]
    assert isinstance(entries, list)
    value, clause = random.choice(
        ((_PRIVATE, "VAL-3"), ("20.1.2.256", "VAL-5"), ("2001:db8::1", "VAL-4"), ("", "VAL-5"))
    )
    entries.insert(random.randrange(len(entries) + 1), {"value": value})
    return _in_vain(put(acls), clause)


def put_with_a_wrong_subnet(walker: Walker) -> Stroke | None:
    """Put another set with other switches and one wrong id, or a subnet that lacks its endpoint."""
    if not walker.scene.capabilities.subnets:
        return None
    acls, random = _otherwise(walker), walker.random
    entries = acls["virtualNetworkRules"]
    assert isinstance(entries, list)
    wrong, clause = "default", "VAL-7"
    if walker.lacking() and walker.vault.profile.missing_endpoint == "reject" and random.randrange(2):
        wrong, clause = random.choice(walker.lacking()), "VAL-8"
    entries.insert(random.randrange(len(entries) + 1), {"id": wrong})
    return _in_vain(put(acls), clause)


def put_with_a_wrong_switch(walker: Walker) -> Stroke | None:
    """Put another set with an unknown word for a switch."""
    member, word = walker.random.choice((("bypass", "All"), ("defaultAction", "Block")))
    if not walker.scene.capabilities.default_action:
        member, word = "bypass", "All"
    if not walker.scene.capabilities.a_switch:
        return None
    return _in_vain(put({**_otherwise(walker), member: word}), "VAL-6")


def put_too_many(walker: Walker) -> Stroke:
    """Put one IP rule too many, with other switches and subnets."""
    acls = {**_otherwise(walker), "ipRules": [{"value": blocks.text(one)} for one in walker.world.crowd]}
    return replace(put(acls), aim="LIM-2", clauses=("LIM-6",))


def update_with_a_wrong_default_action(walker: Walker) -> Stroke | None:
    """Update to another, known bypass and an unknown default action, in either order."""
    if not walker.scene.capabilities.default_action:
        return update_with_a_wrong_bypass(walker)
    bypass = "None" if walker.vault.rules.bypass.value == "AzureServices" else "AzureServices"
    return _update_in_vain(walker, ("bypass", bypass), ("defaultAction", "Block"))


def update_with_a_wrong_bypass(walker: Walker) -> Stroke | None:
    """Update to the other default action and an unknown bypass, in either order."""
    if not walker.scene.capabilities.a_switch:
        return None
    action = "Allow" if walker.vault.rules.default_action.value == "Deny" else "Deny"
    return _update_in_vain(walker, ("defaultAction", action), ("bypass", "All"))


def _update_in_vain(walker: Walker, *switches: tuple[str, str]) -> Stroke:
    params = dict(switches if walker.random.randrange(2) else switches[::-1])
    return _in_vain(Stroke(step=WriteStep(method="updateRules", params=params)), "VAL-6")


def remove_what_is_not_there(walker: Walker) -> Stroke | None:
    """Remove an absent rule or subnet: refused or not, nothing changes."""
    if walker.scene.unlisted and walker.random.randrange(2):
        return call("removeVirtualNetworkRule", id=walker.random.choice(walker.scene.unlisted))
    return call("removeIpRule", value=blocks.text(walker.unheld()[0])) if walker.unheld() else None


def _otherwise(walker: Walker) -> WireRules:
    """Another set of the world's rules, with both switches changed."""
    rules = walker.vault.rules
    return {
        **walker.some_rules(),
        "defaultAction": "Allow" if rules.default_action.value == "Deny" else "Deny",
        "bypass": "None" if rules.bypass.value == "AzureServices" else "AzureServices",
    }

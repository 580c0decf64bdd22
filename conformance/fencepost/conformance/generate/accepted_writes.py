"""Kinds of accepted writes: each gives a stroke for the walk's present state, or None where none is possible."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.generate import blocks
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS, other_case
from fencepost.conformance.generate.rule_sets import FLAG, without_empty_lists
from fencepost.conformance.generate.strokes import Stroke, other_spelling, update
from fencepost.conformance.generate.walkers import Walker
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep
from fencepost.conformance.lockstep.wire import wire_rules_in_force

Kind: TypeAlias = Callable[[Walker], Stroke | None]


def put(acls: JsonObject) -> Stroke:
    """Put a whole set."""
    return Stroke(step=WriteStep(method="putRules", params={"networkAcls": acls}), clauses=("STA-1",))


def call(method: str, **params: object) -> Stroke:
    """Make a single change."""
    return Stroke(step=WriteStep(method=method, params=params), clauses=("STA-2",))


def put_other(walker: Walker) -> Stroke:
    """Put another set."""
    return put(walker.some_rules())


def put_same(walker: Walker) -> Stroke:
    """Put the set in force in another order."""
    acls = wire_rules_in_force(walker.vault.rules)
    return put({name: value[::-1] if isinstance(value, list) else value for name, value in acls.items()})


def put_without_ip_rules(walker: Walker) -> Stroke:
    """Put the set in force without its IP rules: with an empty list, or none."""
    acls = {**wire_rules_in_force(walker.vault.rules), "ipRules": []}
    return put(without_empty_lists(walker.random, acls, walker.scene.capabilities))


def put_without_subnets(walker: Walker) -> Stroke:
    """Put the set in force without its virtual network rules."""
    acls = {**wire_rules_in_force(walker.vault.rules), "virtualNetworkRules": []}
    return put(without_empty_lists(walker.random, acls, walker.scene.capabilities))


def put_without_rules(walker: Walker) -> Stroke:
    """Put the switches in force without rules: with empty lists, or none."""
    acls = {**wire_rules_in_force(walker.vault.rules), "ipRules": [], "virtualNetworkRules": []}
    return put(without_empty_lists(walker.random, acls, walker.scene.capabilities))


def put_switched(walker: Walker) -> Stroke:
    """Put the rules in force with another bypass."""
    acls = wire_rules_in_force(walker.vault.rules)
    return put({**acls, "bypass": "None" if acls["bypass"] == "AzureServices" else "AzureServices"})


def put_one_less(walker: Walker) -> Stroke | None:
    """Put the set in force without one rule."""
    acls = wire_rules_in_force(walker.vault.rules)
    member = walker.random.choice(("ipRules", "virtualNetworkRules"))
    entries = acls[member]
    assert isinstance(entries, list)
    if not entries:
        return None
    place = walker.random.randrange(len(entries))
    return put({**acls, member: [*entries[:place], *entries[place + 1 :]]})


def put_one_other(walker: Walker) -> Stroke | None:
    """Put as many rules as before, one of them replaced."""
    acls = wire_rules_in_force(walker.vault.rules)
    entries = acls["ipRules"]
    assert isinstance(entries, list)
    if not entries or not walker.unheld():
        return None
    place = walker.random.randrange(len(entries))
    another = {"value": blocks.text(walker.unheld()[0])}
    return put({**acls, "ipRules": [another if at == place else one for at, one in enumerate(entries)]})


def update_default_action(walker: Walker) -> Stroke:
    """Change the default action."""
    return update(defaultAction="Allow" if walker.vault.rules.default_action.value == "Deny" else "Deny")


def update_bypass(walker: Walker) -> Stroke:
    """Change the bypass."""
    return update(bypass="None" if walker.vault.rules.bypass.value == "AzureServices" else "AzureServices")


def update_both(walker: Walker) -> Stroke:
    """Change both switches."""
    action = "Allow" if walker.vault.rules.default_action.value == "Deny" else "Deny"
    bypass = "None" if walker.vault.rules.bypass.value == "AzureServices" else "AzureServices"
    return update(bypass=bypass, defaultAction=action)


def update_to_the_same(walker: Walker) -> Stroke:
    """Update both switches to their present values."""
    rules = walker.vault.rules
    return update(defaultAction=rules.default_action.value, bypass=rules.bypass.value)


def add_ip_rule(walker: Walker) -> Stroke | None:
    """Add a new IP rule."""
    found = walker.unheld()
    if not found:
        return None
    value = blocks.text(found[0], walker.random, slash_32=walker.scene.single_as_slash_32)
    return call("addIpRule", value=value)


def remove_first_ip_rule(walker: Walker) -> Stroke | None:
    """Remove the first IP rule."""
    return call("removeIpRule", value=walker.scene.held[0].text) if walker.scene.held else None


def remove_last_ip_rule(walker: Walker) -> Stroke | None:
    """Remove the last IP rule, by another spelling if there is one."""
    held = walker.scene.held
    return call("removeIpRule", value=other_spelling(walker.scene, held[-1])) if held else None


def remove_an_ip_rule(walker: Walker) -> Stroke | None:
    """Remove any IP rule."""
    held = walker.scene.held
    return call("removeIpRule", value=walker.random.choice(held).text) if held else None


def add_subnet(walker: Walker) -> Stroke | None:
    """Add an unlisted subnet whose endpoint is on, sometimes with the flag that it may be missing."""
    found = walker.scene.unlisted
    if not found:
        return None
    flag: JsonObject = {FLAG: bool(walker.random.randrange(2))} if walker.random.randrange(2) else {}
    return call("addVirtualNetworkRule", id=walker.random.choice(found), **flag)


def add_subnet_without_endpoint(walker: Walker) -> Stroke | None:
    """Add a subnet with the flag that its endpoint may be missing."""
    if not walker.lacking() or walker.vault.profile.missing_endpoint != "reject":
        return None
    return call("addVirtualNetworkRule", id=walker.random.choice(walker.lacking()), **{FLAG: True})


def remove_first_subnet(walker: Walker) -> Stroke | None:
    """Remove the first listed subnet, in other letters."""
    listed = walker.scene.listed
    return call("removeVirtualNetworkRule", id=other_case(walker.random, listed[0])) if listed else None


def remove_last_subnet(walker: Walker) -> Stroke | None:
    """Remove the last listed subnet."""
    listed = walker.scene.listed
    return call("removeVirtualNetworkRule", id=listed[-1]) if listed else None


def remove_a_subnet_that_is_off(walker: Walker) -> Stroke | None:
    """Remove a listed subnet whose endpoint is off; the removal shows only when the endpoint is on."""
    off = [one for one in walker.scene.listed if not walker.vault.network.has_endpoint(one)]
    return call("removeVirtualNetworkRule", id=walker.random.choice(off)) if off else None


def switch_off(walker: Walker) -> Stroke | None:
    """Switch a listed subnet's endpoint off."""
    on = [one for one in walker.scene.listed if walker.vault.network.has_endpoint(one)]
    return _switched(walker, on, NO_ENDPOINTS)


def switch_off_unlisted(walker: Walker) -> Stroke | None:
    """Switch an unlisted subnet's endpoint off."""
    return _switched(walker, walker.scene.unlisted, NO_ENDPOINTS)


def switch_on(walker: Walker) -> Stroke | None:
    """Switch any subnet's endpoint on."""
    network = walker.vault.network
    return _switched(walker, [one.id for one in network.subnets if not network.has_endpoint(one.id)], ENDPOINTS)


def _switched(walker: Walker, subnets: Sequence[str], kinds: Sequence[tuple[str, ...]]) -> Stroke | None:
    if not walker.scene.capabilities.endpoints or not subnets:
        return None
    known = {one.id.lower(): one.id for one in walker.vault.network.subnets}
    subnet = known[walker.random.choice(subnets).lower()]
    step = EndpointsStep(subnet=subnet, service_endpoints=walker.random.choice(kinds))
    return Stroke(step=step, subnets=(subnet,), clauses=("STA-10",))

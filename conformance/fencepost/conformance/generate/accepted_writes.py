"""Kinds of accepted writes: each gives a change for the walk's present state, or None where none is possible."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.generate import blocks
from fencepost.conformance.generate.changes import Change, call, other_spelling, set_endpoints, update
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS, other_case
from fencepost.conformance.generate.rule_sets import FLAG, without_empty_lists
from fencepost.conformance.generate.small_world import Walk
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import entries_of, wire_rules_in_force

Kind: TypeAlias = Callable[[Walk], Change | None]


def put(acls: JsonObject) -> Change:
    """Put a whole set."""
    return Change(step=WriteStep(method="putRules", params={"networkAcls": acls}), clauses=("STA-1",))


def put_other(walk: Walk) -> Change:
    """Put another set."""
    return put(walk.some_rules())


def put_same(walk: Walk) -> Change:
    """Put the set in force in another order."""
    acls = wire_rules_in_force(walk.vault.rules)
    return put({name: value[::-1] if isinstance(value, list) else value for name, value in acls.items()})


def put_without_ip_rules(walk: Walk) -> Change:
    """Put the set in force without its IP rules: with an empty list, or none."""
    acls = {**wire_rules_in_force(walk.vault.rules), "ipRules": []}
    return put(without_empty_lists(walk.random, acls, walk.state.capabilities))


def put_without_subnets(walk: Walk) -> Change:
    """Put the set in force without its virtual network rules."""
    acls = {**wire_rules_in_force(walk.vault.rules), "virtualNetworkRules": []}
    return put(without_empty_lists(walk.random, acls, walk.state.capabilities))


def put_without_rules(walk: Walk) -> Change:
    """Put the switches in force without rules: with empty lists, or none."""
    acls = {**wire_rules_in_force(walk.vault.rules), "ipRules": [], "virtualNetworkRules": []}
    return put(without_empty_lists(walk.random, acls, walk.state.capabilities))


def put_switched(walk: Walk) -> Change:
    """Put the rules in force with another bypass."""
    acls = wire_rules_in_force(walk.vault.rules)
    return put({**acls, "bypass": "None" if acls["bypass"] == "AzureServices" else "AzureServices"})


def put_one_less(walk: Walk) -> Change | None:
    """Put the set in force without one rule."""
    acls = wire_rules_in_force(walk.vault.rules)
    member = walk.random.choice(("ipRules", "virtualNetworkRules"))
    entries = entries_of(acls, member)
    if not entries:
        return None
    place = walk.random.randrange(len(entries))
    return put({**acls, member: [*entries[:place], *entries[place + 1 :]]})


def put_one_other(walk: Walk) -> Change | None:
    """Put as many rules as before, one of them replaced."""
    acls = wire_rules_in_force(walk.vault.rules)
    entries = entries_of(acls, "ipRules")
    if not entries or not walk.absent_ranges():
        return None
    place = walk.random.randrange(len(entries))
    another = {"value": blocks.text(walk.absent_ranges()[0])}
    return put({**acls, "ipRules": [another if at == place else one for at, one in enumerate(entries)]})


def update_default_action(walk: Walk) -> Change:
    """Change the default action."""
    return update(defaultAction="Allow" if walk.vault.rules.default_action.value == "Deny" else "Deny")


def update_bypass(walk: Walk) -> Change:
    """Change the bypass."""
    return update(bypass="None" if walk.vault.rules.bypass.value == "AzureServices" else "AzureServices")


def update_both(walk: Walk) -> Change:
    """Change both switches."""
    action = "Allow" if walk.vault.rules.default_action.value == "Deny" else "Deny"
    bypass = "None" if walk.vault.rules.bypass.value == "AzureServices" else "AzureServices"
    return update(bypass=bypass, defaultAction=action)


def update_to_the_same(walk: Walk) -> Change:
    """Update both switches to their present values."""
    rules = walk.vault.rules
    return update(defaultAction=rules.default_action.value, bypass=rules.bypass.value)


def add_ip_rule(walk: Walk) -> Change | None:
    """Add a new IP rule."""
    found = walk.absent_ranges()
    if not found:
        return None
    value = blocks.text(found[0], walk.random, slash_32=walk.state.single_as_slash_32)
    return call("addIpRule", value=value)


def remove_first_ip_rule(walk: Walk) -> Change | None:
    """Remove the first IP rule."""
    return call("removeIpRule", value=walk.state.ip_rules[0].text) if walk.state.ip_rules else None


def remove_last_ip_rule(walk: Walk) -> Change | None:
    """Remove the last IP rule, by another spelling if there is one."""
    held = walk.state.ip_rules
    return call("removeIpRule", value=other_spelling(held[-1].text, walk.vault.profile)) if held else None


def remove_an_ip_rule(walk: Walk) -> Change | None:
    """Remove any IP rule."""
    held = walk.state.ip_rules
    return call("removeIpRule", value=walk.random.choice(held).text) if held else None


def add_subnet(walk: Walk) -> Change | None:
    """Add an unlisted subnet whose endpoint is on, sometimes with the flag that it may be missing."""
    found = walk.state.unlisted
    if not found:
        return None
    flag: JsonObject = {FLAG: bool(walk.random.randrange(2))} if walk.random.randrange(2) else {}
    return call("addVirtualNetworkRule", id=walk.random.choice(found), **flag)


def add_subnet_without_endpoint(walk: Walk) -> Change | None:
    """Add a subnet with the flag that its endpoint may be missing."""
    if not walk.subnets_without_endpoint() or walk.vault.profile.missing_endpoint != "reject":
        return None
    return call("addVirtualNetworkRule", id=walk.random.choice(walk.subnets_without_endpoint()), **{FLAG: True})


def remove_first_subnet(walk: Walk) -> Change | None:
    """Remove the first listed subnet, in other letters."""
    listed = walk.state.listed
    return call("removeVirtualNetworkRule", id=other_case(walk.random, listed[0])) if listed else None


def remove_last_subnet(walk: Walk) -> Change | None:
    """Remove the last listed subnet."""
    listed = walk.state.listed
    return call("removeVirtualNetworkRule", id=listed[-1]) if listed else None


def remove_a_subnet_that_is_off(walk: Walk) -> Change | None:
    """Remove a listed subnet whose endpoint is off; the removal shows only when the endpoint is on."""
    off = [one for one in walk.state.listed if not walk.vault.network.has_endpoint(one)]
    return call("removeVirtualNetworkRule", id=walk.random.choice(off)) if off else None


def switch_off(walk: Walk) -> Change | None:
    """Switch a listed subnet's endpoint off."""
    on = [one for one in walk.state.listed if walk.vault.network.has_endpoint(one)]
    return _switched(walk, on, NO_ENDPOINTS)


def switch_off_unlisted(walk: Walk) -> Change | None:
    """Switch an unlisted subnet's endpoint off."""
    return _switched(walk, walk.state.unlisted, NO_ENDPOINTS)


def switch_on(walk: Walk) -> Change | None:
    """Switch any subnet's endpoint on."""
    network = walk.vault.network
    return _switched(walk, [one.id for one in network.subnets if not network.has_endpoint(one.id)], ENDPOINTS)


def _switched(walk: Walk, subnets: Sequence[str], kinds: Sequence[tuple[str, ...]]) -> Change | None:
    if not walk.state.capabilities.endpoints or not subnets:
        return None
    known = {one.id.lower(): one.id for one in walk.vault.network.subnets}
    subnet = known[walk.random.choice(subnets).lower()]
    return set_endpoints(subnet, walk.random.choice(kinds))

"""Turns: runs of writes, without requests in between, by which a grove's rules come and go."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from fencepost.conformance.generate import blocks
from fencepost.conformance.generate.changes import (
    Change,
    add,
    add_subnet,
    call,
    other_spelling,
    put,
    remove,
    remove_subnet,
    set_endpoints,
    update,
)
from fencepost.conformance.generate.groves import ORDERS, Life, set_of
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS, other_case
from fencepost.conformance.generate.shapes import around, first_half, has_halves, other_half
from fencepost.conformance.lockstep.wire import wire_rules_in_force
from fencepost.reference import Block

_PRIVATE = "10.1.2.3"
_PAGE = 16
"""The prefix length of a page: many tables are split there."""

Turn: TypeAlias = Callable[[Life], Iterator[Change]]


def turns(life: Life, table: Sequence[Turn] | None = None) -> Iterator[Iterator[Change]]:
    """Turn after turn without end: mostly one rule added or removed, else a turn from the table, or from all."""
    known = table or list(TURNS.values())
    special: list[Turn] = []
    while True:
        if life.random.randrange(3):
            yield _one_change(life)
            continue
        special = special or life.random.sample(known, len(known))
        yield special.pop()(life)


def _one_change(life: Life) -> Iterator[Change]:
    """Add or remove the range whose place is rarest, or add until nearly all are there and remove in another order."""
    if life.random.randrange(3) and (block := life.rarest()) is not None:
        yield from (add(life.state, block),) if block in life.absent_ranges else gone(life, block)
        return
    if (life.is_filling and len(life.absent_ranges) <= life.random.randrange(2)) or (
        not life.is_filling and len(life.ip_rules) <= life.random.randrange(2)
    ):
        life.is_filling, life.order = not life.is_filling, life.random.choice(ORDERS)
        if life.is_filling:
            life.is_open = bool(life.random.randrange(2))
            yield from gone(life, life.grove.blocks[0]) if life.is_open else ()
    if life.is_filling and life.absent_ranges:
        yield add(life.state, life.order(life.absent_ranges, life.random))
    elif life.ip_rules:
        yield from gone(life, life.order([rule.block for rule in life.ip_rules], life.random))


def gone(life: Life, block: Block) -> Iterator[Change]:
    """Remove the range's rule, if there is one, by its text or by another text of the same address."""
    rule = next((one for one in life.state.ip_rules if one.block == block), None)
    if rule is not None:
        other = other_spelling(rule.text, life.state.vault.profile)
        yield remove(life.state, rule, spelled=life.random.choice((rule.text, other)) if other != rule.text else None)


def _some_held(life: Life) -> Block:
    """The rule that came last, or any other rule in force."""
    held = life.held
    return life.random.choice((held[-1], *life.random.sample(held, min(2, len(held))))).block


def gone_and_back(life: Life) -> Iterator[Change]:
    """Remove a rule and add it again."""
    if life.ip_rules:
        block = _some_held(life)
        yield from gone(life, block)
        yield add(life.state, block)


def back_and_gone(life: Life) -> Iterator[Change]:
    """Add a rule and remove it again; sometimes add it for good."""
    if life.absent_ranges:
        block = life.random.choice(life.absent_ranges)
        yield add(life.state, block)
        yield from gone(life, block)
        if life.random.randrange(2):
            yield add(life.state, block)


def elsewhere(life: Life) -> Iterator[Change]:
    """Remove a range under others, and add its like far from all: what was its page or node may be used again.

    The range is alone in its /16, where there is such a range.
    """
    held = [rule.block for rule in life.held]
    nested = [one for one in held if any(other != one and other.holds(one) for other in held)]
    if nested:
        pages = {one: sum(around(one.first, _PAGE).holds(other) for other in held) for one in nested}
        block = min(life.random.sample(nested, len(nested)), key=lambda one: abs(pages[one] - 1))
        other = blocks.moved(life.random, block)
        yield from gone(life, block)
        if not any(one.holds(other) or other.holds(one) for one in (*life.grove.blocks, *life.ballast)):
            life.grove = life.grove.with_one_more(other)
            yield add(life.state, other)


def one_for_another(life: Life) -> Iterator[Change]:
    """Remove a rule and add another, or the other way round: as many as before, often with the same first and last."""
    if life.ip_rules and life.absent_ranges:
        between = sorted((rule.block for rule in life.ip_rules), key=lambda one: one.first)[1:-1]
        block = life.random.choice((_some_held(life), *life.random.sample(between, min(1, len(between)))))
        other = life.random.choice(life.absent_ranges)
        if life.random.randrange(2):
            yield add(life.state, other)
            yield from gone(life, block)
        else:
            yield from gone(life, block)
            yield add(life.state, other)


def while_asleep(life: Life) -> Iterator[Change]:
    """Make a change while the default action is Allow; it shows once the default action is Deny."""
    yield update(defaultAction="Allow")
    kinds = (_one_change, gone_and_back, back_and_gone, one_for_another, exposed, subnet_changed)
    yield from life.random.choice(kinds)(life)
    yield update(defaultAction="Deny")


def put_some(life: Life) -> Iterator[Change]:
    """Put any of the ranges as a whole set, often nearly all; the subnets stay."""
    most = len(life.ranges)
    count = life.random.choice((life.random.randrange(most + 1), most - life.random.randrange(min(3, most))))
    yield put(set_of(life, life.random.sample(life.ranges, count)), life.state.vault)


def put_one_other(life: Life) -> Iterator[Change]:
    """Put as many ranges, one for another: in it, beginning where it begins, or with the same first and last range."""
    pairs = [(rule.block, other) for rule in life.ip_rules for other in life.absent_ranges]
    if pairs:
        shorter = [(one, first_half(one)) for one, _ in pairs if has_halves(one)]
        alike = [pair for pair in pairs if pair[0].first == pair[1].first] or shorter
        nested = [(one, other) for one, other in pairs if one.holds(other)]
        ordered = sorted(rule.block for rule in life.ip_rules)
        inner = [(one, other) for one, other in pairs if one in ordered[1:-1] and ordered[0] < other < ordered[-1]]
        block, other = life.random.choice(life.random.choice((alike, alike, nested, inner)) or pairs)
        kept = [rule.block for rule in life.held]
        yield put(set_of(life, [other if one == block else one for one in kept]), life.state.vault)


def put_other_subnets(life: Life) -> Iterator[Change]:
    """Put the same ranges with other subnets."""
    listed, unlisted = life.state.listed, life.state.unlisted
    if listed or unlisted:
        chosen = life.random.sample(unlisted, len(unlisted) and life.random.randrange(1, len(unlisted) + 1))
        acls = wire_rules_in_force(life.state.vault.rules)
        yield put({**acls, "virtualNetworkRules": [{"id": one} for one in chosen]}, life.state.vault)


def covered(life: Life) -> Iterator[Change]:
    """Add a range around some that are in force."""
    outer = [one for one in life.absent_ranges if any(one.holds(rule.block) for rule in life.held)]
    if outer:
        yield add(life.state, life.random.choice(outer))


def bared(life: Life) -> Iterator[Change]:
    """Remove a range around some that stay."""
    held = life.held
    outer = [one for one in held if any(one is not other and one.block.holds(other.block) for other in held)]
    if outer:
        yield remove(life.state, life.random.choice(outer))


def exposed(life: Life) -> Iterator[Change]:
    """Add or remove a range under others, then remove the others."""
    nested = [one for one in life.ranges if any(rule.block != one and rule.block.holds(one) for rule in life.held)]
    if nested:
        yield from bare(life, life.random.choice(nested))


def bare(life: Life, inner: Block) -> Iterator[Change]:
    """Add this range, or remove it, then remove the ranges around it: only now a wrong answer about it shows."""
    yield from gone(life, inner) if inner not in life.absent_ranges else iter((add(life.state, inner),))
    outer = [rule.block for rule in life.ip_rules if rule.block != inner and rule.block.holds(inner)]
    for block in outer if life.random.randrange(2) else outer[::-1]:
        yield from gone(life, block)


def joined(life: Life) -> Iterator[Change]:
    """Add both halves of a range, then the range, and remove one half or both: the range stays."""
    wide = [one for one in life.absent_ranges if has_halves(one)]
    if wide:
        whole = life.random.choice(wide)
        lower = first_half(whole)
        halves = life.random.sample([lower, other_half(lower)], 2)
        held = [rule.block for rule in life.state.ip_rules]
        for one in (*(half for half in halves if half not in held), whole):
            yield add(life.state, one)
        for half in halves[: life.random.randrange(1, 3)]:
            yield from gone(life, half)


def twice(life: Life) -> Iterator[Change]:
    """Where the subject takes repetitions, put a new rule twice, or add a rule in force; one removal removes both."""
    if life.state.vault.profile.choice("duplicates") not in ("keep", "collapse"):
        return
    listed = life.state.listed
    if life.absent_ranges and not life.random.randrange(3):
        block = life.random.choice(life.absent_ranges)
        yield put(set_of(life, [*(rule.block for rule in life.held), block, block]), life.state.vault)
    elif life.ip_rules and (not listed or life.random.randrange(3)):
        single = [rule for rule in life.held if rule.block.first == rule.block.last]
        rule = life.random.choice(single or life.held)
        value = other_spelling(rule.text, life.state.vault.profile)
        yield call("addIpRule", value=value)
        yield from gone(life, rule.block)
    elif listed:
        subnet = life.random.choice(listed)
        yield add_subnet(other_case(life.random, subnet))
        yield remove_subnet(subnet)


def put_in_vain(life: Life) -> Iterator[Change]:
    """Put a whole set with ranges that are in force or nested there, and a mistake in any member: refused."""
    count = life.random.randrange(1, len(life.grove.blocks) + 1)
    acls = set_of(life, life.random.sample(life.grove.blocks, count))
    member, wrong, clause = life.random.choice(list(_wrong_members(life)))
    entries = acls.get(member)
    if isinstance(entries, list):
        entries.insert(life.random.choice((0, len(entries), life.random.randrange(len(entries) + 1))), wrong)
    else:
        acls = {**acls, member: wrong}
    yield replace(put(acls, life.state.vault), aim=clause, clauses=("VAL-9",))


def _wrong_members(life: Life) -> Iterator[tuple[str, object, str]]:
    """A mistake for each member of a whole set that the subject knows, and the clause that demands its refusal."""
    capabilities = life.state.capabilities
    yield "ipRules", {"value": _PRIVATE}, "VAL-3"
    if capabilities.a_switch:
        yield "bypass", "All", "VAL-6"
    if capabilities.subnets:
        yield "virtualNetworkRules", {"id": "default"}, "VAL-7"
        for subnet in _lacking(life)[:1]:
            yield "virtualNetworkRules", {"id": subnet}, "VAL-8"


def add_in_vain(life: Life) -> Iterator[Change]:
    """Add a rule that begins like a present or absent rule, and is too long, or for a subnet without the endpoint."""
    lacking = _lacking(life)
    if lacking and life.random.randrange(2):
        subnet = life.random.choice(lacking)
        yield add_subnet(subnet, aim="VAL-8", clauses=("VAL-9",))
        if life.random.randrange(2) and life.state.vault.profile.choice("remove-unknown") is not None:
            yield remove_subnet(subnet)
        return
    yield from range_in_vain(life)


def range_in_vain(life: Life) -> Iterator[Change]:
    """Add a range that begins like a present or absent rule, and is too long."""
    if life.state.capabilities.refusals:
        value = f"{blocks.text(life.random.choice(life.grove.blocks)).partition('/')[0]}/33"
        yield replace(call("addIpRule", value=value), aim="VAL-5", clauses=("VAL-9",))


def _lacking(life: Life) -> list[str]:
    """The subnets whose rules are refused, since they have no service endpoint and are not listed."""
    vault = life.state.vault
    if vault.profile.missing_endpoint != "reject":
        return []
    return [
        one.id
        for one in vault.network.subnets
        if not vault.network.has_endpoint(one.id) and vault.rules.rule_for_subnet(one.id) is None
    ]


def remove_in_vain(life: Life) -> Iterator[Change]:
    """Remove an absent rule, a range or a subnet: nothing changes. Then add it, and perhaps remove it."""
    unlisted = life.state.unlisted
    if life.state.vault.profile.choice("remove-unknown") is None:
        return
    if unlisted and life.random.randrange(2):
        subnet = life.random.choice(unlisted)
        yield remove_subnet(life.random.choice((subnet, other_case(life.random, subnet))))
        yield add_subnet(subnet)
        if life.random.randrange(2):
            yield remove_subnet(subnet)
    elif life.absent_ranges:
        block = life.random.choice(life.absent_ranges)
        absent = call("removeIpRule", value=blocks.text(block))
        yield absent
        yield add(life.state, block)
        if life.random.randrange(2):
            yield from gone(life, block)
            yield absent


def endpoint_switched(life: Life) -> Iterator[Change]:
    """Switch the service endpoint of an unlisted subnet off or on; what holds for a listed one later may be open."""
    vault = life.state.vault
    unlisted = [one.id for one in vault.network.subnets if vault.rules.rule_for_subnet(one.id) is None]
    if life.state.capabilities.endpoints and unlisted:
        subnet = life.random.choice(unlisted)
        kinds = NO_ENDPOINTS if vault.network.has_endpoint(subnet) else ENDPOINTS
        yield set_endpoints(subnet, life.random.choice(kinds))


def connected(life: Life) -> Iterator[Change]:
    """Switch on the endpoint of a subnet that lacks it, and list the subnet."""
    network, listed = life.state.vault.network, life.state.listed
    for subnet in [one.id for one in network.subnets if not network.has_endpoint(one.id) and one.id not in listed][:1]:
        yield set_endpoints(subnet, life.random.choice(ENDPOINTS))
        yield add_subnet(subnet)


def bypass_switched(life: Life) -> Iterator[Change]:
    """Change the bypass."""
    yield update(bypass="None" if life.state.vault.rules.bypass.value == "AzureServices" else "AzureServices")


def subnet_changed(life: Life) -> Iterator[Change]:
    """Add a subnet or remove it, or remove it and add it again."""
    listed, unlisted = life.state.listed, life.state.unlisted
    if unlisted and (not listed or life.random.randrange(2)):
        yield add_subnet(life.random.choice(unlisted))
    elif listed:
        yield remove_subnet(gone := life.random.choice(listed))
        if life.random.randrange(2):
            yield add_subnet(gone)


def all_but_few(life: Life) -> Iterator[Change]:
    """Remove the rules one after another, in any order, until one or two are left, among them the rule added last."""
    held = [rule.block for rule in life.held[:-1]]
    for block in life.random.sample(held, max(0, len(held) - life.random.randrange(2))):
        yield from gone(life, block)


def outermost_last(life: Life) -> Iterator[Change]:
    """Make the outermost range the rule that came last."""
    yield from gone(life, life.grove.blocks[0])
    yield add(life.state, life.grove.blocks[0])


TURNS: Mapping[str, Turn] = MappingProxyType(
    {
        turn.__name__: turn
        for turn in (
            gone_and_back,
            back_and_gone,
            elsewhere,
            one_for_another,
            while_asleep,
            put_some,
            put_one_other,
            put_other_subnets,
            covered,
            bared,
            exposed,
            joined,
            twice,
            put_in_vain,
            add_in_vain,
            remove_in_vain,
            bypass_switched,
            subnet_changed,
            endpoint_switched,
        )
    }
)
"""Every turn of more than one plain change, by its name."""

SINGLE_CHANGES = tuple(
    turn
    for turn in TURNS.values()
    if turn not in (put_some, put_one_other, put_other_subnets, put_in_vain, twice, bypass_switched)
)
"""The turns without a whole set, which leave the bypass as it is."""

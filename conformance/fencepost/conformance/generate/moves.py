"""Moves: short runs of writes, each one way in which rules change, to be combined into histories.

A move looks at the rules in force before every change, so any move can follow any other. Every rule that it adds is
new; every write that it expects to be refused is certainly refused by the profile.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random
from types import MappingProxyType
from typing import TypeAlias

from fencepost.conformance.generate import blocks, mistakes, opened
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.changes import (
    Change,
    GeneratorState,
    add,
    add_subnet,
    new_block,
    put,
    remove,
    remove_subnet,
    set_endpoints,
    update,
)
from fencepost.conformance.generate.mistakes import Mistake
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS, other_case
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import WireRules, entries_of, wire_rules, wire_rules_in_force
from fencepost.reference import Block, IpRule

Move: TypeAlias = Callable[[GeneratorState], Iterator[Change]]


# -- the set that a history opens with ---------------------------------------------------------------------------------


def opening(state: GeneratorState) -> WireRules:
    """A rule set with rules that resemble each other: nested, adjacent, similar as text."""
    random = state.random
    base = blocks.block(random, random.randrange(12, 23))
    found = [base, Block(base.first, base.first + (base.last - base.first) // 4)]
    quarter = (base.last - base.first + 1) // 4
    found.append(Block(base.first + 2 * quarter, base.first + 3 * quarter - 1))
    found += blocks.neighbours(random)
    home = blocks.block(random, 24).first
    stem = random.randrange(1, 3)
    found += [Block(home + stem, home + stem), Block(home + stem * 10 + 7, home + stem * 10 + 7)]
    found += blocks.single(random)
    if lenient := opened.narrow(state.vault.profile):
        found.append(random.choice(lenient))
    random.shuffle(found)
    values = [blocks.text(one, random, slash_32=state.single_as_slash_32) for one in dict.fromkeys(found)]
    ids = [subnet.id for subnet in state.vault.network.subnets]
    listed = ids[:1] + random.sample(ids[1:], min(2, len(ids[1:])))
    return wire_rules(values, listed, bypass=random.choice(("None", "AzureServices")))


# -- moves -------------------------------------------------------------------------------------------------------------


def added_near(state: GeneratorState) -> Iterator[Change]:
    """Add rules beside, inside and around a present rule."""
    for relation in state.random.sample((_beside, _inside, _around), 3):
        base = state.random.choice(state.ip_rules).block if state.ip_rules else blocks.block(state.random, 20)
        yield add(state, new_block(state, relation(base, state.random)))


def _beside(base: Block, random: Random) -> Block:
    size = base.last - base.first + 1
    return Block(base.last + 1, base.last + size) if random.randrange(2) else Block(base.first - size, base.first - 1)


def _inside(base: Block, random: Random) -> Block:
    size = max(1, (base.last - base.first + 1) // 2 ** random.randrange(1, 6))
    return Block(base.first, base.first + size - 1) if random.randrange(2) else Block(base.last - size + 1, base.last)


def _around(base: Block, random: Random) -> Block:
    size = (base.last - base.first + 1) * 2 ** random.randrange(2, 5)
    first = base.first - base.first % size
    return Block(first, first + size - 1)


def crowd_added(state: GeneratorState) -> Iterator[Change]:
    """Add many rules in a row."""
    wanted = [one for crowd in range(3) for one in (blocks.crowd, blocks.same_start)[crowd % 2](state.random)]
    for block in wanted[: state.random.randrange(5, 8)]:
        yield add(state, new_block(state, block))


def removed_by_place(state: GeneratorState) -> Iterator[Change]:
    """Remove the first rule, the last, and one between."""
    for place in state.random.sample((0, -1, None), 3):
        if state.ip_rules:
            yield remove(state, state.random.choice(state.uncovered) if place is None else state.ip_rules[place])


def there_and_back(state: GeneratorState) -> Iterator[Change]:
    """Remove a rule and add it again; remove it for good and add another."""
    if not state.ip_rules:
        yield add(state, new_block(state))
    rule = state.random.choice(state.uncovered)
    yield remove(state, rule)
    yield add(state, rule.block)
    again = next((one for one in state.ip_rules if one.block == rule.block), None)
    if again is not None:
        yield remove(state, again)
    yield add(state, new_block(state, _beside(rule.block, state.random)))


def kin_removed(state: GeneratorState) -> Iterator[Change]:
    """Of nested rules, remove the rule that begins where the outer begins, then the outer rule."""
    outer = max(state.ip_rules, key=lambda rule: rule.block.last - rule.block.first, default=None)
    if outer is None or outer.block.last - outer.block.first < 2**8:
        base = new_block(state, blocks.block(state.random, 16))
        yield add(state, base)
        outer = next((rule for rule in state.ip_rules if rule.block == base), None)
    if outer is None:
        return
    kin = [one for one in state.ip_rules if one is not outer and outer.block.holds(one.block)]
    quarter = (outer.block.last - outer.block.first + 1) // 4
    same_start = [one for one in kin if one.block.first == outer.block.first]
    if not same_start:
        yield add(state, new_block(state, Block(outer.block.first, outer.block.first + quarter - 1)))
    if len(kin) == len(same_start):
        yield add(state, new_block(state, Block(outer.block.last - quarter + 1, outer.block.last)))
    for rule in state.ip_rules:
        if rule.block != outer.block and rule.block.first == outer.block.first:
            yield remove(state, rule)
            break
    yield remove(state, outer)


def same_base_removed(state: GeneratorState) -> Iterator[Change]:
    """Of a range and the address that it begins with, remove each while the other stays, and then the other."""
    home = new_block(state, blocks.block(state.random, state.random.choice((24, 28, 16))))
    bare = new_block(state, Block(home.first, home.first))
    for order in ((bare, home), (home, bare)):
        for block in order:
            yield add(state, block)
        for block in order:
            rule = next((one for one in state.ip_rules if one.block == block), None)
            if rule is not None:
                yield remove(state, rule, spelled=blocks.text(block))


def covered_then_bared(state: GeneratorState) -> Iterator[Change]:
    """Remove the outer of two nested rules: added before the inner rule, then added after it."""
    outer = new_block(state, blocks.block(state.random, state.random.choice((16, 20, 24))))
    quarter = max(1, (outer.last - outer.first + 1) // 4)
    inner = new_block(state, Block(outer.first + quarter, outer.first + 2 * quarter - 1))
    yield add(state, outer)
    yield add(state, inner)
    for _ in range(2):
        rule = next((one for one in state.ip_rules if one.block == outer), None)
        if rule is None:
            yield add(state, outer)
            rule = next((one for one in state.ip_rules if one.block == outer), None)
        if rule is not None:
            yield remove(state, rule)


def back_by_a_whole_set(state: GeneratorState) -> Iterator[Change]:
    """Bring removed rules back in a whole set: an address, a range, a subnet."""
    rules = [rule for is_single in (True, False) for rule in _one_of(state, is_single=is_single)]
    subnet = next(iter(state.listed), None)
    before = wire_rules_in_force(state.vault.rules)
    for rule in rules:
        yield remove(state, rule)
    if subnet is not None:
        yield from _subnet_removed(state, subnet)
    edges_of = tuple(edge for rule in rules for edge in (rule.block.first, rule.block.last))
    back = put(before, state.vault)
    yield replace(back, addresses=(*back.addresses, *edges_of), subnets=() if subnet is None else (subnet,))


def _one_of(state: GeneratorState, *, is_single: bool) -> Iterator[IpRule]:
    """One of the rules whose removal would show, an address or a range, if there is one."""
    found = [rule for rule in state.uncovered if (rule.block.first == rule.block.last) is is_single]
    if found:
        yield state.random.choice(found)


def alike_removed(state: GeneratorState) -> Iterator[Change]:
    """Remove the shorter of two rules whose texts begin alike."""
    uncovered = state.uncovered
    pair = next(
        (one for one in state.ip_rules for other in uncovered if one is not other and _begins_alike(one, other)), None
    )
    if pair is None:
        home = blocks.block(state.random, 24).first
        candidates = [new_block(state, Block(home + n, home + n)) for n in (11, 113)]
        for block in candidates:
            yield add(state, block)
        pair = next((rule for rule in state.ip_rules if rule.block == candidates[0]), None)
    if pair is not None:
        yield remove(state, pair)


def _begins_alike(one: IpRule, other: IpRule) -> bool:
    return one.block.first == one.block.last and other.text.startswith(one.text.removesuffix("/32"))


def spelled_otherwise(state: GeneratorState) -> Iterator[Change]:
    """Remove a rule by an equal spelling: the bare address for its /32, or the reverse."""
    block = new_block(state, Block(at := blocks.block(state.random, 32).first, at))
    for written, named in ((0, 1), (1, 0)):
        texts = (blocks.text(block), f"{blocks.text(block)}/32")
        if not state.single_as_slash_32:
            texts = (texts[0], texts[0])
        step = WriteStep(method="addIpRule", params={"value": texts[written]})
        yield Change(step=step, addresses=edges(block))
        rule = next((one for one in state.ip_rules if one.block == block), None)
        if rule is not None:
            yield remove(state, rule, spelled=texts[named])
        if not state.single_as_slash_32:
            return


def emptied(state: GeneratorState) -> Iterator[Change]:
    """Put a short list, empty it rule by rule, and fill it again."""
    found = list(dict.fromkeys(blocks.block(state.random, prefix) for prefix in (24, 32)))
    yield put(wire_rules([blocks.text(one) for one in found]), state.vault)
    while state.ip_rules and len(state.ip_rules) <= len(found):
        before = state.ip_rules
        yield remove(state, state.random.choice(before))
        if state.ip_rules == before:
            return
    yield add(state, new_block(state, found[0]))


def from_nothing(state: GeneratorState) -> Iterator[Change]:
    """A vault without rules that admits everybody: its first rule is added and removed, and admits nobody else."""
    yield put(wire_rules((), default_action="Allow", bypass=state.vault.rules.bypass.value), state.vault)
    far = tuple(blocks.block(state.random, 32).first for _ in range(2))
    yield replace(add(state, new_block(state)), addresses=far)
    if state.ip_rules:
        yield replace(remove(state, state.ip_rules[0]), addresses=far)
    if state.unlisted:
        yield replace(add_subnet(state.random.choice(state.unlisted)), addresses=far)
    yield update(defaultAction="Deny")


def switched(state: GeneratorState) -> Iterator[Change]:
    """Change a switch and add a rule; then update both switches, so that one, the other or neither changes."""
    rules = state.vault.rules
    bypass = "None" if rules.bypass.value == "AzureServices" else "AzureServices"
    yield update(bypass=bypass)
    yield add(state, new_block(state))
    action = "Allow" if rules.default_action.value == "Deny" else "Deny"
    yield update(bypass="None" if bypass == "AzureServices" else "AzureServices", defaultAction=action)
    for _ in range(2):
        rules = state.vault.rules
        action = "Allow" if rules.default_action.value == "Deny" else "Deny"
        yield update(bypass=rules.bypass.value, defaultAction=action)
    yield update(bypass=bypass, defaultAction=state.vault.rules.default_action.value)
    yield update(defaultAction="Deny")


def dormant(state: GeneratorState) -> Iterator[Change]:
    """Change rules while they are dormant under Allow, and again after they have taken effect."""
    yield update(defaultAction="Allow")
    yield add(state, new_block(state))
    held = state.ip_rules
    if len(held) > 1:
        showing = [rule for rule in state.uncovered if rule is not held[-1]]
        yield remove(state, state.random.choice(showing or held[:-1]))
    yield update(defaultAction="Deny")
    if state.ip_rules:
        yield remove(state, state.random.choice(state.uncovered))
    yield update(defaultAction="Allow")
    yield update(defaultAction="Deny")


def refused(state: GeneratorState) -> Iterator[Change]:
    """Make refused writes of every kind among accepted ones."""
    if not state.capabilities.refusals:
        return
    random, profile = state.random, state.vault.profile
    wrong = [one for one in mistakes.ip_mistakes(profile, random) if not one.entry]
    yield _refused(random.choice([one for one in wrong if one.clause == "VAL-3"]))
    good = new_block(state)
    yield add(state, good)
    worse = random.choice(wrong)
    acls = wire_rules_in_force(state.vault.rules)
    entries = entries_of(acls, "ipRules")
    fewer = [*entries[1:], {"value": worse.value}]
    random.shuffle(fewer)
    step = WriteStep(method="putRules", params={"networkAcls": {**acls, "ipRules": fewer, "bypass": "AzureServices"}})
    gone = tuple(rule.block.last for rule in state.ip_rules[:1])
    yield Change(step=step, addresses=gone, aim=worse.clause, clauses=("VAL-9",))
    if random.randrange(2) and state.capabilities.subnets:
        known = state.vault.network.subnets[0].id
        yield _refused(random.choice([one for one in mistakes.subnet_mistakes(known) if not one.entry]))
    elif wrong_switches := list(mistakes.switch_mistakes(state.capabilities.switches)):
        yield _refused(random.choice(wrong_switches))


def _refused(mistake: Mistake) -> Change:
    methods = {"ipRules": ("addIpRule", "value"), "virtualNetworkRules": ("addVirtualNetworkRule", "id")}
    method, member = methods.get(mistake.member, ("updateRules", mistake.member))
    step = WriteStep(method=method, params={member: mistake.value})
    return Change(step=step, aim=mistake.clause, clauses=("VAL-9",))


def subnets_changed(state: GeneratorState) -> Iterator[Change]:
    """Add and remove subnets, in other letters, beside similar ids."""
    if not state.capabilities.subnets:
        return
    first, alike = (subnet.id for subnet in state.vault.network.subnets[:2])
    for subnet in (first, alike):
        if subnet in state.unlisted:
            yield add_subnet(subnet)
    if other := state.unlisted:
        yield add_subnet(state.random.choice(other))
    yield from _subnet_removed(state, first, spelled=other_case(state.random, first))
    if first in state.unlisted:
        yield add_subnet(other_case(state.random, first))
    if state.listed:
        yield from _subnet_removed(state, state.random.choice(state.listed))


def _subnet_removed(state: GeneratorState, subnet: str, spelled: str | None = None) -> Iterator[Change]:
    if state.vault.rules.rule_for_subnet(subnet) is not None:
        yield remove_subnet(subnet, spelled=spelled)


def endpoint_switched(state: GeneratorState) -> Iterator[Change]:
    """Switch a listed subnet's endpoint off and on; in between, if surely accepted, change another rule."""
    listed = [subnet.id for subnet in state.vault.network.subnets if state.vault.rules.rule_for_subnet(subnet.id)]
    if not state.capabilities.endpoints or not listed:
        return
    subnet = state.random.choice(listed)
    yield set_endpoints(subnet, state.random.choice(NO_ENDPOINTS))
    if state.vault.profile.choice("lost-service-endpoint") == "accept":
        yield add(state, new_block(state))
    yield set_endpoints(subnet, state.random.choice(ENDPOINTS))


def put_again(state: GeneratorState) -> Iterator[Change]:
    """Put the set in force again; then put as many rules, one of them replaced."""
    acls = wire_rules_in_force(state.vault.rules)
    yield put(acls, state.vault)
    entries = acls["ipRules"]
    if isinstance(entries, list) and entries:
        place = state.random.randrange(len(entries))
        state.removed.append(state.ip_rules[place].block.last)
        value = blocks.text(new_block(state))
        others = [{"value": value} if at == place else entry for at, entry in enumerate(entries)]
        yield put({**acls, "ipRules": others}, state.vault)


def unknown_removed(state: GeneratorState) -> Iterator[Change]:
    """Remove an absent rule: refused or not, nothing changes."""
    if not state.capabilities.refusals:
        return
    block = new_block(state, *(Block(at, at) for at in state.removed[-1:]))
    step = WriteStep(method="removeIpRule", params={"value": blocks.text(block)})
    yield Change(step=step, addresses=edges(block))


MOVES: Mapping[str, Move] = MappingProxyType(
    {
        move.__name__: move
        for move in (
            added_near,
            crowd_added,
            removed_by_place,
            there_and_back,
            kin_removed,
            same_base_removed,
            covered_then_bared,
            back_by_a_whole_set,
            alike_removed,
            spelled_otherwise,
            emptied,
            from_nothing,
            switched,
            dormant,
            refused,
            subnets_changed,
            endpoint_switched,
            put_again,
            unknown_removed,
        )
    }
)
"""Every move by its name."""

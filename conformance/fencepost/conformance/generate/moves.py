"""Moves: short runs of writes, each one way in which rules change, to be combined into histories.

A move looks at the rules in force before every stroke, so any move can follow any other. Every rule that it adds is
new; every write that it expects to be refused is certainly refused by the profile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from types import MappingProxyType
from typing import TypeAlias

from fencepost.conformance.generate import blocks, mistakes, opened
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.mistakes import Mistake
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS, other_case
from fencepost.conformance.generate.strokes import (
    Scene,
    Stroke,
    add,
    add_subnet,
    new_block,
    put,
    remove,
    remove_subnet,
    update,
)
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep
from fencepost.conformance.lockstep.wire import WireRules, wire_rules, wire_rules_in_force
from fencepost.reference import Block, IpRule

Move: TypeAlias = Callable[[Scene], Iterator[Stroke]]


# -- the set that a history opens with ---------------------------------------------------------------------------------


def opening(scene: Scene) -> WireRules:
    """A rule set with rules that resemble each other: nested, adjacent, similar as text."""
    random = scene.random
    base = blocks.block(random, random.randrange(12, 23))
    found = [base, Block(base.first, base.first + (base.last - base.first) // 4)]
    quarter = (base.last - base.first + 1) // 4
    found.append(Block(base.first + 2 * quarter, base.first + 3 * quarter - 1))
    found += blocks.neighbours(random)
    home = blocks.block(random, 24).first
    stem = random.randrange(1, 3)
    found += [Block(home + stem, home + stem), Block(home + stem * 10 + 7, home + stem * 10 + 7)]
    found += blocks.single(random)
    if lenient := opened.narrow(scene.vault.profile):
        found.append(random.choice(lenient))
    random.shuffle(found)
    values = [blocks.text(one, random, slash_32=scene.single_as_slash_32) for one in dict.fromkeys(found)]
    ids = [subnet.id for subnet in scene.vault.network.subnets]
    listed = ids[:1] + random.sample(ids[1:], min(2, len(ids[1:])))
    return wire_rules(values, listed, bypass=random.choice(("None", "AzureServices")))


# -- moves -------------------------------------------------------------------------------------------------------------


def added_near(scene: Scene) -> Iterator[Stroke]:
    """Add rules beside, inside and around a present rule."""
    for relation in scene.random.sample((_beside, _inside, _around), 3):
        base = scene.random.choice(scene.held).block if scene.held else blocks.block(scene.random, 20)
        yield add(scene, new_block(scene, relation(base, scene.random)))


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


def crowd_added(scene: Scene) -> Iterator[Stroke]:
    """Add many rules in a row."""
    wanted = [one for crowd in range(3) for one in (blocks.crowd, blocks.same_start)[crowd % 2](scene.random)]
    for block in wanted[: scene.random.randrange(5, 8)]:
        yield add(scene, new_block(scene, block))


def removed_by_place(scene: Scene) -> Iterator[Stroke]:
    """Remove the first rule, the last, and one between."""
    for place in scene.random.sample((0, -1, None), 3):
        if scene.held:
            yield remove(scene, scene.random.choice(scene.telling) if place is None else scene.held[place])


def there_and_back(scene: Scene) -> Iterator[Stroke]:
    """Remove a rule and add it again; remove it for good and add another."""
    if not scene.held:
        yield add(scene, new_block(scene))
    rule = scene.random.choice(scene.telling)
    yield remove(scene, rule)
    yield add(scene, rule.block)
    again = next((one for one in scene.held if one.block == rule.block), None)
    if again is not None:
        yield remove(scene, again)
    yield add(scene, new_block(scene, _beside(rule.block, scene.random)))


def kin_removed(scene: Scene) -> Iterator[Stroke]:
    """Of nested rules, remove the rule that begins where the outer begins, then the outer rule."""
    outer = max(scene.held, key=lambda rule: rule.block.last - rule.block.first, default=None)
    if outer is None or outer.block.last - outer.block.first < 2**8:
        base = new_block(scene, blocks.block(scene.random, 16))
        yield add(scene, base)
        outer = next((rule for rule in scene.held if rule.block == base), None)
    if outer is None:
        return
    kin = [one for one in scene.held if one is not outer and outer.block.holds(one.block)]
    quarter = (outer.block.last - outer.block.first + 1) // 4
    same_start = [one for one in kin if one.block.first == outer.block.first]
    if not same_start:
        yield add(scene, new_block(scene, Block(outer.block.first, outer.block.first + quarter - 1)))
    if len(kin) == len(same_start):
        yield add(scene, new_block(scene, Block(outer.block.last - quarter + 1, outer.block.last)))
    for rule in scene.held:
        if rule.block != outer.block and rule.block.first == outer.block.first:
            yield remove(scene, rule)
            break
    yield remove(scene, outer)


def same_base_removed(scene: Scene) -> Iterator[Stroke]:
    """Of a range and the address that it begins with, remove each while the other stays, and then the other."""
    home = new_block(scene, blocks.block(scene.random, scene.random.choice((24, 28, 16))))
    bare = new_block(scene, Block(home.first, home.first))
    for order in ((bare, home), (home, bare)):
        for block in order:
            yield add(scene, block)
        for block in order:
            rule = next((one for one in scene.held if one.block == block), None)
            if rule is not None:
                yield remove(scene, rule, spelled=blocks.text(block))


def covered_then_bared(scene: Scene) -> Iterator[Stroke]:
    """Remove the outer of two nested rules: added before the inner rule, then added after it."""
    outer = new_block(scene, blocks.block(scene.random, scene.random.choice((16, 20, 24))))
    quarter = max(1, (outer.last - outer.first + 1) // 4)
    inner = new_block(scene, Block(outer.first + quarter, outer.first + 2 * quarter - 1))
    yield add(scene, outer)
    yield add(scene, inner)
    for _ in range(2):
        rule = next((one for one in scene.held if one.block == outer), None)
        if rule is None:
            yield add(scene, outer)
            rule = next((one for one in scene.held if one.block == outer), None)
        if rule is not None:
            yield remove(scene, rule)


def back_by_a_whole_set(scene: Scene) -> Iterator[Stroke]:
    """Bring removed rules back in a whole set: an address, a range, a subnet."""
    rules = [rule for is_single in (True, False) for rule in _one_of(scene, is_single=is_single)]
    subnet = next(iter(scene.listed), None)
    before = wire_rules_in_force(scene.vault.rules)
    for rule in rules:
        yield remove(scene, rule)
    if subnet is not None:
        yield from _subnet_removed(scene, subnet)
    edges_of = tuple(edge for rule in rules for edge in (rule.block.first, rule.block.last))
    back = put(before, scene.vault)
    yield replace(back, addresses=(*back.addresses, *edges_of), subnets=() if subnet is None else (subnet,))


def _one_of(scene: Scene, *, is_single: bool) -> Iterator[IpRule]:
    """One of the rules whose removal would show, an address or a range, if there is one."""
    found = [rule for rule in scene.telling if (rule.block.first == rule.block.last) is is_single]
    if found:
        yield scene.random.choice(found)


def alike_removed(scene: Scene) -> Iterator[Stroke]:
    """Remove the shorter of two rules whose texts begin alike."""
    telling = scene.telling
    pair = next(
        (one for one in scene.held for other in telling if one is not other and _begins_alike(one, other)), None
    )
    if pair is None:
        home = blocks.block(scene.random, 24).first
        candidates = [new_block(scene, Block(home + n, home + n)) for n in (11, 113)]
        for block in candidates:
            yield add(scene, block)
        pair = next((rule for rule in scene.held if rule.block == candidates[0]), None)
    if pair is not None:
        yield remove(scene, pair)


def _begins_alike(one: IpRule, other: IpRule) -> bool:
    return one.block.first == one.block.last and other.text.startswith(one.text.removesuffix("/32"))


def spelled_otherwise(scene: Scene) -> Iterator[Stroke]:
    """Remove a rule by an equal spelling: the bare address for its /32, or the reverse."""
    block = new_block(scene, Block(at := blocks.block(scene.random, 32).first, at))
    for written, named in ((0, 1), (1, 0)):
        texts = (blocks.text(block), f"{blocks.text(block)}/32")
        if not scene.single_as_slash_32:
            texts = (texts[0], texts[0])
        step = WriteStep(method="addIpRule", params={"value": texts[written]})
        yield Stroke(step=step, addresses=edges(block))
        rule = next((one for one in scene.held if one.block == block), None)
        if rule is not None:
            yield remove(scene, rule, spelled=texts[named])
        if not scene.single_as_slash_32:
            return


def emptied(scene: Scene) -> Iterator[Stroke]:
    """Put a short list, empty it rule by rule, and fill it again."""
    found = list(dict.fromkeys(blocks.block(scene.random, prefix) for prefix in (24, 32)))
    yield put(wire_rules([blocks.text(one) for one in found]), scene.vault)
    while scene.held and len(scene.held) <= len(found):
        before = scene.held
        yield remove(scene, scene.random.choice(before))
        if scene.held == before:
            return
    yield add(scene, new_block(scene, found[0]))


def from_nothing(scene: Scene) -> Iterator[Stroke]:
    """A vault without rules that admits everybody: its first rule is added and removed, and admits nobody else."""
    yield put(wire_rules((), default_action="Allow", bypass=scene.vault.rules.bypass.value), scene.vault)
    far = tuple(blocks.block(scene.random, 32).first for _ in range(2))
    yield replace(add(scene, new_block(scene)), addresses=far)
    if scene.held:
        yield replace(remove(scene, scene.held[0]), addresses=far)
    if scene.unlisted:
        yield replace(add_subnet(scene.random.choice(scene.unlisted)), addresses=far)
    yield update(defaultAction="Deny")


def switched(scene: Scene) -> Iterator[Stroke]:
    """Change a switch and add a rule; then update both switches, so that one, the other or neither changes."""
    rules = scene.vault.rules
    bypass = "None" if rules.bypass.value == "AzureServices" else "AzureServices"
    yield update(bypass=bypass)
    yield add(scene, new_block(scene))
    action = "Allow" if rules.default_action.value == "Deny" else "Deny"
    yield update(bypass="None" if bypass == "AzureServices" else "AzureServices", defaultAction=action)
    for _ in range(2):
        rules = scene.vault.rules
        action = "Allow" if rules.default_action.value == "Deny" else "Deny"
        yield update(bypass=rules.bypass.value, defaultAction=action)
    yield update(bypass=bypass, defaultAction=scene.vault.rules.default_action.value)
    yield update(defaultAction="Deny")


def dormant(scene: Scene) -> Iterator[Stroke]:
    """Change rules while they are dormant under Allow, and again after they have taken effect."""
    yield update(defaultAction="Allow")
    yield add(scene, new_block(scene))
    if len(scene.held) > 1:
        yield remove(scene, scene.random.choice([rule for rule in scene.telling if rule is not scene.held[-1]]))
    yield update(defaultAction="Deny")
    if scene.held:
        yield remove(scene, scene.random.choice(scene.telling))
    yield update(defaultAction="Allow")
    yield update(defaultAction="Deny")


def refused(scene: Scene) -> Iterator[Stroke]:
    """Make refused writes of every kind among accepted ones."""
    if not scene.capabilities.refusals:
        return
    random, profile = scene.random, scene.vault.profile
    wrong = [one for one in mistakes.ip_mistakes(profile, random) if not one.entry]
    yield _refused(random.choice([one for one in wrong if one.clause == "VAL-3"]))
    good = new_block(scene)
    yield add(scene, good)
    worse = random.choice(wrong)
    acls = wire_rules_in_force(scene.vault.rules)
    entries = acls["ipRules"]
    assert isinstance(entries, list)
    fewer = [*entries[1:], {"value": worse.value}]
    random.shuffle(fewer)
    step = WriteStep(method="putRules", params={"networkAcls": {**acls, "ipRules": fewer, "bypass": "AzureServices"}})
    gone = tuple(rule.block.last for rule in scene.held[:1])
    yield Stroke(step=step, addresses=gone, aim=worse.clause, clauses=("VAL-9",))
    if random.randrange(2) and scene.capabilities.subnets:
        known = scene.vault.network.subnets[0].id
        yield _refused(random.choice([one for one in mistakes.subnet_mistakes(known) if not one.entry]))
    elif wrong_switches := list(mistakes.switch_mistakes(scene.capabilities.switches)):
        yield _refused(random.choice(wrong_switches))


def _refused(mistake: Mistake) -> Stroke:
    methods = {"ipRules": ("addIpRule", "value"), "virtualNetworkRules": ("addVirtualNetworkRule", "id")}
    method, member = methods.get(mistake.member, ("updateRules", mistake.member))
    step = WriteStep(method=method, params={member: mistake.value})
    return Stroke(step=step, aim=mistake.clause, clauses=("VAL-9",))


def subnets_changed(scene: Scene) -> Iterator[Stroke]:
    """Add and remove subnets, in other letters, beside similar ids."""
    if not scene.capabilities.subnets:
        return
    first, alike = (subnet.id for subnet in scene.vault.network.subnets[:2])
    for subnet in (first, alike):
        if subnet in scene.unlisted:
            yield add_subnet(subnet)
    if other := scene.unlisted:
        yield add_subnet(scene.random.choice(other))
    yield from _subnet_removed(scene, first, spelled=other_case(scene.random, first))
    if first in scene.unlisted:
        yield add_subnet(other_case(scene.random, first))
    if scene.listed:
        yield from _subnet_removed(scene, scene.random.choice(scene.listed))


def _subnet_removed(scene: Scene, subnet: str, spelled: str | None = None) -> Iterator[Stroke]:
    if scene.vault.rules.rule_for_subnet(subnet) is not None:
        yield remove_subnet(subnet, spelled=spelled)


def endpoint_switched(scene: Scene) -> Iterator[Stroke]:
    """Switch a listed subnet's endpoint off and on; in between, if surely accepted, change another rule."""
    listed = [subnet.id for subnet in scene.vault.network.subnets if scene.vault.rules.rule_for_subnet(subnet.id)]
    if not scene.capabilities.endpoints or not listed:
        return
    subnet = scene.random.choice(listed)
    yield _switch(subnet, scene.random.choice(NO_ENDPOINTS))
    if scene.vault.profile.choice("lost-service-endpoint") == "accept":
        yield add(scene, new_block(scene))
    yield _switch(subnet, scene.random.choice(ENDPOINTS))


def _switch(subnet: str, endpoints: Sequence[str]) -> Stroke:
    step = EndpointsStep(subnet=subnet, service_endpoints=tuple(endpoints))
    return Stroke(step=step, subnets=(subnet,), clauses=("STA-10",))


def put_again(scene: Scene) -> Iterator[Stroke]:
    """Put the set in force again; then put as many rules, one of them replaced."""
    acls = wire_rules_in_force(scene.vault.rules)
    yield put(acls, scene.vault)
    entries = acls["ipRules"]
    if isinstance(entries, list) and entries:
        place = scene.random.randrange(len(entries))
        scene.gone.append(scene.held[place].block.last)
        value = blocks.text(new_block(scene))
        others = [{"value": value} if at == place else entry for at, entry in enumerate(entries)]
        yield put({**acls, "ipRules": others}, scene.vault)


def unknown_removed(scene: Scene) -> Iterator[Stroke]:
    """Remove an absent rule: refused or not, nothing changes."""
    if not scene.capabilities.refusals:
        return
    block = new_block(scene, *(Block(at, at) for at in scene.gone[-1:]))
    step = WriteStep(method="removeIpRule", params={"value": blocks.text(block)})
    yield Stroke(step=step, addresses=edges(block))


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

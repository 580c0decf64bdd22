"""Moves at the limits: lists almost full, filled, refused, and emptied again."""

from collections.abc import Iterator

from fencepost.conformance.generate import blocks
from fencepost.conformance.generate.moves import Move
from fencepost.conformance.generate.networks import other_case
from fencepost.conformance.generate.strokes import (
    Scene,
    Stroke,
    add,
    add_subnet,
    new_block,
    other_spelling,
    put,
    remove,
    remove_subnet,
    update,
)
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import WireRules, wire_rules, wire_rules_in_force

SPARE = 3
"""How many subnets there are beyond the limit."""

_ROOM = 2
_ADDED: dict[str, object] = {"aim": "LIM-7", "clauses": ("LIM-7", "STA-2")}
_EXCHANGED: dict[str, object] = {"aim": "LIM-8", "clauses": ("LIM-8", "STA-2")}


def all_but_full(scene: Scene) -> WireRules:
    """Both lists two rules short of their limits."""
    return with_room(scene, _ROOM)


def with_room(scene: Scene, room: int) -> WireRules:
    """Both lists with room for this many more rules."""
    profile, subnets = scene.vault.profile, scene.vault.network.subnets
    found = blocks.many(scene.random, max(0, profile.max_ip_rules - room))
    listed = [subnet.id for subnet in subnets[: max(0, profile.max_virtual_network_rules - room)]]
    return wire_rules([blocks.text(one) for one in found], listed)


def room(scale: int, scene: Scene) -> int:
    """How many rules a filling adds and an emptying removes, at an effort's scale."""
    return min(8 * scale, scene.vault.profile.max_ip_rules, scene.vault.profile.max_virtual_network_rules)


def _ip_rules_at_the_limit(scene: Scene) -> Iterator[Stroke]:
    """Fill the list, with a refused write in between. Then one rule more is refused.

    Removing an absent rule frees no place. A rule removed, by either spelling, makes room for one other rule.
    """
    refusals = scene.capabilities.refusals
    if refusals:
        step = WriteStep(method="addIpRule", params={"value": "10.1.2.3"})
        yield Stroke(step=step, aim="VAL-3", clauses=("VAL-9",))
    for _ in range(_ROOM):
        yield add(scene, new_block(scene), **_ADDED)
    if refusals:
        yield add(scene, new_block(scene), **_ADDED)
        step = WriteStep(method="removeIpRule", params={"value": blocks.text(new_block(scene))})
        yield Stroke(step=step, aim="LIM-8")
        yield add(scene, new_block(scene), **_EXCHANGED)
    for spelled_otherwise in (False, True):
        rule = scene.random.choice(scene.held)
        yield remove(scene, rule, spelled=other_spelling(scene, rule) if spelled_otherwise else None, **_EXCHANGED)
        yield add(scene, new_block(scene), **_EXCHANGED)
    if refusals:
        yield add(scene, new_block(scene), **_EXCHANGED)


def _subnets_at_the_limit(scene: Scene) -> Iterator[Stroke]:
    """The same for virtual network rules while the other list is full."""
    if not scene.capabilities.subnets:
        return
    for subnet in scene.unlisted[:_ROOM]:
        yield add_subnet(subnet, **_ADDED)
    if scene.capabilities.refusals:
        yield add_subnet(scene.unlisted[0], **_ADDED)
    gone = scene.random.choice(scene.listed)
    yield remove_subnet(gone, spelled=other_case(scene.random, gone), **_EXCHANGED)
    yield add_subnet(scene.unlisted[0], **_EXCHANGED)
    if scene.capabilities.refusals:
        yield add_subnet(scene.unlisted[0], **_EXCHANGED)


def _asleep_at_the_limit(scene: Scene) -> Iterator[Stroke]:
    """The limit holds under Allow, too: the full set is put so, since an update may have a fault of its own."""
    if scene.capabilities.refusals:
        other = {"defaultAction": "Allow"} if scene.capabilities.default_action else {"bypass": "AzureServices"}
        yield put({**wire_rules_in_force(scene.vault.rules), **other}, scene.vault)
        yield add(scene, new_block(scene), aim="LIM-9", clauses=("LIM-9",))
    yield update(defaultAction="Deny")


AT_THE_LIMITS: tuple[Move, ...] = (_ip_rules_at_the_limit, _subnets_at_the_limit, _asleep_at_the_limit)
"""What is tried while both lists are almost full."""


def filled_and_drained(scene: Scene, room: int) -> Iterator[Stroke]:
    """IP rules added until the list is full, one more refused, and as many removed in another order."""
    before = len(scene.held)
    for _ in range(room):
        yield add(scene, new_block(scene), **_ADDED)
    if scene.capabilities.refusals:
        yield add(scene, new_block(scene), **_ADDED)
    for _ in range(room):
        if len(scene.held) > before:
            yield remove(scene, scene.random.choice(scene.held))

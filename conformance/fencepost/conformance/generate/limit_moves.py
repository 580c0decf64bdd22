"""Moves at the limits: lists almost full, filled, refused, and emptied again."""

from collections.abc import Iterator
from dataclasses import replace

from fencepost.conformance.generate import blocks
from fencepost.conformance.generate.changes import (
    Change,
    GeneratorState,
    add,
    add_subnet,
    new_block,
    other_spelling,
    put,
    remove,
    remove_subnet,
    update,
)
from fencepost.conformance.generate.moves import Move
from fencepost.conformance.generate.networks import other_case
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import WireRules, entries_of, wire_rules, wire_rules_in_force

SPARE = 3
"""How many subnets there are beyond the limit."""

_ROOM = 2
_FEW = (3, 40)
"""Of a refused set so many rules come before the wrong rule, or all."""

_PRIVATE = "10.1.2.3"
_ADDED: dict[str, object] = {"aim": "LIM-7", "clauses": ("LIM-7", "STA-2")}
_EXCHANGED: dict[str, object] = {"aim": "LIM-8", "clauses": ("LIM-8", "STA-2")}


def all_but_full(state: GeneratorState) -> WireRules:
    """Both lists two rules short of their limits."""
    return with_room(state, _ROOM)


def with_room(state: GeneratorState, room: int) -> WireRules:
    """Both lists with room for this many more rules."""
    profile, subnets = state.vault.profile, state.vault.network.subnets
    found = blocks.many(state.random, max(0, profile.max_ip_rules - room))
    listed = [subnet.id for subnet in subnets[: max(0, profile.max_virtual_network_rules - room)]]
    return wire_rules([blocks.text(one) for one in found], listed)


def room(scale: int, state: GeneratorState) -> int:
    """How many rules a filling adds and an emptying removes, at an effort's scale."""
    return min(8 * scale, state.vault.profile.max_ip_rules, state.vault.profile.max_virtual_network_rules)


def _ip_rules_at_the_limit(state: GeneratorState) -> Iterator[Change]:
    """Fill the list after a refused rule and a refused set of few rules or many. Then one rule more is refused.

    Removing an absent rule frees no place. A rule removed, by either spelling, makes room for one other rule.
    """
    refusals = state.capabilities.refusals
    if refusals:
        step = WriteStep(method="addIpRule", params={"value": _PRIVATE})
        yield Change(step=step, aim="VAL-3", clauses=("VAL-9",))
        acls = wire_rules_in_force(state.vault.rules)
        entries = entries_of(acls, "ipRules")
        acls["ipRules"] = [*entries[: state.random.choice((*_FEW, len(entries)))], {"value": _PRIVATE}]
        yield replace(put(acls, state.vault), aim="VAL-3", clauses=("VAL-9",))
    for _ in range(_ROOM):
        yield add(state, new_block(state), **_ADDED)
    if refusals:
        yield add(state, new_block(state), **_ADDED)
        step = WriteStep(method="removeIpRule", params={"value": blocks.text(new_block(state))})
        yield Change(step=step, aim="LIM-8")
        yield add(state, new_block(state), **_EXCHANGED)
    for spelled_otherwise in (False, True):
        rule = state.random.choice(state.ip_rules)
        yield remove(
            state,
            rule,
            spelled=other_spelling(rule.text, state.vault.profile) if spelled_otherwise else None,
            **_EXCHANGED,
        )
        yield add(state, new_block(state), **_EXCHANGED)
    if refusals:
        yield add(state, new_block(state), **_EXCHANGED)


def _subnets_at_the_limit(state: GeneratorState) -> Iterator[Change]:
    """The same for virtual network rules while the other list is full."""
    if not state.capabilities.subnets:
        return
    for subnet in state.unlisted[:_ROOM]:
        yield add_subnet(subnet, **_ADDED)
    if state.capabilities.refusals:
        yield add_subnet(state.unlisted[0], **_ADDED)
    gone = state.random.choice(state.listed)
    yield remove_subnet(gone, spelled=other_case(state.random, gone), **_EXCHANGED)
    yield add_subnet(state.unlisted[0], **_EXCHANGED)
    if state.capabilities.refusals:
        yield add_subnet(state.unlisted[0], **_EXCHANGED)


def _asleep_at_the_limit(state: GeneratorState) -> Iterator[Change]:
    """The limit holds under Allow, too: the full set is put so, since an update may have a fault of its own."""
    if state.capabilities.refusals:
        other = {"defaultAction": "Allow"} if state.capabilities.default_action else {"bypass": "AzureServices"}
        yield put({**wire_rules_in_force(state.vault.rules), **other}, state.vault)
        yield add(state, new_block(state), aim="LIM-9", clauses=("LIM-9",))
    yield update(defaultAction="Deny")


AT_THE_LIMITS: tuple[Move, ...] = (_ip_rules_at_the_limit, _subnets_at_the_limit, _asleep_at_the_limit)
"""What is tried while both lists are almost full."""


def filled_and_drained(state: GeneratorState, room: int) -> Iterator[Change]:
    """IP rules added until the list is full, one more refused, and as many removed in another order."""
    before = len(state.ip_rules)
    for _ in range(room):
        yield add(state, new_block(state), **_ADDED)
    if state.capabilities.refusals:
        yield add(state, new_block(state), **_ADDED)
    for _ in range(room):
        if len(state.ip_rules) > before:
            yield remove(state, state.random.choice(state.ip_rules))

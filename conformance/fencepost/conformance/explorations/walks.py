"""Walks: every kind of write in opposite states, with all callers asked after it (STA-2, VAL-9 and others)."""

from collections.abc import Iterator, Sequence
from functools import partial

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.whole_sets import offered, send
from fencepost.conformance.generate.accepted_writes import Kind
from fencepost.conformance.generate.changes import Change, GeneratorState
from fencepost.conformance.generate.small_world import FactorLevels, SmallWorld, Walk
from fencepost.conformance.generate.walks import ACCEPTED, REFUSED, assigned, next_of, restore_levels
from fencepost.conformance.lockstep.wire import wire_rules_in_force
from fencepost.reference import Outcome, Request

_UNASKED = 6
"""One write in so many is followed by another write without requests in between."""


def walks(setting: Setting, index: int) -> Iterator[Scenario]:
    """Four walks, each in a vault of its own."""
    families = (*ACCEPTED, *(REFUSED if setting.capabilities.refusals else ()))
    is_switched = setting.capabilities.default_action
    assignments = assigned(setting.random("walks", index), families, is_switched=is_switched)
    for place, (levels, kinds) in enumerate(assignments):
        run = partial(_walk, setting=setting, purpose=("walk", index, place), levels=levels, kinds=kinds)
        yield Scenario(aims=("STA-2",), run=run)


def _walk(
    bench: Bench, setting: Setting, purpose: Sequence[object], levels: FactorLevels, kinds: Sequence[Kind]
) -> None:
    state = GeneratorState(random=setting.random(*purpose), capabilities=setting.capabilities, now=lambda: bench.vault)
    world = SmallWorld.of(state)
    bench.reset(world.network)
    walk = Walk(state=state, world=world, levels=levels)
    if not bench.put(walk.some_rules(), aim="STA-2"):
        return
    _look(bench, world, state, None, [])
    left = list(kinds)
    while left:
        left.remove(kind := next_of(walk, left))
        for change in restore_levels(walk):
            _make(bench, setting, walk, change, is_asked=True)
        made = kind(walk)
        if made is not None:
            _make(bench, setting, walk, made, is_asked=state.random.randrange(_UNASKED) > 0)
    if setting.capabilities.endpoints:  # writes made or refused while endpoints were off show when they are on
        for one in world.network.subnets:
            if levels.is_off or not bench.vault.network.has_endpoint(one.id):
                bench.endpoints(one.id, ("Microsoft.KeyVault",))
    if levels.default_action == "Allow":
        acls = {**wire_rules_in_force(bench.vault.rules), "defaultAction": "Deny"}
        is_awake = (
            bench.write("updateRules", {"defaultAction": "Deny"})
            if setting.capabilities.incremental
            else bench.put(acls)
        )
        if not is_awake:
            return
    _look(bench, world, state, None, [])


def _make(bench: Bench, setting: Setting, walk: Walk, change: Change, *, is_asked: bool) -> None:
    """Make one change if possible, and ask all callers after it."""
    made = offered(change, bench.vault, setting.capabilities)
    if made is None:
        return
    everybody = walk.world.everybody(walk.state)
    was = [bench.vault.decide(request).outcome for request in everybody]
    send(bench, made)
    if is_asked:
        _look(bench, walk.world, walk.state, made, list(zip(everybody, was, strict=True)))


def _look(
    bench: Bench,
    world: SmallWorld,
    state: GeneratorState,
    change: Change | None,
    was: Sequence[tuple[Request, Outcome]],
) -> None:
    """Ask all callers and read the rules, in either order; changed answers exercise the clauses, or unchanged."""
    before = dict(was)
    everybody = world.everybody(state)
    moved = [one for one in everybody if before.get(one) is not bench.vault.decide(one).outcome]
    concerned = everybody if change is not None and change.aim != "STA-2" else moved
    exercises = dict.fromkeys(concerned, change.clauses) if change is not None else {}
    is_read_first = state.random.randrange(3) == 0
    if is_read_first:
        bench.read()
    bench.ask(everybody, exercises=exercises, aim="STA-2")
    if not is_read_first:
        bench.read()

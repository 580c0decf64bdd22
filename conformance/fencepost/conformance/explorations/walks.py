"""Walks: every kind of write in opposite states, with all callers asked after it (STA-2, VAL-9 and others)."""

from collections.abc import Iterator, Sequence
from functools import partial

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.whole_sets import offered
from fencepost.conformance.generate.accepted_writes import Kind
from fencepost.conformance.generate.strokes import Scene, Stroke
from fencepost.conformance.generate.walkers import Theme, Walker, World
from fencepost.conformance.generate.walks import ACCEPTED, REFUSED, back_to_the_theme, dealt, next_of
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep
from fencepost.conformance.lockstep.wire import wire_rules_in_force
from fencepost.reference import Outcome, Request

_UNASKED = 6
"""One write in so many is followed by another write without requests in between."""


def walks(setting: Setting, index: int) -> Iterator[Scenario]:
    """Eight walks, each in a vault of its own; four for a subject that only decides."""
    families = (*ACCEPTED, *(REFUSED if setting.capabilities.refusals else ()))
    is_switched = setting.capabilities.default_action
    hands = list(dealt(setting.random("walks", index), families, is_switched=is_switched))
    for place, (theme, hand) in enumerate(hands if setting.capabilities.refusals else hands[::2]):
        run = partial(_walk, setting=setting, purpose=("walk", index, place), theme=theme, hand=hand)
        yield Scenario(aims=("STA-2",), run=run)


def _walk(bench: Bench, setting: Setting, purpose: Sequence[object], theme: Theme, hand: Sequence[Kind]) -> None:
    scene = Scene(random=setting.random(*purpose), capabilities=setting.capabilities, now=lambda: bench.vault)
    world = World.of(scene)
    bench.reset(world.network)
    walker = Walker(scene=scene, world=world, theme=theme)
    if not bench.put(walker.some_rules(), aim="STA-2"):
        return
    _look(bench, world, scene, None, [])
    left = list(hand)
    while left:
        left.remove(kind := next_of(walker, left))
        for stroke in back_to_the_theme(walker):
            _make(bench, setting, walker, stroke, is_asked=True)
        made = kind(walker)
        if made is not None:
            _make(bench, setting, walker, made, is_asked=scene.random.randrange(_UNASKED) > 0)
    if theme.is_off and setting.capabilities.endpoints:
        for one in world.network.subnets:  # writes made while endpoints were off show when they are on
            bench.endpoints(one.id, ("Microsoft.KeyVault",))
    if theme.default_action == "Allow":
        acls = {**wire_rules_in_force(bench.vault.rules), "defaultAction": "Deny"}
        is_awake = (
            bench.write("updateRules", {"defaultAction": "Deny"})
            if setting.capabilities.incremental
            else bench.put(acls)
        )
        if not is_awake:
            return
    _look(bench, world, scene, None, [])


def _make(bench: Bench, setting: Setting, walker: Walker, stroke: Stroke, *, is_asked: bool) -> None:
    """Make one stroke if possible, and ask all callers after it."""
    made = offered(stroke, bench.vault, setting.capabilities)
    if made is None:
        return
    panel = walker.world.panel(walker.scene)
    was = [bench.vault.decide(request).outcome for request in panel]
    match made.step:
        case WriteStep(method=method, params=params):
            bench.write(method, params, exercises=(), aim=made.aim)
        case EndpointsStep(subnet=subnet, service_endpoints=endpoints):
            bench.endpoints(subnet, endpoints)
    if is_asked:
        _look(bench, walker.world, walker.scene, made, list(zip(panel, was, strict=True)))


def _look(
    bench: Bench, world: World, scene: Scene, stroke: Stroke | None, was: Sequence[tuple[Request, Outcome]]
) -> None:
    """Ask all callers and read the rules, in either order; changed answers exercise the clauses, or unchanged."""
    before = dict(was)
    panel = world.panel(scene)
    moved = [one for one in panel if before.get(one) is not bench.vault.decide(one).outcome]
    telling = panel if stroke is not None and stroke.aim != "STA-2" else moved
    exercises = dict.fromkeys(telling, stroke.clauses) if stroke is not None else {}
    is_read_first = scene.random.randrange(3) == 0
    if is_read_first:
        bench.read()
    bench.ask(panel, exercises=exercises, aim="STA-2")
    if not is_read_first:
        bench.read()

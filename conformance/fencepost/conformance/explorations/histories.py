"""Histories: rules that change many times, with requests after each change where it may matter (STA-2 and others)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.walks import walks
from fencepost.conformance.explorations.whole_sets import offered
from fencepost.conformance.generate import callers, limit_moves, moves, networks, requests
from fencepost.conformance.generate.moves import MOVES, Move
from fencepost.conformance.generate.strokes import Scene, Stroke, requests_about, watched
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep
from fencepost.conformance.lockstep.wire import WireRules
from fencepost.reference import Network, Request, Subnet

_DEALT = 4
"""Over how many histories all moves are spread."""

_MORE = 2

_WHOLE_SETS_ASK = ("there_and_back", "kin_removed", "emptied", "dormant", "refused", "endpoint_switched", "put_again")
"""The moves that are made by whole sets if single rules cannot be changed."""

_WHOLE_SETS_DEALT = 2


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    capabilities = setting.capabilities
    if not capabilities.incremental and not capabilities.refusals:
        return  # other explorations ask all of a subject that only enforces whole sets
    for index in setting.rounds(1):
        yield from walks(setting, index)
        for place, hand in enumerate(_hands(setting, index)):
            yield _history(setting, hand, index, place)
        if capabilities.incremental:
            yield from _at_the_limits(setting, index)
    if capabilities.incremental and setting.wave and setting.is_last_wave:
        yield _filled_and_drained(setting)


def _hands(setting: Setting, index: int) -> Iterator[Sequence[Move]]:
    """All moves in random order, spread over several histories; from the second round on, also a few random moves."""
    random = setting.random("hands", index)
    deck = list(MOVES.values()) if setting.capabilities.incremental else [MOVES[name] for name in _WHOLE_SETS_ASK]
    random.shuffle(deck)
    dealt = _DEALT if setting.capabilities.incremental else _WHOLE_SETS_DEALT
    for place in range(dealt):
        yield deck[place::dealt]
    if setting.capabilities.incremental and index:
        yield [random.choice(deck) for _ in range(_MORE)]


def _history(setting: Setting, hand: Sequence[Move], index: int, place: int) -> Scenario:
    def run(bench: Bench) -> None:
        random = setting.random("histories", index, place)
        network = networks.network(random, some_without_endpoint=False) if setting.capabilities.subnets else Network()
        scene = Scene(random=random, capabilities=setting.capabilities, now=lambda: bench.vault)
        bench.reset(network)
        _play(bench, setting, scene, moves.opening(scene), (move(scene) for move in hand))

    return Scenario(aims=("STA-2",), run=run)


def _at_the_limits(setting: Setting, index: int) -> Iterator[Scenario]:
    """Both lists almost full, then full; rules added, refused and removed there."""
    capabilities, profile = setting.capabilities, setting.profile
    ids = networks.plain_subnets(profile.max_virtual_network_rules + limit_moves.SPARE) if capabilities.subnets else []

    def run(bench: Bench) -> None:
        random = setting.random("history at the limits", index)
        scene = Scene(random=random, capabilities=capabilities, now=lambda: bench.vault)
        bench.reset(_of(ids))
        opening = limit_moves.all_but_full(scene)
        _play(bench, setting, scene, opening, [move(scene) for move in limit_moves.AT_THE_LIMITS])

    yield Scenario(aims=("LIM-7", "LIM-8", "STA-2"), run=run)


def _filled_and_drained(setting: Setting) -> Scenario:
    """Lists filled to the limit by adding, and emptied by removing, as far as the effort allows."""
    capabilities, profile = setting.capabilities, setting.profile
    ids = networks.plain_subnets(profile.max_virtual_network_rules + limit_moves.SPARE) if capabilities.subnets else []

    def run(bench: Bench) -> None:
        random = setting.random("filled and drained")
        scene = Scene(random=random, capabilities=capabilities, now=lambda: bench.vault)
        bench.reset(_of(ids))
        room = limit_moves.room(setting.effort.scale, scene)
        _play(bench, setting, scene, limit_moves.with_room(scene, room), [limit_moves.filled_and_drained(scene, room)])

    return Scenario(aims=("LIM-7", "STA-2"), run=run)


def _of(ids: Iterable[str]) -> Network:
    return Network(subnets=tuple(Subnet(id=one) for one in ids))


@dataclass(slots=True)
class _Pending:
    """The changes since the last requests about them, and the clauses that the answers exercise."""

    addresses: dict[int, None] = field(default_factory=dict)
    subnets: dict[str, None] = field(default_factory=dict)
    clauses: set[str] = field(default_factory=set)

    def note(self, stroke: Stroke) -> None:
        """Note a stroke, made or about to be made."""
        self.addresses |= dict.fromkeys(stroke.addresses)
        self.subnets |= dict.fromkeys(stroke.subnets)

    def meets(self, stroke: Stroke) -> bool:
        """Whether the stroke may undo a change that has not been asked about."""
        is_switch = isinstance(stroke.step, WriteStep) and stroke.step.method in ("putRules", "updateRules")
        return (
            is_switch
            or any(one in self.addresses for one in stroke.addresses)
            or not self.subnets.keys().isdisjoint(stroke.subnets)
        )

    def clear(self) -> None:
        """Forget all changes: they have been asked about."""
        self.addresses.clear()
        self.subnets.clear()
        self.clauses.clear()


def _play(bench: Bench, setting: Setting, scene: Scene, opening: WireRules, played: Iterable[Iterator[Stroke]]) -> None:
    """Put the opening set and make every stroke; ask the same before and after, so that stale answers show."""
    if not bench.put(opening, aim="STA-2"):
        return
    random, pending = scene.random, _Pending()
    for stroke in _as_offered(scene, played):
        if random.randrange(5) or pending.meets(stroke):  # some strokes follow one another without requests
            _ask(bench, setting, scene, pending, about_to=stroke)
            if random.randrange(6) == 0 and not bench.failed:
                bench.read()  # the rules in force are known here; after a failure a read-back shows nothing
        _make(bench, stroke)
        pending.note(stroke)
        pending.clauses |= set(stroke.clauses)
    _ask(bench, setting, scene, pending)


def _make(bench: Bench, stroke: Stroke) -> None:
    match stroke.step:
        case WriteStep(method=method, params=params):
            bench.write(method, params, exercises=stroke.clauses, aim=stroke.aim)
        case EndpointsStep(subnet=subnet, service_endpoints=endpoints):
            bench.endpoints(subnet, endpoints)


def _as_offered(scene: Scene, played: Iterable[Iterator[Stroke]]) -> Iterator[Stroke]:
    """The strokes that can be made, as whole sets where single rules cannot be changed."""
    for move in played:
        for stroke in move:
            if (made := offered(stroke, scene.vault, scene.capabilities)) is not None:
                yield made


def _ask(bench: Bench, setting: Setting, scene: Scene, pending: _Pending, *, about_to: Stroke | None = None) -> None:
    """Ask about changed and soon changed rules, about others, about removed ones, and about a distant address."""
    changed = requests_about(scene, pending.addresses, pending.subnets)
    unchanged = [*watched(scene), *_others(setting, scene)]
    next_up = requests_about(scene, about_to.addresses, about_to.subnets) if about_to is not None else []
    asked = [*changed, *unchanged, *next_up]
    if scene.random.randrange(3) == 0:
        scene.random.shuffle(asked)
    clauses = tuple(sorted(pending.clauses))
    bench.ask(list(dict.fromkeys(asked)), exercises=dict.fromkeys(changed, clauses), aim="STA-2")
    pending.clear()


def _others(setting: Setting, scene: Scene) -> list[Request]:
    """A distant caller, a trusted service there, and a control-plane call from there."""
    far = requests.outside(scene.random, scene.vault.rules)
    trusted = callers.some(scene.random, callers.trusted_callers(setting.profile, setting.capabilities), 1)
    found = [Request(address=far), *(Request(address=far, caller=caller) for caller in trusted)]
    if setting.capabilities.control_plane:
        found.append(requests.Place(address=far).control("VaultNetworkRuleSet"))
    return found


HISTORIES = Exploration(
    name="histories",
    serves=(
        "STA-2",
        "STA-1",
        "STA-3",
        "STA-4",
        "STA-6",
        "STA-7",
        "STA-10",
        "LIM-6",
        "LIM-7",
        "LIM-8",
        "LIM-9",
        "CTL-2",
    ),
    scenarios=_scenarios,
)

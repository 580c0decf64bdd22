"""Histories: rules that change many times, with requests after each change where it may matter (STA-2 and others)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.walks import walks
from fencepost.conformance.explorations.whole_sets import offered, send
from fencepost.conformance.generate import callers, limit_moves, moves, networks, requests
from fencepost.conformance.generate.changes import Change, GeneratorState, requests_about, watched
from fencepost.conformance.generate.moves import MOVES, Move
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import WireRules
from fencepost.reference import Network, Request, Subnet

_HISTORIES = 4
"""Over how many histories all moves are spread."""

_MORE = 2

_WHOLE_SETS_ASK = ("there_and_back", "kin_removed", "emptied", "dormant", "refused", "endpoint_switched", "put_again")
"""The moves that are made by whole sets if single rules cannot be changed."""

_WHOLE_SETS_HISTORIES = 2


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    capabilities = setting.capabilities
    if not capabilities.incremental and not capabilities.refusals:
        return  # other explorations ask all of a subject that only enforces whole sets
    for index in setting.rounds(1):
        yield from walks(setting, index)
        for place, chosen in enumerate(_assigned_moves(setting, index)):
            yield _history(setting, chosen, index, place)
        if capabilities.incremental:
            yield from _at_the_limits(setting, index)
    if capabilities.incremental and setting.wave and setting.is_last_wave:
        yield _filled_and_drained(setting)


def _assigned_moves(setting: Setting, index: int) -> Iterator[Sequence[Move]]:
    """All moves in random order, spread over several histories; from the second round on, also a few random moves."""
    random = setting.random("hands", index)
    every = list(MOVES.values()) if setting.capabilities.incremental else [MOVES[name] for name in _WHOLE_SETS_ASK]
    random.shuffle(every)
    count = _HISTORIES if setting.capabilities.incremental else _WHOLE_SETS_HISTORIES
    for place in range(count):
        yield every[place::count]
    if setting.capabilities.incremental and index:
        yield [random.choice(every) for _ in range(_MORE)]


def _history(setting: Setting, chosen: Sequence[Move], index: int, place: int) -> Scenario:
    def run(bench: Bench) -> None:
        random = setting.random("histories", index, place)
        network = networks.network(random, some_without_endpoint=False) if setting.capabilities.subnets else Network()
        state = GeneratorState(random=random, capabilities=setting.capabilities, now=lambda: bench.vault)
        bench.reset(network)
        _make_all(bench, setting, state, moves.opening(state), (move(state) for move in chosen))

    return Scenario(aims=("STA-2",), run=run)


def _at_the_limits(setting: Setting, index: int) -> Iterator[Scenario]:
    """Both lists almost full, then full; rules added, refused and removed there."""
    capabilities, profile = setting.capabilities, setting.profile
    ids = networks.plain_subnets(profile.max_virtual_network_rules + limit_moves.SPARE) if capabilities.subnets else []

    def run(bench: Bench) -> None:
        random = setting.random("history at the limits", index)
        state = GeneratorState(random=random, capabilities=capabilities, now=lambda: bench.vault)
        bench.reset(_of(ids))
        opening = limit_moves.all_but_full(state)
        _make_all(bench, setting, state, opening, [move(state) for move in limit_moves.AT_THE_LIMITS])

    yield Scenario(aims=("LIM-7", "LIM-8", "STA-2"), run=run)


def _filled_and_drained(setting: Setting) -> Scenario:
    """Lists filled to the limit by adding, and emptied by removing, as far as the effort allows."""
    capabilities, profile = setting.capabilities, setting.profile
    ids = networks.plain_subnets(profile.max_virtual_network_rules + limit_moves.SPARE) if capabilities.subnets else []

    def run(bench: Bench) -> None:
        random = setting.random("filled and drained")
        state = GeneratorState(random=random, capabilities=capabilities, now=lambda: bench.vault)
        bench.reset(_of(ids))
        room = limit_moves.room(setting.effort.scale, state)
        _make_all(
            bench, setting, state, limit_moves.with_room(state, room), [limit_moves.filled_and_drained(state, room)]
        )

    return Scenario(aims=("LIM-7", "STA-2"), run=run)


def _of(ids: Iterable[str]) -> Network:
    return Network(subnets=tuple(Subnet(id=one) for one in ids))


@dataclass(slots=True)
class _Pending:
    """The changes since the last requests about them, and the clauses that the answers exercise."""

    addresses: dict[int, None] = field(default_factory=dict)
    subnets: dict[str, None] = field(default_factory=dict)
    clauses: set[str] = field(default_factory=set)

    def note(self, change: Change) -> None:
        """Note a change, made or about to be made."""
        self.addresses |= dict.fromkeys(change.addresses)
        self.subnets |= dict.fromkeys(change.subnets)

    def meets(self, change: Change) -> bool:
        """Whether the change may undo a change that has not been asked about."""
        is_switch = isinstance(change.step, WriteStep) and change.step.method in ("putRules", "updateRules")
        return (
            is_switch
            or any(one in self.addresses for one in change.addresses)
            or not self.subnets.keys().isdisjoint(change.subnets)
        )

    def clear(self) -> None:
        """Forget all changes: they have been asked about."""
        self.addresses.clear()
        self.subnets.clear()
        self.clauses.clear()


def _make_all(
    bench: Bench, setting: Setting, state: GeneratorState, opening: WireRules, chosen: Iterable[Iterator[Change]]
) -> None:
    """Put the opening set and make every change; ask the same before and after, so that stale answers show."""
    if not bench.put(opening, aim="STA-2"):
        return
    random, pending = state.random, _Pending()
    for change in _as_offered(state, chosen):
        if random.randrange(5) or pending.meets(change):  # some changes follow one another without requests
            _ask(bench, setting, state, pending, about_to=change)
            if random.randrange(6) == 0 and bench.goes_on:
                bench.read()  # the rules in force are known here; after a failure a read-back shows nothing
        send(bench, change, exercises=change.clauses)
        pending.note(change)
        pending.clauses |= set(change.clauses)
    _ask(bench, setting, state, pending)


def _as_offered(state: GeneratorState, chosen: Iterable[Iterator[Change]]) -> Iterator[Change]:
    """The changes that can be made, as whole sets where single rules cannot be changed."""
    for move in chosen:
        for change in move:
            if (made := offered(change, state.vault, state.capabilities)) is not None:
                yield made


def _ask(
    bench: Bench, setting: Setting, state: GeneratorState, pending: _Pending, *, about_to: Change | None = None
) -> None:
    """Ask about changed and soon changed rules, about others, about removed ones, and about a distant address."""
    changed = requests_about(state, pending.addresses, pending.subnets)
    unchanged = [*watched(state), *_others(setting, state)]
    next_up = requests_about(state, about_to.addresses, about_to.subnets) if about_to is not None else []
    asked = [*changed, *unchanged, *next_up]
    if state.random.randrange(3) == 0:
        state.random.shuffle(asked)
    clauses = tuple(sorted(pending.clauses))
    bench.ask(list(dict.fromkeys(asked)), exercises=dict.fromkeys(changed, clauses), aim="STA-2")
    pending.clear()


def _others(setting: Setting, state: GeneratorState) -> list[Request]:
    """A distant caller, a trusted service there, and a control-plane call from there."""
    far = requests.outside(state.random, state.vault.rules)
    trusted = callers.some(state.random, callers.trusted_callers(setting.profile, setting.capabilities), 1)
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

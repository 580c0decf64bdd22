"""Vectors of longer lives: what the explorations ask a correct vault, without what the documents leave open."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from random import Random

from fencepost.adapters.contract import Client, Connection, JsonObject, check_statement, open_factory
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.bench.exploration import Exploration, play
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.capabilities import Ability, Capabilities, profile_of
from fencepost.conformance.explorations.alternation import TURNS
from fencepost.conformance.explorations.bare_vaults import BARE_VAULTS
from fencepost.conformance.explorations.decisions import DECISIONS
from fencepost.conformance.explorations.endpoints import ENDPOINT_SWITCHES
from fencepost.conformance.explorations.first_look import FIRST_LOOK
from fencepost.conformance.explorations.groves import GROVES
from fencepost.conformance.explorations.histories import HISTORIES
from fencepost.conformance.explorations.refusals import REFUSALS
from fencepost.conformance.explorations.state import STATE
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import (
    AskStep,
    Case,
    EndpointsStep,
    ReadStep,
    Step,
    WriteStep,
    apply_write,
    case_from_calls,
    may_be_asked,
)
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.peers import StdlibVaultUndeclared
from fencepost.conformance.peers.structures.scan import Structure
from fencepost.conformance.peers.structures.vault import StructureVault
from fencepost.conformance.regression.vector_edges import WIDE
from fencepost.reference import Outcome, Profile, Request, Vault, Verdict
from fencepost.reports.model import Call

_BY_CODES = frozenset((Ability.CREDENTIALS, Ability.CODES))
_RANGES = frozenset((Ability.SUBNETS, Ability.ENDPOINTS, Ability.SERVICES, Ability.CONTROL_PLANE)) | _BY_CODES
_FILTER = _RANGES | {Ability.INCREMENTAL, Ability.READ_BACK, Ability.REFUSALS}
_NEVER = frozenset((Ability.CONCURRENCY, Ability.SETTLE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An exploration as a subject without some abilities is asked it, for some seeds.

    A look keeps at most so many requests: those whose answer has changed, and of the others some. With `choices` it is
    for subjects that have made these choices.
    """

    exploration: Exploration
    clause: str
    comment: str
    most: int
    choices: Mapping[str, str] | None = None
    without: frozenset[Ability] = frozenset()
    seeds: int = 1


EVERYWHERE: Mapping[str, str] = {**WIDE, "prefix-0": "accept"}
"""What a subject has chosen that accepts rules for every address, for the first and for the last."""

SOURCES = (
    Source(exploration=FIRST_LOOK, clause="DEC-3", comment="a few sets, and who tells most of each", most=32),
    Source(exploration=TURNS, clause="DEC-3", comment="requests that differ in one trait, in turn", most=32),
    Source(exploration=ENDPOINT_SWITCHES, clause="DEC-7", comment="service endpoints that go and come", most=16),
    Source(exploration=REFUSALS, clause="VAL-9", comment="refused writes of every kind", most=16),
    Source(exploration=BARE_VAULTS, clause="STA-3", comment="switches of a vault without rules", most=20),
    Source(
        exploration=BARE_VAULTS,
        clause="DEC-2",
        comment="rules that mean something elsewhere",
        most=16,
        choices=EVERYWHERE,
    ),
    Source(exploration=STATE, clause="STA-1", comment="whole sets after one another", most=12),
    Source(exploration=HISTORIES, clause="STA-2", comment="every kind of write in every state", most=5),
    Source(exploration=GROVES, clause="STA-2", comment="nested ranges that come and go", most=4),
    Source(exploration=GROVES, clause="STA-2", comment="nested ranges that come and go", most=6, without=_RANGES),
    Source(exploration=DECISIONS, clause="DEC-3", comment="lists of ranges", most=120, without=_FILTER),
    Source(exploration=BARE_VAULTS, clause="STA-3", comment="a filter without ranges", most=32, without=_FILTER),
    Source(exploration=STATE, clause="STA-1", comment="whole lists after one another", most=12, without=_FILTER),
    Source(
        exploration=GROVES, clause="STA-1", comment="nested ranges, by whole lists", most=12, without=_FILTER, seeds=4
    ),
)
"""The sources of the long tests, for subjects with every ability and with fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One vault's life as a case, the clause that it is most about, and what happens in it."""

    clause: str
    comment: str
    case: Case
    choices: Mapping[str, str] | None = None


_ONE_BY_ONE = 3
"""One look in so many is asked in calls of one request."""


def lives(profile: Profile, *, on_progress: Callable[[int, int], None] = lambda *_: None) -> Iterator[Life]:
    """Every life of every source, without what the edition leaves open.

    `on_progress` is told how many seeds of all sources are done, and of how many.
    """
    done, of = 0, sum(source.seeds for source in SOURCES)
    for source in SOURCES:
        for seed in range(source.seeds):
            for number, calls in enumerate(_played(source, profile, seed)):
                random = Random(f"{source.exploration.name}:{seed}:{number}")
                chosen = profile.with_choices(source.choices) if source.choices else profile
                played = case_from_calls(_in_whole_looks(calls))
                steps = tuple(_certain_steps(played, chosen, source.most, random))
                if any(isinstance(step, AskStep) for step in steps):
                    case = Case(network=played.network, steps=steps)
                    yield Life(clause=source.clause, comment=source.comment, case=case, choices=source.choices)
            done += 1
            on_progress(done, of)


def _played(source: Source, profile: Profile, seed: int) -> list[list[Call]]:
    """The calls of the exploration to a correct vault, a list for each `reset`."""
    recorded = _Recorded(open_factory(lambda: _correct(source, profile)))
    client = Client(recorded)
    statement = check_statement(client.describe())
    chosen = profile_of(statement, profile.with_choices(source.choices) if source.choices else profile)
    abilities = Capabilities.from_statement(statement, chosen).abilities - source.without - _NEVER
    capabilities = Capabilities(abilities=abilities)
    setting = Setting(profile=chosen, capabilities=capabilities, effort=EFFORTS["quick"], seed=seed)
    bench = Bench(Lockstep(client, chosen), setting, Tally())
    for _ in play(bench, source.exploration.scenarios(setting)):
        pass
    return recorded.vaults


def _correct(source: Source, profile: Profile) -> object:
    """A correct vault, which accepts what is open where the source needs such choices."""
    return (
        StructureVault(Structure(), profile=profile.name)
        if source.choices
        else StdlibVaultUndeclared(profile=profile.name)
    )


class _Recorded(Relay):
    """A connection that keeps what is sent."""

    def __init__(self, inner: Connection) -> None:
        super().__init__(inner)
        self.vaults: list[list[Call]] = []

    def call(self, method: str, params: JsonObject) -> object:
        if method == "reset":
            self.vaults.append([])
        if self.vaults:
            self.vaults[-1].append(Call(method=method, params=dict(params)))
        return super().call(method, params)


def _in_whole_looks(calls: list[Call]) -> list[Call]:
    """The calls with each run of `decide` as one: how many requests went into a call depended on the clock."""
    whole: list[Call] = []
    for method, some in groupby(calls, key=lambda call: call.method):
        if method == "decide":
            asked = [request for call in some for request in call.params["requests"]]  # type: ignore[attr-defined]
            whole.append(Call(method=method, params={"requests": asked}))
        else:
            whole += some
    return whole


def _certain_steps(case: Case, profile: Profile, most: int, random: Random) -> Iterator[Step]:
    """The steps with certain answers; of each look at most so many requests, now and then one by one."""
    vault, before, looks = Vault(profile=profile).reset(case.network), dict[Request, Outcome](), 0
    for step in case.steps:
        match step:
            case WriteStep():
                write = apply_write(vault, step)
                if write.verdict is Verdict.OPEN:
                    continue
                vault = (write.accepted if write.verdict is Verdict.ACCEPTED else None) or vault
                yield step
            case EndpointsStep() if step.subnet in vault.network:
                vault = vault.set_service_endpoints(step.subnet, step.service_endpoints)
                yield step
            case ReadStep():
                yield step
            case AskStep():
                places = _chosen(step, vault, before, most, random)
                looks += 1
                if looks % _ONE_BY_ONE == 0:
                    yield from (step.only(place) for place in places)
                elif places:
                    yield step.only(*places)
            case _:
                pass


def _chosen(step: AskStep, vault: Vault, before: dict[Request, Outcome], most: int, random: Random) -> list[int]:
    """The places of the requests that are kept: those whose answer is another than before, and of the others some."""
    moved, others = list[int](), list[int]()
    for place, request in enumerate(step.requests):
        if not may_be_asked(vault, request) or (now := vault.decide(request).outcome) is Outcome.OPEN:
            continue
        (moved if before.get(request, now) is not now else others).append(place)
        before[request] = now
    kept = random.sample(moved, min(len(moved), most // 2))
    return sorted((*kept, *random.sample(others, min(len(others), most - len(kept)))))

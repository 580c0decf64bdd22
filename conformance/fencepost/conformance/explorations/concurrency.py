"""Rule sets replaced during requests: each request gets the old set's answer or the new one's, never a third (STA-8).

The requests are those that both sets answer alike: for them a gap between delete and insert, a list half filled, or a
firewall off for a moment shows as the other answer. How many answers come while a write is under way depends on the
machine; each request therefore counts once a replacement, however often it was asked.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from random import Random
from threading import Event
from types import MappingProxyType

from fencepost.adapters.contract import Client, JsonObject
from fencepost.adapters.contract import HarnessFault as Fault
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, callers, networks
from fencepost.conformance.lockstep.case import AskStep, Case, WriteStep
from fencepost.conformance.lockstep.wire import WireRules, wire_rules, wire_rules_in_force
from fencepost.reference import Block, Network, Outcome, Request, Vault
from fencepost.reports.model import Counterexample

CLAUSE = "STA-8"

_DECIDERS = 3
_REPLACEMENTS = 3
_BATCHES = 4_000
"""How often one decider asks at most while one pair of sets is exchanged."""

_AFTERWARDS = 8
"""So many of the last IP rules of each set are asked about when the race is over."""

_PATIENCE, _PAUSE = 2.0, 0.0005

_DEPENDS = (
    "a request that could not be put as asked while putRules was under way was answered at another time: whether it is "
    "put depends on the rules"
)

_NOT_WRITTEN = "a putRules that was accepted before was not accepted while requests were under way"

_TURN = 1e-5
"""The seconds after which the interpreter lets another thread run."""

_Sets = tuple[WireRules, WireRules]
_NEEDS_CALLS_AT_ONCE = "needs a carrier that carries several calls at once (http, https, library)"


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not setting.capabilities.concurrency:
        return
    for index in setting.rounds(1):
        for stream, pair in _PAIRS.items():
            if stream == "_switches_exchanged" and not setting.capabilities.default_action:
                continue

            def run(
                bench: Bench,
                stream: str = stream,
                pair: Callable[[Random, Setting, Network], tuple[_Sets, list[Request]]] = pair,
                index: int = index,
            ) -> None:
                random = setting.random("concurrency", stream, index)
                network = (
                    networks.network(random, some_without_endpoint=False) if setting.capabilities.subnets else Network()
                )
                _replaced_while_asked(bench, network, *pair(random, setting, network))

            yield Scenario(aims=(CLAUSE,), run=run)


# -- pairs of sets, and requests that both answer alike ----------------------------------------------------------------


def _rules_exchanged(random: Random, setting: Setting, network: Network) -> tuple[_Sets, list[Request]]:
    """Lists of different length with a few common rules, and the same range in one piece and in two."""
    wide = blocks.block(random, random.randrange(12, 24))
    middle = (wide.first + wide.last) // 2
    halves = [Block(wide.first, middle), Block(middle + 1, wide.last)]
    kept = list(dict.fromkeys(blocks.block(random, 28) for _ in range(2)))
    many = blocks.many(random, 100)
    ids = [subnet.id for subnet in network.subnets]
    first = wire_rules(_texts([*kept, wide, *many[:8]]), ids[:1])
    second = wire_rules(_texts([*many[8:], *halves, *kept]), ids[:2])
    asked = [Request(address=address) for address in (wide.first, wide.last, *(one.first for one in kept))]
    return (first, second), [*asked, *_from_subnets(ids), *_blocked(random, setting, (*many, wide, *kept))]


def _switches_exchanged(random: Random, _: Setting, network: Network) -> tuple[_Sets, list[Request]]:
    """One set admits everybody by its default action, the other a few callers by rules; both admit these few."""
    found = list(dict.fromkeys([*blocks.single(random), blocks.block(random, 32)]))
    ids = [subnet.id for subnet in network.subnets[:1]]
    first = wire_rules((), default_action="Allow", bypass=random.choice(("None", "AzureServices")))
    second = wire_rules(_texts(found), ids)
    return (first, second), [*(Request(address=one.last) for one in found), *_from_subnets(ids)]


def _criteria_exchanged(random: Random, setting: Setting, network: Network) -> tuple[_Sets, list[Request]]:
    """A caller whom each set admits by a different criterion."""
    home, other = blocks.block(random, 24), blocks.block(random, 20)
    ids = [subnet.id for subnet in network.subnets]
    trusted = callers.some(random, callers.trusted_callers(setting.profile, setting.capabilities), 2)
    first = wire_rules(_texts([home]), ids[:1])
    second = wire_rules(
        _texts([other] if trusted else [home, other]), ids[:3], bypass="AzureServices" if trusted else "None"
    )
    asked = [Request(address=home.first, caller=caller) for caller in trusted] or [Request(address=home.first)]
    blocked = _blocked(random, setting, (home, other))
    return (first, second), [*asked, *_from_subnets(ids[:1]), *blocked]


_PAIRS: Mapping[str, Callable[[Random, Setting, Network], tuple[_Sets, list[Request]]]] = MappingProxyType(
    {
        "_rules_exchanged": _rules_exchanged,
        "_switches_exchanged": _switches_exchanged,
        "_criteria_exchanged": _criteria_exchanged,
    }
)
"""Makers of two rule sets that replace each other, by the name of their random stream: the name is part of the seed."""


def _texts(found: Iterable[Block]) -> list[str]:
    return [blocks.text(one) for one in dict.fromkeys(found)]


def _from_subnets(ids: Iterable[str]) -> list[Request]:
    return [Request(address=(10 << 24) + 4, subnet=one) for one in ids]


def _blocked(random: Random, setting: Setting, taken: Iterable[Block]) -> list[Request]:
    """Callers that neither set admits: an answer that admits one has opened the firewall."""
    found = [block.last + 1 for block in taken][:2]
    found += [random.randrange(1 << 24, 224 << 24) for _ in range(3)]
    unknown = callers.untrusted_callers(setting.profile, setting.capabilities)[:1]
    asked = [Request(address=address) for address in found]
    return [*asked, *(Request(address=found[-1], caller=caller) for caller in unknown)]


# -- the race ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Third:
    """An answer that neither set gives: the request's place, and the seconds between which it was under way."""

    place: int
    sent: float
    received: float


@dataclass(slots=True)
class _Race:
    """The state that deciders and writer share. `put` and `not_put` are the places that were answered, or were not."""

    wire: list[JsonObject]
    wanted: list[str]
    put: set[int]
    not_put: set[int] = field(default_factory=set)
    over: Event = field(default_factory=Event)
    batches: list[int] = field(default_factory=list)
    thirds: list[_Third] = field(default_factory=list)

    def ask(self, client: Client, decider: int) -> None:
        """Ask repeatedly until the writer has finished, or the count is reached."""
        try:
            while not self.over.is_set() and self.batches[decider] < _BATCHES:
                self._ask_once(client)
                self.batches[decider] += 1
        finally:
            self.batches[decider] = _BATCHES  # the writer waits for no decider that has ended or failed

    def _ask_once(self, client: Client) -> None:
        sent = time.monotonic()
        answers = client.decide(self.wire)
        received = time.monotonic()
        not_put = {place for place, answer in enumerate(answers) if answer.outcome == "inconclusive"}
        self.not_put.update(not_put)
        self.put.update(set(range(len(answers))) - not_put)
        self.thirds += [
            _Third(place, sent, received)
            for place, (answer, wanted) in enumerate(zip(answers, self.wanted, strict=True))
            if answer.outcome not in (wanted, "inconclusive")
        ]


def _replaced_while_asked(bench: Bench, network: Network, sets: _Sets, candidates: Sequence[Request]) -> None:
    if not bench.can_be_shared:
        bench.leave_out(CLAUSE, _NEEDS_CALLS_AT_ONCE)
        return
    bench.reset(network)
    candidates = [sent for one in candidates if (sent := bench.capabilities.as_offered(one)) is not None]
    quiet = list(_asked_in_quiet(bench, sets, candidates))
    if len(quiet) < len(sets):
        return
    (new, put), (old, put_as_well) = quiet  # the set put last is the first to be replaced
    asked = [request for request in candidates if _is_answered_alike(request, old, new)]
    if not asked:
        return
    race = _Race(
        wire=AskStep(requests=tuple(asked)).wire(),
        wanted=[old.decide(one).outcome.value for one in asked],
        put={place for place, one in enumerate(asked) if one in put or one in put_as_well},
    )
    race.batches = [0] * _DECIDERS
    try:
        with ExitStack() as opened:
            opened.enter_context(_threads_in_quick_turns())
            pool = opened.enter_context(ThreadPoolExecutor(max_workers=_DECIDERS, thread_name_prefix="decider"))
            others = [opened.enter_context(closing(bench.another())) for _ in range(_DECIDERS)]
            asking = [pool.submit(race.ask, other, decider) for decider, other in enumerate(others)]
            try:
                writes = list(_write_in_turns(bench, sets, race))
            finally:
                race.over.set()
                faults = [future.exception() for future in asking]
        for fault in faults:
            if fault is not None:
                raise fault
    except Fault as fault:
        bench.faulted(fault)
    _count(bench, asked, race, writes)
    for one in _counterexamples(bench, asked, race, (old, new), writes):
        if all(one.got != before.got for before in bench.failures_of(CLAUSE)):
            bench.fail(one)
    if not race.thirds:  # what a race has left behind shows when it is over
        afterwards = [*candidates, *_by_rules(old), *_by_rules(new)]
        bench.ask(afterwards, exercises=dict.fromkeys(afterwards, (CLAUSE,)), aim=CLAUSE)


@contextmanager
def _threads_in_quick_turns() -> Iterator[None]:
    """The interpreter changes threads often, so that a write of a subject in this process is seen half done."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _asked_in_quiet(bench: Bench, sets: _Sets, candidates: Sequence[Request]) -> Iterator[tuple[Vault, set[Request]]]:
    """The vault under each set, if it answers rightly while nobody writes: a wrong answer then is no race.

    Beside it are the requests that were put as asked.
    """
    for acls in sets:
        if not bench.put(acls):
            return
        wanted = [bench.vault.decide(request).outcome.value for request in candidates]
        outcomes = bench.ask(candidates)
        if len(outcomes) < len(candidates):
            return
        if any(
            one not in (other, "inconclusive") for one, other in zip(outcomes, wanted, strict=True) if other != "open"
        ):
            return
        yield bench.vault, {one for one, got in zip(candidates, outcomes, strict=True) if got != "inconclusive"}


def _by_rules(vault: Vault) -> list[Request]:
    """Callers of some of the rules."""
    rules = vault.rules
    found = [Request(address=rule.block.first) for rule in rules.ip_rules[-_AFTERWARDS:]]
    return [*found, *_from_subnets(rule.id for rule in rules.virtual_network_rules)]


def _is_answered_alike(request: Request, old: Vault, new: Vault) -> bool:
    outcomes = {old.decide(request).outcome, new.decide(request).outcome}
    return len(outcomes) == 1 and Outcome.OPEN not in outcomes


def _write_in_turns(bench: Bench, sets: _Sets, race: _Race) -> Iterator[tuple[float, float]]:
    """Write the sets in turn, each while every decider is at work; yields when each accepted write began and ended."""
    for turn in range(_REPLACEMENTS):
        _wait_for_deciders(race)
        began = time.monotonic()
        is_accepted = bench.attempt("putRules", {"networkAcls": sets[turn % 2]})
        if not is_accepted:
            bench.depends(CLAUSE, _NOT_WRITTEN)
            return
        yield began, time.monotonic()
    _wait_for_deciders(race)


def _wait_for_deciders(race: _Race) -> None:
    """Wait until each decider has been answered once more, but not for ever: a decider may have ended or failed."""
    before, deadline = list(race.batches), time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if all(now > then or now >= _BATCHES for now, then in zip(race.batches, before, strict=True)):
            return
        race.over.wait(_PAUSE)


def _count(bench: Bench, asked: Sequence[Request], race: _Race, writes: Sequence[tuple[float, float]]) -> None:
    """Count each request once per replacement: as not put, if it was not put at some time while it was under way."""
    wrong = {third.place for third in race.thirds}
    outcomes = ["inconclusive" if place in race.not_put else race.wanted[place] for place in range(len(asked))]
    bench.observed(CLAUSE, [(outcome, place not in wrong) for place, outcome in enumerate(outcomes)] * len(writes))
    if race.put & race.not_put:
        bench.depends(CLAUSE, _DEPENDS)


def _counterexamples(
    bench: Bench,
    asked: Sequence[Request],
    race: _Race,
    vaults: tuple[Vault, Vault],
    writes: Sequence[tuple[float, float]],
) -> Iterator[Counterexample]:
    """A counterexample for each direction of a third answer, the fail-open direction first."""
    old, new = vaults
    for wanted in ("deny", "allow"):
        thirds = [third for third in race.thirds if race.wanted[third.place] == wanted]
        if not thirds:
            continue
        place = thirds[0].place
        request = AskStep(requests=(asked[place],))
        steps = [
            WriteStep(method="putRules", params={"networkAcls": wire_rules_in_force(vault.rules)})
            for vault in (old, new)
        ]
        got = "allow" if wanted == "deny" else "deny"
        window = _longest(thirds, writes) * 1000
        gap = "the firewall stood open" if got == "allow" else "a caller that both sets admit was locked out"
        yield Counterexample(
            clause=CLAUSE,
            calls=Case(network=old.network, steps=(*steps, request)).calls(),
            rules=wire_rules_in_force(new.rules),
            request=dict(request.wire()[0]),
            expected=f"{wanted}, as under the set before and under the set after",
            got=f"{got} while putRules was under way",
            deciding_clause=CLAUSE,
            deciding_rule=None,
            why=(
                f"{CLAUSE}: While the set is being replaced, each request gets the answer of the old or of the new "
                f"set. The last putRules and decide were under way at the same time, the two sets taking turns: {gap}, "
                f"for up to {window:.1f} ms, in {len(thirds)} answers."
            ),
            replay=bench.replay_line(CLAUSE),
        )


def _longest(thirds: Sequence[_Third], writes: Sequence[tuple[float, float]]) -> float:
    """The longest time, in seconds, over which third answers were under way around one write."""
    spans = []
    for number, (began, _) in enumerate(writes):
        until = writes[number + 1][0] if number + 1 < len(writes) else float("inf")
        around = [third for third in thirds if began <= third.received and third.sent < until]
        if around:
            spans.append(max(third.received for third in around) - min(third.sent for third in around))
    return max(spans, default=0.0)


CONCURRENCY = Exploration(name="concurrency", serves=(CLAUSE,), scenarios=_scenarios)

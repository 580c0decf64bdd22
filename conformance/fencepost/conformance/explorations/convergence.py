"""Changes that take time: within the declared settle time the outcomes are the new ones, and stay so (STA-9).

The subject is asked again and again with short pauses. Any answers go while the settle time runs; every answer to a
request sent after it must be the new answer. How long each change took goes to the log: a report holds no times.
"""

import logging
from collections.abc import Iterator, Sequence
from random import Random
from threading import Event

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.diagnosis.counterexample import counterexample
from fencepost.conformance.explorations.whole_sets import send
from fencepost.conformance.generate import blocks, networks, requests
from fencepost.conformance.generate.changes import Change
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS
from fencepost.conformance.lockstep.case import AskStep, EndpointsStep, WriteStep
from fencepost.conformance.lockstep.clock import now
from fencepost.conformance.lockstep.mismatch import WrongDecision, compare
from fencepost.conformance.lockstep.wire import WireRules, entries_of, wire_rules
from fencepost.reference import Network, Request, address_from_text
from msgspec import structs

CLAUSE = "STA-9"

STAYS = 20
"""How many new answers in a row show that a change holds."""

_LONGEST_PAUSE = 0.05
_FOLLOWED = 1.0
"""The seconds for which a change is at least followed, if the settle time is as long."""

_log = logging.getLogger(__name__)


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not setting.capabilities.settle:
        return
    for index in setting.rounds(1):

        def run(bench: Bench, index: int = index) -> None:
            _changes_followed(bench, setting, setting.random("convergence", index))

        yield Scenario(aims=(CLAUSE,), run=run)


def _changes_followed(bench: Bench, setting: Setting, random: Random) -> None:
    network = networks.network(random, some_without_endpoint=False) if setting.capabilities.subnets else Network()
    bench.reset(network)
    subnets = [subnet.id for subnet in network.subnets[:2]]
    first, second = (_rules(random, subnets[:1]) for _ in range(2))
    asked = [*_callers(first), *_callers(second)]
    asked.append(Request(address=requests.outside(random, bench.vault.rules)))
    steps: list[WriteStep | EndpointsStep] = [_put(first), _put(second), _put(first)]
    if setting.capabilities.incremental:
        gone = str(_values(first)[0])
        steps += [_write("removeIpRule", value=gone), _write("addIpRule", value=gone)]
        if setting.capabilities.default_action:
            steps += [_write("updateRules", defaultAction="Allow"), _write("updateRules", defaultAction="Deny")]
    elif setting.capabilities.default_action:
        steps += [_put({**first, "defaultAction": "Allow"}), _put(first)]
    if setting.capabilities.endpoints:
        steps += [
            EndpointsStep(subnet=subnets[0], service_endpoints=tuple(random.choice(kind)))
            for kind in (NO_ENDPOINTS, ENDPOINTS)
        ]
    for step in steps:
        if not send(bench, Change(step=step, aim=CLAUSE)):
            return
        _followed(bench, [*asked, *_from_subnets(bench, random, subnets)])
    count = len(steps)
    bench.remark(CLAUSE, f"each of {count} changes held within the settle time, and stayed")


def _rules(random: Random, subnets: Sequence[str]) -> WireRules:
    found = dict.fromkeys(blocks.block(random, prefix) for prefix in (24, 32, 16))
    return wire_rules([blocks.text(one) for one in found], subnets)


def _values(acls: WireRules) -> list[object]:
    entries = entries_of(acls, "ipRules")
    return [entry["value"] for entry in entries]


def _callers(acls: WireRules) -> list[Request]:
    return [Request(address=address_from_text(str(value).partition("/")[0])) for value in _values(acls)]


def _from_subnets(bench: Bench, random: Random, subnets: Sequence[str]) -> list[Request]:
    """Callers of the subnets, with the addresses that they show now."""
    vault = bench.vault
    return [
        Request(
            address=(10 << 24) + 4 if vault.network.has_endpoint(one) else requests.outside(random, vault.rules),
            subnet=one,
        )
        for one in subnets
    ]


def _put(acls: WireRules) -> WriteStep:
    return WriteStep(method="putRules", params={"networkAcls": acls})


def _write(method: str, **params: str) -> WriteStep:
    return WriteStep(method=method, params=params)


def _followed(bench: Bench, asked: Sequence[Request]) -> None:
    """Ask until the answers are new and stay new, at least for the settle time or a second."""
    asked = [offered for one in asked if (offered := bench.capabilities.as_offered(one)) is not None]
    vault, settle, changed = bench.vault, bench.settle_seconds, now()
    step, pause, idle = AskStep(requests=tuple(asked)), min(_LONGEST_PAUSE, settle / STAYS), Event()
    in_a_row, held_once, took = 0, False, 0.0
    while True:
        sent = now() - changed
        answers = bench.look(step)
        wrong = [
            (place, mismatch)
            for place, (request, answer) in enumerate(zip(asked, answers, strict=True))
            if (mismatch := compare(vault, request, answer, with_codes=False)[1]) is not None
        ]
        if wrong and sent > settle:
            _fail(bench, step, wrong[0], held_once=held_once)
            return
        in_a_row, held_once = (0, held_once) if wrong else (in_a_row + 1, True)
        if wrong:
            took = now() - changed
        elif in_a_row >= STAYS and sent >= min(settle, _FOLLOWED):
            break
        idle.wait(pause)
    _log.info("%s: a change took %.0f ms of %g s", CLAUSE, took * 1000, settle)
    outcomes = [vault.decide(request).outcome.value for request in asked]
    bench.observed(CLAUSE, [(outcome, True) for outcome in outcomes if outcome != "open"])


def _fail(bench: Bench, step: AskStep, wrong: tuple[int, WrongDecision], *, held_once: bool) -> None:
    place, mismatch = wrong
    bench.observed(CLAUSE, [(mismatch.got.outcome, False)])
    case = bench.case_with(step.only(place))
    found = counterexample(CLAUSE, case, mismatch, replay=bench.replay_line(CLAUSE), calls_to_shrink=0)
    late = (
        "the new answers had come, and then this one" if held_once else "the new answers had not come all at once yet"
    )
    bench.fail(structs.replace(found, got=f"{found.got} after the settle time was over: {late}"))


CONVERGENCE = Exploration(name="convergence", serves=(CLAUSE,), scenarios=_scenarios)

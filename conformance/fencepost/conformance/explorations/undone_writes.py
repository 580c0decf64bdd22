"""Each kind of write made, undone by a write of another kind, and made again; one caller alone is asked (STA-2).

A program that skips a write because it equals the last of its kind, or keeps its last answer over one kind of write,
shows it only where that write alone came between, and where the caller asked last before it is asked first after it.
"""

from collections.abc import Iterator
from functools import partial

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.whole_sets import offered, send
from fencepost.conformance.generate import blocks, callers, networks, requests
from fencepost.conformance.generate.changes import (
    Change,
    GeneratorState,
    add_subnet,
    call,
    put,
    remove_subnet,
    set_endpoints,
    update,
)
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep, apply_write
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Network, Request, Subnet


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if setting.capabilities.incremental:  # without single changes there is one kind of write
        for index in setting.rounds(1):
            yield Scenario(aims=("STA-2", "STA-1"), run=partial(_undone, setting=setting, index=index))


def _undone(bench: Bench, setting: Setting, index: int) -> None:
    """Make every change; before and after it ask a caller whose answer it changes."""
    random = setting.random("undone", index)
    state = GeneratorState(random=random, capabilities=setting.capabilities, now=lambda: bench.vault)
    ids = networks.subnet_ids(random)[:2] if setting.capabilities.subnets else []
    network = Network(subnets=tuple(Subnet(id=one) for one in ids))
    ranges = [blocks.block(random, length) for length in (24, 32, 30)]
    asked = [Request(address=one.last) for one in ranges]
    asked += [Request(address=requests.private(random), subnet=one) for one in ids]
    stranger = requests.Place(address=blocks.block(random, 32).first)
    services = callers.some(random, callers.trusted_callers(setting.profile, setting.capabilities), 1)
    asked += [stranger.request(), *map(stranger.request, services)]
    bench.reset(network)
    for change in _changes(state, [blocks.text(one) for one in ranges], ids):
        made = change and offered(change, bench.vault, setting.capabilities)
        if change is not None and made is None:
            continue
        concerned = [random.choice(_concerned(made, bench, network, asked))]
        bench.ask(concerned, aim="STA-2")
        if made is None:
            bench.reset(network)
        else:
            send(bench, made)
        bench.ask(concerned, exercises=dict.fromkeys(concerned, ("STA-2",)), aim="STA-2")
    bench.ask(asked, aim="STA-1")


def _concerned(change: Change | None, bench: Bench, network: Network, asked: list[Request]) -> list[Request]:
    """The callers whose answer the change changes, or a new vault with this network; all callers if it changes none.

    A private address of a subnet is seen only while its endpoint is on, so such a caller is left out while it is off.
    """
    before, after = bench.vault, None
    switched = change.step.subnet if change is not None and isinstance(change.step, EndpointsStep) else None
    asked = [
        one
        for one in asked
        if one.subnet is None or (one.subnet != switched and before.network.has_endpoint(one.subnet))
    ]
    if change is None:
        after = before.reset(network)
    elif isinstance(change.step, WriteStep):
        after = apply_write(before, change.step).accepted
    moved = [one for one in asked if after and before.decide(one).outcome is not after.decide(one).outcome]
    return moved or asked


def _changes(state: GeneratorState, texts: list[str], ids: list[str]) -> Iterator[Change | None]:
    """The changes; None for a new vault with the network of the first."""
    held, other, new = texts
    acls = wire_rules([held, other], ids[:1])
    singles = [
        update(defaultAction="Allow"),
        update(bypass="AzureServices"),
        call("addIpRule", value=new),
        call("removeIpRule", value=held),
        *map(add_subnet, ids[1:]),
        *map(remove_subnet, ids[:1]),
    ]
    yield put(acls, state.vault)
    for single in singles:
        for _ in range(2):
            yield single
            yield put(acls, state.vault)
    for subnet in ids[1:] if state.capabilities.endpoints else ():
        yield set_endpoints(subnet, networks.NO_ENDPOINTS[0])
        yield None
        yield put(wire_rules([held], [subnet]), state.vault)
    yield None
    yield update(defaultAction="Deny")


UNDONE_WRITES = Exploration(name="undone writes", serves=("STA-1", "STA-2"), scenarios=_scenarios)

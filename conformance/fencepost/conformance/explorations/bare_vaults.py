"""Vaults without rules, one switch at a time; and single rules with a special meaning elsewhere, where accepted."""

from collections.abc import Iterator
from functools import partial
from itertools import chain, pairwise

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.whole_sets import offered, send
from fencepost.conformance.generate import blocks, callers, networks, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.changes import (
    Change,
    GeneratorState,
    add,
    add_subnet,
    call,
    put,
    remove,
    remove_subnet,
    update,
)
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import (
    Caller,
    Network,
    Request,
    Subnet,
    Vault,
    block_from_cidr,
    read_ip_rule,
    text_from_address,
)

_ENDS_OF_SPACE = (0, 2**32 - 1)
_INSIDE = (10 << 24) + 4

_STATES = (("Allow", "AzureServices"), ("Deny", "AzureServices"), ("Deny", "None"), ("Allow", "None"))
"""Pairs of switches; each pair differs from the next in one switch, and the last from the first."""

_FIRST, _LAST = map(text_from_address, _ENDS_OF_SPACE)
_EVERYBODY = "0.0.0.0/0"
_SETS = (
    (_FIRST,),
    (f"{_FIRST}/32",),
    (_LAST,),
    (_EVERYBODY,),
    (_EVERYBODY, "128.0.0.0/1"),
    ("0.0.0.0/1", "128.0.0.0/1"),
    (_FIRST, _LAST),
)
"""Rules that mean everybody, nobody, or all services of the cloud in other products."""

_IN_A_ROW = (1, 3)
"""How many resets follow one another: a vault may be taken from a few that are kept, and cleared only by its use."""


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    for index in setting.rounds(1):
        yield Scenario(aims=("STA-3",), run=partial(_switched_bare, setting=setting, index=index))
        if setting.capabilities.refusals:  # a decisions-only run has few writes
            yield Scenario(aims=("STA-1",), run=partial(_begun_anew, setting=setting, index=index))
        yield Scenario(aims=("DEC-12",), run=partial(_meant_elsewhere, setting=setting, index=index))


def _state(bench: Bench, setting: Setting, *purpose: object) -> GeneratorState:
    state = GeneratorState(random=setting.random(*purpose), capabilities=setting.capabilities, now=lambda: bench.vault)
    network = Network()
    if setting.capabilities.subnets:
        network = Network(subnets=tuple(Subnet(id=one) for one in networks.subnet_ids(state.random)[:2]))
    bench.reset(network)
    return state


def _everybody(state: GeneratorState, *more: int) -> list[Request]:
    """Every kind of caller, from the ends of the address space, from a public address, and from each subnet.

    From the public address on both planes, and without a token or permission as well.
    """
    random, vault, capabilities = state.random, state.vault, state.capabilities
    public = blocks.block(random, 32).first
    addresses = dict.fromkeys((*_ENDS_OF_SPACE, public, *more))
    places = [requests.Place(address=one) for one in addresses]
    places += [requests.Place(address=_INSIDE, subnet=one.id) for one in vault.network.subnets]
    kinds = [Caller()]
    kinds += callers.some(random, callers.trusted_callers(vault.profile, capabilities), 2)
    kinds += callers.some(random, callers.untrusted_callers(vault.profile, capabilities), 2)
    found = [place.request(caller) for place in places for caller in kinds]
    some = (*kinds[:1], *callers.some(random, callers.trusted_callers(vault.profile, capabilities), 1))
    found += requests.with_credentials(random, requests.Place(address=public), some, capabilities)
    return found


def _switched_bare(bench: Bench, setting: Setting, index: int) -> None:
    """The switches before the first rule, with one rule, and after removals; by single changes, then by sets."""
    state = _state(bench, setting, "bare", index)
    first = blocks.block(state.random, blocks.prefix(state.random))
    asked = _everybody(state, first.first, first.last)
    bench.ask(asked, aim="DEC-1")

    def switches() -> Iterator[Change]:
        turn = state.random.randrange(len(_STATES))
        states = [*_STATES[turn:], *_STATES[:turn], _STATES[turn]]
        yield update(defaultAction=states[0][0])
        yield update(bypass=states[0][1])
        for (action, bypass), (then, after) in pairwise(states):
            yield update(
                **({"defaultAction": then} if then != action else {"bypass": after} if after != bypass else {})
            )

    def first_rules() -> Iterator[Change]:
        yield from switches()
        yield add(state, first)
        if state.ip_rules:
            yield update(defaultAction="Deny")
            yield update(bypass="None")
            yield remove(state, state.ip_rules[0])
        yield from switches()
        for subnet in state.unlisted[:1]:
            yield add_subnet(subnet)
            yield remove_subnet(subnet)
        yield update(defaultAction="Deny", bypass="AzureServices")
        for action, bypass in state.random.sample(_STATES, len(_STATES)):
            yield put(wire_rules((), default_action=action, bypass=bypass), state.vault)

    for change in first_rules():
        was = [bench.vault.decide(one).outcome for one in asked]
        if not _make(bench, setting, change):
            continue
        moved = [one for one, outcome in zip(asked, was, strict=True) if bench.vault.decide(one).outcome is not outcome]
        bench.ask(asked, exercises=dict.fromkeys(moved, change.clauses), aim="STA-3")
        if setting.profile.choice("default-of-bypass") is not None:
            bench.read()


def _begun_anew(bench: Bench, setting: Setting, index: int) -> None:
    """New vaults after a vault with rules: each begins with another single change, the last after resets in a row."""
    state = _state(bench, setting, "begun anew", index)
    network = bench.vault.network
    before = [blocks.block(state.random, blocks.prefix(state.random)) for _ in range(2)]
    asked = _everybody(state, *(end for one in before for end in (one.first, one.last)))

    acls = wire_rules([blocks.text(before[0])], [one.id for one in network.subnets[1:]], bypass="None")
    firsts = [add(state, before[1]), *map(add_subnet, state.unlisted[:1]), update(bypass="None")]
    for first in firsts:
        if bench.put(acls, aim=None):
            bench.ask(asked, aim="STA-1")
        bench.reset(network)
        bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-1",)), aim="DEC-1")
        _make(bench, setting, first)
        _make(bench, setting, update(defaultAction="Deny"))
        bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-1",)), aim="STA-1")
    for resets in _IN_A_ROW:
        for _ in range(resets):
            bench.reset(network)
        _make(bench, setting, update(defaultAction="Deny"))
        bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-1",)), aim="STA-1")
        if resets != _IN_A_ROW[-1]:
            bench.put(acls, aim=None)


def _make(bench: Bench, setting: Setting, change: Change) -> bool:
    made = offered(change, bench.vault, setting.capabilities)
    return made is not None and send(bench, made)


def _meant_elsewhere(bench: Bench, setting: Setting, index: int) -> None:
    """Each of these sets, and 0.0.0.0/0 beside longer rules, where the choices accept it; then its rules removed."""
    state = _state(bench, setting, "meant elsewhere", index)
    longer = [blocks.block(state.random, length) for length in (32, state.random.randrange(17, 31))]
    for values in (*_SETS, (_EVERYBODY, *map(blocks.text, longer))):
        if not all(_is_accepted(value, bench.vault) for value in values):
            continue
        if not bench.put(wire_rules(values, bypass="None"), aim="DEC-2"):
            continue
        middle = [block_from_cidr(one).last // 2 + 1 for one in values if "/" in one]
        asked = _everybody(state, *middle, *(() if values in _SETS else chain.from_iterable(map(edges, longer))))
        bench.ask(asked, aim="DEC-12")
        for value in values:
            if _make(bench, setting, call("removeIpRule", value=value)):
                bench.ask(asked, aim="STA-2")


def _is_accepted(value: str, vault: Vault) -> bool:
    return read_ip_rule(value, vault.profile).is_accepted


BARE_VAULTS = Exploration(
    name="bare vaults",
    serves=("STA-3", "STA-1", "STA-2", "DEC-1", "DEC-2", "DEC-3", "DEC-11", "DEC-12", "DEC-13", "DEC-15"),
    scenarios=_scenarios,
)

"""Whole sets and single changes in turns, each followed by requests from the callers concerned (STA-1 … STA-5)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations import alternated_ranges as ranges
from fencepost.conformance.explorations.alternating_vault import Alternation
from fencepost.conformance.generate import blocks, callers, networks, requests
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Network, Request, text_from_address

_BODIES = 4
"""So many scenarios share a vault."""

_OCTETS = (8, 16, 24)
"""The prefix lengths at which an octet ends."""


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not setting.capabilities.incremental or not setting.capabilities.refusals:
        return  # a subject that only decides is asked less; its walks cover this
    bodies: tuple[tuple[str, Callable[[Alternation], None]], ...] = (
        ("STA-1", _put_again),
        ("STA-1", _emptied),
        *((("STA-4", _asleep),) if setting.capabilities.default_action else ()),
        ("STA-2", ranges.alike),
        *((("STA-10", _without_endpoint),) if setting.capabilities.endpoints else ()),
        ("STA-2", ranges.narrowed),
        ("STA-2", ranges.bared),
        *(("STA-2", partial(ranges.halved, octet=octet)) for octet in _OCTETS),
        ("STA-2", ranges.stairs),
        ("STA-2", ranges.packed),
        ("STA-2", ranges.abutting),
        ("STA-2", ranges.exchanged),
        ("STA-1", ranges.beginning_alike),
        *((("STA-2", _repeated),) if setting.profile.choice("duplicates") in ("keep", "collapse") else ()),
    )
    for index in setting.rounds(1):
        for place, (clause, body) in enumerate(bodies):
            purpose, fresh = ("turns", place, index), place % _BODIES == 0
            run = partial(_run, setting=setting, purpose=purpose, body=body, fresh=fresh)
            yield Scenario(aims=(clause, "STA-2"), run=run)
        run = partial(_run, setting=setting, purpose=("new vaults", index), body=ranges.new_vaults, fresh=True)
        yield Scenario(aims=("STA-1", "STA-2"), run=run)


def _run(
    bench: Bench, setting: Setting, purpose: Sequence[object], body: Callable[[Alternation], None], *, fresh: bool
) -> None:
    random = setting.random(*purpose)
    network = Network()
    if setting.capabilities.subnets:
        network = networks.network(setting.random(*purpose[::2]), some_without_endpoint=False)
    if fresh:
        bench.reset(network)
    else:
        bench.settle_in(network)
    outside = [Request(address=blocks.block(random, 32).first) for _ in range(2)]
    services = callers.some(random, callers.trusted_callers(setting.profile, setting.capabilities), 1)
    world = [*outside, *(Request(address=outside[0].address, caller=one) for one in services)]
    body(
        Alternation(
            bench,
            setting,
            random,
            random.sample([one.id for one in network.subnets], min(4, len(network.subnets))),
            world,
        )
    )


def _put_again(alternation: Alternation) -> None:
    """A set, a single change of each kind, and the same set again, which must undo the changes."""
    lasting, gone = alternation.rule(24), alternation.rule(32)
    acls = wire_rules([lasting, gone], alternation.subnet(0))
    if not alternation.put(acls):
        return
    alternation.write("addIpRule", value=alternation.over_a_gap(gone))
    for one in alternation.subnet(1):
        alternation.write("addVirtualNetworkRule", id=one)
    alternation.put(acls)
    alternation.write("removeIpRule", value=gone)
    alternation.put(acls)
    for one in alternation.ids[:1]:
        alternation.write("removeVirtualNetworkRule", id=one)
        alternation.put(acls)
    alternation.write("updateRules", aim="STA-3", bypass="AzureServices", defaultAction="Allow")
    alternation.put(acls)


def _emptied(alternation: Alternation) -> None:
    """Sets without rules, with empty lists or none, and rules added in between: each set begins with no rules."""
    empty = wire_rules(())
    bare = {
        name: value
        for name, value in empty.items()
        if name == "virtualNetworkRules" and not alternation.setting.capabilities.subnets
    }
    absent = {**bare, **{name: value for name, value in empty.items() if not isinstance(value, list)}}
    for acls in (absent, empty):
        if not alternation.put(acls):
            return
        alternation.write("addIpRule", value=alternation.rule(28))
        for one in alternation.subnet(0 if acls is absent else 1):
            alternation.write("addVirtualNetworkRule", id=one)
    alternation.put(absent)


def _asleep(alternation: Alternation) -> None:
    """Changes under Allow are kept under Deny, and stay when Deny is written again, or nothing at all."""
    gone, lasting, subnets = alternation.rule(32), alternation.rule(24), alternation.subnet(0)
    if not alternation.put(wire_rules([gone, lasting], [*subnets, *alternation.subnet(1)])):
        return
    removals = [("removeIpRule", {"value": gone}), *(("removeVirtualNetworkRule", {"id": one}) for one in subnets)]
    for method, params in removals:  # each alone: the next removal might hide a fault of this one
        alternation.write("updateRules", aim="STA-4", defaultAction="Allow")
        alternation.write(method, **params)
        alternation.write("updateRules", aim="STA-4", defaultAction="Deny")
    alternation.write("addIpRule", value=alternation.rule(30))
    alternation.write("updateRules", aim="STA-3", defaultAction="Deny")
    alternation.write("updateRules", aim="STA-3")
    if alternation.put(wire_rules((), default_action="Allow")):  # Deny without any rule is a valid state
        alternation.write("updateRules", aim="STA-4", defaultAction="Deny")


def _repeated(alternation: Alternation) -> None:
    """A rule that came twice, by sets, by additions or by both, goes with one removal; a shorter set drops a repeat."""
    text = alternation.rule()
    for held, added in (((), 2), ((text,), 1), ((text, text), 0)):
        if not alternation.put(wire_rules(held)):
            return
        for _ in range(added):
            alternation.unseen("addIpRule", value=text)
        if len(held) > 1:
            alternation.put(wire_rules(held[1:]))
        alternation.write("removeIpRule", value=text)


def _without_endpoint(alternation: Alternation) -> None:
    """A subnet's endpoint goes off after a refused set, and its rule goes; without the endpoint no rule comes back."""
    (subnet,) = alternation.subnet(0)
    *_, inside = alternation.world
    outside = replace(inside, address=alternation.world[0].address)  # the address that shows without the endpoint
    if not alternation.put(wire_rules([alternation.rule()], [subnet])):
        return
    private = text_from_address(requests.private(alternation.random))
    alternation.bench.put(wire_rules([alternation.rule(), private]), aim="VAL-3")
    alternation.switch(subnet, networks.NO_ENDPOINTS[0], inside, outside)
    alternation.write("removeVirtualNetworkRule", id=subnet)
    alternation.write("addVirtualNetworkRule", aim="VAL-8", id=subnet)
    alternation.switch(subnet, networks.ENDPOINTS[0], outside, inside)


TURNS = Exploration(
    name="turns",
    serves=("STA-1", "STA-2", "STA-3", "STA-4", "STA-5"),
    scenarios=_scenarios,
    in_breadth="histories",
)

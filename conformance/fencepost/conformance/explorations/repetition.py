"""The same requests repeatedly, alone and batched, in any order, and after very many others (DEC-17)."""

from collections.abc import Iterator
from functools import partial
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, networks, requests
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Network, Request, Vault

_DISTINCT, _CROWD = 40, 4_400


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    for index in setting.rounds(1):
        yield Scenario(aims=("DEC-17",), run=partial(_repeated, setting=setting, index=index))


def _repeated(bench: Bench, setting: Setting, index: int) -> None:
    random = setting.random("repetition", index)
    capabilities = setting.capabilities
    network = (
        networks.network(random, some_without_endpoint=capabilities.endpoints) if capabilities.subnets else Network()
    )
    found = [one for constellation in blocks.CONSTELLATIONS[:4] for one in constellation(random)]
    listed = [subnet.id for subnet in network.subnets if network.has_endpoint(subnet.id)][:2]
    bench.reset(network)
    values = [blocks.text(one) for one in dict.fromkeys(found)]
    if not bench.put(wire_rules(values, listed, bypass="AzureServices")):
        return
    vault = bench.vault
    pool = [*requests.crossed(random, vault, capabilities, share=2)]
    pool += [place.request() for place in requests.places(random, vault)]
    distinct = list(dict.fromkeys(random.sample(pool, min(_DISTINCT, len(pool)))))
    exercises = dict.fromkeys(distinct, ("DEC-17",))
    for order in range(4):
        asked = list(distinct)
        if order == 1:
            asked.reverse()
        elif order:
            random.shuffle(asked)
        bench.ask(asked, exercises=exercises, aim="DEC-17")
    for request in distinct[:10]:  # alone
        bench.ask([request], exercises=exercises, aim="DEC-17")
    bench.ask([random.choice(distinct[:6]) for _ in range(300)], exercises=exercises, aim="DEC-17")
    bench.ask([*distinct * 3, *reversed(distinct)], exercises=exercises, aim="DEC-17")
    if capabilities.refusals and index == 0:
        bench.ask([*_crowd(random, bench.vault), *distinct], exercises=exercises, aim="DEC-17")


def _crowd(random: Random, vault: Vault) -> list[Request]:
    """More different addresses than an answer cache is likely to hold, then a rule for every fourth of them."""
    outside = random.sample(range(20 << 24, 220 << 24), _CROWD)
    held = [rule.block for rule in vault.rules.ip_rules]
    inside = [random.randrange(block.first, block.last + 1) for block in random.choices(held, k=_CROWD // 4)]
    return [Request(address=one) for one in dict.fromkeys((*outside, *inside))]


REPETITION = Exploration(name="repetition", serves=("DEC-17",), scenarios=_scenarios)

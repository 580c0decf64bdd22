"""Rules read back after every kind of write (STA-5)."""

from collections.abc import Iterator
from functools import partial

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, networks
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Network

_SWITCHES = (("Deny", "None"), ("Deny", "AzureServices"), ("Allow", "None"), ("Allow", "AzureServices"))

_WITH_CHANGES = 2
"""How many sets are put with changes to each set; other explorations read, too."""


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not setting.capabilities.read_back:
        return
    for index in setting.rounds(1 if setting.capabilities.refusals else 2):
        yield Scenario(aims=("STA-5",), run=partial(_read_back, setting=setting, index=index))


def _read_back(bench: Bench, setting: Setting, index: int) -> None:
    random = setting.random("read-back", index)
    network = networks.network(random, some_without_endpoint=False) if setting.capabilities.subnets else Network()
    ids = [subnet.id for subnet in network.subnets]
    bench.reset(network)
    turns = _WITH_CHANGES if setting.capabilities.incremental else len(_SWITCHES) * 2
    for turn, (default_action, bypass) in enumerate((_SWITCHES * 2)[:turns]):
        found = [] if turn == 3 else [*blocks.nested(random), *blocks.single(random), blocks.block(random, 32)]
        if turn == 1:
            found += blocks.many(random, 60)
        values = [blocks.text(one) for one in dict.fromkeys(found)]
        listed = random.sample(ids, min(len(ids), (0, 12, 1, 2)[turn % 4]))
        if not bench.put(wire_rules(values, listed, default_action=default_action, bypass=bypass)):
            continue
        bench.read()
        if setting.capabilities.incremental and values and turn % 2 == 0:
            bench.write("removeIpRule", {"value": values[0]}, aim="STA-5")
            bench.read()
            bench.write("updateRules", {"defaultAction": "Allow" if default_action == "Deny" else "Deny"}, aim="STA-5")
            bench.read()
        if setting.capabilities.refusals:
            refused = wire_rules(["33.44.55.0/24", "20.0.0.256"], ids[:1], default_action="Allow", bypass=bypass)
            bench.put(refused, aim="VAL-9")
            bench.read()


READ_BACK = Exploration(name="read-back", serves=("STA-5",), scenarios=_scenarios)

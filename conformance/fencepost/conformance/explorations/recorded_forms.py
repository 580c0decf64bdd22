"""Rule sets that are written and read back one after another (WIRE).

They find an endpoint that keeps the right rules but shows them in another form than Azure: a single address without
its prefix, rules in another order, ids in mixed case, an empty list left out, a default object stored. Each set is
written after others, which finds a form that depends on an earlier write.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, networks
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Network, Subnet

_CLAUSES = tuple(f"WIRE-{number}" for number in range(1, 7))
_ROUNDS = 5
_MANY_ROUNDS = 10
_NAMES = ("Prod", "WEB", "App", "dataTier")
"""Names with capitals: the platform's own words have some, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Put:
    """One rule set, and the clauses that a right read-back counts for; WIRE-6 where another set was written before."""

    acls: WireRules
    clauses: tuple[str, ...]


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not (setting.capabilities.azure_wire and setting.capabilities.read_back):
        return
    for index in setting.rounds(_ROUNDS if setting.capabilities.all_recordings else _MANY_ROUNDS):

        def run(bench: Bench, index: int = index) -> None:
            random = setting.random("recorded forms", index)
            ids = _ids(random) if setting.capabilities.subnets else []
            bench.reset(Network(subnets=tuple(Subnet(id=one) for one in ids)))
            for put in _puts(random, ids, setting):
                if bench.put(put.acls, aim=put.clauses[0]):
                    bench.read(exercises=put.clauses)

        yield Scenario(aims=_CLAUSES, run=run)


def _puts(random: Random, ids: list[str], setting: Setting) -> Iterator[_Put]:
    """The rule sets of one round. In an edition with few recordings: those of the kinds that were recorded."""
    singles = [blocks.text(one) for one in sorted({blocks.block(random, 32) for _ in range(5)})]
    ranges = [blocks.text(one) for one in sorted({blocks.block(random, 24) for _ in range(6)})]
    alone: WireRules = {"bypass": "AzureServices", "defaultAction": "Deny"}
    yield _Put(acls=wire_rules(singles[:1]), clauses=("WIRE-1",))
    yield _Put(acls={**alone, "ipRules": [{"value": one} for one in ranges[:2]]}, clauses=("WIRE-4",))
    yield _Put(acls=wire_rules(singles[1:2]), clauses=("WIRE-1",))
    yield _Put(acls=wire_rules(singles[2:]), clauses=("WIRE-1",))
    if not setting.capabilities.all_recordings:
        return
    for listed in (ranges[::-1], ranges[3:] + ranges[:3], ranges):
        yield _Put(acls=wire_rules(listed), clauses=("WIRE-2", "WIRE-6"))
    if ids:
        yield _Put(acls=wire_rules((), ids[:2]), clauses=("WIRE-3",))
        small = sorted(one.lower() for one in ids)
        for turned in (small[::-1], small[1:] + small[:1]):
            yield _Put(acls=wire_rules((), turned), clauses=("WIRE-2", "WIRE-6"))
        yield _Put(acls=wire_rules(ranges[:1], ids[2:]), clauses=("WIRE-3",))
    yield _Put(acls=alone, clauses=("WIRE-4", "WIRE-6"))
    if setting.capabilities.default_action:
        yield _Put(acls=wire_rules(ranges[:1], default_action="Allow", bypass="AzureServices"), clauses=("WIRE-5",))
        yield _Put(acls={**alone, "defaultAction": "Allow"}, clauses=("WIRE-5", "WIRE-6"))
    yield _Put(acls=alone, clauses=("WIRE-4", "WIRE-6"))


def _ids(random: Random) -> list[str]:
    """Four ids of one network, in the order of their names in lower case."""
    subscription, group, network = f"{random.getrandbits(128):032x}", random.choice(_NAMES), random.choice(_NAMES)
    names = [f"{name}-{random.randrange(100)}" for name in _NAMES]
    guid = "-".join((subscription[:8], subscription[8:12], subscription[12:16], subscription[16:20], subscription[20:]))
    return sorted((networks.subnet_id(guid, group, network, name) for name in names), key=str.lower)


RECORDED_FORMS = Exploration(name="recorded forms", serves=_CLAUSES, scenarios=_scenarios)

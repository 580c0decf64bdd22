"""How fast rule sets, probes and requests are made.

Run with `pytest -n 0 conformance/benchmarks --benchmark-only -k generation`.
Each round makes as many as `extra_info` says; divide.
"""

from random import Random

import pytest
from fencepost.adapters.contract import Statement
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.explorations.decisions import DECISIONS
from fencepost.conformance.generate import blocks, networks, requests
from fencepost.conformance.generate.boundaries import probe_addresses
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Network, RuleSet, Vault, load_profile, validate
from pytest_benchmark.fixture import BenchmarkFixture

PROFILE = load_profile("keyvault")
FEATURES = ["service-endpoints", "trusted-services", "caller-credentials", "incremental-rules", "read-back"]
STATEMENT = Statement(protocol=1, name="benchmark", version="1", profile="keyvault", features=FEATURES)
OFFER = Capabilities.from_statement(STATEMENT, PROFILE)


def rule_set(random: Random, count: int) -> RuleSet:
    """A rule set of about `count` rules in every constellation."""
    found = dict.fromkeys(one for make in blocks.CONSTELLATIONS for one in make(random))
    more = blocks.many(random, count) if count > len(found) else []
    values = [blocks.text(one) for one in [*found, *more][:count]]
    rules = validate(wire_rules(values), profile=PROFILE, network=Network()).rules
    assert rules is not None
    return rules


@pytest.mark.benchmark(group="generation: rule sets")
@pytest.mark.parametrize("count", [3, 127, 1000])
def test_generation_of_rule_sets(benchmark: BenchmarkFixture, count: int) -> None:
    random = Random(0)
    made = benchmark(rule_set, random, count)
    benchmark.extra_info["rule sets a round"] = 1
    assert len(made.ip_rules) == count


@pytest.mark.benchmark(group="generation: probe sets")
@pytest.mark.parametrize("count", [3, 127, 1000])
def test_generation_of_probe_sets(benchmark: BenchmarkFixture, count: int) -> None:
    rules = rule_set(Random(0), count)
    probes = benchmark(probe_addresses, rules)
    benchmark.extra_info["probes a round"] = len(probes)
    assert len(probes) > 2 * count


@pytest.mark.benchmark(group="generation: crossed requests")
def test_generation_of_crossed_requests(benchmark: BenchmarkFixture) -> None:
    network = networks.network(Random(0), some_without_endpoint=True)
    vault = Vault(profile=PROFILE, network=network, rules=rule_set(Random(0), 20))
    made = benchmark(lambda: list(requests.crossed(Random(1), vault, OFFER)))
    benchmark.extra_info["requests a round"] = len(made)
    assert len(made) > 100


def test_generation_of_scenarios_is_deterministic() -> None:
    setting = Setting(profile=PROFILE, capabilities=OFFER, effort=EFFORTS["quick"], seed=3)
    assert [one.aims for one in DECISIONS.scenarios(setting)] == [one.aims for one in DECISIONS.scenarios(setting)]

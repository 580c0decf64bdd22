"""Decisions a second through each carrier: `pytest -n 0 conformance/benchmarks --benchmark-only -k carrier`.

The subject is the reference, served by `fencepost.adapters.harness`; a round is 1,024 decisions in calls of one size.
"""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from fencepost.adapters.contract import Client, JsonObject, open_subject
from fencepost.conformance.lockstep.wire import wire_rules
from pytest_benchmark.fixture import BenchmarkFixture

ROUND = 1024
REQUESTS: list[JsonObject] = [
    {"plane": "data", "operation": "SecretGet", "source": {"address": f"20.0.{n >> 8}.{n & 255}"}} for n in range(ROUND)
]
RULES = wire_rules([f"20.0.{n}.0/25" for n in range(4)] + [f"30.{n}.0.0/16" for n in range(96)])


@pytest.fixture(scope="module", params=["library", "stdio", "http"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of the reference over one carrier, with a rule set of a hundred rules in force."""
    serve = [sys.executable, "-m", "fencepost.adapters.harness"]
    server = None
    subject = {"library": "reference", "stdio": f"stdio:{sys.executable} -m fencepost.adapters.harness stdio reference"}
    if request.param == "http":
        server = subprocess.Popen([*serve, "http", "reference", "--port", "0"], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        subject["http"] = server.stdout.readline().strip()
    client = Client(open_subject(subject[request.param]))
    client.reset([])
    assert client.write("putRules", {"networkAcls": RULES}).accepted
    yield client
    client.close()
    if server is not None:
        server.terminate()
        server.wait(timeout=10)
        if server.stdout is not None:
            server.stdout.close()


@pytest.mark.parametrize("batch", [1, 32, 1024])
def test_carrier_decisions(benchmark: BenchmarkFixture, client: Client, batch: int) -> None:
    benchmark.group = f"carrier: batch {batch}"
    parts = [REQUESTS[start : start + batch] for start in range(0, ROUND, batch)]

    def ask() -> int:
        return sum(answer.outcome == "allow" for part in parts for answer in client.decide(part))

    allowed = benchmark.pedantic(ask, rounds=5, warmup_rounds=1)  # type: ignore[no-untyped-call]  # so published
    benchmark.extra_info["decisions a round"] = ROUND
    assert allowed == ROUND // 2

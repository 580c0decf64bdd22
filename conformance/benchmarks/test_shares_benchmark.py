"""Where the time of a `check` goes: `pytest -n 0 conformance/benchmarks --benchmark-only -k shares`.

One run at quick effort in process, its time split by who was at work: the implementation, the carrier around it, the
reference, and the rest, which is generation and counting. The shares stand in `extra_info`. Beside them stands what the
kit costs by itself, as a multiple of the bare generation: its processor time without the implementation and carrier.
Bare generation makes the same rule sets and requests and follows the writes, without asking anybody.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence

import pytest
from fencepost.adapters.contract import Client, JsonObject, Timeouts, open_subject
from fencepost.adapters.contract.protocol import Connection
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep import oracle
from fencepost.conformance.lockstep.case import WriteStep, apply_write
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.order import EXPLORATIONS
from fencepost.conformance.run.plan import Plan
from fencepost.reference import Network, Request, Verdict
from pytest_benchmark.fixture import BenchmarkFixture


class Timed:
    """A connection whose calls are timed."""

    exclusive = False

    def __init__(self, inner: Connection) -> None:
        self.inner = inner
        self.seconds = 0.0

    def call(self, method: str, params: JsonObject) -> object:
        """Pass the call on."""
        began = time.process_time()
        try:
            return self.inner.call(method, params)
        finally:
            self.seconds += time.process_time() - began

    def log(self) -> str:
        """The inner connection's log."""
        return self.inner.log()

    def close(self) -> None:
        """Close the inner connection."""
        self.inner.close()


def timed(spent: dict[str, float], key: str, function: Callable[..., object]) -> Callable[..., object]:
    """The function, its time added to `spent[key]`."""

    def call(*args: object, **kwargs: object) -> object:
        began = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[key] += time.process_time() - began

    return call


class Mute(Bench):
    """A bench that makes what would be asked, and asks nobody; its vault follows the writes."""

    def reset(self, network: Network) -> None:
        """A new vault in the reference alone."""
        self._lockstep.vault = self._lockstep.vault.reset(network)
        self._in_force.reset(network)

    def write(
        self, method: str, params: JsonObject, *, exercises: Collection[str] = (), aim: str | None = None
    ) -> bool:
        """What the reference says."""
        del exercises, aim
        said = apply_write(self.vault, WriteStep(method=method, params=params))
        if said.verdict is not Verdict.ACCEPTED or said.accepted is None:
            return False
        self._lockstep.vault = said.accepted
        return True

    def endpoints(self, subnet: str, service_endpoints: Sequence[str]) -> None:
        """Switched in the reference alone."""
        self._lockstep.vault = self.vault.set_service_endpoints(subnet, service_endpoints)

    def ask(
        self,
        requests: Sequence[Request],
        *,
        exercises: Mapping[Request, Sequence[str]] | None = None,
        aim: str | None = None,
        in_every_size: bool = False,
    ) -> list[str]:
        """Nobody is asked."""
        del requests, exercises, aim, in_every_size
        return []

    def read(self, *, exercises: Collection[str] = ()) -> None:
        """Nobody is asked."""


ASKING = frozenset({"concurrency", "convergence", "ramps"})
"""Explorations that ask by themselves; they generate next to nothing."""


def bare_generation() -> float:
    """Seconds for the generation alone."""
    client = Client(open_subject(SUBJECT, timeouts=Timeouts()))
    judged = begin(client, Plan(subject=SUBJECT, effort=EFFORTS["quick"]))
    judged.settle()
    setting = judged.setting
    bench = Mute(judged.lockstep, setting, Tally())
    began = time.process_time()
    for exploration in EXPLORATIONS:
        if exploration.name in ASKING:
            continue
        for scenario in exploration.scenarios(setting):
            scenario.run(bench)
    took = time.process_time() - began
    client.close()
    return took


SUBJECT = "library:fencepost.conformance.peers:TrieVault"


@pytest.mark.benchmark(group="shares of a check")
def test_shares_of_a_check(benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = bare_generation()
    spent = {"reference": 0.0}
    for name in ("compare", "apply_write"):
        monkeypatch.setattr(oracle, name, timed(spent, "reference", getattr(oracle, name)))

    def run() -> Timed:
        connection = Timed(open_subject(SUBJECT, timeouts=Timeouts()))
        judged = begin(Client(connection), Plan(subject=SUBJECT, effort=EFFORTS["quick"]))
        judged.run()
        assert judged.report().exit_status == 0
        judged.client.close()
        return connection

    began = time.process_time()
    connection = benchmark.pedantic(run, rounds=1)  # type: ignore[no-untyped-call]  # so published
    total = time.process_time() - began
    shares = {"reference": spent["reference"], "carrier and implementation": connection.seconds}
    shares["generation, counting and the rest"] = total - sum(shares.values())
    benchmark.extra_info.update({who: f"{seconds / total:.0%}" for who, seconds in shares.items()})
    benchmark.extra_info["seconds in all"] = round(total, 2)
    benchmark.extra_info["bare generation, seconds"] = round(bare, 2)
    benchmark.extra_info["the kit's own cost, in bare generations"] = round((total - connection.seconds) / bare, 2)

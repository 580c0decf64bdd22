"""Where the time of a `check` goes: `pytest conformance/benchmarks --benchmark-only -k shares`.

One run at quick effort in process, its time split by who was at work: the implementation, the carrier around it, the
reference, and the rest, which is generation and counting. The shares stand in `extra_info`.
"""

import time
from collections.abc import Callable

import pytest
from fencepost.adapters.contract import Client, JsonObject, Timeouts, open_subject
from fencepost.adapters.contract.protocol import Connection
from fencepost.conformance import campaign, exchange
from fencepost.conformance.campaign import Campaign, Plan
from fencepost.conformance.effort import EFFORTS
from pytest_benchmark.fixture import BenchmarkFixture


class Timed:
    """A connection whose calls are timed."""

    exclusive = False

    def __init__(self, inner: Connection) -> None:
        self.inner = inner
        self.seconds = 0.0

    def call(self, method: str, params: JsonObject) -> object:
        """Pass the call on."""
        began = time.perf_counter()
        try:
            return self.inner.call(method, params)
        finally:
            self.seconds += time.perf_counter() - began

    def log(self) -> str:
        """The inner connection's log."""
        return self.inner.log()

    def close(self) -> None:
        """Close the inner connection."""
        self.inner.close()


def timed(spent: dict[str, float], key: str, function: Callable[..., object]) -> Callable[..., object]:
    """The function, its time added to `spent[key]`."""

    def call(*args: object, **kwargs: object) -> object:
        began = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent[key] += time.perf_counter() - began

    return call


@pytest.mark.benchmark(group="shares of a check")
def test_shares_of_a_check(benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    spent = {"reference": 0.0}
    for name in ("compare", "apply_write"):
        monkeypatch.setattr(exchange, name, timed(spent, "reference", getattr(exchange, name)))

    def run() -> Timed:
        connection = Timed(open_subject("library:fencepost.conformance.peers:TrieVault", timeouts=Timeouts()))
        plan = Plan(subject="library:fencepost.conformance.peers:TrieVault", effort=EFFORTS["quick"])
        judged = Campaign(Client(connection), plan)
        judged.begin()
        judged.run()
        assert judged.report().exit_status == 0
        judged.client.close()
        return connection

    began = time.perf_counter()
    connection = benchmark.pedantic(run, rounds=1)  # type: ignore[no-untyped-call]  # so published
    total = time.perf_counter() - began
    shares = {"reference": spent["reference"], "carrier and implementation": connection.seconds}
    shares["generation, counting and the rest"] = total - sum(shares.values())
    benchmark.extra_info.update({who: f"{seconds / total:.0%}" for who, seconds in shares.items()})
    assert campaign.EXPLORATIONS

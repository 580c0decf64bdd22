"""STA-9: changes that take their time, and ones that never come or do not stay."""

import logging
import time
from collections.abc import Callable

import pytest
from fencepost.adapters.contract import Client, open_factory
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.peers import SettlingVault, StdlibVault
from fencepost.conformance.peers.memory import State
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Clause


def row(factory: Callable[[], object], settle: float | None = None) -> Clause:
    client = Client(open_factory(factory))
    try:
        plan = Plan(subject="it", effort=EFFORTS["quick"], clauses=("STA-9",), settle_seconds=settle)
        campaign = begin(client, plan)
        campaign.run()
        return campaign.report().clauses[0]
    finally:
        client.close()


class NeverSettles(SettlingVault):
    """Says that a change takes a moment, and takes five times as long."""

    name = "never-settles"
    settle_seconds = 0.02
    _delay = 0.1


class Flaps(SettlingVault):
    """Shows a change at once, and after the settle time every third look at it the rules of before."""

    name = "flaps"
    settle_seconds = 0.02
    looks = 0

    def _current(self) -> "State[object]":  # type: ignore[override]  # what a rule is does not matter here
        self.looks += 1
        settled = time.monotonic() - self._changed > self.settle_seconds
        return self._before if settled and self.looks % 3 == 0 else self._state  # type: ignore[return-value]  # as above


def test_a_vault_that_settles_in_time_passes_and_its_times_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="fencepost"):
        found = row(SettlingVault)
    assert (found.verdict, found.detail) == ("pass", "each of 9 changes held within the settle time, and stayed")
    assert found.decisive >= found.required
    took = [record.getMessage() for record in caplog.records if "STA-9" in record.getMessage()]
    assert len(took) == 9
    assert " ms of 0.05 s" in took[0]


def test_a_vault_that_is_there_at_once_passes_with_any_settle_time() -> None:
    assert row(StdlibVault, settle=0.02).verdict == "pass"


def test_without_a_settle_time_there_is_nothing_to_wait_for() -> None:
    assert (row(StdlibVault).verdict, row(StdlibVault).detail) == ("not applicable", "needs settle-time")


def test_a_vault_whose_change_comes_too_late_fails() -> None:
    found = row(NeverSettles)
    assert found.verdict == "fail"
    told = found.counterexamples[0]
    assert "after the settle time was over: the new answers had not come" in told.got
    assert (told.calls[0].method, told.calls[-1].method) == ("reset", "decide")


def test_a_vault_that_goes_back_to_its_old_answers_fails() -> None:
    found = row(Flaps)
    assert found.verdict == "fail"
    assert "the new answers had come, and then this one" in found.counterexamples[0].got


def test_more_time_by_settle_lets_the_late_one_pass() -> None:
    assert row(NeverSettles, settle=0.2).verdict == "pass"

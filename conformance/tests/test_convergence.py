"""STA-9: changes that take their time, and ones that never come or do not stay."""

import logging
import time
from collections.abc import Callable

import pytest
from fencepost.conformance.peers import SettlingVault, StdlibVault
from fencepost.conformance.peers.memory import State
from fencepost.reports.model import Clause
from runs import judged


def row(factory: Callable[[], object], settle: float | None = None) -> Clause:
    return judged(factory, "STA-9", settle_seconds=settle).clauses[0]


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
    result = found.counterexamples[0]
    assert "after the settle time was over: the new answers had not come" in result.got
    assert (result.calls[0].method, result.calls[-1].method) == ("reset", "decide")


def test_a_vault_that_goes_back_to_its_old_answers_fails() -> None:
    found = row(Flaps)
    assert found.verdict == "fail"
    assert "the new answers had come, and then this one" in found.counterexamples[0].got


def test_more_time_by_settle_lets_the_late_one_pass() -> None:
    assert row(NeverSettles, settle=0.2).verdict == "pass"

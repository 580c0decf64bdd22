"""The time of a run by clause."""

import time

import pytest
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.run.clause_times import ClauseTimes


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    readings = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: readings[-1])
    return readings


def test_a_scenario_is_shared_out_by_the_answers_that_count_for_each_clause(readings: list[float]) -> None:
    times, tally = ClauseTimes(), Tally()
    tally["DEC-2"].asked = 5
    times.begin(tally)
    tally["DEC-2"].asked = 8
    tally["DEC-4"].asked = 1
    readings.append(2.0)
    times.share(tally)
    assert times.seconds == {"DEC-2": 1.5, "DEC-4": 0.5}
    readings.append(3.0)
    tally["DEC-4"].asked = 2
    times.share(tally)
    assert times.seconds == {"DEC-2": 1.5, "DEC-4": 1.5}


def test_a_scenario_without_answers_is_no_clauses_time(readings: list[float]) -> None:
    times, tally = ClauseTimes(), Tally()
    tally["DEC-2"].asked = 5
    times.begin(tally)
    readings.append(2.0)
    times.share(tally)
    assert times.seconds == {}

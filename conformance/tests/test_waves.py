"""A longer effort is asked in waves: it begins with all that a shorter one asks, and goes on with something new."""

from collections.abc import Sequence

import pytest
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.run.order import EXPLORATIONS, in_waves
from fencepost.reports.model import Report
from runs import Counted, Sent, connection_to, judged


def asked(clauses: Sequence[str], effort: str) -> tuple[list[Sent], Report]:
    connection = Counted(connection_to("reference", "keyvault-2018-preview"))
    report = judged(connection, *clauses, effort=effort, profile="keyvault-2018-preview")
    return connection.calls.sent, report


@pytest.mark.slow
@pytest.mark.parametrize("clauses", [("DEC-10",), ("VAL-4",), ("LIM-5",), ("STA-3",)])
def test_a_standard_run_begins_as_a_quick_one(clauses: Sequence[str]) -> None:
    quick, short = asked(clauses, "quick")
    standard, long = asked(clauses, "standard")
    *quick, last = quick
    assert last.method == "describe"  # every run ends with it
    assert standard[: len(quick)] == quick
    (first,), (second,) = short.clauses, long.clauses
    assert second.decisive >= 3 * first.decisive > 0
    assert len(set(standard)) > 2 * len(set(quick))


def test_each_wave_has_every_exploration_under_a_name_of_its_own() -> None:
    waves = in_waves(EFFORTS["standard"])
    assert len({one.name for one in waves}) == len(waves) == 5 * len(EXPLORATIONS)
    assert waves[: len(EXPLORATIONS)] == EXPLORATIONS
    assert [one.serves for one in waves[len(EXPLORATIONS) : 2 * len(EXPLORATIONS)]] == [
        one.serves for one in EXPLORATIONS
    ]

"""A longer effort is asked in waves: it begins with all that a shorter one asks, and goes on with something new."""

from collections.abc import Sequence

import pytest
from fencepost.adapters.contract import Client, Connection, JsonObject, open_subject
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.order import EXPLORATIONS, in_waves
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Report


class Noting:
    """A connection that notes what goes over it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.calls: list[tuple[str, JsonObject]] = []

    @property
    def exclusive(self) -> bool:
        return self._connection.exclusive

    def call(self, method: str, params: JsonObject) -> object:
        self.calls.append((method, params))
        return self._connection.call(method, params)

    def log(self) -> str:
        return self._connection.log()

    def close(self) -> None:
        self._connection.close()


def asked(clauses: Sequence[str], effort: str) -> tuple[list[tuple[str, JsonObject]], Report]:
    connection = Noting(open_subject("reference"))
    client = Client(connection)
    try:
        plan = Plan(
            subject="reference", effort=EFFORTS[effort], clauses=tuple(clauses), profile="keyvault-2018-preview"
        )
        campaign = begin(client, plan)
        campaign.run()
        return list(connection.calls), campaign.report()
    finally:
        client.close()


@pytest.mark.parametrize("clauses", [("DEC-10",), ("VAL-4",), ("LIM-5",), ("STA-3",)])
def test_a_standard_run_begins_as_a_quick_one(clauses: Sequence[str]) -> None:
    quick, short = asked(clauses, "quick")
    standard, long = asked(clauses, "standard")
    assert standard[: len(quick)] == quick
    (first,), (second,) = short.clauses, long.clauses
    assert second.decisive >= 3 * first.decisive > 0
    assert len(set(map(repr, standard))) > 2 * len(set(map(repr, quick)))


def test_each_wave_has_every_exploration_under_a_name_of_its_own() -> None:
    waves = in_waves(EFFORTS["standard"])
    assert len({one.name for one in waves}) == len(waves) == 5 * len(EXPLORATIONS)
    assert waves[: len(EXPLORATIONS)] == EXPLORATIONS
    assert [one.serves for one in waves[len(EXPLORATIONS) : 2 * len(EXPLORATIONS)]] == [
        one.serves for one in EXPLORATIONS
    ]

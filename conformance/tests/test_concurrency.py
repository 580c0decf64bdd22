"""STA-8: rule sets replaced while others ask, over carriers that carry several calls at once."""

import sys
from collections.abc import Callable, Sequence
from typing import ClassVar

import pytest
from fencepost.adapters.contract import Client, Connection, JsonObject, open_factory, open_subject
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.implementations import reference
from fencepost.conformance.mutants import CATALOGUE, mutant
from fencepost.conformance.peers import NetaddrVault, SqliteVault, StdlibVault, TrieVault
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Clause, Report

OVERLAPPING = [name for name, entry in CATALOGUE.items() if entry.overlapping]


def judged(connection: Connection, seed: int = 0) -> Report:
    client = Client(connection)
    try:
        campaign = begin(client, Plan(subject="it", effort=EFFORTS["quick"], clauses=("STA-8",), seed=seed))
        campaign.run()
        return campaign.report()
    finally:
        client.close()


def row(factory: Callable[[], object], seed: int = 0) -> Clause:
    return judged(open_factory(factory), seed).clauses[0]


@pytest.mark.parametrize("peer", [lambda: reference(""), StdlibVault, SqliteVault, TrieVault, NetaddrVault])
def test_a_vault_that_replaces_its_rules_at_once_passes(peer: Callable[[], object]) -> None:
    found = row(peer)
    assert (found.verdict, found.decisive) == ("pass", found.asked)
    assert found.asked >= found.required


def test_what_a_run_counts_does_not_depend_on_how_often_the_deciders_came_round() -> None:
    first, second = (judged(open_factory(lambda: reference("")), seed=4) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", OVERLAPPING)
def test_a_third_answer_fails_and_is_told_with_its_window(name: str) -> None:
    found = row(lambda: mutant(name), seed=1)
    assert found.verdict == "fail"
    told = found.counterexamples[0]
    assert [call.method for call in told.calls] == ["reset", "putRules", "putRules", "decide"]
    assert " ms, in " in told.why
    assert told.got.startswith({"open": "allow", "closed": "deny"}.get(CATALOGUE[name].direction, ""))
    assert len(found.counterexamples) <= 2


def test_a_firewall_that_stands_open_for_a_moment_is_told_first() -> None:
    told = row(lambda: mutant("open-while-it-changes")).counterexamples[0]
    assert told.expected.startswith("deny")
    assert "the firewall stood open" in told.why


def test_a_carrier_that_answers_in_order_is_not_asked() -> None:
    subject = f"stdio:{sys.executable} -m fencepost.adapters.serve stdio reference"
    report = judged(open_subject(subject))
    assert report.clauses[0].verdict == "not applicable"
    assert "several calls at once" in report.clauses[0].detail


def test_a_subject_that_does_not_promise_it_is_not_asked() -> None:
    class Modest(StdlibVault):
        name = "modest"
        features = tuple(feature for feature in StdlibVault.features if feature != "snapshot-isolation")

    assert row(Modest).detail == "needs snapshot-isolation"


class _FailsInCompany(StdlibVault):
    """Raises for every request that comes while a write is under way or has been: a harness that is not made for it."""

    name = "fails-in-company"
    writes: ClassVar[int] = 0

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        self.count = getattr(self, "count", 0) + 1
        return super().put_rules(network_acls=network_acls)

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        if len(requests) > 5 and getattr(self, "count", 0) > 1:
            raise RuntimeError("database is locked")
        return super().decide(requests=requests)


def test_a_harness_that_fails_in_company_is_an_error() -> None:
    found = row(lambda: _FailsInCompany(declare=True))
    assert (found.verdict, "database is locked" in found.detail) == ("error", True)

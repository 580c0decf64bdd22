"""What an open point comes to, and what it leaves unjudged."""

from pathlib import Path

import pytest
from fencepost.adapters.contract import Client, open_subject
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Report


def judged(subject: str, *clauses: str) -> Report:
    client = Client(open_subject(subject))
    try:
        campaign = begin(client, Plan(subject=subject, effort=EFFORTS["quick"], clauses=clauses, profile="keyvault"))
        campaign.run()
        return campaign.report()
    finally:
        client.close()


def test_trust_by_scenarios_that_nobody_has_written_down_leaves_dec_11_unjudged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))
    report = judged("library:odd_vaults:ByScenario", "DEC-11", "DEC-12", "CRED-3")
    assert {row.id: row.verdict for row in report.clauses} == {
        "DEC-11": "not applicable",
        "DEC-12": "pass",
        "CRED-3": "pass",
    }
    (told,) = [row.detail for row in report.clauses if row.id == "DEC-11"]
    assert "trusted-scenarios" in told
    assert (report.result, report.exit_status) == ("partial", 0)


def test_a_limit_that_is_off_by_one_says_nothing_of_rules_that_are_repeated() -> None:
    report = judged("mutant:one-ip-rule-too-many", "LIM-2")
    assert [row.verdict for row in report.clauses] == ["fail"]
    (entry,) = [entry for entry in report.ledger if entry.key == "duplicates-count"]
    assert (entry.declared, entry.found, entry.broken) == ("yes", None, False)

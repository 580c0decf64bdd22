"""The sensitivity control: every decoy is caught, cheaply and beside the verdicts, and one that is not costs the pass."""

import pytest
from fencepost.adapters.contract import Client, open_subject
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.run import control as sensitivity
from fencepost.conformance.run.campaign import Campaign, begin
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Report, report_from_json, report_to_json
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer

PEERS = "library:fencepost.conformance.peers:"
ENFORCER = f"{PEERS}EnforcerVault"


def _campaign(client: Client, subject: str, *, seed: int = 0, with_decoys: bool = True) -> Campaign:
    return begin(client, Plan(subject=subject, effort=EFFORTS["quick"], seed=seed, with_decoys=with_decoys))


def _decoys_alone(subject: str, *, seed: int) -> Report:
    client = Client(open_subject(subject))
    try:
        campaign = _campaign(client, subject, seed=seed)
        campaign.settle()
        campaign.lay_decoys()
        return campaign.report()
    finally:
        client.close()


def _whole(subject: str, *, with_decoys: bool = True) -> Report:
    client = Client(open_subject(subject))
    try:
        campaign = _campaign(client, subject, with_decoys=with_decoys)
        campaign.run()
        return campaign.report()
    finally:
        client.close()


@pytest.fixture(scope="module")
def enforcer() -> Report:
    """A whole run against the subject that is asked least."""
    return _whole(ENFORCER)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "subject",
    [
        "reference:keyvault",
        "reference:keyvault-2018-preview",
        *(f"{PEERS}{name}" for name in ("DecisionsOnlyVault", "IpRulesOnlyVault", "EnforcerVault", "MinimalVault")),
        *(f"{PEERS}{name}" for name in ("DataPlaneOnlyVault", "BareStringVault", "DoubtfulVault")),
    ],
)
def test_every_decoy_is_caught(subject: str, seed: int) -> None:
    laid = _decoys_alone(subject, seed=seed).sensitivity
    assert len(laid) >= 2
    assert [decoy for decoy in laid if not decoy.caught] == []


def test_the_decoys_are_those_that_the_statement_makes_visible() -> None:
    laid = {decoy.id for decoy in _decoys_alone(ENFORCER, seed=0).sensitivity}
    assert laid == {"flips-one-edge", "ignores-the-default-action"}
    laid = {decoy.id for decoy in _decoys_alone("reference", seed=0).sensitivity}
    assert laid > {
        "flips-one-edge",
        "lets-one-service-through",
        "takes-one-rule-too-many",
        "firewalls-one-control-operation",
    }


def test_the_seed_chooses_what_a_decoy_does() -> None:
    told = {tuple(decoy.text for decoy in _decoys_alone("reference", seed=seed).sensitivity) for seed in range(3)}
    assert len(told) == 3


def test_decoys_leave_every_verdict_as_it_was_and_are_counted(enforcer: Report) -> None:
    without = _whole(ENFORCER, with_decoys=False)
    assert enforcer.clauses == without.clauses
    cost = enforcer.totals.decisions - without.totals.decisions
    assert cost == sum(decoy.decisions for decoy in enforcer.sensitivity) > 0
    assert enforcer.totals.writes > without.totals.writes
    assert (enforcer.totals.allowed, enforcer.totals.denied) == (without.totals.allowed, without.totals.denied)
    assert enforcer.result == without.result
    assert without.sensitivity == ()


def test_the_report_says_which_faults_the_run_would_have_noticed(enforcer: Report) -> None:
    shown = " ".join(load_renderer("terminal")(enforcer, page=Page()).split())
    assert "of 2 decoy faults laid over the answers, the run noticed all: flips-one-edge, ignores-the-default" in shown
    assert report_from_json(report_to_json(enforcer)).sensitivity == enforcer.sensitivity


def test_decoys_cost_at_most_a_twentieth_of_the_decisions(enforcer: Report) -> None:
    assert sum(decoy.decisions for decoy in enforcer.sensitivity) <= enforcer.totals.decisions * 0.05


def test_a_run_that_misses_a_decoy_is_vacuous_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensitivity, "_PER_SET", 0)  # a control that looks at nothing
    report = _whole(ENFORCER)
    assert [decoy.caught for decoy in report.sensitivity] == [False, False]
    assert (report.result, report.exit_status, report.level) == ("vacuous", 3, None)
    assert any("default action is Allow" in note for note in report.notes)


def test_a_run_of_some_clauses_lays_no_decoys() -> None:
    client = Client(open_subject(ENFORCER))
    try:
        campaign = begin(client, Plan(subject=ENFORCER, effort=EFFORTS["quick"], clauses=("DEC-15",)))
        campaign.run()
        assert campaign.report().sensitivity == ()
    finally:
        client.close()


def test_a_fault_of_the_subjects_own_is_not_taken_for_a_decoy() -> None:
    # It denies under Allow all by itself: there is no right answer left to falsify.
    laid = {decoy.id: decoy.caught for decoy in _decoys_alone("mutant:default-inverted", seed=0).sensitivity}
    assert laid.get("ignores-the-default-action") is not True

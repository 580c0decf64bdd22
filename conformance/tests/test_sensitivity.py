"""The sensitivity control: each decoy is caught, cheaply and apart from the verdicts; a missed decoy costs the pass."""

from collections.abc import Sequence

import pytest
from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers import StdlibVault
from fencepost.reports.model import Report, report_from_json, report_to_json
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer
from runs import Subject, begun, judged

PEERS = "library:fencepost.conformance.peers:"
ENFORCER = f"{PEERS}EnforcerVault"

pytestmark = pytest.mark.xdist_group("sensitivity")


def _decoys_alone(subject: Subject, *, seed: int) -> Report:
    with begun(subject, seed=seed) as campaign:
        campaign.settle()
        campaign.lay_decoys()
        return campaign.report()


@pytest.fixture(scope="module")
def enforcer() -> Report:
    """A whole run against the subject that is asked least."""
    return judged(ENFORCER)


@pytest.mark.slow
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
    without = judged(ENFORCER, with_decoys=False)
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


class Doubtful(StdlibVault):
    """Answers no request: a fault laid over its answers cannot show."""

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        return {"decisions": [{"outcome": "inconclusive", "reason": "the vantage has moved"} for _ in requests]}


def test_a_decoy_of_decisions_is_missed_where_no_decision_comes() -> None:
    laid = {decoy.id: decoy.caught for decoy in _decoys_alone(Doubtful, seed=0).sensitivity}
    assert laid["flips-one-edge"] is laid["ignores-the-default-action"] is False


def test_a_run_of_some_clauses_lays_no_decoys() -> None:
    assert judged(ENFORCER, "DEC-15").sensitivity == ()


def test_a_fault_of_the_subjects_own_is_not_taken_for_a_decoy() -> None:
    # It denies under Allow all by itself: there is no right answer left to falsify.
    laid = {decoy.id: decoy.caught for decoy in _decoys_alone("mutant:default-inverted", seed=0).sensitivity}
    assert laid["ignores-the-default-action"] is False

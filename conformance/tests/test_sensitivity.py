"""The sensitivity control: each decoy is caught, cheaply and apart from the verdicts; a missed decoy costs the pass."""

import re
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers import StdlibVault
from fencepost.conformance.run.control import FaultInjector
from fencepost.conformance.run.decoys import DeniesUnderAllow, decoys_for
from fencepost.reference import Request, Vault, load_profile
from fencepost.reports.model import Report, report_from_json, report_to_json
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer
from runs import Subject, begun, connection_to, judged

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


def test_every_kind_of_decoy_in_the_docs_is_laid_by_some_seed_and_none_besides() -> None:
    page = (Path(__file__).parents[2] / "docs" / "strength.md").read_text("utf-8")
    named = set(re.findall(r"^\| `([a-z0-9-]+)`.* \| [A-Z]+-\d+ \|", page, re.MULTILINE))
    with begun("reference") as campaign:
        laid = {one.id for seed in range(40) for one in decoys_for(campaign.capabilities, Random(seed))}
    assert len(laid) == 10
    assert laid == named


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


@pytest.mark.slow
def test_the_seed_chooses_what_a_decoy_does() -> None:
    output = {tuple(decoy.text for decoy in _decoys_alone("reference", seed=seed).sensitivity) for seed in range(3)}
    assert len(output) == 3


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


class FlipsEverything(DeniesUnderAllow):
    """Turns every answer into its opposite."""

    def flips(self, request: Request, vault: Vault) -> bool:
        return True


def test_a_wrong_answer_is_left_as_it_came() -> None:
    laid = FaultInjector(connection_to(StdlibVault), FlipsEverything(Random(0)), load_profile("keyvault"))
    request = {"plane": "data", "operation": "SecretGet", "source": {"address": "99.0.0.1"}}
    laid.call("reset", {"subnets": []})
    assert laid.call("decide", {"requests": [request]}) == {"decisions": ["deny"]}
    inverted = connection_to("mutant:default-inverted", "keyvault")
    wrong = FaultInjector(inverted, FlipsEverything(Random(0)), load_profile("keyvault"))
    wrong.call("reset", {"subnets": []})
    assert wrong.call("decide", {"requests": [request]}) == inverted.call("decide", {"requests": [request]})


class FlipsOnce(DeniesUnderAllow):
    """Denies under Allow once, and never again."""

    is_over = False

    def flips(self, request: Request, vault: Vault) -> bool:
        flips = super().flips(request, vault) and not self.is_over
        self.is_over |= flips
        return flips


def test_a_decoy_that_shows_once_alone_is_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    once = FlipsOnce(Random(0))
    monkeypatch.setattr("fencepost.conformance.run.control.decoys_for", lambda *_: (once,))
    assert [decoy.caught for decoy in _decoys_alone("reference", seed=0).sensitivity] == [False]
    assert once.is_over

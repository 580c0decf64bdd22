"""What comes first in a run costs next to no decision, and finds what the rest of it would find for many."""

import pytest
from fencepost.adapters.contract import Client, open_subject
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.pytest.distribution import homes
from fencepost.conformance.run.campaign import Campaign, begin
from fencepost.conformance.run.order import EXPLORATIONS
from fencepost.conformance.run.plan import Plan
from fencepost.conformance.strength.mutant_run import Task, run_mutant

EARLY = ("limits at once", "refusals", "first look")
FEW = 150
EVERY = 9


@pytest.fixture(scope="module")
def asked() -> Campaign:
    """The early explorations alone, put to the reference."""
    client = Client(open_subject("reference"))
    campaign = begin(client, Plan(subject="reference", effort=EFFORTS["quick"]))
    for exploration in EXPLORATIONS:
        if exploration.name in EARLY:
            campaign.explore(exploration)
    return campaign


def test_a_run_begins_with_what_costs_least() -> None:
    assert tuple(exploration.name for exploration in EXPLORATIONS)[: len(EARLY)] == EARLY


def test_the_early_explorations_take_few_decisions(asked: Campaign) -> None:
    assert 0 < asked.explored.decisions <= FEW


@pytest.mark.parametrize("clause", ["VAL-3", "VAL-4", "VAL-5", "VAL-6", "VAL-7"])
def test_every_kind_of_mistake_is_made_before_the_volume(asked: Campaign, clause: str) -> None:
    assert asked.tally.counts[clause].decisive >= 4


@pytest.mark.parametrize("clause", ["LIM-1", "LIM-2", "LIM-3", "LIM-4", "LIM-5", "LIM-7", "LIM-8", "CTL-1", "DEC-13"])
def test_each_of_the_clauses_that_one_answer_shows_has_been_decisive_by_then(asked: Campaign, clause: str) -> None:
    assert asked.tally.counts[clause].decisive >= 1


def test_half_of_the_catalogue_dies_early() -> None:
    some = [name for name in list(CATALOGUE)[::EVERY] if not CATALOGUE[name].needs_history]
    found = [run_mutant(Task(mutant=name, profile=_profile(name), effort="quick", seed=11)) for name in some]
    assert all(trial.killed for trial in found)
    early = [trial for trial in found if trial.spent is not None and trial.spent.decisions <= FEW]
    assert len(early) * 2 >= len(found)


def _profile(name: str) -> str:
    profiles = CATALOGUE[name].profiles
    return "keyvault-2018-preview" if "keyvault-2018-preview" in profiles else profiles[0]


def test_what_comes_early_stays_with_what_asks_in_breadth() -> None:
    assert {homes()[clause] for clause in ("VAL-1", "VAL-3", "VAL-9")} == {"validation"}
    assert {homes()[clause] for clause in ("LIM-2", "LIM-7")} == {"limits"}
    assert homes()["DEC-1"] == "decisions"

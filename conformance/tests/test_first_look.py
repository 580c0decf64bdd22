"""What comes first in a run costs next to no decision, and finds what the rest of it would find for many."""

import pytest
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.pytest.distribution import homes
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.order import EXPLORATIONS
from runs import explored, named

pytestmark = pytest.mark.xdist_group("first look")

EARLY = ("limits at once", "refusals", "first look")
FEW = 150
EVERY = 15
"""Every fifteenth mutant of the catalogue is tried: as many of each group as it has members, about."""


@pytest.fixture(scope="module")
def asked() -> Campaign:
    """The early explorations alone, put to the reference."""
    return explored("reference", *named(*EARLY))


def test_a_run_begins_with_what_costs_least() -> None:
    assert tuple(exploration.name for exploration in EXPLORATIONS)[: len(EARLY)] == EARLY


def test_the_early_explorations_take_few_decisions(asked: Campaign) -> None:
    assert 0 < asked.explored.decisions <= FEW


@pytest.mark.parametrize("clause", ["VAL-3", "VAL-4", "VAL-5", "VAL-6", "VAL-7"])
def test_every_kind_of_mistake_is_made_before_the_volume(asked: Campaign, clause: str) -> None:
    assert asked.tally[clause].decisive >= 4


@pytest.mark.parametrize("clause", ["LIM-1", "LIM-2", "LIM-3", "LIM-4", "LIM-5", "LIM-7", "LIM-8", "CTL-1", "DEC-13"])
def test_each_of_the_clauses_that_one_answer_shows_has_been_decisive_by_then(asked: Campaign, clause: str) -> None:
    assert asked.tally[clause].decisive >= 1


@pytest.mark.slow
def test_half_of_the_catalogue_dies_early() -> None:
    some = [name for name in list(CATALOGUE)[::EVERY] if not CATALOGUE[name].needs_history]
    assert len(some) > 25
    assert sum(map(_dies_early, some)) * 2 >= len(some)


def _dies_early(name: str) -> bool:
    """Whether the early explorations alone, or the open points that are settled before, show the mutant's fault."""
    campaign = explored(f"mutant:{name}", *named(*EARLY), profile=_profile(name), seed=11, fail_fast=True)
    return campaign.report().exit_status == 1


def _profile(name: str) -> str:
    profiles = CATALOGUE[name].profiles
    return "keyvault-2018-preview" if "keyvault-2018-preview" in profiles else profiles[0]


def test_what_comes_early_stays_with_what_asks_in_breadth() -> None:
    assert {homes()[clause] for clause in ("VAL-1", "VAL-3", "VAL-9")} == {"validation"}
    assert {homes()[clause] for clause in ("LIM-2", "LIM-7")} == {"limits"}
    assert homes()["DEC-1"] == "decisions"

"""Whole sets and single changes in turns, and writes while an endpoint is off: faults that only they surely find."""

import pytest
from fencepost.conformance.explorations.alternation import TURNS
from fencepost.conformance.explorations.endpoints import ENDPOINT_SWITCHES
from fencepost.conformance.explorations.limits import LIMITS
from fencepost.conformance.explorations.undone_writes import UNDONE_WRITES
from fencepost.conformance.mutants import CATALOGUE
from runs import explored

ALONE = (TURNS, ENDPOINT_SWITCHES, UNDONE_WRITES)
FOUND = (
    "compiled-once-and-changed-in-place",
    "put-again-after-an-update-changes-nothing",
    "put-again-after-a-removal-changes-nothing",
    "absent-lists-are-one-list",
    "deny-said-again-brings-its-rules-back",
    "removal-under-allow-is-not-noticed",
    "update-of-nothing-resets-both",
    "removing-strips-digits-of-the-suffix",
    "removing-by-part-of-the-text",
    "rule-without-endpoint-is-not-removed",
    "refused-put-empties-the-parking-place",
    "endpoint-on-twice-wants-off-twice",
    "last-subnet-stays-under-deny",
    "update-like-the-last-is-no-change",
    "last-answer-outlives-an-update",
    "last-answer-outlives-a-subnet-rule",
    "two-additions-take-two-removals",
    "removal-compares-sixteen-characters",
    "flag-goes-when-the-endpoint-comes",
)


@pytest.mark.parametrize("name", FOUND)
def test_a_fault_that_takes_one_kind_of_write_after_another_is_found_at_any_seed(name: str) -> None:
    profile = CATALOGUE[name].profiles[0]
    for seed in range(4):
        campaign = explored(f"mutant:{name}", *ALONE, profile=profile, seed=seed, fail_fast=True)
        assert campaign.tally.failures, seed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["table-that-grows-loses-its-first-rule", "added-rules-count-as-ranges"])
def test_a_fault_of_long_lists_that_single_additions_show_is_found_at_any_seed(name: str) -> None:
    for seed in range(2):
        assert explored(f"mutant:{name}@keyvault", LIMITS, seed=seed, fail_fast=True).tally.failures, seed

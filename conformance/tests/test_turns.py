"""Whole sets and single changes taking turns, and writes while an endpoint is off: the faults that nothing else is sure to find."""

import pytest
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.strength.mutant_run import Task, run_mutant

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
)


@pytest.mark.parametrize("name", FOUND)
def test_a_fault_that_takes_one_kind_of_write_after_another_is_found(name: str) -> None:
    profile = CATALOGUE[name].profiles[0]
    assert run_mutant(Task(mutant=name, profile=profile, effort="quick", seed=6)).killed

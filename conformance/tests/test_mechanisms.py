"""Faults in mechanisms of real engines (tries, tables, journals, caches): each is found, its correct twin passes."""

import pytest
from fencepost.conformance.explorations.bare_vaults import BARE_VAULTS
from fencepost.conformance.explorations.groves import GROVES
from mechanisms import MECHANISMS
from runs import explored

FAULTS = [(structure, fault) for structure, (_, faults) in MECHANISMS.items() for fault in faults]


@pytest.mark.slow
@pytest.mark.parametrize("structure", MECHANISMS)
def test_a_vault_without_a_fault_never_fails(structure: str) -> None:
    make, _ = MECHANISMS[structure]
    assert not explored(lambda: make(""), BARE_VAULTS, GROVES, seed=3).tally.failures


@pytest.mark.slow
@pytest.mark.parametrize(("structure", "fault"), FAULTS)
def test_a_fault_in_a_mechanism_is_found_by_one_of_five_seeds(structure: str, fault: str) -> None:
    make, _ = MECHANISMS[structure]
    assert any(
        explored(lambda: make(fault), BARE_VAULTS, GROVES, seed=seed, fail_fast=True).tally.failures
        for seed in range(5)
    )

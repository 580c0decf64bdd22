"""Forms that a subject accepts hold in every kind of write: what the exploration of them finds, and what it passes."""

import pytest
from fencepost.conformance.bench.exploration import Exploration
from fencepost.conformance.explorations.spellings import scenarios
from fencepost.conformance.mutants import Vault
from fencepost.conformance.mutants.lenient_vault import LenientVault
from runs import explored

FORMS = Exploration(name="forms", serves=("STA-2", "VAL-5", "VAL-6"), scenarios=scenarios)
FOUND = ("updated-word-keeps-its-letters", "removing-does-not-strip-blanks", "null-in-an-update-is-the-default")


@pytest.mark.parametrize(("kind", "updates"), [(Vault, "updateRules VAL-6"), (LenientVault, "updateRules")])
def test_a_vault_that_accepts_each_form_in_every_write_or_in_none_is_passed(kind: type[Vault], updates: str) -> None:
    tally = explored(lambda: kind("keyvault"), FORMS).tally
    assert not tally.failures
    assert [made for made in tally.writes_by_kind if made.startswith("updateRules")] == [updates]


@pytest.mark.parametrize("name", FOUND)
def test_a_form_that_one_kind_of_write_does_not_understand_is_found(name: str) -> None:
    assert explored(f"mutant:{name}", FORMS, fail_fast=True).tally.failures

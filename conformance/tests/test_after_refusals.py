"""What a refused write leaves behind, and what one write leaves undone: the exploration that finds each such flaw."""

import pytest
from runs import explored, named

FOUND = {
    "refused-rule-comes-with-its-endpoint": "endpoints",
    "rules-of-a-refused-set-come-with-the-next": "endpoints",
    "endpoints-of-so-many-subnets-are-known": "endpoints",
    "refused-update-is-accepted-when-repeated": "refusals",
    "blanks-hide-a-private-address": "validation",
    "one-write-removes-so-many-rules-at-most": "limits",
    "repeated-rule-frees-one-place": "limits",
    "read-back-outlives-the-vault": "state",
    "sets-with-the-same-addresses-are-one-set": "groves",
}


CASES = [
    pytest.param(name, found_by, marks=[pytest.mark.slow] if found_by == "limits" else [], id=name)
    for name, found_by in FOUND.items()
]


@pytest.mark.parametrize(("name", "exploration"), CASES)
def test_a_flaw_that_shows_after_a_refusal_or_a_large_write_is_found(name: str, exploration: str) -> None:
    campaign = explored(f"mutant:{name}@keyvault", *named(exploration), fail_fast=True)
    assert campaign.tally.failures

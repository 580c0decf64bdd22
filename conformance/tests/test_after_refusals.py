"""Flaws that a refused write, a large write or a short cut leaves behind: the exploration that finds each."""

from pathlib import Path

import pytest
from runs import explored, named

FOUND = {
    "refused-rule-comes-with-its-endpoint": "endpoints",
    "rules-of-a-refused-set-come-with-the-next": "endpoints",
    "endpoints-of-so-many-subnets-are-known": "endpoints",
    "refused-update-is-accepted-when-repeated": "refusals",
    "blanks-hide-a-private-address": "validation",
    "one-write-removes-so-many-rules-at-most": "limits",
    "put-under-allow-checks-no-endpoint": "validation",
    "range-whose-ends-are-covered-stays": "turns",
    "both-halves-drop-what-is-inside": "turns",
    "half-a-page-is-kept-as-its-holes": "turns",
    "nested-ranges-are-counted-in-three-bits": "turns",
    "range-and-length-are-one-number": "turns",
    "adjacent-range-moves-the-ends-before-it": "turns",
    "range-in-the-same-place-keeps-the-highest-ends": "turns",
    "balanced-log-changes-nothing": "turns",
    "rule-of-the-vault-before-goes-from-its-old-place": "turns",
    "short-list-is-made-from-its-pages": "limits",
    "table-of-a-page-comes-back-as-it-was": "limits",
    "rules-of-a-24-are-counted-in-a-byte": "limits",
    "sizes-in-a-16-are-added-up": "limits",
    "repeated-rule-frees-one-place": "limits",
    "read-back-outlives-the-vault": "state",
    "sets-with-the-same-addresses-are-one-set": "groves",
    "sets-with-equal-sums-are-one-set": "groves",
    "pairs-of-equal-rules-cancel-out": "groves",
    "folded-log-has-the-switches-of-the-last-set": "groves",
    "added-address-closes-a-gap": "turns",
    "rule-removed-in-vain-stays-out": "turns",
    "invisible-characters-dropped": "refusals",
    "id-is-cut-at-its-first-subnets": "decisions",
    "null-default-action-keeps-the-old": "validation",
    "hole-between-equal-ranges-is-closed": "decisions",
    "two-addresses-in-a-row-are-a-range": "decisions",
    "removal-and-addition-at-one-start-cancel-out": "turns",
    "seventeenth-waiting-addition-is-lost": "groves",
    "full-count-goes-down": "groves",
    "set-put-again-after-a-subnet-went-is-skipped": "turns",
    "refused-set-ends-the-watch-over-endpoints": "turns",
    "removed-rule-of-the-last-set-needs-no-endpoint": "turns",
    "emptied-vault-is-open-with-the-bypass": "bare vaults",
    "updated-bypass-outlives-the-vault": "bare vaults",
    "first-added-rule-brings-the-former-vaults-rules": "bare vaults",
    "third-reset-in-a-row-restores-rules": "bare vaults",
    "prefix-of-a-known-address-unchecked": "refusals",
    "roll-back-makes-each-write-once": "refusals",
    "removed-range-cuts-off-those-inside": "groves",
    "refused-set-keeps-its-count": "histories",
    "range-around-two-others-is-not-counted": "limits",
    "copies-of-a-rule-in-a-byte": "groves",
    "sixteen-prefix-lengths-at-most": "groves",
    "mistakes-in-a-short-last-part-left-out": "validation",
    "end-at-the-last-address-is-closed": "validation",
}


CASES = [
    pytest.param(name, found_by, marks=[pytest.mark.slow] if found_by == "limits" else [], id=name)
    for name, found_by in FOUND.items()
]


@pytest.mark.parametrize(("name", "exploration"), CASES)
def test_a_flaw_that_shows_only_later_is_found(name: str, exploration: str) -> None:
    campaign = explored(f"mutant:{name}@keyvault", *named(exploration), fail_fast=True)
    assert campaign.tally.failures


@pytest.mark.slow
def test_groves_use_freed_pages_again_far_away() -> None:
    groves = named("groves")
    runs = (
        explored("mutant:freed-page-is-used-as-it-was@keyvault", *groves, seed=seed, fail_fast=True)
        for seed in range(6)
    )
    assert sum(bool(run.tally.failures) for run in runs) >= 3, "two where no range comes far from all"


@pytest.mark.slow
def test_an_endpoint_that_a_long_life_forgets_is_found_at_most_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))
    subject, seeds = "library:odd_vaults:CutOffLog", range(8)
    runs = [explored(subject, *named("groves"), seed=seed, fail_fast=True) for seed in seeds]
    assert sum(bool(run.tally.failures) for run in runs) > len(seeds) // 2

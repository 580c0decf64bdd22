"""The plainer suites beside the kit: the same for a seed, fair to a correct vault, and of some use."""

import pytest
from fencepost.conformance.lockstep.case import AskStep
from fencepost.conformance.mutants import Vault
from fencepost.conformance.strength.arms import ARMS
from fencepost.conformance.strength.baseline_runs import BaselineRun, first_wrong, outcomes_of, script
from fencepost.conformance.strength.vectors import vectors
from fencepost.reference import Profile, load_profile

PROFILES = ("keyvault", "keyvault-2018-preview")


def _with_choices_of_the_vault(profile: str) -> Profile:
    choices = Vault(profile).describe(protocol=1)["choices"]
    assert isinstance(choices, dict)
    return load_profile(profile).with_choices(choices)


@pytest.mark.parametrize("arm", ARMS)
def test_an_arm_asks_the_same_for_the_same_seed(arm: str) -> None:
    profile = load_profile("keyvault")
    assert list(ARMS[arm].cases(profile, 7, 40)) == list(ARMS[arm].cases(profile, 7, 40))


@pytest.mark.parametrize("arm", ["naive", "inside"])
def test_another_seed_draws_other_examples(arm: str) -> None:
    profile = load_profile("keyvault")
    assert list(ARMS[arm].cases(profile, 1, 40)) != list(ARMS[arm].cases(profile, 2, 40))


@pytest.mark.parametrize("arm", ARMS)
def test_an_arm_asks_no_more_than_it_is_allowed(arm: str) -> None:
    cases = list(ARMS[arm].cases(load_profile("keyvault"), 0, 60))
    asked = sum(len(step.requests) for case in cases for step in case.steps if isinstance(step, AskStep))
    assert 0 < asked <= 60


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("arm", ARMS)
def test_an_arm_finds_no_fault_with_the_unflawed_vault(arm: str, profile: str) -> None:
    judged_by = _with_choices_of_the_vault(profile)
    asked = tuple(script(ARMS[arm].cases(judged_by, 3, 120), judged_by))
    assert first_wrong(asked, Vault(profile)) is None


@pytest.mark.parametrize("profile", PROFILES)
def test_every_vector_has_an_answer_that_nobody_has_left_open(profile: str) -> None:
    judged_by = _with_choices_of_the_vault(profile)
    for _, _, wanted in script(vectors(judged_by), judged_by):
        assert wanted is None or None not in wanted


def test_the_vectors_find_what_they_were_written_for() -> None:
    names = ("last-address-excluded", "control-plane-behind-the-firewall")
    run = BaselineRun(arm="vectors", profile="keyvault", seed=0, decisions=1_000, mutants=names)
    found = outcomes_of(run).killed_at
    assert all(found[name] is not None for name in names)


def test_the_cost_of_a_kill_is_the_place_of_the_first_wrong_answer() -> None:
    run = BaselineRun(arm="inside", profile="keyvault", seed=0, decisions=80, mutants=("last-address-excluded",))
    costs = [outcomes_of(run).killed_at[name] for name in run.mutants]
    assert costs == [outcomes_of(run).killed_at[name] for name in run.mutants]
    assert all(cost is None or 0 <= cost <= 80 for cost in costs)

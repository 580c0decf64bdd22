"""Every mutant shows its one flaw, in every profile that it is for, and the vault without a flaw keeps the contract."""

import re
from collections.abc import Sequence

import pytest
from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants import CATALOGUE, Vault, mutant
from fencepost.conformance.mutants.witness import Call

EACH = [(name, profile) for name, entry in CATALOGUE.items() for profile in entry.profiles]


def answers(implementation: Vault, calls: Sequence[Call]) -> list[JsonObject]:
    """What an implementation answers to contract calls, as the library carrier would put them."""
    return [
        getattr(implementation, snake(method))(**{snake(name): value for name, value in params.items()})
        for method, params in calls
    ]


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: "_" + capital.group().lower(), name)


def yes(answer: JsonObject) -> bool | None:
    """Whether the last of the answers lets through, or accepts; None where it is neither, as in reading back."""
    if "accepted" in answer:
        return bool(answer["accepted"])
    decisions = answer.get("decisions")
    if not isinstance(decisions, list):
        return None
    return bool(decisions[-1]["outcome"] == "allow")


@pytest.mark.parametrize(("name", "profile"), EACH)
def test_a_witness_tells_the_mutant_from_the_vault_in_its_last_answer_alone(name: str, profile: str) -> None:
    calls = CATALOGUE[name].calls(profile)
    right, wrong = answers(Vault(profile), calls), answers(mutant(name, profile=profile), calls)
    assert [yes(answer) for answer in right[:-1]] == [yes(answer) for answer in wrong[:-1]]
    assert right[-1] != wrong[-1]


@pytest.mark.parametrize(("name", "profile"), EACH)
def test_a_mutant_errs_in_the_direction_that_it_claims(name: str, profile: str) -> None:
    entry = CATALOGUE[name]
    calls = entry.calls(profile)
    right, wrong = answers(Vault(profile), calls)[-1], answers(mutant(name, profile=profile), calls)[-1]
    if entry.direction == "open":
        assert (yes(right), yes(wrong)) == (False, True)
    elif entry.direction == "closed":
        assert (yes(right), yes(wrong)) == (True, False)
    else:
        assert entry.direction == "both"

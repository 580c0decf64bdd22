"""Every mutant shows its one flaw, in every profile that it is for, and the vault without a flaw keeps the contract."""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from fencepost.adapters.contract import METHODS, JsonObject
from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS
from fencepost.conformance.mutants import CATALOGUE, Vault, mutant
from fencepost.conformance.mutants.witness import Call
from msgspec import convert

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


@pytest.mark.parametrize(("name", "profile"), EACH)
def test_nothing_of_a_mutant_survives_a_reset(name: str, profile: str) -> None:
    subject, calls = mutant(name, profile=profile), CATALOGUE[name].calls(profile)
    assert answers(subject, calls) == answers(subject, calls)


@pytest.mark.parametrize(("name", "profile"), EACH)
def test_a_witness_asks_only_what_the_contract_lets_be_sent(name: str, profile: str) -> None:
    connected: dict[str, bool] = {}
    for method, params in CATALOGUE[name].calls(profile):
        convert(params, METHODS[method][0])
        plain: Any = params
        if method == "reset":
            connected = {
                there["id"].lower(): "Microsoft.KeyVault" in there["serviceEndpoints"] for there in plain["subnets"]
            }
        if method == "setServiceEndpoints":
            connected[plain["subnet"].lower()] = "Microsoft.KeyVault" in plain["serviceEndpoints"]
        for request in plain.get("requests", ()):
            known = DATA_OPERATIONS if request["plane"] == "data" else CONTROL_OPERATIONS
            assert request["operation"] in known
            source = request["source"]
            if "subnet" in source:
                assert connected[source["subnet"].lower()] == ip_address(source["address"]).is_private
            if "trusted" in request.get("caller", {}):
                assert profile == "keyvault"

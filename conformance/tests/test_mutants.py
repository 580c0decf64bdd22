"""Every mutant shows its one flaw, in every profile that it is for, and the vault without a flaw keeps the contract."""

import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from random import Random
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from fencepost.adapters.contract import METHODS, JsonObject, SubjectError
from fencepost.adapters.contract.vocabulary import CHOICES, CONTROL_OPERATIONS, DATA_OPERATIONS, FEATURES
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.mutants import CATALOGUE, Vault, compose, mutant
from fencepost.conformance.mutants.catalogue import ENTRIES
from fencepost.conformance.mutants.witness import Call
from msgspec import convert
from runs import snake

ALL = [(name, profile) for name, entry in CATALOGUE.items() for profile in entry.profiles]
EACH = [(name, profile) for name, profile in ALL if not CATALOGUE[name].overlapping]
OVERLAPPING = [(name, profile) for name, profile in ALL if CATALOGUE[name].overlapping]


def answers(implementation: Vault, calls: Sequence[Call]) -> list[JsonObject]:
    """What an implementation answers to contract calls, as the library carrier would put them."""
    return [
        getattr(implementation, snake(method))(**{snake(name): value for name, value in params.items()})
        for method, params in calls
    ]


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
    elif entry.says_only:
        assert yes(right) == yes(wrong)


@pytest.mark.parametrize(("name", "profile"), OVERLAPPING)
def test_an_overlapping_mutant_shows_neither_the_old_nor_the_new_answer_while_it_writes(
    name: str, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    halfway, has_asked = Event(), Event()

    def pause(_: float) -> None:
        halfway.set()
        assert has_asked.wait(30)

    monkeypatch.setattr("fencepost.conformance.mutants.flaws.overlapping.time", SimpleNamespace(sleep=pause))
    *before, asked, written = CATALOGUE[name].calls(profile)
    subject = mutant(name, profile=profile)
    old, new = answers(Vault(profile), [*before, asked])[-1], answers(Vault(profile), [*before, written, asked])[-1]
    has_asked.set()
    assert answers(subject, [*before, asked])[-1] == old
    halfway.clear()
    has_asked.clear()
    with ThreadPoolExecutor(max_workers=1) as writer:
        writing = writer.submit(answers, subject, [written])
        assert halfway.wait(30)
        meanwhile = answers(subject, [asked])[0]
        has_asked.set()
        writing.result(30)
    assert meanwhile not in (old, new)
    assert answers(subject, [asked])[0] == new


@pytest.mark.parametrize(("name", "profile"), EACH)
def test_nothing_of_a_mutant_survives_a_reset(name: str, profile: str) -> None:
    subject, calls = mutant(name, profile=profile), CATALOGUE[name].calls(profile)
    assert answers(subject, calls) == answers(subject, calls)


@pytest.mark.parametrize(("name", "profile"), ALL)
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


def test_the_catalogue_holds_every_entry_once_under_an_id_of_small_letters() -> None:
    assert [count for count in Counter(entry.id for entry in ENTRIES).values() if count > 1] == []
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)+", name) for name in CATALOGUE)


def test_every_entry_speaks_of_clauses_choices_and_features_that_exist() -> None:
    clauses = {clause.id for clause in catalogue().clauses}
    for entry in ENTRIES:
        assert {entry.clause, *entry.also} <= clauses, entry.id
        assert entry.clause not in entry.also, entry.id
        assert entry.choice is None or entry.choice in CHOICES, entry.id
        assert all(entry.features(profile) <= set(FEATURES) for profile in entry.profiles), entry.id
        assert entry.story.endswith((".", "?", "'", ")", "`")), entry.id


def test_every_clause_has_a_mutant_of_its_own() -> None:
    assert {clause.id for clause in catalogue().clauses} - {entry.clause for entry in ENTRIES} == set()


def test_no_group_is_forgotten_and_both_directions_are_there() -> None:
    assert min(Counter(entry.group for entry in ENTRIES).values()) >= 15
    assert min(Counter(entry.direction for entry in ENTRIES).values()) >= 30


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry.carriable_by_decisions_only])
def test_what_a_decisions_only_subject_can_carry_needs_accepted_rule_sets_alone(name: str) -> None:
    entry = CATALOGUE[name]
    for profile in entry.profiles:
        calls = entry.calls(profile)
        assert {method for method, _ in calls} == {"reset", "putRules", "decide"}
        assert all(answer.get("accepted", True) for answer in answers(Vault(profile), calls))


def test_an_unknown_id_is_answered_with_near_misses() -> None:
    with pytest.raises(SubjectError, match="last-address-excluded"):
        mutant("last-adress-excluded")


def test_an_unknown_id_among_several_is_named() -> None:
    with pytest.raises(SubjectError, match="mutant:no-such-flaw"):
        compose("hosts-only+no-such-flaw")


@pytest.mark.parametrize(
    "names",
    [
        "last-address-excluded+coming-soon-is-trusted",
        "hosts-only+locked-out-of-the-rules",
        "first-hundred-rules+subnet-by-its-name-alone",
        "answers-remembered-by-24+removing-does-nothing",
        "octets-wrap-at-256+one-ip-rule-too-many+permission-stands-for-the-token",
    ],
)
def test_a_composed_mutant_has_the_flaws_of_all_its_parts(names: str) -> None:
    for name in names.split("+"):
        entry = CATALOGUE[name]
        calls, profile = entry.calls(entry.profiles[0]), entry.profiles[0]
        assert answers(compose(names, profile=profile), calls)[-1] != answers(Vault(profile), calls)[-1]


def test_any_two_mutants_can_be_composed_and_asked() -> None:
    chance = Random(2018)
    for _ in range(300):
        one, other = chance.sample(ENTRIES, 2)
        for profile in set(one.profiles) & set(other.profiles):
            subject = compose(f"{one.id}+{other.id}", profile=profile)
            assert len(answers(subject, one.calls(profile))) == len(one.calls(profile))


def test_mutants_that_no_profile_shows_together_are_not_composed_unasked() -> None:
    with pytest.raises(SubjectError, match="no profile"):
        compose("still-127-ip-rules+limits-of-today-in-2018")


def test_a_mutant_begins_in_a_profile_that_shows_it() -> None:
    assert all(mutant(name).describe(protocol=1)["profile"] in entry.profiles for name, entry in CATALOGUE.items())


def test_a_composed_mutant_is_called_by_the_names_of_its_parts() -> None:
    assert compose("hosts-only+prefix-ignored").describe(protocol=1)["name"] == "mutant:hosts-only+prefix-ignored"


def test_composing_one_mutant_is_that_mutant() -> None:
    assert type(compose("hosts-only")) is type(mutant("hosts-only"))

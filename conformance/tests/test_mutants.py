"""Every mutant shows its one flaw, in every profile that it is for, and the vault without a flaw keeps the contract."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
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
from fencepost.conformance.mutants.mutant import Mutant
from fencepost.conformance.mutants.witness import Call
from msgspec import convert
from runs import snake

ALL = [(name, profile) for name, entry in CATALOGUE.items() for profile in entry.profiles]
GROUPS = sorted({entry.group for entry in CATALOGUE.values()})
OVERLAPPING = [(name, profile) for name, profile in ALL if CATALOGUE[name].overlapping]


def answers(implementation: Vault, calls: Sequence[Call]) -> list[JsonObject]:
    """What an implementation answers to contract calls, as the library carrier would put them."""
    return [
        getattr(implementation, snake(method))(**{snake(name): value for name, value in params.items()})
        for method, params in calls
    ]


def each(group: str) -> Iterator[tuple[Mutant, str]]:
    """The mutants of the group that one caller can tell apart, each in every profile that it is for."""
    mine = [entry for entry in CATALOGUE.values() if entry.group == group and not entry.overlapping]
    assert mine
    return ((entry, profile) for entry in mine for profile in entry.profiles)


@cache
def both(name: str, profile: str) -> tuple[list[JsonObject], list[JsonObject]]:
    """What the vault without a flaw answers to the mutant's witness, and what the mutant does."""
    calls = CATALOGUE[name].calls(profile)
    return answers(CATALOGUE[name].sound(profile), calls), answers(mutant(name, profile=profile), calls)


def yes(answer: JsonObject) -> bool | None:
    """Whether the last of the answers lets through, or accepts; None where it is neither, as in reading back."""
    if "accepted" in answer:
        return bool(answer["accepted"])
    decisions = answer.get("decisions")
    if not isinstance(decisions, list):
        return None
    return bool(decisions[-1]["outcome"] == "allow")


def differing(right: JsonObject, wrong: JsonObject) -> tuple[JsonObject, JsonObject]:
    """The two answers with their decisions up to the last that differs; of a call, that need not be the last."""
    rights, wrongs = right.get("decisions"), wrong.get("decisions")
    if not isinstance(rights, list) or not isinstance(wrongs, list):
        return right, wrong
    end = max((end for end, (one, other) in enumerate(zip(rights, wrongs, strict=True), start=1) if one != other))
    return {"decisions": rights[:end]}, {"decisions": wrongs[:end]}


@pytest.mark.parametrize("group", GROUPS)
def test_a_witness_tells_each_mutant_from_the_vault_in_its_last_answer_alone(group: str) -> None:
    for entry, profile in each(group):
        right, wrong = both(entry.id, profile)
        assert [yes(answer) for answer in right[:-1]] == [yes(answer) for answer in wrong[:-1]], (entry.id, profile)
        assert right[-1] != wrong[-1], (entry.id, profile)


@pytest.mark.parametrize("group", GROUPS)
def test_each_mutant_errs_in_the_direction_that_it_claims(group: str) -> None:
    for entry, profile in each(group):
        right, wrong = map(yes, differing(*(told[-1] for told in both(entry.id, profile))))
        if entry.direction == "open":
            assert (right, wrong) == (False, True), (entry.id, profile)
        elif entry.direction == "closed":
            assert (right, wrong) == (True, False), (entry.id, profile)
        elif entry.says_only:
            assert right == wrong, (entry.id, profile)


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


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_of_a_mutant_survives_a_reset(group: str) -> None:
    for entry, profile in each(group):
        subject, calls = mutant(entry.id, profile=profile), entry.calls(profile)
        assert answers(subject, calls) == answers(subject, calls), (entry.id, profile)


@pytest.mark.parametrize("group", GROUPS)
def test_a_witness_asks_only_what_the_contract_lets_be_sent(group: str) -> None:
    for name, profile in ALL:
        if CATALOGUE[name].group == group:
            _may_be_sent(name, profile)


def _may_be_sent(name: str, profile: str) -> None:
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
            assert request["operation"] in known, (name, profile)
            source = request["source"]
            if "subnet" in source:
                assert connected[source["subnet"].lower()] == ip_address(source["address"]).is_private, (name, profile)
            if "trusted" in request.get("caller", {}):
                assert profile == "keyvault", name


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


def test_what_a_decisions_only_subject_can_carry_needs_accepted_rule_sets_alone() -> None:
    carried = [(entry, profile) for group in GROUPS for entry, profile in each(group)]
    carried = [(entry, profile) for entry, profile in carried if entry.carriable_by_decisions_only]
    assert len(carried) > 200
    for entry, profile in carried:
        assert {method for method, _ in entry.calls(profile)} == {"reset", "putRules", "decide"}, (entry.id, profile)
        assert all(answer.get("accepted", True) for answer in both(entry.id, profile)[0]), (entry.id, profile)


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


def test_any_two_mutants_can_be_composed_and_every_answer_is_one_of_the_contract() -> None:
    chance = Random(2018)
    for _ in range(300):
        one, other = chance.sample(ENTRIES, 2)
        for profile in set(one.profiles) & set(other.profiles):
            subject = compose(f"{one.id}+{other.id}", profile=profile)
            assert subject.describe(protocol=1)["name"] == f"mutant:{one.id}+{other.id}"
            for method, answer in zip(one.calls(profile), answers(subject, one.calls(profile)), strict=True):
                convert(answer, METHODS[method[0]][1])


def test_mutants_that_no_profile_shows_together_are_not_composed_unasked() -> None:
    with pytest.raises(SubjectError, match="no profile"):
        compose("still-127-ip-rules+limits-of-today-in-2018")


def test_a_mutant_begins_in_a_profile_that_shows_it() -> None:
    assert all(mutant(name).describe(protocol=1)["profile"] in entry.profiles for name, entry in CATALOGUE.items())


def test_a_composed_mutant_is_called_by_the_names_of_its_parts() -> None:
    assert compose("hosts-only+prefix-ignored").describe(protocol=1)["name"] == "mutant:hosts-only+prefix-ignored"


def test_composing_one_mutant_is_that_mutant() -> None:
    assert type(compose("hosts-only")) is type(mutant("hosts-only"))

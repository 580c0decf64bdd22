"""How many requests a call carries changes no answer: each kind of request is asked alone, among few and many."""

import pytest
from fencepost.adapters.contract import JsonObject
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.judging.call_sizes import FIRSTS, CallSizes, class_of, in_words
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.mutants import mutant
from fencepost.conformance.mutants.witness import call
from fencepost.conformance.peers import EnforcerVault, StdlibVault
from runs import Subject, begun, connection_to, judged


@pytest.mark.parametrize(
    ("size", "place"), [(1, 0), (2, 1), (8, 1), (9, 2), (64, 2), (65, 3), (512, 3), (513, 4), (4095, 4), (4096, 5)]
)
def test_sizes_are_of_six_classes(size: int, place: int) -> None:
    assert class_of(size) == place
    assert FIRSTS[place] <= size


def test_a_class_is_named_by_its_sizes() -> None:
    assert [in_words(place) for place in (0, 1, 4, 5)] == ["1", "2 to 8", "513 to 4,095", "4,096"]


def test_what_was_not_asked_alone_or_among_few_is_asked_so_until_it_was_often_enough() -> None:
    sizes = CallSizes(is_late=True)
    kinds = [("a",), ("b",), ("a", "b"), ("c",)]
    asked = []
    for places in sizes.calls(kinds, most=100):
        for at, place in enumerate(places):
            sizes.count(kinds[place], len(places), at)
        asked.append(len(places))
    assert sizes.seen == dict.fromkeys("abc", "3311001112"), "large calls for a few kinds would be dear"
    assert sum(size == 1 for size in asked) == 6, "one request of both kinds serves both"
    assert not list(sizes.calls(kinds, most=100))


@pytest.mark.parametrize(
    ("size", "place", "counted"),
    [
        (1, 0, "1000000000"),
        (2, 1, "0100000000"),
        (3, 0, "0100001000"),
        (3, 1, "0100000100"),
        (3, 2, "0100000010"),
        (9, 4, "0010000001"),
        (4096, 2, "0000010001"),
    ],
)
def test_the_size_of_a_call_and_the_place_in_it_are_counted(size: int, place: int, counted: str) -> None:
    sizes = CallSizes()
    sizes.count(("a",), size, place)
    assert sizes.seen == {"a": counted}


def test_no_further_call_is_made_beyond_the_most_that_a_run_may_have() -> None:
    sizes = CallSizes(further=7, is_late=True)
    assert not list(sizes.calls([("a",)], most=7))
    assert next(sizes.calls([("a",)], most=8))


def test_what_was_not_answered_is_not_put_further() -> None:
    sizes = CallSizes(is_late=True)
    assert not list(sizes.calls([()], most=9))
    assert set(next(sizes.calls([(), ("a",)], most=9))) == {1}


def test_early_calls_are_those_that_many_kinds_lack_and_most_are_saved_for_later() -> None:
    assert [CallSizes(is_late=late).most(1_600) for late in (False, True)] == [100, 400]
    early = CallSizes()
    assert not list(early.calls([("a",)], most=9))
    assert [len(places) for places in early.calls([("a", "b", "c")], most=9)][:1] == [8]


@pytest.mark.parametrize("subject", [EnforcerVault, pytest.param("reference", marks=pytest.mark.slow)])
def test_calls_grow_by_at_most_a_quarter_and_reach_every_size_and_place(subject: Subject) -> None:
    with begun(subject) as campaign:
        campaign.run()
        report = campaign.report()
        sizes, explored = campaign.tally.call_sizes, campaign.explored
    assert report.exit_status == 0
    assert 0 < sizes.further * 4 <= sizes.asked + explored.writes + explored.resets
    for column, least in enumerate((0.83, 0.9, 0.85, 0.9, 0.7, 0.7, 0.9, 0.9, 0.9, 0.9)):
        wanted = 3 if column < 2 else 2 if column == 9 else 1
        enough = [entry for entry in sizes.seen.values() if int(entry[column]) == wanted]
        assert len(enough) >= least * len(sizes.seen), column


@pytest.mark.parametrize(
    ("flaw", "clause"),
    [
        ("alone-last-address-excluded", "DEC-4"),
        ("alone-any-subnet-is-listed", "DEC-7"),
        pytest.param("alone-permission-is-not-asked", "CRED-", marks=pytest.mark.slow),
        ("few-last-address-excluded", "DEC-17"),
        ("hundreds-last-address-excluded", "DEC-17"),
        ("first-of-a-call-is-let-through", "DEC-17"),
        ("second-of-a-call-is-let-through", "DEC-17"),
        ("third-of-a-call-is-let-through", "DEC-17"),
        pytest.param("full-call-last-address-excluded", "DEC-17", marks=pytest.mark.slow),
        pytest.param("full-call-forgets-allow", "DEC-17", marks=pytest.mark.slow),
    ],
)
def test_a_fault_in_calls_of_one_size_is_found(flaw: str, clause: str) -> None:
    report = judged(f"mutant:{flaw}", profile="keyvault", fail_fast=True)
    (failed,) = (row.id for row in report.clauses if row.verdict == "fail")
    assert failed.startswith(clause)


def test_a_fault_in_calls_of_one_request_is_found_by_its_clause_alone() -> None:
    (row,) = judged("mutant:alone-last-address-excluded", "DEC-4", profile="keyvault", fail_fast=True).clauses
    assert row.verdict == "fail"


@pytest.mark.parametrize(
    ("place", "name"), [*enumerate(("alone", "few", "some", "hundreds", "thousands", "full-call"))]
)
def test_a_mutant_of_one_size_answers_rightly_in_calls_of_the_others(place: int, name: str) -> None:
    vault = mutant(f"{name}-last-address-excluded")
    vault.reset(subnets=[])
    vault.put_rules(network_acls=wire_rules(["20.0.0.0/24"]))
    outcomes = []
    for size in FIRSTS:
        decisions = vault.decide(requests=[call("20.0.0.255")] * size)["decisions"]
        assert isinstance(decisions, list)
        outcomes.append(decisions[-1]["outcome"])
    assert [outcome == "deny" for outcome in outcomes] == [one == place for one in range(len(FIRSTS))]


class _Slow(Relay):
    """A right subject that takes a twentieth of a second for each decision, by a clock of the test's own."""

    now = 0.0

    def __init__(self) -> None:
        super().__init__(connection_to(EnforcerVault))

    def call(self, method: str, params: JsonObject) -> object:
        requests = params.get("requests")
        self.now += 0.001 + 0.05 * (len(requests) if isinstance(requests, list) else 0)
        return super().call(method, params)


def test_sizes_that_a_slow_subject_cannot_be_asked_are_named_under_dec_17() -> None:
    slow = _Slow()
    with using_clock(lambda: slow.now):
        report = judged(slow, "DEC-17")
    (row,) = report.clauses
    assert row.verdict == "pass"
    assert "divided, since an answer before took too long: 2 of 2 calls of 65 to 512 requests, " in row.detail


class Listening(Relay):
    """A right vault that keeps which members of the caller the first request of each call has."""

    def __init__(self) -> None:
        super().__init__(connection_to(StdlibVault))
        self.first = set[str]()

    def call(self, method: str, params: JsonObject) -> object:
        if method == "decide":
            requests = params["requests"]
            assert isinstance(requests, list)
            self.first.add(" ".join(requests[0].get("caller", ["absent"])))
        return super().call(method, params)


def test_the_first_request_of_a_call_writes_out_members_with_default_values_in_every_way_and_not_at_all() -> None:
    subject = Listening()
    assert judged(subject, "DEC-3").exit_status == 0
    assert subject.first >= {"absent", "", "authenticated", "authorized", "authenticated authorized"}

"""Whole runs: faulty implementations are found and named, right ones are not accused, and a run keeps its promises."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from fencepost.adapters.contract import JsonObject, open_subject
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.peers import StdlibVault, SuspiciousVault
from fencepost.conformance.run.order import EXPLORATIONS, explorations_for
from fencepost.reports.model import Call, Counterexample, Report, report_schema, report_to_json
from jsonschema import Draft202012Validator
from msgspec import json
from runs import Calls, Counted, connection_to, explored, judged, named

pytestmark = pytest.mark.xdist_group("whole runs")  # one worker makes them, for all the tests here

PROFILES = ("keyvault", "keyvault-2018-preview")

DOZEN = (
    ("last-address-excluded", "DEC-4"),
    ("upper-half-is-negative", "DEC-2"),
    ("first-rule-only", "DEC-5"),
    ("resource-group-ignored", "DEC-7"),
    ("subnet-id-case-sensitive", "DEC-8"),
    ("any-service-is-trusted", "DEC-13"),
    ("deny-without-rules-is-open", "DEC-15"),
    ("trusted-service-needs-no-token", "CRED-3"),
    ("listing-is-control", "CTL-3"),
    ("private-172-is-172-16", "VAL-3"),
    ("hex-octets", "VAL-5"),
    ("putting-adds", "STA-1"),
    ("endpoint-on-waits-for-a-write", "STA-10"),
)


def rules_in(call: Call) -> int:
    acls = call.params.get("networkAcls", {})
    assert isinstance(acls, Mapping)
    return sum(len(acls.get(member) or ()) for member in ("ipRules", "virtualNetworkRules"))


def counterexample(report: Report, clause: str) -> Counterexample:
    (row,) = [row for row in report.clauses if row.id == clause]
    assert row.verdict == "fail"
    return row.counterexamples[0]


def test_a_vault_that_lets_everybody_in_breaks_every_clause_that_denies_somebody_and_passes_none_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))
    report = judged("library:odd_vaults:OpenDoor")
    verdicts = {row.id: row.verdict for row in report.clauses}
    denying = ("DEC-3", "DEC-7", "DEC-9", "DEC-12", "DEC-13", "DEC-15", "CRED-1", "CRED-2", "CRED-3", "CTL-4")
    assert {verdicts[clause] for clause in denying} == {"fail"}
    assert {verdicts[clause] for clause in ("DEC-10", "DEC-16", "DEC-17", "CTL-3", "CTL-5")} == {"inconclusive"}
    assert report.exit_status == 1


@pytest.mark.slow
@pytest.mark.parametrize(("mutant", "clause"), DOZEN)
def test_a_faulty_vault_is_found_by_a_case_of_two_rules_that_names_the_clause(mutant: str, clause: str) -> None:
    report = judged(f"mutant:{mutant}", clause)
    assert (report.result, report.exit_status) == ("fail", 1)
    found = counterexample(report, clause)
    assert found.clause == clause
    assert found.why.startswith(f"{clause}: {catalogue()[clause].text}")
    assert found.calls[0].method == "reset"
    assert max(rules_in(call) for call in found.calls) <= 2
    assert len(found.calls) <= 5


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "count"), [("keyvault", 1001), ("keyvault-2018-preview", 128)])
def test_where_a_count_is_the_point_it_is_the_smallest_that_shows_it(profile: str, count: int) -> None:
    report = judged("mutant:one-ip-rule-too-many", "LIM-2", profile=profile)
    assert report.exit_status == 1
    assert rules_in(counterexample(report, "LIM-2").calls[-1]) == count
    assert [row.limit_found for row in report.clauses] == [str(count)]


def test_the_calls_of_a_counterexample_show_it_to_anybody_who_sends_them() -> None:
    report = judged("mutant:resource-group-ignored", "DEC-7")
    found = counterexample(report, "DEC-7")
    answers = {}
    for subject in ("mutant:resource-group-ignored", "reference"):
        connection = open_subject(subject)
        try:
            answers[subject] = [connection.call(call.method, call.params) for call in found.calls][-1]
        finally:
            connection.close()
    assert "allow" in str(answers["mutant:resource-group-ignored"])
    assert "deny" in str(answers["reference"])


class AllowsAll(StdlibVault):
    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        return {"decisions": ["allow" for _ in requests]}


class DeniesAll(StdlibVault):
    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        return {"decisions": [{"outcome": "deny", "status": 403, "code": "ForbiddenByFirewall"} for _ in requests]}


class RefusesAll(StdlibVault):
    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        return {"accepted": False}


def test_who_refuses_even_an_empty_set_is_a_question_to_the_harness() -> None:
    report = judged(RefusesAll, "VAL-1", fail_fast=True)
    whys = [one.why for row in report.clauses for one in row.counterexamples]
    assert any("a question to the harness first" in why for why in whys)


class DoubtsAll(StdlibVault):
    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        return {"decisions": [{"outcome": "inconclusive", "reason": "the vantage has moved"} for _ in requests]}


@pytest.mark.parametrize("make", [AllowsAll, DeniesAll])
def test_who_decides_everything_alike_fails_at_once(make: type[StdlibVault]) -> None:
    report = judged(make, fail_fast=True)
    assert (report.result, report.exit_status, report.level) == ("fail", 1, None)
    assert any(row.verdict == "fail" for row in report.clauses)


def test_who_refuses_every_rule_set_fails() -> None:
    report = judged(RefusesAll)
    assert (report.exit_status, report.level) == (1, None)
    assert "VAL-1" in {row.id for row in report.clauses if row.verdict == "fail"}
    assert not {row.id for row in report.clauses if row.verdict == "pass" and row.group == "limits"} - {
        "LIM-2",
        "LIM-4",
    }


@pytest.mark.slow
def test_who_doubts_everything_passes_no_clause_about_decisions() -> None:
    report = judged(DoubtsAll, "DEC", "CRED")
    assert report.exit_status != 0
    assert {row.verdict for row in report.clauses} == {"inconclusive"}


@cache
def counted(subject: str, profile: str) -> tuple[Report, Calls]:
    """A run and what it sent; decoys are asked about after the run, and their calls are no part of its counts."""
    connection = Counted(connection_to(subject, profile))
    return judged(connection, profile=profile, with_decoys=False), connection.calls


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_the_reference_passes_in_both_profiles(profile: str) -> None:
    report, _ = counted("reference", profile)
    assert report.exit_status == 0
    assert {row.id: row.detail for row in report.clauses if row.verdict not in ("pass", "not applicable")} == {}
    assert report.profile == profile


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_quick_effort_stays_within_fifteen_hundred_writes_and_a_hundred_thousand_decisions(profile: str) -> None:
    _, log = counted("reference", profile)
    assert log.writes <= 1_500
    assert log.decisions <= 100_000


def test_quick_effort_of_a_decisions_only_subject_stays_within_three_tenths() -> None:
    report, log = counted("library:fencepost.conformance.peers:DecisionsOnlyVault", "keyvault")
    assert report.exit_status == 0
    assert log.writes <= 450
    assert log.decisions <= 30_000


@pytest.mark.parametrize("profile", PROFILES)
def test_reset_is_sent_no_oftener_than_state_demands(profile: str) -> None:
    _, log = counted("reference", profile)
    methods = [call.method for call in log.sent]
    assert "reset" in methods[methods.index("describe") + 1 :][:1]
    assert sum(one == other == "reset" for one, other in pairwise(methods)) == 2, "three in a row, on purpose"
    assert log.count("reset") * 5 < log.writes


@pytest.mark.parametrize("profile", PROFILES)
def test_at_least_five_hundred_requests_are_asked_between_two_resets(profile: str) -> None:
    _, log = counted("reference", profile)
    assert max(log.between_resets()) >= 500


@pytest.mark.parametrize("profile", PROFILES)
def test_no_call_carries_more_requests_than_the_contract_lets_it(profile: str) -> None:
    _, log = counted("reference", profile)
    assert max(call.requests for call in log.sent) <= 4_096
    assert min(call.requests for call in log.sent if call.method == "decide") >= 1


def test_the_counts_of_the_report_are_those_of_the_adapter() -> None:
    report, log = counted("reference", "keyvault-2018-preview")
    assert report.totals.resets == log.count("reset")
    assert report.totals.writes == log.writes
    assert report.totals.decisions == log.decisions


@pytest.mark.slow
def test_only_what_is_offered_and_allowed_is_sent() -> None:
    report = judged(SuspiciousVault, with_decoys=False)
    assert {row.id: row.detail for row in report.clauses if row.verdict in ("error", "fail")} == {}
    assert report.totals.faults == 0
    assert report.exit_status == 0


@pytest.mark.parametrize("exploration", ["turns", "endpoints", "bare vaults"])
def test_a_history_sends_only_what_the_contract_allows(exploration: str) -> None:
    campaign = explored(SuspiciousVault, *named(exploration), with_decoys=False)
    assert campaign.tally.reasons("error") == {}
    assert campaign.explored.decisions > 0


def test_a_caller_of_a_subnet_without_its_endpoint_is_not_asked_by_its_private_address() -> None:
    for seed in range(16):
        campaign = explored(SuspiciousVault, *named("undone writes"), seed=seed, with_decoys=False)
        assert campaign.tally.reasons("error") == {}
        assert campaign.explored.decisions > 0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report_and_another_seed_another() -> None:
    def run(seed: int) -> Report:
        return judged("mutant:first-rule-only", "VAL", "DEC-10", "STA-5", "STA-10", seed=seed)

    first, second, other = run(5), run(5), run(6)
    assert report_to_json(first) == report_to_json(second)
    assert first != other


@pytest.mark.parametrize("profile", PROFILES)
def test_the_report_is_valid_by_its_published_schema(profile: str) -> None:
    validator = Draft202012Validator(report_schema())
    failed = judged("mutant:hex-octets", "VAL-5", profile=profile)
    for report in (failed, counted("reference", profile)[0]):
        validator.validate(json.decode(report_to_json(report)))


def test_every_clause_is_served_and_every_exploration_serves_clauses_of_the_catalogue() -> None:
    known = {clause.id for clause in catalogue().clauses}
    assert all(set(one.serves) <= known for one in EXPLORATIONS)
    assert all(any(explorations_for([clause])) for clause in known)


ALONE = [
    clause.id
    for clause in catalogue().clauses
    if clause.group != "wire"
    and "decisions" not in {one.name for one in explorations_for([clause.id])}
    and clause.id not in ("VAL-8", "STA-9")
]


@cache
def asked_by(explorations: tuple[str, ...]) -> Report:
    """A run of just these explorations against the reference."""
    return explored("reference", *named(*explorations), profile="keyvault-2018-preview").report()


@pytest.mark.slow
@pytest.mark.parametrize("clause", ALONE)
def test_a_clause_that_is_asked_alone_is_asked_enough(clause: str) -> None:
    report = asked_by(tuple(one.name for one in explorations_for([clause])))
    (row,) = [row for row in report.clauses if row.id == clause]
    assert (row.verdict, row.detail) == ("pass", "")

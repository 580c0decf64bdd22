"""Histories: what they ask, what they find, how short a failure gets, and the strategy and state machine over them."""

from importlib import import_module
from pathlib import Path
from random import Random
from typing import cast

import pytest
from fencepost.adapters.contract import Client, JsonObject, open_factory
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.explorations.histories import HISTORIES
from fencepost.conformance.explorations.whole_sets import as_whole_set
from fencepost.conformance.generate import networks
from fencepost.conformance.generate.changes import Change, GeneratorState
from fencepost.conformance.generate.histories import histories, history_machine
from fencepost.conformance.generate.moves import MOVES, opening
from fencepost.conformance.implementations import reference
from fencepost.conformance.lockstep.case import EndpointsStep, WriteStep, apply_write
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.mutants import mutant
from fencepost.conformance.peers import (
    DecisionsOnlyVault,
    IpRulesOnlyVault,
    MinimalVault,
    NetworkGateVault,
    NoServiceEndpointsVault,
    SqliteVault,
    StdlibVault,
    StdlibVaultUndeclared,
    SuspiciousVault,
    TrieVault,
    WholeSetsOnlyVault,
)
from fencepost.reference import Block, Profile, Vault, Verdict, load_profile
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test
from runs import explored, judged

PROFILES = ("keyvault", "keyvault-2018-preview")
QUICKLY = settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
OFFER = Capabilities.from_statement(Client(open_factory(lambda: reference(""))).describe(), load_profile("keyvault"))


def settled(name: str) -> Profile:
    """The profile with every point chosen that a history meets."""
    choices = {"remove-unknown": "ignore", "lost-service-endpoint": "accept", "missing-service-endpoint": "reject"}
    return load_profile(name).with_choices(choices)


class ModelHistory:
    """The reference's vault, taking every change of a move."""

    def __init__(self, random: Random, profile: Profile) -> None:
        self.vault = Vault(profile=profile).reset(networks.network(random, some_without_endpoint=False))
        self.state = GeneratorState(random=random, capabilities=OFFER, now=lambda: self.vault)
        opened = self.vault.put_rules(opening(self.state)).accepted
        assert opened is not None
        self.vault = opened

    def play(self, name: str) -> list[tuple[Change, Verdict]]:
        return [(change, self.take(change)) for change in MOVES[name](self.state)]

    def take(self, change: Change) -> Verdict:
        match change.step:
            case EndpointsStep(subnet=subnet, service_endpoints=endpoints):
                self.vault = self.vault.set_service_endpoints(subnet, endpoints)
                return Verdict.ACCEPTED
            case WriteStep():
                write = apply_write(self.vault, change.step)
                self.vault = write.accepted or self.vault if write.verdict is Verdict.ACCEPTED else self.vault
                return write.verdict


def test_a_rule_is_removed_under_allow_though_the_rule_added_there_covers_every_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = ModelHistory(Random(0), load_profile("keyvault"))
    opened = history.vault.put_rules(wire_rules(["20.0.0.0/24", "20.1.0.0/24"])).accepted
    assert opened is not None
    history.vault = opened
    monkeypatch.setattr("fencepost.conformance.generate.moves.new_block", lambda _: Block(20 << 24, (21 << 24) - 1))
    changes = [change.step for change, _ in history.play("dormant")]
    methods = [step.method for step in changes if isinstance(step, WriteStep)]
    assert methods[1:3] == ["addIpRule", "removeIpRule"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", MOVES)
def test_a_move_makes_changes_that_the_reference_has_an_answer_to_and_repeats_no_rule(name: str, profile: str) -> None:
    made = 0
    for seed in range(12):
        rehearsal = ModelHistory(Random(seed), settled(profile))
        for before in Random(seed).sample(list(MOVES), 2):
            rehearsal.play(before)
        changes = rehearsal.play(name)
        made += len(changes)
        assert all(verdict is not Verdict.OPEN for _, verdict in changes)
        blocks = [rule.block for rule in rehearsal.vault.rules.ip_rules]
        assert len(set(blocks)) == len(blocks)
        assert len({one.key for one in rehearsal.vault.rules.virtual_network_rules}) == len(
            rehearsal.vault.rules.virtual_network_rules
        )
        assert rehearsal.vault.rules.default_action.value == "Deny"
    assert made


def test_only_the_move_of_refusals_and_that_of_unknown_rules_are_ever_refused() -> None:
    for name in sorted(set(MOVES) - {"refused"}):
        rehearsal = ModelHistory(Random(5), settled("keyvault"))
        assert {verdict for _, verdict in rehearsal.play(name)} <= {Verdict.ACCEPTED}, name
    verdicts = [verdict for _, verdict in ModelHistory(Random(5), settled("keyvault")).play("refused")]
    assert Verdict.REFUSED in verdicts


@pytest.mark.parametrize("profile", PROFILES)
def test_quick_histories_stay_within_their_share_of_the_ration(profile: str) -> None:
    campaign = explored("reference", HISTORIES, profile=profile, seed=3)
    spent, effort = campaign.explored, EFFORTS["quick"]
    assert spent.writes * 4 <= effort.writes
    assert spent.decisions * 10 <= effort.decisions
    assert not campaign.tally.failures
    assert campaign.tally["STA-2"].decisive > 100


@pytest.mark.slow
@pytest.mark.parametrize("peer", [StdlibVault, StdlibVaultUndeclared, SqliteVault, TrieVault, NetworkGateVault])
def test_no_peer_fails_by_its_history(peer: type[object]) -> None:
    report = judged(peer, "STA-2", seed=1)
    assert (report.result, report.totals.faults) == ("partial", 0)


@pytest.mark.slow
@pytest.mark.engine("nginx")
def test_a_vault_that_a_real_server_stands_behind_does_not_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))
    monkeypatch.setenv("FENCEPOST_NGINX", "restart")
    report = judged(import_module("nginx_vault").NginxVault, "STA-2")
    assert (report.result, report.totals.faults) == ("partial", 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "peer", [DecisionsOnlyVault, IpRulesOnlyVault, WholeSetsOnlyVault, NoServiceEndpointsVault, MinimalVault]
)
def test_histories_ask_nothing_that_the_statement_does_not_offer(peer: type[object]) -> None:
    report = judged(peer, "STA-2", "STA-7", seed=2)
    assert report.totals.faults == 0
    assert {row.verdict for row in report.clauses} <= {"pass", "not applicable"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "clause", "calls"),
    [
        ("removing-takes-the-last", "STA-2", 6),
        ("fourth-add-is-dropped", "STA-2", 9),
        ("answers-outlive-single-writes", "STA-2", 6),
        ("added-subnet-waits-for-a-put", "STA-2", 4),
        ("removing-subnets-by-spelling", "STA-2", 5),
        ("refused-rules-count", "VAL-9", 5),
    ],
)
def test_a_flaw_that_takes_a_history_is_told_by_a_short_one(name: str, clause: str, calls: int) -> None:
    report = judged(f"mutant:{name}", "STA-2", clause)
    found = [one for row in report.clauses for one in row.counterexamples if one.clause == clause]
    assert report.exit_status == 1
    assert found, report.notes
    assert len(found[0].calls) <= calls
    assert found[0].calls[0].method == "reset"


def test_a_write_that_must_be_refused_is_blamed_for_what_it_leaves() -> None:
    report = judged("mutant:refused-write-clears", "STA-2", "VAL-9", "LIM-6")
    failed = {row.id for row in report.clauses if row.verdict == "fail"}
    assert failed
    assert failed <= {"VAL-9", "LIM-6"}


def test_a_stroke_is_made_by_a_whole_set_where_single_rules_cannot_be_changed() -> None:
    rehearsal = ModelHistory(Random(0), settled("keyvault"))
    before = rehearsal.vault.rules
    gone = Change(step=WriteStep(method="removeIpRule", params={"value": before.ip_rules[0].text}))
    whole = as_whole_set(gone, rehearsal.vault)
    assert whole is not None
    assert isinstance(whole.step, WriteStep)
    assert whole.step.method == "putRules"
    rehearsal.take(whole)
    assert rehearsal.vault.rules.ip_rules == before.ip_rules[1:]
    worse = Change(step=WriteStep(method="addIpRule", params={"value": "10.0.0.1"}))
    refused = as_whole_set(worse, rehearsal.vault)
    assert refused is not None
    assert rehearsal.take(refused) is Verdict.REFUSED


@QUICKLY
@given(histories("keyvault-2018-preview", max_moves=3))
def test_a_history_of_the_strategy_is_answered_alike_by_two_vaults(calls: list[dict[str, object]]) -> None:
    answers = []
    for factory in (lambda: reference("keyvault-2018-preview"), lambda: StdlibVault(profile="keyvault-2018-preview")):
        connection = open_factory(factory)
        asked = [(str(one["method"]), cast("JsonObject", one["params"])) for one in calls]
        answers.append([summed_up(connection.call(*one)) for one in asked])
        connection.close()
    assert answers[0] == answers[1]


def summed_up(answer: object) -> object:
    assert isinstance(answer, dict)
    if "decisions" in answer:
        return [decision["outcome"] for decision in answer["decisions"]]
    return answer.get("accepted")


@QUICKLY
@given(histories(features=("incremental-rules", "ip-rules-only", "decisions-only"), max_moves=3))
def test_a_history_of_the_strategy_keeps_to_the_features(calls: list[dict[str, object]]) -> None:
    class Enforcer(SuspiciousVault):
        name = "enforcer"
        features = ("incremental-rules", "ip-rules-only", "decisions-only")

    connection = open_factory(Enforcer)
    for one in calls:
        connection.call(str(one["method"]), one["params"])  # type: ignore[arg-type]
    connection.close()


def test_the_state_machine_finds_nothing_in_a_correct_vault_and_something_in_a_mutant() -> None:
    few = settings(QUICKLY, max_examples=4, stateful_step_count=4, phases=(Phase.generate,), derandomize=True)
    profile = settled("keyvault")
    run_state_machine_as_test(history_machine(lambda: open_factory(lambda: reference("")), profile), settings=few)
    flawed = history_machine(lambda: open_factory(lambda: mutant("removing-does-nothing", profile="keyvault")), profile)
    with pytest.raises(AssertionError, match=r"expected deny .* got allow"):
        run_state_machine_as_test(flawed, settings=settings(few, max_examples=20))

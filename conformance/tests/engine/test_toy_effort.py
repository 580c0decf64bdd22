"""Effort on a toy: calls are counted, exploring ends where they are used up, counterexamples are counted apart."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fencepost.adapters.contract import Client
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.peers import StdlibVault
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.order import _KEPT_WRITES
from fencepost.conformance.run.plan import Plan
from runs import Calls, Counted, begun, connection_to
from toys import CALLERS, EFFORT, INSIDE, TWO_RULES, ToyVault, exploration, under_deny


class Blind(ToyVault):
    """Lets nobody in under Deny."""

    def outcome(self, address: str) -> str:
        return "deny" if self.default_action == "Deny" else "allow"


def many_writes(bench: Bench) -> None:
    for _ in range(10_000):
        bench.put(TWO_RULES)


def many_requests(bench: Bench) -> None:
    bench.put(TWO_RULES)
    for _ in range(10_000):
        bench.ask(CALLERS)


def used_up(run: Callable[[Bench], None], *, writes: int, decisions: int) -> Calls:
    """What was sent by a run with this effort whose scenario asks for more than there is."""
    subject = Counted(connection_to(ToyVault))
    effort = replace(EFFORT, writes=writes, decisions=decisions)
    with begun(subject, effort=effort, with_decoys=False) as campaign:
        campaign.settle()
        campaign.explore(exploration(run))
    return subject.calls


def test_no_more_writes_are_sent_than_the_effort_has_three_tenths_for_who_only_decides() -> None:
    assert used_up(many_writes, writes=200, decisions=10_000).writes == 60


def test_no_more_decisions_are_asked_than_the_effort_has_and_a_call_that_does_not_fit_is_not_made() -> None:
    calls = used_up(many_requests, writes=1_000, decisions=1_000)
    assert 300 - len(CALLERS) < calls.decisions <= 300


def test_an_exploration_after_the_one_that_used_up_the_effort_asks_nothing() -> None:
    subject = Counted(connection_to(ToyVault))
    with begun(subject, effort=replace(EFFORT, writes=200), with_decoys=False) as campaign:
        campaign.settle()
        assert campaign.explore(exploration(many_writes))
        before = subject.calls.writes
        assert campaign.explore(exploration(under_deny, name="later"))
    assert subject.calls.writes == before
    assert not campaign.is_unfinished


def test_what_a_counterexample_takes_is_no_part_of_the_effort() -> None:
    spent = {}
    for vault in (ToyVault, Blind):
        with begun(vault, effort=EFFORT, with_decoys=False) as campaign:
            campaign.settle()
            campaign.explore(exploration(under_deny))
            totals = campaign.report().totals
        spent[vault] = (totals.resets, totals.writes, totals.decisions)
        assert bool(totals.shrink_calls) is (vault is Blind)
    assert spent[ToyVault] == spent[Blind]


def test_the_decisions_until_the_first_failure_end_with_the_one_that_was_wrong() -> None:
    def run(bench: Bench) -> None:
        bench.put(TWO_RULES)
        bench.ask([*CALLERS[2:], INSIDE, *CALLERS])

    with begun(Blind, effort=EFFORT, with_decoys=False) as campaign:
        campaign.settle()
        campaign.explore(exploration(run))
        first = campaign.report().first_failure
    assert first is not None
    assert (first.examples, first.writes, first.configurations, first.decisions) == (1, 1, 1, 2)


@pytest.mark.parametrize("name", ["quick", "standard", "thorough"])
def test_what_is_kept_for_the_control_is_taken_from_the_explorations(name: str) -> None:
    effort = EFFORTS[name]
    assert effort.without_control().writes < effort.writes
    assert effort.without_control().decisions < effort.decisions


@pytest.mark.parametrize(
    ("order", "greedy"), [((0, 1), 20), ((1, 0), _KEPT_WRITES["limits"] + 20 - 1)], ids=["before", "after"]
)
def test_writes_are_kept_for_an_exploration_that_is_still_to_come(order: tuple[int, int], greedy: int) -> None:
    explorations = exploration(many_writes), exploration(under_deny, name="limits")
    subject = Counted(connection_to(StdlibVault))
    plan = Plan(subject="it", effort=replace(EFFORT, writes=_KEPT_WRITES["limits"] + 20), seed=0, with_decoys=False)
    campaign = begin(Client(subject), plan, explorations=explorations)
    campaign.settle(probed=())
    sent = dict[int, int]()
    for place in order:
        before = subject.calls.writes
        campaign.explore(explorations[place])
        sent[place] = subject.calls.writes - before
    assert sent == {0: greedy, 1: 1}

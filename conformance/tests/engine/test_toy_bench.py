"""The test bench on a toy: what is asked is compared and counted, and a wrong answer becomes the smallest case."""

from collections.abc import Mapping, Sequence

import pytest
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.judging.verdicts import DECISIVE
from fencepost.reference import Network
from toys import CALLERS, INSIDE, OTHER, OUTSIDE, TWO_RULES, ToyVault, acls, row, toy_run, under_allow, under_deny


class ReadsBack(ToyVault):
    """A right vault that reads its rules back."""

    features = ("decisions-only", "ip-rules-only", "data-plane-only", "read-back")


def test_the_bench_hands_on_the_outcomes_that_came() -> None:
    came = []

    def run(bench: Bench) -> None:
        bench.put(TWO_RULES)
        came.extend(bench.ask(CALLERS))

    toy_run(ToyVault, run)
    assert came == ["allow", "allow", "deny"]


def test_the_reference_follows_what_the_subject_accepts() -> None:
    rules = []

    def run(bench: Bench) -> None:
        bench.put(TWO_RULES)
        rules.append([rule.text for rule in bench.vault.rules.ip_rules])
        bench.reset(Network())
        rules.append([rule.text for rule in bench.vault.rules.ip_rules])

    toy_run(ToyVault, run)
    assert rules == [["20.0.0.1", "20.0.0.2"], []]


def test_a_right_answer_counts_for_each_clause_that_it_exercises() -> None:
    campaign = toy_run(ToyVault, under_deny, under_allow)
    counts = {clause: (count.asked, count.decisive) for clause, count in campaign.tally.records.items() if count.asked}
    assert counts["DEC-1"] == (3, 3)
    assert counts["DEC-2"] == (2, 2)
    assert counts["DEC-3"] == (1, 1)
    assert (campaign.tally.allowed, campaign.tally.denied) == (5, 1)
    assert not campaign.tally.failures


def test_an_exploration_may_say_which_clauses_a_request_exercises_besides() -> None:
    def run(bench: Bench) -> None:
        bench.put(TWO_RULES, exercises=("STA-1",))
        bench.ask(CALLERS, exercises={OUTSIDE: ("STA-3",)})

    counts = toy_run(ToyVault, run).tally.records
    assert (counts["STA-1"].decisive, counts["STA-3"].decisive, counts["STA-3"].denied) == (1, 1, 1)


def test_enough_decisive_answers_are_a_pass_and_one_fewer_is_vacuous() -> None:
    def asked(times: int) -> str:
        def run(bench: Bench) -> None:
            bench.put(TWO_RULES)
            bench.ask([OUTSIDE] * times)

        return row(toy_run(ToyVault, run), "DEC-3").verdict

    assert (asked(DECISIVE), asked(DECISIVE - 1)) == ("pass", "vacuous")


# -- wrong answers -----------------------------------------------------------------------------------------------------


class Blind(ToyVault):
    """Lets nobody in under Deny."""

    def outcome(self, address: str) -> str:
        return "deny" if self.default_action == "Deny" else "allow"


class FirstRuleOnly(ToyVault):
    """Looks at the first rule alone."""

    def outcome(self, address: str) -> str:
        return "allow" if self.default_action == "Allow" or address in self.rules[:1] else "deny"


class Open(ToyVault):
    """Lets everybody in."""

    def outcome(self, address: str) -> str:
        return "allow"


class Awake(ToyVault):
    """Keeps its rules in force under Allow."""

    def outcome(self, address: str) -> str:
        return "allow" if not self.rules or address in self.rules else "deny"


@pytest.mark.parametrize(
    ("vault", "clause", "rules"),
    [(Blind, "DEC-2", 1), (FirstRuleOnly, "DEC-5", 2), (Open, "DEC-15", 0), (Awake, "DEC-1", 1)],
)
def test_a_wrong_answer_is_shrunk_and_told_under_the_clause_that_it_breaks(
    vault: type[ToyVault], clause: str, rules: int
) -> None:
    campaign = toy_run(vault, under_deny, under_allow)
    (found,) = row(campaign, clause).counterexamples
    assert row(campaign, clause).verdict == "fail"
    assert [call.method for call in found.calls] == ["reset", "putRules", "decide"]
    assert found.rules is not None
    listed = found.rules["ipRules"]
    assert isinstance(listed, Sequence)
    assert len(listed) == rules
    assert {found.expected, found.got} == {"allow", "deny"}
    assert f"--clause {clause}" in found.replay


def test_the_calls_of_the_smallest_case_show_the_wrong_answer_to_anybody_who_sends_them() -> None:
    (found,) = row(toy_run(FirstRuleOnly, under_deny), "DEC-5").counterexamples

    def last_answer(vault: ToyVault) -> object:
        vault.reset(subnets=[])
        _, put, decide = found.calls
        vault.put_rules(network_acls=put.params["networkAcls"])  # type: ignore[arg-type]  # an object of the wire
        return vault.decide(requests=decide.params["requests"])  # type: ignore[arg-type]  # a list of the wire

    assert last_answer(ToyVault()) == {"decisions": ["allow"]}
    assert last_answer(FirstRuleOnly()) == {"decisions": ["deny"]}


def test_the_bench_goes_on_after_a_wrong_answer_from_the_state_that_it_had() -> None:
    after = []

    def run(bench: Bench) -> None:
        bench.put(TWO_RULES)
        bench.ask([INSIDE, OTHER])
        after.extend(bench.ask([INSIDE, OUTSIDE]))

    campaign = toy_run(FirstRuleOnly, run)
    assert list(campaign.tally.failures) == ["DEC-5"]
    assert after == ["allow", "deny"]
    assert campaign.tally["DEC-3"].decisive == 1


class Hesitant(ToyVault):
    """Is wrong about every caller, the first time that it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked = False

    def decide(self, *, requests: Sequence[Mapping[str, Mapping[str, str]]]) -> dict[str, object]:
        if not self.is_asked:
            self.is_asked = True
            return {"decisions": ["allow"] * len(requests)}
        return super().decide(requests=requests)


def test_a_wrong_answer_that_does_not_come_again_fails_though_no_replay_shows_it() -> None:
    campaign = toy_run(Hesitant, under_deny)
    assert not campaign.tally.failures
    assert row(campaign, "DEC-17").verdict == "fail"


def test_a_run_that_ends_at_the_first_failure_asks_nothing_after_it() -> None:
    reached = []

    def later(_: Bench) -> None:
        reached.append("later")

    campaign = toy_run(Blind, under_deny, later, fail_fast=True)
    assert list(campaign.tally.failures) == ["DEC-2"]
    assert not reached


# -- what is read back -------------------------------------------------------------------------------------------------


class Forgetful(ReadsBack):
    """Decides right, and reads back one rule too few."""

    def get_rules(self) -> dict[str, object]:
        return {"networkAcls": acls(*self.rules[:-1], default_action=self.default_action)}


def read_back(bench: Bench) -> None:
    bench.put(TWO_RULES)
    bench.read()


def test_what_is_read_back_right_counts_for_sta_5() -> None:
    assert toy_run(ReadsBack, read_back).tally["STA-5"].decisive == 1


def test_what_is_read_back_wrong_while_the_decisions_are_right_is_told_under_sta_5() -> None:
    (found,) = row(toy_run(Forgetful, read_back), "STA-5").counterexamples
    assert [call.method for call in found.calls] == ["reset", "getRules"]  # it shows on a vault without rules, too


class LosesTheLast(ReadsBack):
    """Takes every rule but the last, and says so."""

    def put_rules(self, *, network_acls: Mapping[str, object]) -> dict[str, object]:
        super().put_rules(network_acls=network_acls)
        self.rules = self.rules[:-1]
        return {"accepted": True}


def test_rules_that_are_not_those_that_were_written_are_told_as_wrong_decisions() -> None:
    campaign = toy_run(LosesTheLast, read_back)
    assert "STA-5" not in campaign.tally.failures
    assert [found.calls[-1].method for (found,) in campaign.tally.failures.values()] == ["decide"]


def test_nothing_is_read_back_from_a_subject_that_does_not_offer_it() -> None:
    assert toy_run(ToyVault, read_back).tally["STA-5"].asked == 0

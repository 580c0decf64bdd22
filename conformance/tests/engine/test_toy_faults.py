"""The fault policy on a toy: a fault ends its clause, two end an optional method, three in a row end the run."""

from collections.abc import Callable, Collection, Mapping, Sequence

import pytest
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.judging.verdicts import DECISIVE
from fencepost.conformance.run.campaign import Campaign
from fencepost.reference import text_from_address
from runs import begun
from toys import CALLERS, EFFORT, INSIDE, OUTSIDE, TWO_RULES, ToyVault, acls, exploration, row, toy_run, under_deny


class OnFire(ToyVault):
    """Raises at these calls of one method, counted from 1 on once it is armed; the open points are settled before.

    Another method may raise at every call.
    """

    features = ("decisions-only", "ip-rules-only", "data-plane-only", "read-back")

    def __init__(self, method: str, at: Collection[int], *, always: str = "") -> None:
        super().__init__()
        self.method, self.at, self.always = method, at, always
        self.seen = 0
        self.is_armed = False

    def _note(self, method: str) -> None:
        if self.is_armed and method == self.always:
            raise RuntimeError(f"{method} is not there")
        if not self.is_armed or method != self.method:
            return
        self.seen += 1
        if self.seen in self.at:
            raise RuntimeError(f"the disk is on fire in {method}")

    def put_rules(self, *, network_acls: Mapping[str, object]) -> dict[str, object]:
        self._note("put_rules")
        return super().put_rules(network_acls=network_acls)

    def get_rules(self) -> dict[str, object]:
        self._note("get_rules")
        return super().get_rules()

    def decide(self, *, requests: Sequence[Mapping[str, Mapping[str, str]]]) -> dict[str, object]:
        self._note("decide")
        return super().decide(requests=requests)


def ran(vault: OnFire, *scenarios: Callable[[Bench], None]) -> Campaign:
    """A run of these scenarios against the vault, which is armed before the first of them."""

    def arm(_: Bench) -> None:
        vault.is_armed = True

    return toy_run(lambda: vault, arm, *scenarios)


def inside(bench: Bench) -> None:
    bench.put(TWO_RULES)
    bench.ask([INSIDE])


def outside(bench: Bench) -> None:
    bench.put(TWO_RULES)
    bench.ask([OUTSIDE] * DECISIVE)


def read_back(bench: Bench) -> None:
    bench.put(TWO_RULES)
    bench.read()


def test_a_harness_fault_is_the_error_of_its_clause_and_never_a_failure() -> None:
    campaign = ran(OnFire("decide", {1}), inside, outside)
    assert not campaign.tally.failures
    assert row(campaign, "DEC-2").verdict == "error"
    assert "the disk is on fire in decide" in row(campaign, "DEC-2").detail
    assert row(campaign, "DEC-3").verdict == "pass"


def test_a_fault_in_a_call_of_several_clauses_is_looked_for_clause_by_clause() -> None:
    class DeniesNobody(ToyVault):
        def outcome(self, address: str) -> str:
            if super().outcome(address) == "deny":
                raise KeyError(address)
            return "allow"

    campaign = toy_run(DeniesNobody, under_deny)
    assert {*campaign.tally.reasons("error")} == {"DEC-3"}
    assert campaign.tally["DEC-2"].decisive == 2


def test_a_wrong_answer_beside_a_fault_is_a_failure_of_its_clause() -> None:
    class DeniesOrFails(ToyVault):
        def outcome(self, address: str) -> str:
            if address == text_from_address(OUTSIDE.address):
                raise KeyError(address)
            return "deny"

    campaign = toy_run(DeniesOrFails, under_deny)
    assert "DEC-3" in campaign.tally.reasons("error")
    assert set(campaign.tally.failures) == {"DEC-2"}


def test_a_fault_of_the_whole_call_is_an_error_though_each_clause_is_answered_apart() -> None:
    class TakesOneKind(ToyVault):
        def decide(self, *, requests: Sequence[Mapping[str, Mapping[str, str]]]) -> dict[str, object]:
            if len({self.outcome(one["source"]["address"]) for one in requests}) > 1:
                raise KeyError("two kinds")
            return super().decide(requests=requests)

    campaign = toy_run(TakesOneKind, under_deny)
    assert "two kinds" in " ".join(campaign.tally.reasons("error").values())
    assert campaign.tally["DEC-2"].decisive == 2


def test_what_comes_after_a_fault_in_a_scenario_is_not_asked_and_the_next_scenario_is() -> None:
    reached = []

    def two(bench: Bench) -> None:
        inside(bench)
        reached.append("the same scenario")

    def next_one(bench: Bench) -> None:
        outside(bench)
        reached.append("the next scenario")

    ran(OnFire("put_rules", {1}), two, next_one)
    assert reached == ["the next scenario"]


def test_three_faults_in_a_row_end_the_run_and_what_was_not_asked_says_so() -> None:
    reached = []

    def last(_: Bench) -> None:
        reached.append("asked")

    campaign = ran(OnFire("put_rules", {1, 2, 3}), *[inside] * 3, last)
    assert not reached
    assert campaign.is_unfinished
    assert row(campaign, "DEC-3").verdict == "error"
    assert "three harness faults in a row" in row(campaign, "DEC-3").detail


def test_an_answer_in_a_scenario_that_ends_early_begins_the_count_anew() -> None:
    vault = OnFire("put_rules", {1, 2, 4}, always="get_rules")
    assert not ran(vault, inside, inside, read_back, inside).is_unfinished
    assert vault.seen == 4


def test_a_scenario_that_goes_through_begins_the_count_anew() -> None:
    campaign = ran(OnFire("put_rules", {1, 2, 4, 5}), *[outside] * 6)
    assert not campaign.is_unfinished
    assert campaign.tally.faults == 4


def test_a_method_that_only_a_feature_needs_is_given_up_after_two_faults() -> None:
    campaign = ran(OnFire("get_rules", range(1, 10)), *[read_back] * 4, outside)
    assert row(campaign, "STA-5").verdict == "error"
    assert row(campaign, "DEC-3").verdict == "pass"
    assert not campaign.is_unfinished
    assert campaign.tally.faults == 1  # the clause is over with its first fault, and nothing else reads rules back


def test_a_clause_in_error_is_not_asked_again() -> None:
    vault = OnFire("decide", {1})
    ran(vault, inside, inside, inside)
    assert vault.seen == 1


def test_a_fault_while_a_wrong_answer_is_shrunk_is_an_error_and_no_failure() -> None:
    class BlindAndOnFire(OnFire):
        def outcome(self, address: str) -> str:
            return "deny" if self.default_action == "Deny" else "allow"

    campaign = ran(BlindAndOnFire("put_rules", range(2, 200)), under_deny)
    assert not campaign.tally.failures
    assert campaign.tally.reasons("error")
    assert campaign.tally.faults >= 1


@pytest.mark.parametrize(
    "nonsense",
    [
        {"decisions": []},
        {"decisions": ["perhaps"] * len(CALLERS)},
        {"decisions": "allow"},
        {"verdicts": ["allow"] * len(CALLERS)},
        ["allow"] * len(CALLERS),
        None,
        42,
    ],
)
def test_an_answer_that_is_no_answer_is_an_error_and_no_failure(nonsense: object) -> None:
    class TalksNonsense(ToyVault):
        def decide(self, *, requests: Sequence[object]) -> dict[str, object]:
            return nonsense  # type: ignore[return-value]  # this is the fault

    campaign = toy_run(TalksNonsense, under_deny)
    assert not campaign.tally.failures
    assert {row(campaign, clause).verdict for clause in ("DEC-2", "DEC-3")} == {"error"}


def test_a_refusal_of_rules_that_must_be_accepted_is_a_failure_and_no_error() -> None:
    class Refuses(ToyVault):
        def put_rules(self, *, network_acls: Mapping[str, object]) -> dict[str, object]:
            return {"accepted": False}

    def run(bench: Bench) -> None:
        bench.put(acls("20.0.0.1"))

    campaign = toy_run(Refuses, run)
    assert not campaign.tally.reasons("error")
    assert list(campaign.tally.failures) == ["VAL-1"]


def test_a_fault_in_a_request_that_a_clause_outside_the_selection_decides_is_the_error_of_a_selected_clause() -> None:
    class FailsInside(OnFire):
        def outcome(self, address: str) -> str:
            if address == text_from_address(INSIDE.address) and self.is_armed:
                raise KeyError(address)
            return super().outcome(address)

    vault = FailsInside("decide", ())
    with begun(lambda: vault, "DEC-5", effort=EFFORT, with_decoys=False) as campaign:
        campaign.settle()
        vault.is_armed = True
        campaign.explore(exploration(under_deny))
    assert row(campaign, "DEC-5").verdict == "error"

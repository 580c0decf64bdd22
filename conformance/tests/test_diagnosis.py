"""Diagnosis as a line, on a toy subject: reproduce, shrink, attribute, record, and the review at the end."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from fencepost.adapters.contract import Client, JsonObject
from fencepost.adapters.contract import Decision as Answer
from fencepost.conformance.diagnosis.diagnosis import Diagnosis
from fencepost.conformance.diagnosis.recorder import FailureRecorder
from fencepost.conformance.diagnosis.replays import Replays
from fencepost.conformance.diagnosis.reproduction import Conversation, minimal_setup, reproduce, wrong_gate
from fencepost.conformance.diagnosis.trials import Reproduction
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, ResetStep, WriteStep, apply_write
from fencepost.conformance.lockstep.deadline import OutOfTime
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Found, Mismatch, WrongDecision, WrongRead
from fencepost.conformance.lockstep.wire import network_from_wire, request_from_wire, wire_rules
from fencepost.reference import Caller, Network, Request, RuleSet, Vault, address_from_text, load_profile

PROFILE = load_profile("keyvault")
HERE, THERE = Request(address=address_from_text("20.0.0.9")), Request(address=address_from_text("99.0.0.1"))
ADMIT = WriteStep(method="putRules", params={"networkAcls": wire_rules(("20.0.0.0/24",))})
NOBODY = WriteStep(method="putRules", params={"networkAcls": wire_rules(())})
WRITTEN = apply_write(Vault(profile=PROFILE).reset(Network()), ADMIT).accepted or Vault(profile=PROFILE)

Answers = Callable[[str, int], str]
"""What a toy makes of the right outcome, given the number of decisions since the last `reset`."""


@dataclass
class Toy:
    """A vault that keeps its rules as the reference does, and answers `decide` in its own way."""

    answer: Answers
    exclusive: bool = True
    calls: int = 0
    asked: int = 0
    vault: Vault = field(default_factory=lambda: Vault(profile=PROFILE))

    def call(self, method: str, params: JsonObject) -> object:
        self.calls += 1
        match method, params:
            case "reset", {"subnets": list(subnets)}:
                self.vault, self.asked = self.vault.reset(network_from_wire(subnets)), 0
                return {}
            case "decide", {"requests": list(requests)}:
                return {"decisions": [self._decided(request_from_wire(request)) for request in requests]}
            case _:
                written = apply_write(self.vault, WriteStep(method=method, params=params)).accepted
                self.vault = written or self.vault
                return {"accepted": written is not None}

    def _decided(self, request: Request) -> str:
        self.asked += 1
        return self.answer(self.vault.decide(request).outcome.value, self.asked)

    def log(self) -> str:
        return ""

    def close(self) -> None:
        """Nothing is open."""


def admits_all(_: str, __: int) -> str:
    return "allow"


def denies_the_second(right: str, asked: int) -> str:
    return "deny" if asked == 2 else right


def is_right(right: str, _: int) -> str:
    return right


class WrongFor:
    """Wrong answers for so many decisions in all, then right ones."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, right: str, _: int) -> str:
        self.left -= 1
        return right if self.left < 0 else ("deny" if right == "allow" else "allow")


def beside(answer: Answers) -> tuple[Toy, Lockstep]:
    toy = Toy(answer)
    return toy, Lockstep(Client(toy), PROFILE)


def history(*steps: WriteStep | AskStep | ResetStep) -> Case:
    return Case(network=Network(), steps=steps)


def asked(*requests: Request) -> AskStep:
    return AskStep(requests=requests)


def wrong(request: Request, got: str, *, is_about_codes: bool = False) -> WrongDecision:
    expected = WRITTEN.decide(request)
    answer = Answer(outcome="allow" if got == "allow" else "deny")
    return WrongDecision(vault=WRITTEN, request=request, expected=expected, got=answer, is_about_codes=is_about_codes)


def test_mismatches_are_alike_if_the_call_and_the_direction_are_the_same() -> None:
    read = WrongRead(vault=WRITTEN, expected=RuleSet(), got=None)
    assert wrong(THERE, "allow").is_like(wrong(Request(address=1), "allow"))
    assert not wrong(THERE, "allow").is_like(wrong(HERE, "deny"))
    assert not wrong(THERE, "allow").is_like(wrong(THERE, "deny", is_about_codes=True))
    assert not wrong(THERE, "allow").is_like(read)
    assert not read.is_like(None)
    assert read.is_like(WrongRead(vault=WRITTEN, expected=WRITTEN.rules, got=1))


def reproduced(answer: Answers, case: Case, found: Found, *, with_batch: bool = True) -> Reproduction | None:
    _, lockstep = beside(answer)
    conversation = Conversation(case=case, recent=case)
    return reproduce(
        found, conversation, Replays(lockstep), times=3, with_batch=with_batch, with_earlier_batch=with_batch
    )


def test_what_a_request_shows_by_itself_is_reproduced_without_the_calls_before_it() -> None:
    case = history(NOBODY, asked(HERE), ADMIT, asked(HERE, THERE))
    found = reproduced(admits_all, case, Found(mismatch=wrong(THERE, "allow"), index=1))
    assert found is not None
    assert found.case == minimal_setup(WRITTEN, asked(THERE))
    assert found.mismatch.is_like(wrong(THERE, "allow"))


def test_what_takes_another_request_is_reproduced_with_it_or_not_at_all() -> None:
    case, found = history(ADMIT, asked(THERE, HERE, THERE)), Found(mismatch=wrong(HERE, "deny"), index=1)
    shown = reproduced(denies_the_second, case, found)
    assert shown is not None
    assert shown.case.steps[-1] == asked(THERE, HERE)
    assert reproduced(denies_the_second, case, found, with_batch=False) is None


@pytest.mark.parametrize("times", [0, 1, 2])
def test_what_does_not_show_in_each_of_three_replays_is_not_reproduced(times: int) -> None:
    case = history(ADMIT, asked(THERE))
    assert reproduced(WrongFor(times), case, Found(mismatch=wrong(THERE, "allow"), index=0)) is None


def test_a_wrong_code_betrays_a_wrong_gate_if_the_entitled_caller_gets_a_wrong_outcome() -> None:
    nobody = Request(address=THERE.address, caller=Caller(authenticated=False))
    code = wrong(nobody, "deny", is_about_codes=True)
    gate = wrong_gate(code, Replays(beside(admits_all)[1]))
    assert gate is not None
    assert gate.case.steps[-1] == asked(THERE)
    assert wrong_gate(code, Replays(beside(is_right)[1])) is None
    assert wrong_gate(wrong(THERE, "allow"), Replays(beside(admits_all)[1])) is None


def test_every_call_of_a_replay_is_counted() -> None:
    toy, lockstep = beside(is_right)
    replays = Replays(lockstep)
    replays.replay(history(ADMIT, asked(HERE)))
    assert replays.calls == toy.calls == 3
    replays.replay(history(ADMIT, ResetStep(network=Network()), asked(HERE)))
    assert replays.calls == toy.calls == 3 + 4 + 2


class Known:
    """Known failures of a clause, before its case is shrunk or after."""

    def __init__(self, *, foreseen: str = "", known: str = "", goes_on: bool = False) -> None:
        self._looks, self._known = foreseen, known
        self._learned: list[Case] = []
        self.goes_on = goes_on

    def looks_known(self, provisional: str, _: Mismatch) -> bool:
        return provisional == self._looks

    def knows(self, clause: str, case: Case, _: Mismatch) -> bool:
        return clause == self._known or case in self._learned

    def learn(self, _: str, case: Case, __: Mismatch) -> None:
        self._learned.append(case)


SMALLEST = Reproduction(case=history(ADMIT, asked(THERE)), mismatch=wrong(THERE, "allow"), calls=7)
LONG = Reproduction(case=history(*[ADMIT] * 10, asked(THERE)), mismatch=wrong(THERE, "allow"))


def recorder(tally: Tally, known: str = "") -> FailureRecorder:
    return FailureRecorder(tally, lambda clause: f"replay {clause}", Known(known=known))


def test_the_first_failure_of_a_clause_is_recorded_with_its_line_to_replay() -> None:
    tally = Tally()
    failures = recorder(tally)
    failures.record("DEC-3", SMALLEST)
    failures.record("DEC-3", LONG)
    (found,) = tally.failures["DEC-3"]
    assert (found.calls, found.replay, found.calls_to_shrink) == (SMALLEST.case.calls(), "replay DEC-3", 7)
    assert failures.recorded == {"DEC-3": SMALLEST}


def test_beside_known_failures_a_clause_fails_once_in_each_way() -> None:
    tally = Tally()
    failures = FailureRecorder(tally, lambda _: "", Known(goes_on=True))
    for smallest in (SMALLEST, LONG, SMALLEST):
        failures.record("DEC-3", smallest)
    assert [one.calls for one in tally.failures["DEC-3"]] == [SMALLEST.case.calls(), LONG.case.calls()]
    assert failures.recorded == {"DEC-3": SMALLEST}


def test_a_known_failure_is_not_recorded() -> None:
    tally = Tally()
    recorder(tally, known="DEC-3").record("DEC-3", SMALLEST)
    assert not tally.failures


def test_a_long_case_is_not_recorded_of_a_subject_that_other_requests_sway() -> None:
    tally = Tally()
    failures = recorder(tally)
    failures.record("STA-1", LONG)
    failures.record("DEC-17", SMALLEST)
    failures.record("STA-2", LONG)
    failures.record("STA-3", SMALLEST)
    assert [*tally.failures] == ["STA-1", "DEC-17", "STA-3"]


@pytest.mark.parametrize(
    ("wrong_answers", "others", "is_recorded"), [(9, True, True), (1, True, False), (9, False, False)]
)
def test_what_was_kept_is_recorded_beside_another_failure_if_many_answers_are_wrong(
    *, wrong_answers: int, others: bool, is_recorded: bool
) -> None:
    tally = Tally()
    for n in range(10):
        tally.decision(("DEC-13",), "allow", is_right=n >= wrong_answers)
    failures = recorder(tally)
    if others:
        failures.record("DEC-3", SMALLEST)
    failures.kept["DEC-13"] = SMALLEST
    assert failures.has("DEC-13")
    failures.record_kept()
    assert ("DEC-13" in tally.failures) is is_recorded
    assert not failures.kept


def test_a_review_says_of_what_does_not_show_again_that_it_is_unsteady() -> None:
    tally = Tally()
    failures = recorder(tally)
    failures.record("DEC-3", SMALLEST)
    failures.record("DEC-1", SMALLEST)
    failures.review(lambda _: False)
    assert {*tally.failures} == {"DEC-3", "DEC-1"}
    failures.not_reproduced("DEC-2", wrong(THERE, "allow"), None)
    shown = iter([True, False])
    failures.review(lambda _: next(shown))
    assert {*tally.failures} == {"DEC-3"}
    assert {*tally.reasons("unstable")} == {"DEC-17", "DEC-2", "DEC-1"}
    assert tally.failed - tally.failures.keys() == {"DEC-1"}
    failures.review(lambda _: False)
    assert {*tally.failures} == {"DEC-3"}, "each case is reviewed once"


def test_a_review_drops_what_no_replay_can_show_of_an_unstable_subject() -> None:
    tally = Tally()
    failures = recorder(tally)
    failures.record("DEC-3", SMALLEST)
    tally["STA-8"].failures = list(tally.failures["DEC-3"])
    failures.not_reproduced("DEC-2", wrong(THERE, "allow"), None)
    failures.review(lambda _: True)
    assert {*tally.failures} == {"DEC-3"}


def test_without_time_for_a_review_no_failure_of_an_unstable_subject_stands() -> None:
    tally = Tally()
    failures = recorder(tally)
    failures.record("DEC-3", SMALLEST)
    failures.give_up_review()
    assert {*tally.failures} == {"DEC-3"}
    failures.unreproduced += 1
    failures.give_up_review()
    assert not tally.failures
    assert {*tally.reasons("unstable")} == {"DEC-17", "DEC-3"}


def diagnosed(
    answer: Answers, request: Request, *, known_failures: Known | None = None
) -> tuple[Diagnosis, Tally, Found]:
    """The diagnosis of one request after `ADMIT`, of a toy that answers in this way."""
    _, lockstep = beside(answer)
    tally = Tally()
    diagnosis = Diagnosis(lockstep, tally, lambda _: "", known_failures)
    lockstep.reset(Network())
    lockstep.write(ADMIT)
    ((_, _, mismatch),) = lockstep.ask(asked(request))
    assert mismatch is not None
    found = Found(mismatch=mismatch, index=0)
    if diagnosis.wants(found):
        diagnosis.diagnose(found)
    return diagnosis, tally, found


def test_a_mismatch_becomes_the_smallest_case_of_its_clause_and_is_not_wanted_again() -> None:
    diagnosis, tally, found = diagnosed(admits_all, THERE)
    ((clause, (failure,)),) = tally.failures.items()
    assert clause == "DEC-15"
    assert failure.calls == history(NOBODY, asked(Request(address=address_from_text("20.77.66.55")))).calls()
    assert diagnosis.recorded == ("DEC-15",)
    assert diagnosis.calls > failure.calls_to_shrink > 0
    assert diagnosis.kept[0][:1] == ("DEC-3",)
    assert diagnosis.begun == (("DEC-3", None, 1),)
    assert diagnosis.wants(found)


def test_a_failure_that_is_foreseen_is_not_diagnosed() -> None:
    diagnosis, tally, _ = diagnosed(admits_all, THERE, known_failures=Known(foreseen="DEC-3"))
    assert (diagnosis.calls, tally.failures) == (0, {})


def test_what_no_replay_shows_fails_its_clause_and_dec_17_with_both_answers() -> None:
    diagnosis, tally, found = diagnosed(WrongFor(1), THERE)
    assert not tally.failures
    assert {*tally.reasons("unstable")} == tally.failed == {"DEC-3", "DEC-17"}
    (shown,) = tally["DEC-3"].unsteady
    assert (shown.expected, shown.got) == ("deny", "allow, then deny (not every time)")
    assert shown.calls == history(ADMIT, asked(THERE)).calls()
    for _ in range(2):
        assert diagnosis.wants(found)
        diagnosis.diagnose(found)
    assert not diagnosis.wants(found), "a kind of mismatch is diagnosed three times"


def test_what_there_is_no_time_to_replay_is_unconfirmed() -> None:
    left = 1

    def until_the_end(right: str, _: int) -> str:
        nonlocal left
        left -= 1
        if left < 0:
            raise OutOfTime
        return "allow" if right == "deny" else right

    _, lockstep = beside(until_the_end)
    tally = Tally()
    diagnosis = Diagnosis(lockstep, tally, lambda _: "")
    lockstep.write(ADMIT)
    ((_, _, mismatch),) = lockstep.ask(asked(THERE))
    assert mismatch is not None
    with pytest.raises(OutOfTime):
        diagnosis.diagnose(Found(mismatch=mismatch, index=0))
    assert tally.reasons("unconfirmed") == {"DEC-3": "expected deny, got allow, and no time was left to ask again"}
    assert not tally.failures


class InTurns:
    """Wrong for all of a call of two: it lets the first in and refuses the second, and should do the opposite."""

    def __call__(self, right: str, asked: int) -> str:
        return ("deny" if right == "allow" else "allow") if asked <= 2 else right


def test_a_steady_fault_whose_call_has_wrong_answers_of_two_kinds_is_not_called_unsteady() -> None:
    _, lockstep = beside(InTurns())
    lockstep.reset(Network())
    lockstep.write(ADMIT)
    call = asked(THERE, HERE)
    (_, _, first), (_, _, last) = lockstep.ask(call)
    assert first is not None
    assert last is not None
    assert first.direction != last.direction
    whole = history(ADMIT, call)
    for mismatch in (first, last):
        confirmed = Replays(lockstep).confirm(whole, mismatch, 3)
        assert mismatch.is_like(confirmed)

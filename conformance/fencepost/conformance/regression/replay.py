"""A case put to a subject again: fixed, or still failing, or nothing that anybody can judge here."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.lockstep.case import (
    AskStep,
    Case,
    EndpointsStep,
    ReadStep,
    ResetStep,
    Step,
    WriteStep,
    apply_write,
    may_be_asked,
)
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Mismatch
from fencepost.conformance.regression.needs import not_offered
from fencepost.reference import Outcome, Verdict

State: TypeAlias = Literal["fixed", "still failing", "not judged"]

OVERLAPPING = "STA-8"
"""The clause whose counterexamples say nothing when their calls come one after another."""

_TIMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a case: its state, the wrong answer where it still fails, and what there is to say about it.

    `is_steady` is False where the same calls get now the wrong answer, now the right one.
    """

    state: State
    mismatch: Mismatch | None = None
    told: str = ""
    is_steady: bool = True


class _NotJudgedError(Exception):
    """The last answer of the case says nothing here."""


def replay_case(case: Case, lockstep: Lockstep, capabilities: Capabilities) -> Replayed:
    """Put the case to the subject three times; one wrong last answer is enough to be still failing.

    Not judged is a case that the subject's statement does not let be asked, one that an earlier wrong answer takes
    another way, and one whose right answer the subject's choices leave open. Raises `HarnessFault` as the client does.
    """
    missing = not_offered(case, capabilities)
    if missing:
        return Replayed(state="not judged", told=f"the subject does not offer {', '.join(missing)}")
    shown: list[Mismatch] = []
    for _ in range(_TIMES):
        try:
            mismatch = _put(case, lockstep, capabilities)
        except _NotJudgedError as reason:
            if not shown:
                return Replayed(state="not judged", told=str(reason))
            break
        if mismatch is not None:
            shown.append(mismatch)
    if not shown:
        return Replayed(state="fixed")
    told = "" if len(shown) == _TIMES else f"wrong {len(shown)} of {_TIMES} times: the same calls get different answers"
    return Replayed(state="still failing", mismatch=shown[0], told=told, is_steady=not told)


def _put(case: Case, lockstep: Lockstep, capabilities: Capabilities) -> Mismatch | None:
    """The mismatch of the last answer; None where it is right."""
    lockstep.reset(case.network)
    for number, step in enumerate(case.steps[:-1], start=2):
        _run_up(number, step, lockstep, capabilities)
    last = case.steps[-1]
    match last:
        case WriteStep():
            if _expected(last, lockstep, capabilities) is Verdict.OPEN:
                raise _NotJudgedError("whether the write is to be accepted is an open point for this subject")
            return lockstep.write(last).wrong
        case ReadStep():
            return lockstep.read()
        case AskStep():
            _check_may_be_asked(last, lockstep)
            expected, answer, wrong = lockstep.ask(last)[-1]
            if expected.outcome is Outcome.OPEN:
                raise _NotJudgedError("the right answer is an open point for this subject")
            if answer.outcome == "inconclusive":
                raise _NotJudgedError(f"the request could not be put as asked: {answer.reason or 'no reason given'}")
            return wrong
        case EndpointsStep() | ResetStep():
            raise ValueError("a case ends with an answer")


def _run_up(number: int, step: Step, lockstep: Lockstep, capabilities: Capabilities) -> None:
    match step:
        case WriteStep():
            _expected(step, lockstep, capabilities)
            answer = lockstep.write(step)
            if answer.wrong is not None:
                came = answer.wrong.direction
                raise _NotJudgedError(f"call {number}, {step.method}, is answered wrongly: {came[1]}, not {came[0]}")
            if not answer.is_known:
                raise _NotJudgedError(f"after call {number}, {step.method}, nobody can tell which rules are in force")
        case EndpointsStep():
            if step.subnet not in lockstep.vault.network:
                raise _NotJudgedError(f"call {number} names a subnet that is not in the network")
            lockstep.set_endpoints(step)
        case AskStep():
            _check_may_be_asked(step, lockstep)
            lockstep.ask(step)
        case ReadStep():
            lockstep.read()
        case ResetStep():
            lockstep.reset(step.network)


def _expected(step: WriteStep, lockstep: Lockstep, capabilities: Capabilities) -> Verdict:
    verdict = apply_write(lockstep.vault, step).verdict
    if verdict is Verdict.REFUSED and not capabilities.refusals:
        raise _NotJudgedError("it takes a refusal, and the statement says decisions-only")
    return verdict


def _check_may_be_asked(step: AskStep, lockstep: Lockstep) -> None:
    if not all(may_be_asked(lockstep.vault, request) for request in step.requests):
        raise _NotJudgedError("a request shows an address that its subnet's callers do not have here")

"""Replays a case against a subject, with the result fixed, still failing, or not judged."""

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
"""The clause whose counterexamples need overlapping calls."""

_TIMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The result of a replay: its state, the wrong answer if the case still fails, and an explanation in words.

    `is_steady` is False if the same calls get the wrong answer only sometimes. `right` is the reference's answer to the
    last call in a word, if the call asks one thing: `allow`, `deny`, `accepted` or `refused`.
    """

    state: State
    mismatch: Mismatch | None = None
    explanation: str = ""
    is_steady: bool = True
    right: str = ""


class _NotJudgedError(Exception):
    """The answer to the last call of the case cannot be judged for this subject."""


def replay_case(case: Case, lockstep: Lockstep, capabilities: Capabilities) -> Replayed:
    """Replay the case three times; a single wrong answer to its last call makes it *still failing*.

    A case is *not judged* in three cases: the statement forbids one of its calls, an earlier answer is wrong, or the
    right answer is an open point for this subject. Raises `HarnessFault` as the client does.
    """
    missing = not_offered(case, capabilities)
    if missing:
        return Replayed(state="not judged", explanation=f"the subject does not offer {', '.join(missing)}")
    shown, right = list[Mismatch](), ""
    for _ in range(_TIMES):
        try:
            mismatch, right = _put(case, lockstep, capabilities)
        except _NotJudgedError as reason:
            if not shown:
                return Replayed(state="not judged", explanation=str(reason))
            break
        if mismatch is not None:
            shown.append(mismatch)
    if not shown:
        return Replayed(state="fixed", right=right)
    text = "" if len(shown) == _TIMES else f"wrong {len(shown)} of {_TIMES} times: the same calls get different answers"
    return Replayed(state="still failing", mismatch=shown[0], explanation=text, is_steady=not text)


def _put(case: Case, lockstep: Lockstep, capabilities: Capabilities) -> tuple[Mismatch | None, str]:
    """The first mismatch in the answers to the last call, None if all are right; and the right answer in a word."""
    lockstep.reset(case.network)
    for number, step in enumerate(case.steps[:-1], start=2):
        _run_up(number, step, lockstep, capabilities)
    last = case.steps[-1]
    match last:
        case WriteStep():
            verdict = _expected(last, lockstep, capabilities)
            if verdict is Verdict.OPEN:
                raise _NotJudgedError("whether the write is to be accepted is an open point for this subject")
            return lockstep.write(last).wrong, verdict.value
        case ReadStep():
            return lockstep.read(), ""
        case AskStep():
            _check_may_be_asked(last, lockstep)
            judged = lockstep.ask(last)
            mismatch = next((wrong for _, _, wrong in judged if wrong is not None), None)
            if mismatch is not None:
                return mismatch, ""
            expected, answer, _ = judged[-1]
            if expected.outcome is Outcome.OPEN:
                raise _NotJudgedError("the right answer is an open point for this subject")
            if answer.outcome == "inconclusive":
                raise _NotJudgedError(f"the request could not be put as asked: {answer.reason or 'no reason given'}")
            return None, expected.outcome.value if len(judged) == 1 else ""
        case EndpointsStep() | ResetStep():
            raise ValueError("a case ends with an answer")


def _run_up(number: int, step: Step, lockstep: Lockstep, capabilities: Capabilities) -> None:
    match step:
        case WriteStep():
            _expected(step, lockstep, capabilities)
            answer = lockstep.write(step)
            if answer.wrong is not None:
                direction = answer.wrong.direction
                raise _NotJudgedError(
                    f"call {number}, {step.method}, is answered wrongly: {direction[1]}, not {direction[0]}"
                )
            if not answer.is_known:
                raise _NotJudgedError(f"after call {number}, {step.method}, the rules in force are unknown")
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
        raise _NotJudgedError("the case needs a refusal, and the statement says decisions-only")
    return verdict


def _check_may_be_asked(step: AskStep, lockstep: Lockstep) -> None:
    if not all(may_be_asked(lockstep.vault, request) for request in step.requests):
        raise _NotJudgedError("a request has an address that callers of its subnet cannot have in this state")

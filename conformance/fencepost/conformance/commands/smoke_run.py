"""One short conversation with a subject: its statement, its violations of the contract, and its wrong answers."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from fencepost.adapters.contract import (
    Client,
    Connection,
    Decision,
    HarnessFault,
    NotStarted,
    Statement,
    StatementError,
    TimedOut,
    WriteResult,
    check_statement,
)
from fencepost.conformance.capabilities import Capabilities, profile_of
from fencepost.conformance.commands.smoke_plan import Question, smoke_plan
from fencepost.conformance.lockstep.wire import wire_network, wire_request
from fencepost.reference import Profile, UnknownProfile, load_profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question and its answer."""

    question: Question
    got: Decision

    @property
    def is_wrong(self) -> bool:
        """Whether the answer differs from the expected answer; `inconclusive` does not count as wrong."""
        return self.got.outcome not in (self.question.expected.value, "inconclusive")


@dataclass(slots=True, kw_only=True)
class SmokeRun:
    """The results of a conversation so far. `mistakes` are those of the statement, `faults` those of the harness."""

    statement: Statement | None = None
    profile: Profile | None = None
    mistakes: list[str] = field(default_factory=list)
    faults: list[HarnessFault] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    refusal: WriteResult | None = None

    @property
    def wrong(self) -> int:
        """How many of the answers are wrong."""
        return sum(answered.is_wrong for answered in self.answers)

    @property
    def exit_status(self) -> int:
        """0 wired up; 1 wired up with an obviously wrong answer; 2 not wired up."""
        if self.faults or self.mistakes:
            return 2
        decisive = any(answered.got.outcome != "inconclusive" for answered in self.answers)
        return 1 if self.wrong or self.refusal is not None or not decisive else 0


def smoke_run(connection: Connection, *, profile_name: str | None) -> SmokeRun:
    """Hold the conversation, judged by the profile of this name, or by the profile that the statement claims.

    After a fault the remaining calls are still made, to find other faults; their answers are not judged. A harness that
    was too late or did not start gets no further calls.
    """
    run = SmokeRun()
    client = Client(connection)
    run.statement = _attempt(run, client.describe)
    if run.statement is not None:
        run.profile = _profile(run, run.statement, profile_name)
    if run.statement is not None and run.profile is not None:
        _converse(run, client, run.statement, run.profile)
    return run


def _profile(run: SmokeRun, statement: Statement, name: str | None) -> Profile | None:
    """The profile to judge by, with the subject's choices; every mistake in the statement is noted."""
    try:
        check_statement(statement)
    except StatementError as error:
        run.mistakes += error.mistakes
    try:
        profile = load_profile(name or statement.profile)
    except UnknownProfile as error:
        run.mistakes.append(f"$.profile: {error}")
        return None
    return None if run.mistakes else profile_of(statement, profile.with_choices(statement.choices))


def _converse(run: SmokeRun, client: Client, statement: Statement, profile: Profile) -> None:
    settle = statement.settle_seconds
    plan = smoke_plan(Capabilities.from_statement(statement, profile, settle_seconds=settle), profile)
    steps: tuple[Callable[[], None], ...] = (
        lambda: client.reset(wire_network(plan.network)),
        lambda: _ask(run, client, plan.before, settle),
        lambda: _write(run, client, {"networkAcls": plan.network_acls}),
        lambda: _ask(run, client, plan.under, settle),
    )
    for step in steps:
        _attempt(run, step)
        if any(isinstance(fault, TimedOut | NotStarted) for fault in run.faults):
            return
    if run.faults:
        run.answers, run.refusal = [], None


def _write(run: SmokeRun, client: Client, params: dict[str, object]) -> None:
    result = client.write("putRules", params)
    if not result.is_accepted:
        run.refusal = result


def _ask(run: SmokeRun, client: Client, questions: Sequence[Question], settle_seconds: float) -> None:
    """Ask all questions in one call, and again while an answer is wrong and the settle time is not over."""
    requests = [wire_request(question.request) for question in questions]
    deadline = time.monotonic() + settle_seconds
    while True:
        decisions = client.decide(requests)
        answers = [Answered(question=one, got=got) for one, got in zip(questions, decisions, strict=True)]
        if time.monotonic() >= deadline or not any(answered.is_wrong for answered in answers):
            break
    run.answers += answers


_R = TypeVar("_R")


def _attempt(run: SmokeRun, action: Callable[[], _R]) -> _R | None:
    try:
        return action()
    except HarnessFault as fault:
        run.faults.append(fault)
        return None

"""One short conversation with a subject: its statement, its violations of the contract, and its wrong answers."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from fencepost.adapters.contract import (
    Client,
    Connection,
    Decision,
    HarnessFault,
    JsonObject,
    NotStarted,
    Statement,
    StatementError,
    TimedOut,
    WriteResult,
    check_statement,
)
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.capabilities import Capabilities, profile_of
from fencepost.conformance.commands.smoke_plan import Question, smoke_plan
from fencepost.conformance.lockstep.raised_faults import call_in_words
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A call and its answer, as plain JSON values."""

    method: str
    params: JsonObject
    answer: object


@dataclass(slots=True, kw_only=True)
class SmokeRun:
    """The results of a conversation so far. `mistakes` are those of the statement, `faults` those of the harness.

    `answers` are those to the ten questions, `further` those after further writes. `refusal` is the result of a refused
    write, and `refused` says which write it was. `exchanges` are the first write and the first read-back. `calls` has
    the call of each fault in words, and `last` is the call made last.
    """

    statement: Statement | None = None
    profile: Profile | None = None
    mistakes: list[str] = field(default_factory=list)
    faults: list[HarnessFault] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    refusal: WriteResult | None = None
    refused: str = "two rules that every vault accepts were refused"
    further: list[Answered] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    calls: dict[HarnessFault, str] = field(default_factory=dict)
    last: tuple[str, JsonObject] | None = None

    def blame(self, fault: HarnessFault) -> None:
        """Note a fault, with the call that was under way if it was that method's."""
        self.faults.append(fault)
        if self.last is not None and self.last[0] == fault.method:
            self.calls[fault] = call_in_words(*self.last)

    @property
    def wrong(self) -> int:
        """How many answers to the ten questions are wrong."""
        return sum(answered.is_wrong for answered in self.answers)

    @property
    def wrong_further(self) -> tuple[Answered, ...]:
        """The wrong answers after further writes."""
        return tuple(answered for answered in self.further if answered.is_wrong)

    @property
    def exit_status(self) -> int:
        """0 wired up; 1 wired up with an obviously wrong answer; 2 not wired up."""
        if self.faults or self.mistakes:
            return 2
        decisive = any(answered.got.outcome != "inconclusive" for answered in self.answers)
        return 1 if self.wrong or self.wrong_further or self.refusal is not None or not decisive else 0


class Noting(Relay):
    """A connection that notes the call made last, and the first call of some methods with the answer."""

    def __init__(self, connection: Connection, run: SmokeRun, *, methods: Sequence[str] = ()) -> None:
        super().__init__(connection)
        self._run, self._methods = run, methods

    def call(self, method: str, params: JsonObject) -> object:
        """Send one call and wait for its result, after it was noted."""
        self._run.last = method, params
        answer = super().call(method, params)
        if method in self._methods and method not in (noted.method for noted in self._run.exchanges):
            self._run.exchanges.append(Exchange(method=method, params=params, answer=answer))
        return answer


def smoke_run(connection: Connection, *, profile_name: str | None) -> SmokeRun:
    """Hold the conversation, judged by the profile of this name, or by the profile that the statement claims.

    After a fault the remaining calls are still made, to find other faults; their answers are not judged. A harness that
    was too late or did not start gets no further calls.
    """
    run = SmokeRun()
    client = Client(Noting(connection, run, methods=("putRules", "getRules")))
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
    capabilities = Capabilities.from_statement(statement, profile, settle_seconds=settle)
    plan = smoke_plan(capabilities, profile)
    steps: tuple[Callable[[], object], ...] = (
        lambda: client.reset(wire_network(plan.network)),
        lambda: _ask(run.answers, client, plan.before, settle),
        lambda: _write(run, client, {"networkAcls": plan.network_acls}),
        lambda: _ask(run.answers, client, plan.under, settle),
        *((client.get_rules,) if capabilities.read_back else ()),
        *(partial(_write_again, run, client, *further, settle) for further in plan.further),
    )
    for step in steps:
        _attempt(run, step)
        if any(isinstance(fault, TimedOut | NotStarted) for fault in run.faults):
            return
    if run.faults:
        run.answers, run.further, run.refusal = [], [], None


def _write_again(
    run: SmokeRun, client: Client, says: str, acls: JsonObject, asked: Sequence[Question], settle_seconds: float
) -> None:
    """Make another write and ask under it; nothing after a fault or a refusal."""
    if run.faults or run.refusal is not None:
        return
    result = client.write("putRules", {"networkAcls": acls})
    if not result.is_accepted:
        if not result.is_inconclusive:
            run.refusal, run.refused = result, f"{says}, which every vault accepts, was refused"
        return
    _ask(run.further, client, asked, settle_seconds)


def _write(run: SmokeRun, client: Client, params: dict[str, object]) -> None:
    result = client.write("putRules", params)
    if not result.is_accepted:
        run.refusal = result


def _ask(into: list[Answered], client: Client, questions: Sequence[Question], settle_seconds: float) -> None:
    """Ask all questions in one call, and again while an answer is wrong and the settle time is not over."""
    requests = [wire_request(question.request) for question in questions]
    deadline = time.monotonic() + settle_seconds
    while True:
        decisions = client.decide(requests)
        answers = [Answered(question=one, got=got) for one, got in zip(questions, decisions, strict=True)]
        if time.monotonic() >= deadline or not any(answered.is_wrong for answered in answers):
            break
    into += answers


_R = TypeVar("_R")


def _attempt(run: SmokeRun, action: Callable[[], _R]) -> _R | None:
    try:
        return action()
    except HarnessFault as fault:
        run.blame(fault)
        return None

"""One subject beside the reference: every call goes to both, and each answer is compared."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from fencepost.adapters.contract import Client, TimedOut, WriteResult
from fencepost.adapters.contract import Decision as Answer
from fencepost.adapters.contract.vocabulary import MAX_BATCH
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
    one_after_another,
)
from fencepost.conformance.lockstep.clock import now
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongRead, WrongWrite
from fencepost.conformance.lockstep.oracle import Judged, Oracle, ReferenceOracle
from fencepost.conformance.lockstep.wire import wire_network, wire_rules_in_force
from fencepost.reference import Network, Profile, Vault, Verdict, Write

BATCH = MAX_BATCH
_SECONDS_A_CALL, _MOST_SECONDS = 2.0, 5.0
_MANY, _NOTICEABLE = 64, 0.05
"""A call of fewer requests that took fewer seconds may have waited for the machine: it makes no later call smaller."""

_APART = "197.91.183.201"
CALLS_APART = 2
"""How many calls `Lockstep.replay_apart` takes beside those of its case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAnswer:
    """The subject's answer to a write beside the reference's; `is_known` is False if the rules in force are unknown.

    `is_inconclusive` is True where the harness could not put the write as asked: nothing has changed.
    """

    accepted: bool
    expected: Write
    wrong: WrongWrite | None
    is_known: bool
    is_inconclusive: bool = False


class Lockstep:
    """The subject and the reference's vault, sent the same calls. Raises `HarnessFault` as the client does.

    The oracle gives the expected answers. `cost` counts the calls so far.
    """

    def __init__(
        self, client: Client, profile: Profile, *, oracle: Oracle | None = None, settle_seconds: float = 0.0
    ) -> None:
        self.client = client
        self.cost = Cost()
        self.vault: Vault = Vault(profile=profile)
        self._declared: Profile | None = None
        self.steps: list[Step] = []
        self._marked = 0
        self.started_from = Network()
        self.before: Case | None = None
        self._oracle = oracle or ReferenceOracle()
        self._settle_seconds = settle_seconds
        self._changed_at = 0.0
        self.sizes: list[int] = []
        self._batch = _MANY
        self._latency = float("inf")
        self._pace = ""

    @property
    def settle_seconds(self) -> float:
        """How long a change may take to show."""
        return self._settle_seconds

    def take_profile(self, profile: Profile, *, declared: Profile | None = None) -> None:
        """Judge by this profile from the next `reset` on.

        `declared` is the profile without the answers that only a probe has found. A probe asks by one kind of write,
        and another kind may have another answer: no write is wrong that `declared` leaves open.
        """
        self.vault = Vault(profile=profile)
        self._declared = declared

    def reset(self, network: Network) -> None:
        """Begin a new vault in this network. `before` keeps the last vault that got a call, and the resets since."""
        self.client.reset(wire_network(network))
        self._oracle.reset(network)
        self.cost += Cost(resets=1)
        if self.steps:
            self.before = self.case()
        elif self.before is not None:
            self.before = one_after_another((self.before, self.case()))
        self.vault = self.vault.reset(network)
        self.steps = []
        self._marked = 0
        self.started_from = network
        self._changed_at = now()

    def restart(self, network: Network) -> None:
        """Begin the present vault again; `before` does not change."""
        before = self.before
        self.reset(network)
        self.before = before

    def mark(self) -> None:
        """A scenario begins that replaces any rules: earlier calls should not matter to it."""
        self._marked = len(self.steps)

    def recent_case(self) -> Case:
        """Everything since the mark, as if it were everything since `reset`."""
        return Case(network=self.started_from, steps=tuple(self.steps[self._marked :]))

    def case(self, last: Step | None = None) -> Case:
        """Everything since `reset`; `last` replaces the last step if it is given."""
        steps = (*self.steps[:-1], last) if last is not None else tuple(self.steps)
        return Case(network=self.started_from, steps=steps)

    def write(self, step: WriteStep) -> WriteAnswer:
        """Send a write; the vault follows the subject's answer where the reference leaves it open."""
        before = self.vault
        expected = self._oracle.write(before, step)
        began = now()
        got = self.client.write(step.method, step.params)
        self.cost += Cost(writes=1)
        if got.is_inconclusive or self._oracle.could_not_put:
            is_known = not got.is_accepted and not self._oracle.could_not_put
            return WriteAnswer(accepted=False, expected=expected, wrong=None, is_known=is_known, is_inconclusive=True)
        self.steps.append(step)
        self._changed_at = now()
        self._latency = min(self._latency, self._changed_at - began)
        is_right = _is_right(expected, got)
        if not is_right and (undeclared := self._left_open(step)) is not None:
            expected, is_right = undeclared, True
        wrong = None if is_right else WrongWrite(vault=before, step=step, expected=expected, got=got)
        if got.is_accepted and expected.accepted is not None:
            self.vault = expected.accepted
        if wrong is None:
            is_known = not got.is_accepted or expected.accepted is not None
        else:
            is_known = not got.is_accepted and self._oracle.follows_refusals
        return WriteAnswer(accepted=got.is_accepted, expected=expected, wrong=wrong, is_known=is_known)

    def _left_open(self, step: WriteStep) -> Write | None:
        """The result of a write that no declared answer decides; None if there is no such profile, or if one does."""
        if self._declared is None:
            return None
        found = apply_write(replace(self.vault, profile=self._declared), step)
        if found.verdict is not Verdict.OPEN:
            return None
        return replace(found, accepted=found.accepted and replace(found.accepted, profile=self.vault.profile))

    def set_endpoints(self, step: EndpointsStep) -> None:
        """Switch a subnet's endpoints."""
        self.client.set_service_endpoints(step.subnet, step.service_endpoints)
        self._oracle.set_endpoints(step)
        self.steps.append(step)
        self.vault = self.vault.set_service_endpoints(step.subnet, step.service_endpoints)
        self._changed_at = now()

    def ask(self, step: AskStep) -> list[Judged]:
        """Put the requests, in calls of bounded size. For each: the expected decision, the answer, the mismatch if any.

        Where the subject has a settle time, answers that differ are asked again until it is over. `sizes` are then
        those of the calls that carried the requests.
        """
        self.steps.append(step)
        judged, sizes = self._judged(step), self.sizes
        self.cost += Cost(decisions=len(step.requests))
        late = [index for index, (_, _, wrong) in enumerate(judged) if wrong is not None]
        while self._settle_seconds and late:
            is_over = now() - self._changed_at > self._settle_seconds
            for index, answer in zip(late, self._judged(step.only(*late)), strict=True):
                judged[index] = answer
            late = [index for index in late if judged[index][2] is not None]
            if is_over:
                break
        self.sizes = sizes
        return judged

    def _judged(self, step: AskStep) -> list[Judged]:
        return self._oracle.decide(self.vault, step, self._answers(step))

    def _answers(self, step: AskStep) -> Sequence[Answer]:
        """Send the requests; a slow subject gets smaller calls, so that no call exceeds its time-out."""
        wire, answers = step.wire(), list[Answer]()
        self.sizes = []
        while len(answers) < len(wire):
            part = wire[len(answers) : len(answers) + self._batch]
            began = now()
            try:
                answers += self.client.decide(part)
            except TimedOut as fault:
                fault.came += f" for {len(part):,} requests in one call{self._pace}"
                raise
            took = now() - began
            self.sizes.append(len(part))
            affordable = self._next_batch(len(part), took)
            if affordable > self._batch or len(part) >= _MANY or took >= _NOTICEABLE:
                self._batch = affordable
            self._pace = f"; the call before took {took:.2g} s for {len(part):,}"
        return answers

    def _next_batch(self, sent: int, took: float) -> int:
        """The number of requests that fits in two seconds beside a call's fixed time, and in five in all.

        The fixed time is only estimated from writes: a call that grows by it alone may run into its time-out.
        """
        deciding = took - min(self._latency, took)
        affordable = BATCH if deciding <= 0 else int(sent * _SECONDS_A_CALL / deciding)
        safe = BATCH if took <= 0 else int(sent * _MOST_SECONDS / took)
        return max(1, min(BATCH, affordable, safe))

    def read(self) -> WrongRead | None:
        """Read the rules back and compare them (STA-5); repeat until the settle time is over."""
        self.steps.append(ReadStep())
        while True:
            is_over = self.has_settled()
            wrong = self._oracle.read(self.vault, self.client.get_rules())
            if wrong is None or is_over:
                return wrong

    def has_settled(self) -> bool:
        """Whether the settle time since the last change is over."""
        return now() - self._changed_at >= self._settle_seconds

    def changed(self) -> None:
        """Note a change made outside the lockstep: its settle time begins."""
        self._changed_at = now()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Calls within this context are not part of the case, which continues afterwards as it was."""
        steps, started, vault, before = list(self.steps), self.started_from, self.vault, self.before
        try:
            yield
        finally:
            self.steps, self.started_from, self.vault, self.before = steps, started, vault, before

    def replay_apart(self, case: Case, like: Mismatch | None = None) -> Mismatch | None:
        """Like `replay`, but first put one rule that no case is about, so that what earlier vaults left cannot show.

        A vault without rules would not do: what remembers the latest rule would still remember an earlier one.
        """
        self.reset(Network())
        acls = {**wire_rules_in_force(self.vault.rules), "ipRules": [{"value": _APART}]}
        self.write(WriteStep(method="putRules", params={"networkAcls": acls}))
        return self.replay(case, like)

    def replay(self, case: Case, like: Mismatch | None = None) -> Mismatch | None:
        """Run a case from its `reset`; the mismatch of its last answer. Also None if the case cannot be run.

        Of several wrong answers to one call the last request's counts, or else the first: requests after it may sway
        its answer as well as what comes before it. If `like` is given, a wrong answer of its kind goes first. A case
        cannot be run if an earlier write gets a wrong answer or leaves the rules in force unknown. Nor can it be run if
        a request would break the contract.
        """
        if not self._run_up_to_last(case):
            return None
        last = case.steps[-1]
        match last:
            case WriteStep():
                return self.write(last).wrong
            case ReadStep():
                return self.read()
            case AskStep():
                if not all(may_be_asked(self.vault, request) for request in last.requests):
                    return None
                *others, final = (wrong for _, _, wrong in self.ask(last))
                found = [wrong for wrong in (final, *others) if wrong is not None]
                return next(
                    (wrong for wrong in found if like is not None and like.is_like(wrong)), next(iter(found), None)
                )
            case EndpointsStep() | ResetStep():
                raise ValueError("a case ends with an answer")

    def is_answered_rightly(self, case: Case) -> bool:
        """Run a case from its `reset`; whether its last step could be put, and got the right answer."""
        if not self._run_up_to_last(case):
            return False
        match case.steps[-1]:
            case WriteStep() as last:
                answer = self.write(last)
                return answer.wrong is None and not answer.is_inconclusive
            case AskStep() as last:
                return all(may_be_asked(self.vault, one) for one in last.requests) and all(
                    wrong is None and got.outcome != "inconclusive" for _, got, wrong in self.ask(last)
                )
            case _:
                return self.read() is None

    def outcome_of(self, case: Case) -> str | None:
        """Run a case from its `reset`; the answer to its last request. None if the case cannot be run."""
        last = case.steps[-1]
        assert isinstance(last, AskStep)
        if not self._run_up_to_last(case) or not may_be_asked(self.vault, last.requests[-1]):
            return None
        return self.ask(last)[-1][1].outcome

    def could_write(self, case: Case) -> bool:
        """Run a case from its `reset`; whether its last write could be put as asked."""
        last = case.steps[-1]
        assert isinstance(last, WriteStep)
        return self._run_up_to_last(case) and not self.write(last).is_inconclusive

    def _run_up_to_last(self, case: Case) -> bool:
        self.reset(case.network)
        return all(self._run_up(step) for step in case.steps[:-1])

    def _run_up(self, step: Step) -> bool:
        match step:
            case WriteStep():
                answer = self.write(step)
                return answer.is_known and not answer.is_inconclusive
            case EndpointsStep():
                if step.subnet not in self.vault.network:
                    return False
                self.set_endpoints(step)
            case AskStep():
                if not all(may_be_asked(self.vault, request) for request in step.requests):
                    return False
                self.ask(step)
            case ReadStep():
                self.read()
            case ResetStep():
                self.reset(step.network)
        return True


def _is_right(expected: Write, got: WriteResult) -> bool:
    """Whether the answer is the expected answer, or any answer is right."""
    return expected.verdict is Verdict.OPEN or got.is_accepted == (expected.verdict is Verdict.ACCEPTED)

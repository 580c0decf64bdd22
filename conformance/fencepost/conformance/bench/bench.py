"""The test bench: each call of an exploration is sent, compared, counted, and diagnosed if its answer is wrong."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NoReturn, TypeAlias

from fencepost.adapters.contract import Client, HarnessFault, JsonObject, Shareable
from fencepost.adapters.contract import Decision as Answer
from fencepost.conformance.bench.asking_apart import AskingApart, OnMismatch
from fencepost.conformance.bench.diagnosing import Diagnosing, EndedAtFailure
from fencepost.conformance.bench.effort import CostMeter, Effort, EffortSpent
from fencepost.conformance.bench.fault_policy import Abandoned, FaultPolicy
from fencepost.conformance.bench.identifying import wrong_in_force
from fencepost.conformance.bench.in_force import StepsInForce
from fencepost.conformance.bench.notes import Notes
from fencepost.conformance.bench.samples import keep_request, keep_write
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.bench.sometimes_put import SometimesPut
from fencepost.conformance.diagnosis.diagnosis import Diagnosis
from fencepost.conformance.diagnosis.recorder import KnownFailures
from fencepost.conformance.judging.call_sizes import intended
from fencepost.conformance.judging.clause_counter import ClauseCounter
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, EndpointsStep, WriteStep
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Found
from fencepost.conformance.lockstep.offered import as_offered
from fencepost.conformance.lockstep.oracle import Judged
from fencepost.conformance.lockstep.wire import WAYS_TO_SAY_YES
from fencepost.reference import Network, Request, Vault
from fencepost.reports.model import Counterexample

Selection: TypeAlias = Callable[[Sequence[Request], Vault], Iterable[Sequence[Request]]]
"""Which of an exploration's requests are put, call by call."""

_EARLY = 200
"""After so many requests some are put again in calls of other sizes: what comes first finds much for little."""

_SOMETIMES_PUT = (
    "a request that could not be put as asked was answered at another time: whether it is put depends on the rules"
)

_EXPLICIT = 3
"""One request in so many writes out members with default values; whether the first does, depends on the call."""


class Bench(Notes):
    """One subject under test. Verbs that call it may raise `Abandoned`, and `EffortSpent` when the effort is spent.

    `on_mismatch` replaces the diagnosis of wrong answers. If `selects` is given, only the requests that it selects are
    put, and `ask` returns no outcomes. A fault counts for one of the `selected` clauses, where there is one.
    """

    def __init__(
        self,
        lockstep: Lockstep,
        setting: Setting,
        tally: Tally,
        *,
        effort: Effort | None = None,
        most_configurations: int | None = None,
        replay_line: Callable[[str], str] = lambda _: "",
        ends_at_failure: bool = False,
        known_failures: KnownFailures | None = None,
        on_mismatch: OnMismatch | None = None,
        selects: Selection | None = None,
        asks_further: bool = False,
        selected: Collection[str] = (),
    ) -> None:
        super().__init__(tally, known_failures)
        self.profile = setting.profile
        self.capabilities = setting.capabilities
        self.replay_line = replay_line
        self.meter = CostMeter(effort or setting.effort, lambda: lockstep.cost)
        self._most_configurations = most_configurations
        self._ends_at_failure = ends_at_failure
        self._lockstep = lockstep
        self._selects = selects
        self._asks_further = asks_further
        self._selected = frozenset(selected)
        self._largest_call = 0
        self._faults = FaultPolicy(tally)
        self._counter = ClauseCounter(tally, setting.capabilities, self._selected)
        self._in_force = StepsInForce(lockstep)
        self._sometimes_put = SometimesPut(lockstep)
        self.diagnosing = Diagnosing(
            lockstep,
            tally,
            Diagnosis(lockstep, tally, replay_line, known_failures, allows_another=self.meter.allows_another),
            self.meter,
            self._faults,
            self._in_force,
            ends_at_failure=ends_at_failure,
        )
        self._on_mismatch = on_mismatch or self.diagnosing
        self._ask_apart = AskingApart(tally, self.meter, self._faults, self._in_force, self._on_mismatch)

    # What an exploration may ask of the bench.

    @property
    def vault(self) -> Vault:
        """The reference's vault, which has followed every call."""
        return self._lockstep.vault

    @property
    def settle_seconds(self) -> float:
        """How long a change may take to show."""
        return self._lockstep.settle_seconds

    @property
    def largest_call(self) -> int:
        """How many requests the largest call of the last question had."""
        return self._largest_call

    @property
    def configurations(self) -> int:
        """How many accepted writes have changed the rules in force so far."""
        return self.meter.explored.configurations

    def case_with(self, step: AskStep) -> Case:
        """Everything since `reset`, followed by this call."""
        return Case(network=self._lockstep.started_from, steps=(*self._lockstep.steps, step))

    # What it may do with the subject.

    def reset(self, network: Network) -> None:
        """A new vault in this network."""
        with self._faults.blaming():
            self._lockstep.reset(network)
        self._faults.answered("reset")
        self.meter.explored += Cost(resets=1)
        self._in_force.reset(network)

    def settle_in(self, network: Network) -> None:
        """Enter a vault in this network whose rules the scenario will replace: the present vault, else a new vault."""
        if self._in_force.is_known_in(network):
            self._lockstep.mark()
            return
        self.reset(network)

    def put(self, acls: JsonObject, *, exercises: Collection[str] = (), aim: str | None = None) -> bool:
        """Replace the rules; whether the subject accepted them. See `write`."""
        return self.write("putRules", {"networkAcls": acls}, exercises=exercises, aim=aim)

    def write(
        self, method: str, params: JsonObject, *, exercises: Collection[str] = (), aim: str | None = None
    ) -> bool:
        """Send a write in the form that the subject offers; whether the subject accepted it.

        Also true where nothing is to be sent: an update of the default action for a subject that has none. False where
        the write may not be sent to a subject that validates nothing, and where it could not be put as asked.
        A right answer counts for the clauses that it exercises and, if it is a refusal, for the one clause that demands
        it; `aim` is the clause that a wrong answer breaks if the case does not show the clause.
        """
        self.meter.check()
        if self._most_configurations is not None and self.meter.explored.configurations >= self._most_configurations:
            raise EffortSpent
        clauses = tuple(exercises) or ((aim,) if aim else self._faults.aims)
        self._faults.check(method, clauses)
        wanted = WriteStep(method=method, params=params)
        step = as_offered(wanted, self.vault, self.capabilities)
        if step is None:
            return method == "updateRules" and not self.capabilities.default_action
        network, rules = self.vault.network, self.vault.rules
        self.meter.explored += Cost(writes=1)
        with self._faults.blaming(*clauses):
            answer = self._lockstep.write(step)
        self._faults.answered(method)
        if answer.is_inconclusive:
            kind, counted = self._counter.inconclusive_write(step, answer.expected, exercises)
            keep_write(self._tally.not_put, self.vault, step, kind, counted)
            if not answer.is_known:
                raise Abandoned
            return False
        self._counter.put(step, answer.expected)
        self.meter.explored += Cost(configurations=answer.accepted and self.vault.rules != rules)
        if method == "putRules" and answer.accepted:
            self._in_force.put(network)
        if answer.wrong is None or not answer.accepted:
            self._in_force.add(step)
        if answer.wrong is None:
            self._counter.write(answer.expected, exercises)
            if not answer.is_known:
                raise Abandoned
            return answer.accepted
        self._tally.wrong(exercises)
        self._on_mismatch([Found(mismatch=answer.wrong, aim=aim)])
        if answer.accepted:
            raise Abandoned
        return False

    def attempt(self, method: str, params: JsonObject) -> bool:
        """Send a write without judging it; whether the subject accepted it."""
        self.meter.explored += Cost(writes=1)
        with self._faults.blaming():
            return self._lockstep.write(WriteStep(method=method, params=params)).accepted

    def endpoints(self, subnet: str, service_endpoints: Sequence[str]) -> None:
        """Switch a subnet's service endpoints."""
        self._faults.check("setServiceEndpoints", self._faults.aims)
        step = EndpointsStep(subnet=subnet, service_endpoints=tuple(service_endpoints))
        with self._faults.blaming():
            self._lockstep.set_endpoints(step)
        self._in_force.add(step)

    def ask(
        self,
        requests: Sequence[Request],
        *,
        exercises: Mapping[Request, Sequence[str]] | None = None,
        aim: str | None = None,
        in_every_size: bool = False,
    ) -> list[str]:
        """Put requests in one go; the outcomes that came.

        Every right answer counts for the clauses that it exercises; `exercises` adds clauses to some requests. A wrong
        answer breaks the clause `aim` if the case does not show the clause. From a call on that is `in_every_size`, all
        that a run may ask further is asked.
        """
        self._tally.call_sizes.is_late |= in_every_size
        if self._selects is None:
            return self._ask(requests, exercises or {}, aim)
        for part in self._selects(requests, self.vault):
            self._ask(part, exercises or {}, aim)
        return []

    def read(self, *, exercises: Collection[str] = ()) -> None:
        """Read the rules back (STA-5), if the subject offers it. A right answer also counts for `exercises`."""
        if not self.capabilities.read_back or self._tally["STA-5"].error is not None:
            return
        with self._faults.blaming("STA-5"):
            wrong = self._lockstep.read()
        if wrong is None:
            self._tally.answer(("STA-5", *exercises))
        elif wrong.form is not None:
            self._tally.answer(("STA-5",))
            self._tally.wrong((wrong.form,))
            self._on_mismatch([Found(mismatch=wrong)])
        else:
            self._tally.wrong(("STA-5",))
            self._on_mismatch(self._wrong_in_force() or [Found(mismatch=wrong)])

    def look(self, step: AskStep) -> list[Answer]:
        """Ask without judging or counting; the answers."""
        with self._faults.blaming():
            return self._lockstep.client.decide(step.wire())

    @property
    def can_be_shared(self) -> bool:
        """Whether the subject can be asked by several clients at once."""
        return isinstance(self._lockstep.client.connection, Shareable)

    def another(self) -> Client:
        """A further client of the subject; closing it leaves the subject alone."""
        connection = self._lockstep.client.connection
        assert isinstance(connection, Shareable)
        return Client(connection.another())

    # What it may record, beside `Notes`.

    def observed(self, clause: str, outcomes: Collection[tuple[str, bool]]) -> None:
        """Count decisions that the exploration has judged itself: each outcome, and whether it was right."""
        for outcome, is_right in outcomes:
            self._tally.decision((clause,), outcome, is_right=is_right)
        self.meter.explored += Cost(decisions=len(outcomes))
        self._lockstep.cost += Cost(decisions=len(outcomes))

    def fail(self, one: Counterexample) -> None:
        """Record a failure that the exploration has found itself, because no replay would show it again."""
        self._tally[one.clause].failures.append(one)
        self.meter.failed_at(self.meter.explored)
        if self._ends_at_failure:
            raise EndedAtFailure

    def faulted(self, fault: HarnessFault) -> NoReturn:
        """Record a harness fault as the error of the present clause."""
        self._faults.give_up(fault)

    # What the run does with the bench.

    def begin(self, aims: Sequence[str]) -> None:
        """Begin a scenario for these clauses, which its harness faults count for."""
        self._faults.aims = tuple(aims)
        self._in_force.scenario_begins()

    def end(self) -> None:
        """End the scenario: the harness answers."""
        self._faults.in_a_row = 0
        self._in_force.scenario_ends()

    def leave(self) -> None:
        """Another exploration begins, which starts from a vault of its own."""
        self._in_force.forget()

    # How it asks and diagnoses.

    def _ask(self, requests: Sequence[Request], extra: Mapping[Request, Sequence[str]], aim: str | None) -> list[str]:
        offered = [(one, sent) for one in requests if (sent := self.capabilities.as_offered(one)) is not None]
        extra = {sent: extra[one] for one, sent in offered if one in extra} if extra else extra
        has_errors = bool(self._tally.reasons("error"))
        step = self._step([sent for _, sent in offered if not has_errors or self._is_of_use(sent, extra)])
        if not step.requests:
            return []
        self.meter.check(len(step.requests))
        self.meter.explored += Cost(decisions=len(step.requests))
        try:
            judged = self._lockstep.ask(step)
        except HarnessFault as fault:

            def put(part: Sequence[Request]) -> list[Found]:
                again = self._step(part)
                return self._counted(again, self._lockstep.ask(again), extra, aim)

            self._ask_apart(fault, step.requests, lambda one: self._clause(one, extra), put, extra=extra, aim=aim)
            return []
        self._faults.answered("decide")
        found = self._counted(step, judged, extra, aim)
        self._tally.call_sizes.asked += len(intended(len(step.requests)))
        self._largest_call = max(self._lockstep.sizes)
        if found:
            self._on_mismatch(found)
        elif self._asks_further and self.meter.explored.decisions > _EARLY:
            self._ask_further(step.requests, extra, aim)
        return [answer.outcome for _, answer, _ in judged]

    def _ask_further(
        self, requests: Sequence[Request], extra: Mapping[Request, Sequence[str]], aim: str | None
    ) -> None:
        """Put some of these requests again, alone and in small calls, where their kinds were not put so before."""
        explored, sizes = self.meter.explored, self._tally.call_sizes
        most = sizes.most(explored.resets + explored.writes + sizes.asked)
        for places in sizes.calls(self._counter.kinds, most=most):
            self.meter.check(len(places))
            sizes.further += 1
            step = self._step([requests[place] for place in places])
            self.meter.explored += Cost(decisions=len(places))
            with self._faults.blaming():
                judged = self._lockstep.ask(step)
            if found := self._counted(step, judged, extra, aim, is_further=True):
                self._on_mismatch(found)
                return

    def _step(self, requests: Sequence[Request]) -> AskStep:
        if not requests or not self.capabilities.credentials:
            return AskStep(requests=tuple(requests))
        turn, begin = divmod(requests[0].address + len(requests), _EXPLICIT)  # so calls begin in different ways
        places = range(begin, len(requests), _EXPLICIT)
        explicit = {place: WAYS_TO_SAY_YES[(turn + count) % len(WAYS_TO_SAY_YES)] for count, place in enumerate(places)}
        return AskStep(requests=tuple(requests), explicit=explicit)

    def _is_of_use(self, request: Request, extra: Mapping[Request, Sequence[str]]) -> bool:
        """Whether the request serves a clause that is not over with an error."""
        clause = self._clause(request, extra)
        if self._tally[clause].error is None:
            return True
        self._faults.leave_out(clause, extra.get(request, ()))
        return False

    def _clause(self, request: Request, extra: Mapping[Request, Sequence[str]]) -> str:
        """The clause that decides the request; if that is not selected, a selected clause that the request exercises.

        A fault in the answer to the request counts for this clause.
        """
        expected = self.vault.decide(request)
        if expected.clause in self._selected:
            return expected.clause
        exercised = self._counter.exercised(self.vault, request, expected, extra.get(request, ()))
        return next((one for one in exercised if one in self._selected), expected.clause)

    def _counted(
        self,
        step: AskStep,
        judged: Sequence[Judged],
        extra: Mapping[Request, Sequence[str]],
        aim: str | None,
        *,
        is_further: bool = False,
    ) -> list[Found]:
        sizes = intended(len(step.requests))  # and not those that a slow subject got: a report has no clock in it
        wrong = self._counter.decisions(self.vault, step.requests, judged, extra, sizes=sizes, is_further=is_further)
        for index, (expected, answer, _) in enumerate(judged):
            if answer.outcome == "inconclusive":
                more = extra.get(step.requests[index], ())
                clauses = tuple(self._counter.exercised(self.vault, step.requests[index], expected, more))
                keep_request(self._tally.not_put, self.vault, step.only(index), clauses)
        for request in self._sometimes_put.found(step.requests, [answer.outcome for _, answer, _ in judged]):
            self._tally.note(self.vault.decide(request).clause, depends=_SOMETIMES_PUT)
        return [Found(mismatch=mismatch, index=index, aim=aim) for index, mismatch in wrong]

    def _wrong_in_force(self) -> list[Found]:
        """Wrong decisions under the rules in force. If there are any, a read-back of other rules than written is right.

        A bench that puts a selection of requests does not ask.
        """
        if self._selects is not None:
            return []
        with self._faults.blaming("STA-5"):
            return wrong_in_force(self._lockstep, self.profile, self.capabilities)

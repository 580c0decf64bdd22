"""Where explorations put the subject to the test: each call is sent, compared, counted, and diagnosed if it is wrong."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NoReturn

from fencepost.adapters.contract import HarnessFault, JsonObject
from fencepost.conformance.bench.cost import Course, Spent
from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.bench.fault_policy import (
    Abandoned as Abandoned,  # those who ask through the bench meet it here
)
from fencepost.conformance.bench.fault_policy import FaultPolicy
from fencepost.conformance.bench.fault_policy import Unresponsive as Unresponsive
from fencepost.conformance.bench.identifying import identifying_requests
from fencepost.conformance.bench.ration import EffortMeter
from fencepost.conformance.bench.ration import EffortSpent as EffortSpent  # they meet this here, too
from fencepost.conformance.bench.state import BenchState
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.diagnosis.diagnosis import Diagnosis, Excuses
from fencepost.conformance.diagnosis.simplicity import plainness
from fencepost.conformance.judging.clause_counter import ClauseCounter, Judged
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, EndpointsStep, Step, WriteStep
from fencepost.conformance.lockstep.lockstep import Lockstep, Meter
from fencepost.conformance.lockstep.mismatch import Found
from fencepost.conformance.lockstep.offered import as_offered
from fencepost.conformance.lockstep.wire import WAYS_TO_SAY_YES, network_from_wire, wire_network, wire_rules_in_force
from fencepost.reference import Network, Profile, Request, Vault
from fencepost.reports.model import Counterexample

_PER_ASK = 6
_EXPLICIT = 3
"""One request in so many writes out what it might leave out."""


class EndedAtFailure(Exception):
    """A clause has failed, and the run is to end at the first failure."""


class Bench:
    """One subject under test. `put`, `write`, `endpoints`, `ask` and `read` may raise `Abandoned`."""

    def __init__(
        self,
        lockstep: Lockstep,
        *,
        profile: Profile,
        capabilities: Capabilities,
        effort: Effort,
        tally: Tally,
        replay_line: Callable[[str], str],
        ends_at_failure: bool = False,
        excuses: Excuses | None = None,
    ) -> None:
        self.profile = profile
        self.capabilities = capabilities
        self.effort = effort
        self.tally = tally
        self.course = Course()
        self.most_configurations: int | None = None
        self._ends_at_failure = ends_at_failure
        self.replay_line = replay_line
        self._lockstep = lockstep
        self._diagnosis = Diagnosis(
            lockstep, tally, replay_line, excuses, allows_another=lambda: self._effort_meter.allows_another()
        )
        self._fault_policy = FaultPolicy(tally)
        self._credit = ClauseCounter(tally, capabilities)
        self._effort_meter = EffortMeter(effort)
        self._since_put: tuple[Network, list[Step]] = (Network(), [])
        self._is_running = False
        self._is_at_hand = False

    @property
    def vault(self) -> Vault:
        """The reference's vault, told everything that the subject was told."""
        return self._lockstep.vault

    @property
    def lockstep(self) -> Lockstep:
        """The subject beside the reference, for explorations that compare for themselves; they end with `fail`."""
        return self._lockstep

    @property
    def spent(self) -> Meter:
        """Resets, writes and decisions so far, counterexamples' left aside."""
        return self._lockstep.meter.less(self._effort_meter.aside)

    @property
    def aside(self) -> Meter:
        """Resets, writes and decisions that went into counterexamples."""
        return self._effort_meter.aside

    @property
    def shrink_calls(self) -> int:
        """Calls that went into counterexamples."""
        return self._diagnosis.calls

    def begin(self, aims: Sequence[str]) -> None:
        """A new scenario, for these clauses: a harness fault in it is theirs."""
        self._fault_policy.aims = tuple(aims)
        self._is_at_hand = self._is_at_hand and not self._is_running
        self._is_running = True

    def end(self) -> None:
        """The scenario went through to its end: the harness answers."""
        self._fault_policy.in_a_row = 0
        self._is_running = False

    def leave(self) -> None:
        """Another exploration begins: it starts from a vault of its own."""
        self._is_at_hand = False

    def settle_in(self, network: Network) -> None:
        """A vault in this network whose rules the scenario is going to replace: the one at hand, or else a new one."""
        if self._is_at_hand and self.vault.network == network:
            self._lockstep.mark()
            return
        self.reset(network)

    @property
    def state(self) -> BenchState:
        """The counts that a resumption needs."""
        meter = self._lockstep.meter
        is_at_hand, was_put = self._is_at_hand and not self._is_running, bool(self._since_put[1])
        return BenchState(
            meter=replace(meter),
            shrinking=replace(self._effort_meter.aside),
            faults_in_a_row=self._fault_policy.in_a_row,
            diagnosis_calls=self._diagnosis.calls,
            diagnoses=self._diagnosis.begun,
            diagnosed=self._diagnosis.recorded,
            kept=self._diagnosis.kept,
            course=replace(self.course),
            at_hand=wire_network(self.vault.network) if is_at_hand else None,
            in_force=wire_rules_in_force(self.vault.rules) if is_at_hand and was_put else None,
        )

    def resume(self, state: BenchState) -> None:
        """Go on from the counts of a run that ended early; its failures are in the tally already."""
        try:
            self._diagnosis.resume(
                calls=state.diagnosis_calls, begun=state.diagnoses, recorded=state.diagnosed, kept=state.kept
            )
            if state.at_hand is not None:
                self._lockstep.reset(network_from_wire(state.at_hand))
                self._is_at_hand = True
                self._since_put = (self.vault.network, [])
            if state.in_force is not None:
                step = WriteStep(method="putRules", params={"networkAcls": state.in_force})
                self._lockstep.write(step)
                self._since_put[1].append(step)
        except HarnessFault as fault:
            self.tally.hindered.setdefault("DEC-17", str(fault))
        self._lockstep.meter = replace(state.meter)
        self._effort_meter = EffortMeter(self.effort, aside=state.shrinking)
        self._fault_policy.in_a_row = state.faults_in_a_row
        self.course = replace(state.course)

    def fail(self, one: Counterexample) -> None:
        """Record a failure that an exploration has told by itself, because no replay would show it again."""
        self.tally.failures[one.clause].append(one)
        if self.course.first_failure is None:
            self.course.first_failure = self.course.spent()
        if self._ends_at_failure:
            raise EndedAtFailure

    def faulted(self, fault: HarnessFault) -> NoReturn:
        """A harness fault that came to an exploration that asks by itself: the error of the clause at hand."""
        self._fault(fault, self._fault_policy.aims)

    def finish(self, *, is_cut_short: bool) -> None:
        """The run is over: look again at what an unstable subject was blamed for, where there is time for it."""
        self._diagnosis.tell_what_was_kept()
        if is_cut_short:
            self._diagnosis.give_up_review()
            return
        try:
            self._diagnosis.review()
        except HarnessFault as fault:
            self.tally.unstable["DEC-17"] = str(fault)

    def reset(self, network: Network) -> None:
        """A new vault in this network."""
        try:
            self._lockstep.reset(network)
        except HarnessFault as fault:
            self._fault(fault, self._fault_policy.aims)
        self._fault_policy.answered("reset")
        self.course.examples += 1
        self._since_put = (network, [])
        self._is_at_hand = True

    def put(self, acls: JsonObject, *, exercises: Collection[str] = (), aim: str | None = None) -> bool:
        """Replace the rules; whether the subject accepted them. See `write`."""
        return self.write("putRules", {"networkAcls": acls}, exercises=exercises, aim=aim)

    def write(
        self, method: str, params: JsonObject, *, exercises: Collection[str] = (), aim: str | None = None
    ) -> bool:
        """Send a write in the words that the subject offers; whether the subject accepted it.

        True, too, where there is nothing to send: an update of the default action for a subject that has none. False where
        the write may not be sent to a subject that validates nothing, and where it could not be put as asked.
        A right answer counts for `speaks_for` and, if it is a refusal, for the one clause that demands it; `aim` is the
        clause that a wrong answer breaks where the case itself does not tell.
        """
        self._effort_meter.check(self._lockstep.meter)
        if self.most_configurations is not None and self.course.configurations >= self.most_configurations:
            raise EffortSpent
        self._fault_policy.check(method, tuple(exercises) or ((aim,) if aim else self._fault_policy.aims))
        wanted = WriteStep(method=method, params=params)
        step = as_offered(wanted, self.vault, self.capabilities)
        if step is None:
            return self.is_in_force(wanted)
        network, rules = self.vault.network, self.vault.rules
        self.course.writes += 1
        try:
            answer = self._lockstep.write(step)
        except HarnessFault as fault:
            self._fault(fault, tuple(exercises) or ((aim,) if aim else self._fault_policy.aims))
        self._fault_policy.answered(method)
        if answer.is_inconclusive:
            self._credit.inconclusive_write(method, answer.expected, exercises)
            if not answer.is_known:
                raise Abandoned
            return False
        self._credit.put(method, answer.expected)
        self.course.configurations += answer.accepted and self.vault.rules != rules
        if method == "putRules" and answer.accepted:
            self._since_put = (network, [])
        self._since_put[1].append(step)
        if answer.wrong is None:
            self._credit.write(answer.expected, exercises)
            if not answer.is_known:
                raise Abandoned
            return answer.accepted
        for clause in exercises:
            self.tally.counts[clause].asked += 1
        if answer.accepted:
            self._since_put[1].pop()
        self._wrong([Found(mismatch=answer.wrong, aim=aim)])
        if answer.accepted:
            raise Abandoned
        return False

    def is_in_force(self, step: WriteStep) -> bool:
        """Whether the rules in force are already those that the write leads to, as far as it can be sent at all."""
        return step.method == "updateRules" and not self.capabilities.default_action

    def endpoints(self, subnet: str, service_endpoints: Sequence[str]) -> None:
        """Switch a subnet's service endpoints."""
        self._fault_policy.check("setServiceEndpoints", self._fault_policy.aims)
        step = EndpointsStep(subnet=subnet, service_endpoints=tuple(service_endpoints))
        try:
            self._lockstep.set_endpoints(step)
        except HarnessFault as fault:
            self._fault(fault, self._fault_policy.aims)
        self._since_put[1].append(step)

    def read(self) -> None:
        """Read the rules back (STA-5), where that is offered."""
        if not self.capabilities.read_back or "STA-5" in self.tally.errors:
            return
        try:
            wrong = self._lockstep.read()
        except HarnessFault as fault:
            self._fault(fault, ("STA-5",))
        if wrong is None:
            self.tally.answer(("STA-5",))
        else:
            self.tally.counts["STA-5"].asked += 1
            self._wrong(self._wrong_in_force() or [Found(mismatch=wrong)])

    def _wrong_in_force(self) -> list[Found]:
        """What is wrong with the rules in force: where they are not the rules that were written, reading them back is right."""
        told = list(self._lockstep.steps)
        asked = identifying_requests(self.vault, self.profile, self.capabilities)
        offered = [sent for one in asked if (sent := self.capabilities.as_offered(one)) is not None]
        try:
            judged = self._lockstep.ask(AskStep(requests=tuple(offered)))
        except HarnessFault as fault:
            self._fault(fault, ("STA-5",))
        found = [
            Found(mismatch=wrong, index=index, aim="STA-2")
            for index, (_, _, wrong) in enumerate(judged)
            if wrong is not None
        ]
        if not found:
            self._lockstep.steps = told  # the last step is the one whose answer was wrong
        return found

    def ask(
        self,
        requests: Sequence[Request],
        *,
        exercises: Mapping[Request, Sequence[str]] | None = None,
        aim: str | None = None,
    ) -> list[str]:
        """Put requests in one go; the outcomes that came.

        Every right answer counts for the clauses that it speaks for; `speaks_for` adds clauses to some of them, `aim` is
        the clause that a wrong answer breaks where the case alone does not tell.
        """
        self._effort_meter.check(self._lockstep.meter)
        offered = [(one, sent) for one in requests if (sent := self.capabilities.as_offered(one)) is not None]
        wanted = exercises or {}
        extra = {sent: wanted[one] for one, sent in offered if one in wanted}
        step = self._step([sent for _, sent in offered if self._is_of_use(sent, extra)])
        if not step.requests:
            return []
        self.course.decisions += len(step.requests)
        try:
            judged = self._lockstep.ask(step)
        except HarnessFault as fault:
            return self._ask_apart(fault, step, extra, aim)
        self._fault_policy.answered("decide")
        found = self._counted(step, judged, extra, aim)
        if found:
            self._wrong(found)
        return [answer.outcome for _, answer, _ in judged]

    def _step(self, requests: Sequence[Request]) -> AskStep:
        places = range(0, len(requests), _EXPLICIT) if self.capabilities.credentials else ()
        explicit = {place: WAYS_TO_SAY_YES[turn % len(WAYS_TO_SAY_YES)] for turn, place in enumerate(places)}
        return AskStep(requests=tuple(requests), explicit=explicit)

    def _is_of_use(self, request: Request, extra: Mapping[Request, Sequence[str]]) -> bool:
        """Whether the request is for a clause that is not over with an error."""
        if not self.tally.errors or (clause := self._clause(request)) not in self.tally.errors:
            return True
        self._fault_policy.leave_out(clause, extra.get(request, ()))
        return False

    def _clause(self, request: Request) -> str:
        return self.vault.decide(request).clause

    def _counted(
        self, step: AskStep, judged: Sequence[Judged], extra: Mapping[Request, Sequence[str]], aim: str | None
    ) -> list[Found]:
        wrong = self._credit.decisions(self.vault, step.requests, judged, extra)
        return [Found(mismatch=mismatch, index=index, aim=aim) for index, mismatch in wrong]

    def _ask_apart(
        self, fault: HarnessFault, step: AskStep, extra: Mapping[Request, Sequence[str]], aim: str | None
    ) -> list[str]:
        """A fault in a call that serves several clauses: ask clause by clause, so that the others are judged."""
        by_clause = sorted(step.requests, key=self._clause)
        groups = [(clause, list(group)) for clause, group in groupby(by_clause, key=self._clause)]
        if len(groups) == 1:
            self._fault(fault, (groups[0][0],))
        self.tally.faults += 1
        self._fault_policy.in_a_row += 1
        is_at_hand = False
        for clause, group in groups:
            if clause in self.tally.errors:
                continue
            try:
                self._restore()
                part = self._step(group)
                found = self._counted(part, self._lockstep.ask(part), extra, aim)
            except HarnessFault as again:
                is_at_hand = True
                self._fault_policy.note(again, (clause,))
                for request in group:
                    self._fault_policy.leave_out(clause, extra.get(request, ()))
                continue
            self._fault_policy.in_a_row = 0
            self._wrong(found)
        if not is_at_hand:  # apart, every request is answered: the fault is of the call as a whole
            self.tally.errors.setdefault(aim or self._fault_policy.aims[0], str(fault))
            self._fault_policy.hinder(str(fault))
        self._restore_or_abandon()
        return []

    def _wrong(self, found: list[Found]) -> None:
        """Diagnose what is new among the mismatches, the plainest first, then bring the subject back to its state."""
        disturbed = False
        place = self._place_of(found)
        for one in sorted(found, key=plainness)[: _PER_ASK * 20]:
            if not self._diagnosis.wants(one):
                continue
            try:
                with self._lockstep.aside(), self._effort_meter.beside(self._lockstep.meter):
                    self._diagnosis.diagnose(one)
            except HarnessFault as fault:
                self._fault(fault, (one.aim,) if one.aim else self._fault_policy.aims)
            disturbed = True
            if self.tally.failures and self.course.first_failure is None:
                self.course.first_failure = place
            if self.tally.failures and self._ends_at_failure:
                raise EndedAtFailure
        if disturbed:
            self._restore_or_abandon()

    def _place_of(self, found: Sequence[Found]) -> Spent:
        """What had been asked when the first of these wrong answers came; requests after it in its call are left out."""
        last = self._lockstep.steps[-1]
        asked = len(last.requests) if isinstance(last, AskStep) else 0
        return self.course.spent(unasked=max(0, asked - 1 - min((one.index for one in found), default=asked)))

    def _restore_or_abandon(self) -> None:
        try:
            with self._effort_meter.beside(self._lockstep.meter):
                self._restore()
        except HarnessFault as fault:
            self._fault(fault, self._fault_policy.aims)

    def _restore(self) -> None:
        """Bring the subject to the state that the reference's vault is in: from the last rule set that it took."""
        network, steps = self._since_put
        wanted = self.vault
        self._lockstep.restart(network)
        for step in steps:
            match step:
                case WriteStep():
                    self._lockstep.write(step)
                case EndpointsStep():
                    self._lockstep.set_endpoints(step)
        if self.vault.rules != wanted.rules or self.vault.network != wanted.network:
            raise Abandoned

    def _fault(self, fault: HarnessFault, clauses: Sequence[str]) -> NoReturn:
        self._fault_policy.hinder(str(fault))
        self._fault_policy.note(fault, clauses)
        raise Abandoned

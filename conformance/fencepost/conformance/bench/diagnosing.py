"""How a run reacts to wrong answers: diagnose each new kind, then restore the subject's state."""

from collections.abc import Sequence

from fencepost.adapters.contract import HarnessFault
from fencepost.conformance.bench.effort import CostMeter
from fencepost.conformance.bench.fault_policy import FaultPolicy
from fencepost.conformance.bench.in_force import StepsInForce
from fencepost.conformance.bench.state import BenchState
from fencepost.conformance.diagnosis.diagnosis import Diagnosis
from fencepost.conformance.diagnosis.simplicity import plainness
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Found

_MOST_LOOKED_AT = 120


class EndedAtFailure(Exception):
    """A clause has failed, and the run ends at the first failure."""


class Diagnosing:
    """Called with the mismatches of one call. `EndedAtFailure` if a failure ends the run."""

    def __init__(
        self,
        lockstep: Lockstep,
        tally: Tally,
        diagnosis: Diagnosis,
        meter: CostMeter,
        faults: FaultPolicy,
        in_force: StepsInForce,
        *,
        ends_at_failure: bool,
    ) -> None:
        self._lockstep = lockstep
        self._tally = tally
        self._diagnosis = diagnosis
        self._meter = meter
        self._faults = faults
        self._in_force = in_force
        self._ends_at_failure = ends_at_failure

    def __call__(self, found: Sequence[Found]) -> None:
        """Diagnose the new mismatches, the plainest first, then restore the subject's state."""
        disturbed = False
        place = self._place_of(found)
        for one in sorted(found, key=plainness)[:_MOST_LOOKED_AT]:
            if not self._diagnosis.wants(one):
                continue
            blamed = (one.aim,) if one.aim else ()
            with self._faults.blaming(*blamed), self._lockstep.aside(), self._meter.beside():
                self._diagnosis.diagnose(one)
            disturbed = True
            if self._tally.failed:
                self._meter.failed_at(place)
                if self._ends_at_failure:
                    raise EndedAtFailure
        if disturbed:
            with self._faults.blaming(), self._meter.beside():
                self._in_force.restore()

    def _place_of(self, found: Sequence[Found]) -> Cost:
        """The cost up to the first of these wrong answers, without the call's later requests."""
        last = self._lockstep.steps[-1]
        asked = len(last.requests) if isinstance(last, AskStep) else 0
        unasked = max(0, asked - 1 - min((one.index for one in found), default=asked))
        return self._meter.explored - Cost(decisions=unasked)

    @property
    def calls(self) -> int:
        """Calls that went into counterexamples."""
        return self._diagnosis.calls

    def finish(self, *, is_cut_short: bool) -> None:
        """End the diagnosis: replay the failures of an unstable subject once more, if there is time."""
        self._diagnosis.record_kept()
        if is_cut_short:
            self._diagnosis.give_up_review()
            return
        try:
            self._diagnosis.review()
        except HarnessFault as fault:
            self._tally["DEC-17"].unstable = str(fault)

    @property
    def state(self) -> BenchState:
        """The counts that a resumption needs."""
        at_hand, in_force = self._in_force.recorded
        return BenchState(
            cost=self._lockstep.cost,
            aside=self._meter.aside,
            explored=self._meter.explored,
            first_failure=self._meter.first_failure,
            faults_in_a_row=self._faults.in_a_row,
            diagnosis_calls=self._diagnosis.calls,
            diagnoses=self._diagnosis.begun,
            diagnosed=self._diagnosis.recorded,
            kept=self._diagnosis.kept,
            at_hand=at_hand,
            in_force=in_force,
        )

    def resume(self, state: BenchState) -> None:
        """Continue from the counts of a run that ended early; its failures are in the tally already."""
        try:
            self._diagnosis.resume(
                calls=state.diagnosis_calls, begun=state.diagnoses, recorded=state.diagnosed, kept=state.kept
            )
            self._in_force.resume(state.at_hand, state.in_force)
        except HarnessFault as fault:
            self._tally.note("DEC-17", hindered=str(fault))
        self._lockstep.cost, self._meter.aside = state.cost, state.aside
        self._faults.in_a_row = state.faults_in_a_row
        self._meter.explored, self._meter.first_failure = state.explored, state.first_failure

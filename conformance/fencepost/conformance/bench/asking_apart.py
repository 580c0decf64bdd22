"""After a harness fault in a call for several clauses: the requests of each clause are put in a call of their own."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

from fencepost.adapters.contract import HarnessFault
from fencepost.conformance.bench.effort import CostMeter
from fencepost.conformance.bench.fault_policy import FaultPolicy
from fencepost.conformance.bench.in_force import StepsInForce
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.mismatch import Found
from fencepost.reference import Request

OnMismatch: TypeAlias = Callable[[Sequence[Found]], None]
"""A reaction to the mismatches of one call."""


class AskingApart:
    """Puts the requests of a call that failed again, clause by clause, so that one faulty clause spares the others."""

    def __init__(
        self, tally: Tally, meter: CostMeter, faults: FaultPolicy, in_force: StepsInForce, on_mismatch: OnMismatch
    ) -> None:
        self._tally = tally
        self._meter = meter
        self._faults = faults
        self._in_force = in_force
        self._on_mismatch = on_mismatch

    def __call__(
        self,
        fault: HarnessFault,
        requests: Sequence[Request],
        clause_of: Callable[[Request], str],
        put: Callable[[Sequence[Request]], Sequence[Found]],
        *,
        extra: Mapping[Request, Sequence[str]],
        aim: str | None,
    ) -> None:
        """Put these requests by `put`, which makes one call and returns its wrong answers.

        `Abandoned` where all of them are for the same clause. `extra` and `aim` are those of the call that failed.
        """
        groups = [(clause, list(group)) for clause, group in groupby(sorted(requests, key=clause_of), clause_of)]
        if len(groups) == 1:
            self._faults.give_up(fault, groups[0][0])
        self._tally.faults += 1
        self._faults.in_a_row += 1
        is_at_hand = False
        for clause, group in groups:
            if self._tally[clause].error is not None:
                continue
            try:
                self._in_force.restore()
                found = put(group)
            except HarnessFault as again:
                is_at_hand = True
                self._faults.note(again, (clause,))
                for request in group:
                    self._faults.leave_out(clause, extra.get(request, ()))
                continue
            self._faults.in_a_row = 0
            self._on_mismatch(found)
        if not is_at_hand:  # each request is answered apart: the fault is that of the whole call
            self._tally.note(aim or self._faults.aims[0], error=str(fault))
            self._faults.hinder(str(fault))
        with self._faults.blaming(), self._meter.beside():
            self._in_force.restore()

"""How a run reacts to harness faults: one ends a clause, two a feature's method, three in a row the rest of the run."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from fencepost.adapters.contract import HarnessFault
from fencepost.conformance.judging.tally import Tally

FAULTS_IN_A_ROW = 3
FAULTS_OF_A_METHOD = 2
ESSENTIAL = frozenset({"describe", "reset", "putRules", "decide"})
"""The methods without which nothing can be asked."""


class Abandoned(Exception):
    """The scenario cannot go on: the harness has failed, or the rules in force are unknown."""


class Unresponsive(Exception):
    """Three harness faults in a row; the message is the last fault's. The remaining clauses are marked unasked."""


class FaultPolicy:
    """Counts harness faults. `aims` are the clauses of the scenario; `in_a_row` counts faults without an answer."""

    def __init__(self, tally: Tally) -> None:
        self.aims: tuple[str, ...] = ()
        self.in_a_row = 0
        self._last = ""
        self._tally = tally
        self._of_method: dict[str, list[str]] = {}

    def note(self, fault: HarnessFault, clauses: Sequence[str]) -> None:
        """End the first of the clauses with an error; `Unresponsive` after three faults in a row."""
        self._tally.faults += 1
        for clause in clauses[:1]:
            self._tally.note(clause, error=str(fault))
        if fault.method not in ESSENTIAL:
            self._of_method.setdefault(fault.method, []).append(str(fault))
            return
        self._last = fault.method
        self.in_a_row += 1
        if self.in_a_row >= FAULTS_IN_A_ROW:
            raise Unresponsive(str(fault))

    @contextmanager
    def blaming(self, *clauses: str) -> Iterator[None]:
        """Turn a harness fault in here into an error of the first of these clauses, else of the present clause.

        Raise `Abandoned` then.
        """
        try:
            yield
        except HarnessFault as fault:
            self.give_up(fault, *clauses)

    def give_up(self, fault: HarnessFault, *clauses: str) -> NoReturn:
        """Record the fault as an error of the first of these clauses, else of the present clause; raise `Abandoned`."""
        self.hinder(str(fault))
        self.note(fault, clauses or self.aims)
        raise Abandoned

    def answered(self, method: str) -> None:
        """Reset the count of consecutive faults, but only when the method that failed last has answered."""
        if method == self._last:
            self.in_a_row = 0

    def hinder(self, reason: str) -> None:
        """Note that the scenario is cut short: its clauses may get too few answers for a verdict."""
        for clause in self.aims:
            self._tally.note(clause, hindered=reason)

    def check(self, method: str, clauses: Sequence[str]) -> None:
        """`Abandoned` if the method, which only a feature needs, has been given up; other calls go on."""
        faults = self._of_method.get(method, [])
        if len(faults) >= FAULTS_OF_A_METHOD:
            self._tally.note(clauses[0], error=faults[0])
            self.hinder(faults[0])
            raise Abandoned

    def leave_out(self, clause: str, others: Iterable[str]) -> None:
        """Skip a request whose clause is in error, and note the clauses of its family that it would have exercised."""
        family = clause.partition("-")[0]
        for other in others:
            if other.partition("-")[0] == family:
                self._tally.note(other, error=self._tally[clause].error)

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
    """The scenario at hand cannot go on: the harness has failed, or nobody can tell what is in force."""


class Unresponsive(Exception):
    """Three harness faults in a row, the last of them in words: the remaining clauses are marked unasked."""


class FaultPolicy:
    """Counts harness faults. `aims` are the clauses of the scenario; `in_a_row` counts faults without an answer."""

    def __init__(self, tally: Tally) -> None:
        self.aims: tuple[str, ...] = ()
        self.in_a_row = 0
        self._last = ""
        self._tally = tally
        self._of_method: dict[str, list[str]] = {}

    def note(self, fault: HarnessFault, clauses: Sequence[str]) -> None:
        """The clause at hand, the first one named, is over with an error; `Unresponsive` where it is one too many."""
        self._tally.faults += 1
        for clause in clauses[:1]:
            self._tally.errors.setdefault(clause, str(fault))
        if fault.method not in ESSENTIAL:
            self._of_method.setdefault(fault.method, []).append(str(fault))
            return
        self._last = fault.method
        self.in_a_row += 1
        if self.in_a_row >= FAULTS_IN_A_ROW:
            raise Unresponsive(str(fault))

    @contextmanager
    def blaming(self, *clauses: str) -> Iterator[None]:
        """Turns a harness fault in here into an error of the first of these clauses, else of the clause at hand.

        Raises `Abandoned`.
        """
        try:
            yield
        except HarnessFault as fault:
            self.give_up(fault, *clauses)

    def give_up(self, fault: HarnessFault, *clauses: str) -> NoReturn:
        """Record the fault as an error of the first of these clauses, else of the clause at hand: `Abandoned`."""
        self.hinder(str(fault))
        self.note(fault, clauses or self.aims)
        raise Abandoned

    def answered(self, method: str) -> None:
        """A call was answered. That of another method than the last that was not says nothing of that one."""
        if method == self._last:
            self.in_a_row = 0

    def hinder(self, told: str) -> None:
        """The scenario at hand is cut short: its clauses may come out with too little for a verdict."""
        for clause in self.aims:
            self._tally.hindered.setdefault(clause, told)

    def check(self, method: str, clauses: Sequence[str]) -> None:
        """`Abandoned` where the method, which only a feature needs, is given up; what needs no such method goes on."""
        faults = self._of_method.get(method, [])
        if len(faults) >= FAULTS_OF_A_METHOD:
            self._tally.errors.setdefault(clauses[0], faults[0])
            self.hinder(faults[0])
            raise Abandoned

    def leave_out(self, clause: str, others: Iterable[str]) -> None:
        """A request of a clause in error goes unasked: clauses of its family that it was to speak for go with it."""
        family = clause.partition("-")[0]
        for other in others:
            if other.partition("-")[0] == family:
                self._tally.errors.setdefault(other, self._tally.errors[clause])

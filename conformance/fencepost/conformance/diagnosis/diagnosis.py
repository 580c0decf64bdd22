"""From a mismatch somewhere in a long conversation to the clause that it breaks and the smallest case that shows it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from fencepost.conformance.diagnosis.attribution import STATE, clause_of
from fencepost.conformance.diagnosis.counterexample import counterexample
from fencepost.conformance.diagnosis.reproduction import minimal_setup, of_one_vault, of_two_vaults
from fencepost.conformance.diagnosis.shrink import Shrinker
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, Step, WriteStep, case_from_calls
from fencepost.conformance.lockstep.deadline import OutOfTime
from fencepost.conformance.lockstep.lockstep import CALLS_APART, Lockstep
from fencepost.conformance.lockstep.mismatch import Found, Mismatch, WrongDecision
from fencepost.reference import Network
from fencepost.reports.model import Call

_PER_CLAUSE = 3
_MANY_IN_VAIN = 20
_LONG_HISTORY = 10
_CONFIRMATIONS, _WHEN_UNSTABLE, _IN_REVIEW = 3, 9, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """A smallest case, and the calls that went into it."""

    case: Case
    mismatch: Mismatch
    calls: int


class Excuses(Protocol):
    """What is known of a subject already, and not to be found again."""

    def foresees(self, provisional: str, mismatch: Mismatch) -> bool:
        """Whether a mismatch looks like a known failure at first sight."""
        ...

    def knows(self, clause: str, case: Case, mismatch: Mismatch) -> bool:
        """Whether a smallest case is a known failure."""
        ...


class Diagnosis:
    """Replays, shrinks and attributes mismatches. Its calls are counted apart: they are no part of the effort."""

    def __init__(
        self,
        lockstep: Lockstep,
        tally: Tally,
        replay_line: Callable[[str], str],
        excuses: Excuses | None = None,
        *,
        allows_another: Callable[[], bool] = lambda: True,
    ) -> None:
        self.calls = 0
        self._excuses = excuses
        self._allows_another = allows_another
        self._lockstep = lockstep
        self._tally = tally
        self._replay_line = replay_line
        self._begun: Counter[tuple[str, str | None]] = Counter()
        self._cases: dict[str, tuple[Case, Mismatch]] = {}
        self._kept: dict[str, Shrunk] = {}
        self._in_vain = 0
        self._reviewed: set[str] = set()

    def wants(self, found: Found) -> bool:
        """Whether this mismatch is worth a diagnosis: its like has not failed already, nor been looked at often.

        Of a subject that has many times not shown again what it had shown, each kind is looked at once.
        """
        if not self._allows_another():
            return False
        clause = self._provisional(found)
        if self._excuses is not None and self._excuses.foresees(clause, found.mismatch):
            return False
        times = 1 if self._in_vain >= _MANY_IN_VAIN else _PER_CLAUSE
        return clause not in self._tally.failures and self._begun[clause, found.aim] < times

    def _provisional(self, found: Found) -> str:
        step: Step = AskStep(requests=()) if isinstance(found.mismatch, WrongDecision) else self._lockstep.steps[-1]
        return clause_of(found.mismatch, Case(network=Network(), steps=(step,)), found.aim)

    def diagnose(self, found: Found) -> None:
        """Record what the mismatch comes to. The subject is left in another state: restore it."""
        provisional = self._provisional(found)
        self._begun[provisional, found.aim] += 1
        try:
            self._diagnose(found, provisional)
        except OutOfTime:
            expected, got = found.mismatch.direction
            told = f"expected {expected}, got {got}, and no time was left to ask again"
            self._tally.unconfirmed.setdefault(provisional, told)
            raise

    def _diagnose(self, found: Found, provisional: str) -> None:
        case, recent, before = self._lockstep.case(), self._lockstep.recent_case(), self._lockstep.before
        if self._is_of_the_gate(found):
            return
        with_company = self._looks_for_company(found)
        shown = self._first_confirmed(of_one_vault(case, recent, found, with_company=with_company), found)
        if before is not None and (shown is None or not self._stands_alone(*shown)):
            is_steady = self._in_vain < _PER_CLAUSE
            twice = of_two_vaults(before, case, found, with_company=with_company and is_steady)
            shown = self._first_confirmed(twice, found) or shown
        if shown is not None:
            self._shrink_and_record(*shown, found)
            return
        self._in_vain += 1
        if "DEC-17" not in self._tally.failures:
            self._unstable(provisional, found)

    def _first_confirmed(self, candidates: Iterable[Case], found: Found) -> tuple[Case, Mismatch] | None:
        for candidate in candidates:
            mismatch = self._confirmed(candidate, found.mismatch, self._confirmations())
            if mismatch is not None:
                return candidate, mismatch
        return None

    def _stands_alone(self, case: Case, mismatch: Mismatch) -> bool:
        """Whether the case shows it by itself: one that relies on what is in force at first may owe that to others before."""
        first = case.steps[0]
        if isinstance(first, WriteStep) and first.method == "putRules":
            return True
        alone = self._replay_apart(case)
        return alone is not None and type(alone) is type(mismatch) and alone.direction == mismatch.direction

    def _looks_for_company(self, found: Found) -> bool:
        """Whether cases of many calls are worth a replay: not where DEC-17 has failed and nothing else is at stake."""
        is_about_state = found.aim is not None and found.aim.startswith(STATE)
        return is_about_state or "DEC-17" not in self._tally.failures

    def _is_of_the_gate(self, found: Found) -> bool:
        """A wrong code may betray a wrong gate: with token and permission the same caller then gets a wrong outcome."""
        mismatch = found.mismatch
        if not isinstance(mismatch, WrongDecision) or not mismatch.is_about_codes:
            return False
        entitled = replace(mismatch.request.caller, authenticated=True, authorized=True)
        case = minimal_setup(mismatch.vault, AskStep(requests=(replace(mismatch.request, caller=entitled),)))
        wrong = self._replay(case)
        if not isinstance(wrong, WrongDecision) or wrong.is_about_codes:
            return False
        if self._confirmed(case, wrong, self._confirmations()) is not None:
            self._shrink_and_record(case, wrong, found)
        return True

    def review(self) -> None:
        """Where the subject has turned out unstable, ask every recorded case again and drop what does not show.

        So often that a subject which tosses coins is not blamed for any one answer.
        """
        if not self._tally.unstable and not self._in_vain:
            return
        for clause, (case, mismatch) in list(self._cases.items()):
            if clause in self._reviewed:
                continue
            self._reviewed.add(clause)
            if self._confirmed(case, mismatch, _IN_REVIEW) is None:
                self._drop(clause)
        self._drop_what_cannot_be_shown()

    def give_up_review(self) -> None:
        """There is no time for a review: of a subject that has turned out unstable, no failure stands."""
        if self._tally.unstable or self._in_vain:
            for clause in list(self._cases):
                self._drop(clause)
            self._drop_what_cannot_be_shown()

    def _drop_what_cannot_be_shown(self) -> None:
        """What only overlapping calls or the clock have shown says nothing of a subject that is unstable without them."""
        if self._tally.unstable:
            for clause in self._tally.failures.keys() - self._cases.keys():
                self._drop(clause)

    def _drop(self, clause: str) -> None:
        self._cases.pop(clause, None)
        del self._tally.failures[clause]
        told = "the same calls got different answers"
        self._tally.unstable[clause] = told
        self._tally.unstable.setdefault("DEC-17", told)

    @property
    def begun(self) -> tuple[tuple[str, str | None, int], ...]:
        """How often each kind of mismatch has been looked at: the clause, the aim, the number."""
        return tuple((clause, aim, times) for (clause, aim), times in self._begun.items())

    @property
    def recorded(self) -> tuple[str, ...]:
        """The clauses whose failures are this diagnosis's and can be shown again."""
        return tuple(self._cases)

    @property
    def kept(self) -> tuple[tuple[str, tuple[Call, ...], int], ...]:
        """What `tell_what_was_kept` may record: the clause, the calls of its smallest case, what finding it took."""
        return tuple((clause, one.case.calls(), one.calls) for clause, one in self._kept.items())

    def resume(
        self,
        *,
        calls: int,
        begun: Iterable[tuple[str, str | None, int]],
        recorded: Iterable[str],
        kept: Iterable[tuple[str, tuple[Call, ...], int]],
    ) -> None:
        """Go on from another run's counts; each failure that it has recorded must show once more to stand."""
        for clause in recorded:
            case = case_from_calls(self._tally.failures[clause][0].calls)
            mismatch = self._replay(case)
            if mismatch is not None:
                self._cases[clause] = (case, mismatch)
            else:
                del self._tally.failures[clause]
                self._tally.unstable[clause] = "the same calls got different answers"
        for clause, told, cost in kept:
            case = case_from_calls(told)
            if (mismatch := self._replay(case)) is not None:
                self._kept[clause] = Shrunk(case=case, mismatch=mismatch, calls=cost)
        self.calls = calls
        self._begun = Counter({(clause, aim): times for clause, aim, times in begun})

    def _confirmations(self) -> int:
        return _WHEN_UNSTABLE if self._tally.unstable else _CONFIRMATIONS

    def _confirmed(self, case: Case, like: Mismatch, times: int) -> Mismatch | None:
        """The mismatch, if each of so many replays shows it."""
        shown: Mismatch | None = None
        for _ in range(times):
            shown = self._replay(case)
            if shown is None or type(shown) is not type(like) or shown.direction != like.direction:
                return None
        return shown

    def _replay(self, case: Case) -> Mismatch | None:
        if case.spans_vaults:
            return self._replay_apart(case)
        self.calls += len(case.steps) + 1
        return self._lockstep.replay(case)

    def _replay_apart(self, case: Case) -> Mismatch | None:
        self.calls += len(case.steps) + 1 + CALLS_APART
        return self._lockstep.replay_apart(case)

    def _shrink_and_record(self, case: Case, mismatch: Mismatch, found: Found) -> None:
        """Record the smallest case. Where another clause decides that, keep the smallest in which the first one still does.

        A subject that lets everybody in breaks many clauses, and each of them in cases that shrink to the same one.
        """
        shrunk = self._shrunk(self._shrinker(case, mismatch))
        if shrunk is None:
            self._in_vain += 1
            self._unstable(self._provisional(found), found)
            return
        clause = clause_of(shrunk.mismatch, shrunk.case, found.aim)
        self._record(clause, shrunk)
        decider = _decider(mismatch)
        if decider in (None, _decider(shrunk.mismatch)) or decider in self._tally.failures or decider in self._kept:
            return
        shrunk = self._shrunk(self._shrinker(case, mismatch, keeps=lambda smaller: _decider(smaller) == decider))
        if decider is not None and shrunk is not None and clause_of(shrunk.mismatch, shrunk.case, None) == decider:
            self._kept[decider] = shrunk

    def _shrinker(
        self, case: Case, mismatch: Mismatch, *, keeps: Callable[[Mismatch], bool] = lambda _: True
    ) -> Shrinker:
        """Of a subject that keeps something over `reset`, each trial is apart from the one before it."""
        if case.spans_vaults:
            return Shrinker(case, mismatch, self._lockstep.replay_apart, keeps=keeps, beside=CALLS_APART)
        return Shrinker(case, mismatch, self._lockstep.replay, keeps=keeps)

    def _shrunk(self, shrinker: Shrinker) -> Shrunk | None:
        """The smallest case, if it shows each time."""
        shrinker.shrink()
        self.calls += shrinker.calls
        if not self._still_shows(shrinker):
            return None
        return Shrunk(case=shrinker.case, mismatch=shrinker.mismatch, calls=shrinker.calls)

    def _still_shows(self, shrinker: Shrinker) -> bool:
        """Whether the smallest case shows again; where the run's time is over, that it has shown before is enough."""
        if shrinker.is_cut_short:
            return True
        try:
            return self._confirmed(shrinker.case, shrinker.mismatch, self._confirmations()) is not None
        except OutOfTime:
            return True

    def _record(self, clause: str, shrunk: Shrunk) -> None:
        case, mismatch = shrunk.case, shrunk.mismatch
        if clause in self._tally.failures:
            return
        if "DEC-17" in self._tally.failures and len(case.steps) > _LONG_HISTORY:
            return  # of a subject that company sways, a history too long to read says nothing more
        if self._excuses is not None and self._excuses.knows(clause, case, mismatch):
            return
        self._cases[clause] = (case, mismatch)
        line = self._replay_line(clause)
        self._tally.failures[clause].append(
            counterexample(clause, case, mismatch, replay=line, calls_to_shrink=shrunk.calls)
        )

    def tell_what_was_kept(self) -> None:
        """The run is over: record the failures of clauses whose wrong answers are too many to be another one's."""
        for clause, shrunk in self._kept.items():
            if self._tally.failures and self._tally.counts[clause].is_broken:
                self._record(clause, shrunk)
        self._kept.clear()

    def _unstable(self, clause: str, found: Found) -> None:
        first = found.mismatch.direction
        told = f"expected {first[0]}, got {first[1]} once; the same calls again got another answer"
        self._tally.unstable.setdefault("DEC-17", told)
        self._tally.unstable.setdefault(clause, told)


def _decider(mismatch: Mismatch) -> str | None:
    """The clause by which the reference decides; None where the answer in question is no outcome."""
    if not isinstance(mismatch, WrongDecision) or mismatch.is_about_codes:
        return None
    return mismatch.expected.clause

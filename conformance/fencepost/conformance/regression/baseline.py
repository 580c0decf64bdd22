"""A run compared with its list of known failures: which entries hold, which do not, and what else failed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.diagnosis.attribution import provisional_clause
from fencepost.conformance.diagnosis.counterexample import counterexample
from fencepost.conformance.judging.verdicts import Summary
from fencepost.conformance.lockstep.case import Case
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Mismatch
from fencepost.conformance.regression.known import KnownFailure
from fencepost.conformance.regression.likeness import Likeness, glance, likeness
from fencepost.conformance.regression.replay import OVERLAPPING, replay_case
from fencepost.reports.model import Clause, Counterexample, Standing
from fencepost.reports.model import KnownFailure as ReportedFailure
from msgspec import structs

_LET_OFF = ("pass", "vacuous", "not applicable")
"""The verdicts of a clause with known failures in which the search found no other failure."""

_REMEDY = "; to put it on the list, too: run once more with --report DIR, then fencepost baseline add LIST --from DIR"
"""What to do about a failure that is not on the list: a run stores only some of the ways in which a flaw shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the list and its standing with this subject; every standing but *known* fails the run."""

    failure: KnownFailure
    standing: Standing
    explanation: str = ""
    found: Counterexample | None = None


@dataclass(slots=True)
class Baseline:
    """The list and its standing with one subject. Each entry is replayed once, exactly, and never searched for.

    `goes_on` is True of a run that is given a list: it records each further failure that is like no other, so that one
    `baseline add` of the run completes the list.
    """

    entries: list[Entry] = field(default_factory=list)
    goes_on: bool = False
    _alike: set[Likeness] = field(default_factory=set)
    _looks: set[Likeness] = field(default_factory=set)

    def replay(
        self,
        failures: Sequence[KnownFailure],
        lockstep: Lockstep,
        capabilities: Capabilities,
        *,
        today: date,
        line: str,
    ) -> None:
        """Replay every entry against the subject; `line` is a command that does so again.

        Raises `HarnessFault` as the client does.
        """
        for failure in failures:
            entry = self._entry(failure, lockstep, capabilities, today, line)
            self.entries.append(entry)

    def _entry(
        self, failure: KnownFailure, lockstep: Lockstep, capabilities: Capabilities, today: date, line: str
    ) -> Entry:
        if failure.profile != lockstep.vault.profile.name:
            explanation = (
                f"the entry is for the profile {failure.profile}, and the run judges by {lockstep.vault.profile.name}"
            )
            return Entry(failure=failure, standing="unmatched", explanation=explanation)
        if failure.clause == OVERLAPPING:
            explanation = "the case needs overlapping calls, and a replay sends them one after the other"
            return Entry(failure=failure, standing="unmatched", explanation=explanation)
        replayed = replay_case(failure.case, lockstep, capabilities)
        mismatch = replayed.mismatch
        if mismatch is None:
            standing: Standing = "unexpected success" if replayed.state == "fixed" else "unmatched"
            prune = line.replace("fencepost replay ", "fencepost baseline prune ", 1)
            fixed = f"the answer is right now; to take the entry off the list: {prune}"
            explanation = fixed if replayed.state == "fixed" else replayed.explanation
            return Entry(failure=failure, standing=standing, explanation=explanation)
        got = mismatch.direction[1]
        if got != failure.got:
            return Entry(failure=failure, standing="another failure", explanation=f"{failure.got} is known, {got} came")
        if failure.is_expired(today):
            return Entry(failure=failure, standing="expired", explanation=f"since {failure.expires.isoformat()}")
        self.learn(failure.clause, failure.case, mismatch)
        found = counterexample(failure.clause, failure.case, mismatch, replay=line, calls_to_shrink=0)
        return Entry(failure=failure, standing="known", explanation=failure.reason, found=found)

    def learn(self, clause: str, case: Case, mismatch: Mismatch) -> None:
        """Take a smallest case for a known failure from now on."""
        self._alike.add(likeness(clause, case, mismatch))
        at_first = glance(provisional_clause(mismatch, None), mismatch)
        if at_first is not None:
            self._looks.add(at_first)

    def looks_known(self, provisional: str, mismatch: Mismatch) -> bool:
        """Whether a wrong decision looks like a known failure at first sight, so that it is not diagnosed again."""
        return bool(self._looks) and glance(provisional, mismatch) in self._looks

    def knows(self, clause: str, case: Case, mismatch: Mismatch) -> bool:
        """Whether this smallest case is one of the known failures, or like one of them."""
        return bool(self._alike) and likeness(clause, case, mismatch) in self._alike

    @property
    def excused(self) -> dict[str, tuple[Entry, ...]]:
        """The known failures that hold, by clause."""
        known: dict[str, tuple[Entry, ...]] = {}
        for entry in self.entries:
            if entry.standing == "known":
                known[entry.failure.clause] = (*known.get(entry.failure.clause, ()), entry)
        return known

    def shown(self, row: Clause) -> Clause:
        """The clause's row as the report shows it.

        A known failure is a *fail* with its example, its reason and its issue. Other failures stand before it.
        """
        known = self.excused.get(row.id, ())
        if not known:
            return row
        examples = tuple(entry.found for entry in known if entry.found is not None)
        text = "; ".join(f"known failure {one.failure.id}: {one.failure.reason} ({one.failure.issue})" for one in known)
        examples = (*row.counterexamples, *examples)
        if row.verdict in _LET_OFF or row.verdict == "fail":
            is_known = row.verdict in _LET_OFF
            return structs.replace(row, verdict="fail", known=is_known, detail=text, counterexamples=examples)
        return structs.replace(row, detail=f"{row.detail}; {text}", counterexamples=examples)

    def judged(self, row: Clause) -> Clause:
        """The clause's row as it counts for the summary.

        If all its failures are known, it counts as *pass*; an error stays.
        """
        if row.id in self.excused and row.verdict in _LET_OFF:
            return structs.replace(row, verdict="pass")
        return row

    def summed(self, summary: Summary, rows: Sequence[Clause]) -> Summary:
        """The summary with the known failures. A run with a failure, known or not, has no level and has not passed."""
        known = self.excused
        if not self.entries:
            return summary
        others = [
            f"{row.id}: another failure beside the known one{_REMEDY}"
            for row in rows
            if row.id in known and row.counterexamples
        ]
        held = [
            f"{clause}: known failure {one.failure.id} until {one.failure.expires.isoformat()}: {one.failure.reason}"
            for clause, entries in known.items()
            for one in entries
        ]
        summary = replace(summary, notes=(*summary.notes, *self.problems, *others, *held))
        if self.problems:
            return replace(summary, result="fail", exit_status=1, level=None)
        return replace(summary, result="fail", level=None) if known and summary.exit_status == 0 else summary

    @property
    def in_report(self) -> tuple[ReportedFailure, ...]:
        """The entries in the form of the report."""
        return tuple(
            ReportedFailure(
                id=one.failure.id,
                clause=one.failure.clause,
                standing=one.standing,
                explanation=one.explanation,
                reason=one.failure.reason,
                issue=one.failure.issue,
                expires=one.failure.expires.isoformat(),
            )
            for one in self.entries
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the list, one line for each entry."""
        return tuple(problem for _, problem in self.problems_by_clause)

    @property
    def problems_by_clause(self) -> tuple[tuple[str, str], ...]:
        """For each entry that does not hold, its clause and a line about it."""
        wrong = [entry for entry in self.entries if entry.standing != "known"]
        problems = (f"known failure {one.failure.id}: {one.standing}: {one.explanation}" for one in wrong)
        return tuple(zip((one.failure.clause for one in wrong), problems, strict=True))

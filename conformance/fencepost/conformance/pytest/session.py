"""One subject in a test session: each clause's verdict on request, each exploration at most once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from fencepost.adapters.contract import Connection, Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.bench.exploration import Exploration
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.pytest.clause_outcome import (
    UNJUDGED,
    ChoiceBroken,
    ClauseFailed,
    KnownFailureWrong,
    RunEnded,
    Unreported,
    verdict_of,
)
from fencepost.conformance.regression.reading import NotACase
from fencepost.conformance.regression.runnable import write_runnable
from fencepost.conformance.regression.stored_case import store, stored_from_report
from fencepost.conformance.rule_files.json_file import UnreadableInput
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.earlier import cases_at, known_at, replay_known, replay_stored
from fencepost.conformance.run.opening import CannotBegin, Subject, begun, connected, explaining
from fencepost.conformance.run.order import explorations_for
from fencepost.conformance.run.plan import Plan
from fencepost.conformance.run.subject_file import subject_file
from fencepost.reports.model import Clause, Decoy, LedgerEntry, Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import write_files
from fencepost.reports.secrets import Mask, without_secrets
from fencepost.reports.summary import own_log, typed
from fencepost.reports.visible import visible

_LOG_LINES = 40
FIXTURE = "fixture:"
"""The prefix of a subject string that names a fixture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a subject is judged. `profile` and `settle_seconds` None mean the statement's values.

    `timeouts` is how many seconds it may take to start and to answer one call. `known` is a list of known failures,
    and `regressions` a folder of stored cases: new ones are stored there. `report` is the folder for the report.
    """

    profile: str | None = None
    effort: str = "quick"
    seed: int = 0
    settle_seconds: float | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    known: Path | None = None
    regressions: Path | None = None
    report: Path | None = None


@dataclass(kw_only=True, eq=False)
class OneWorkerOnly(RuntimeError):
    """Several workers of pytest-xdist would ask an exclusive subject at once."""

    subject: str

    def __str__(self) -> str:
        how = "run it without -n, or a class of the suite with --dist loadscope"
        return visible(f"{Mask.of_here().apply(self.subject)} can be asked by one worker only: {how}")


class SubjectSession:
    """A subject and the run that judges it, which begins with the first clause. Close it at the end.

    The choice and order of clauses change no question of an exploration.
    """

    def __init__(
        self,
        subject: Subject,
        terms: Options,
        *,
        alone: bool = True,
        name: str | None = None,
        shared: Sequence[str] = (),
        again: str = "",
        needs_pytest: bool = False,
    ) -> None:
        """`alone` means that no other worker asks the same subject at that time; `name` is its name in a report.

        `shared` has, in order, the clauses and open points that the tests on all workers ask. It is empty if one
        process runs all tests. `again` is the pytest command that asks the subject again; `needs_pytest` says that
        no other command finds the subject's module.
        """
        self.name = name or (subject if isinstance(subject, str) else _name_of(subject))
        self._again = again if needs_pytest or self.name.startswith(FIXTURE) or "<" in self.name else ""
        self._shared = tuple(shared)
        self._found_by: dict[str, tuple[str, ...]] = {}
        self._subject = subject
        self._terms = terms
        self._alone = alone
        self._opened = ExitStack()
        self._connection: Connection | None = None
        self._campaign: Campaign | None = None
        self._unusable: CannotBegin | OneWorkerOnly | None = None
        self.is_given_up = False
        self._not_judged: list[str] = []
        self._verdicts: dict[str, str] = {}
        self._first_asked = datetime.now(UTC)
        self._has_shown_log = False
        self._mask = Mask.of_here()

    def clause(self, clause_id: str) -> Clause:
        """The clause's row of the report, after every exploration that serves it.

        `UnknownClause` if no clause has that id; each time `CannotBegin` or `OneWorkerOnly` if the subject cannot be
        asked.
        """
        clause = catalogue()[clause_id]
        campaign = self._begun()
        if not campaign.capabilities.missing_for(clause):
            for exploration in explorations_for((clause.id,), campaign.plan.effort):
                self._explore(campaign, exploration)
        row = next(row for row in self._report_of(campaign).clauses if row.id == clause.id)
        self._verdicts[clause.id] = verdict_of(row)
        return row

    def _explore(self, campaign: Campaign, exploration: Exploration) -> None:
        """Run the exploration. One that something outside ends, such as a time limit of the test, ends the run."""
        try:
            campaign.explore(exploration)
        except BaseException as error:
            line = str(error).partition("\n")[0]
            campaign.cut_short(f"not asked: a test was ended in the middle: {type(error).__name__}: {line}")
            raise
        self._note_failures(exploration.serves)

    @property
    def shown_name(self) -> str:
        """What the subject is called, with secrets masked."""
        return visible(self._mask.apply(self.name))

    def wrong_entries(self, clause_id: str) -> tuple[str, ...]:
        """A line for each known failure of this clause that does not hold. Raises as `clause` does."""
        problems = self._begun().baseline.problems_by_clause
        return tuple(problem for clause, problem in problems if clause == clause_id)

    def choice(self, key: str) -> LedgerEntry:
        """The open point of that key; `KeyError` if there is none. Raises as `clause` does."""
        campaign = self._begun()
        campaign.settle()
        for entry in self._report_of(campaign).ledger:
            if entry.key == key:
                self._verdicts[key] = "fail" if entry.broken else "pass"
                return entry
        raise KeyError(key)

    def decoys(self) -> tuple[Decoy, ...]:
        """The faults in the subject's own answers that a run of the suite notices. Raises as `clause` does."""
        campaign = self._begun()
        campaign.settle()
        campaign.lay_decoys()
        return self._report_of(campaign).sensitivity

    def _note_failures(self, serves: tuple[str, ...]) -> None:
        if self._shared and self._campaign is not None:
            for row in self._report_of(self._campaign).clauses:
                if row.verdict == "fail":
                    self._found_by.setdefault(row.id, serves)

    def give_up(self, error: CannotBegin) -> None:
        """Give the subject up: it cannot be asked, for this reason."""
        self._unusable = error

    @property
    def not_judged(self) -> tuple[str, ...]:
        """The stored cases that could not be judged for this subject, each with the reason; one worker reports them."""
        return tuple(self._not_judged) if self._names_what_all_find else ()

    @property
    def _names_what_all_find(self) -> bool:
        """Whether this worker reports what every worker finds at the start: only the first clause's worker does."""
        return not self._shared or self._shared[0] in self._verdicts

    @property
    def has_failed(self) -> bool:
        """Whether a test has reported a failed clause so far."""
        return "fail" in self._verdicts.values()

    def report(self) -> Report | None:
        """The report of the run so far, secrets masked, or None if the run has not begun."""
        return self._report_of(self._campaign) if self._campaign is not None else None

    def log_once(self) -> str:
        """The end of the subject's own log; empty from the second call on, as the first has shown it."""
        if self._has_shown_log:
            return ""
        self._has_shown_log = True
        report = self.report()
        return "\n".join(own_log(report, _LOG_LINES)) if report is not None else ""

    def unreported(self) -> tuple[Unreported, ...]:
        """Findings that `clause` and `choice` did not return: an exploration may find more than it serves."""
        report = self.report()
        return () if report is None else tuple(self._unreported(report))

    def _unreported(self, report: Report) -> Iterator[Unreported]:
        if self._campaign is not None:
            for clause, problem in self._campaign.baseline.problems_by_clause:
                if self._reports_entry_of(clause):
                    yield KnownFailureWrong(entry=problem)
        if report.ended == "harness faults" and "error" not in self._verdicts.values():
            yield RunEnded(log=report.log)
        for row in report.clauses:
            verdict = self._verdicts.get(row.id)
            if row.verdict == "fail" and verdict != "fail" and not row.known:
                if self._is_shown_by_another_worker(row.id):
                    continue
                yield ClauseFailed(row=row)
            elif verdict == "pass" and (kind := UNJUDGED.get(verdict_of(row))) is not None:
                yield kind(row=row)
        for entry in report.ledger:
            if entry.broken and self._verdicts.get(entry.key) != "fail" and entry.key not in self._shared:
                yield ChoiceBroken(entry=entry)

    def _reports_entry_of(self, clause_id: str) -> bool:
        """Whether an entry of the list that does not hold is left to the end: its clause has no test that passed."""
        if clause_id in self._verdicts:
            return self._verdicts[clause_id] != "pass"
        return clause_id not in self._shared and self._names_what_all_find

    def _is_shown_by_another_worker(self, clause_id: str) -> bool:
        """Whether another worker reports the clause: all workers that run an exploration find the same.

        The clause's own test reports it if its explorations find it, else the first test that runs the exploration.
        """
        serves = self._found_by.get(clause_id)
        if serves is None or not self._shared or self._campaign is None:
            return False
        if clause_id in self._shared and clause_id in serves:
            return True
        missing_for = self._campaign.capabilities.missing_for
        asking = (one for one in self._shared if one in serves and not missing_for(catalogue()[one]))
        if next(asking, self._shared[0]) not in self._verdicts:
            return True
        return clause_id in self._shared and clause_id not in self._verdicts and self._is_found_elsewhere(clause_id)

    def _is_found_elsewhere(self, clause_id: str) -> bool:
        """Whether the clause's own explorations, which only another worker has run, find that it is broken.

        They are run here too, in a second run, until they find it. A list of known failures leaves it open: False.
        """
        if self._connection is None or self._terms.known is not None:
            return False
        try:
            second = begun(self._connection, self._plan())
        except CannotBegin:
            return False
        for exploration in explorations_for((clause_id,), second.plan.effort):
            second.explore(exploration)
            if any(row.id == clause_id and row.verdict == "fail" for row in second.report().clauses):
                return True
        return False

    def close(self) -> None:
        """End everything that was started for this subject; may be called twice."""
        self._opened.close()

    def _begun(self) -> Campaign:
        if self._unusable is not None:
            raise self._unusable
        if self._campaign is None:
            self._first_asked = datetime.now(UTC)
            try:
                self._campaign = self._begin()
            except (CannotBegin, OneWorkerOnly) as error:
                self._unusable = error
                raise
        return self._campaign

    def _report_of(self, campaign: Campaign) -> Report:
        return self._mask.apply(campaign.report())

    def _plan(self) -> Plan:
        terms, usual = self._terms, Timeouts()
        return Plan(
            subject=self.name,
            effort=EFFORTS[terms.effort],
            seed=terms.seed,
            profile=terms.profile,
            settle_seconds=terms.settle_seconds,
            again=self._again,
            further=typed(
                {
                    "call-timeout": terms.timeouts.call if terms.timeouts.call != usual.call else None,
                    "start-timeout": terms.timeouts.start if terms.timeouts.start != usual.start else None,
                    "known": terms.known,
                    "regressions": terms.regressions,
                }
            ),
        )

    def _begin(self) -> Campaign:
        terms = self._terms
        connection = self._opened.enter_context(connected(self._subject, terms.timeouts, profile=terms.profile))
        if connection.exclusive and not self._alone:
            raise OneWorkerOnly(subject=self.name)
        self._connection = connection
        campaign = begun(connection, self._plan())
        if terms.known is not None or terms.regressions is not None:
            self._recall(campaign)
        return campaign

    def _recall(self, campaign: Campaign) -> None:
        """Replay known failures and stored cases first, as `check` does."""
        terms = self._terms
        try:
            known = known_at(terms.known) if terms.known is not None else ()
            cases = cases_at(terms.regressions) if terms.regressions is not None else ()
        except (NotACase, UnreadableInput) as error:
            raise CannotBegin(reasons=(str(error),)) from None
        with explaining(self.name, campaign.client.connection):
            campaign.settle()
            replay_known(campaign, known, terms.known)
        recalled = replay_stored(campaign, cases, terms.regressions)
        self._found_by |= {clause: (clause,) for clause, found in campaign.tally.failures.items() if found}
        for line in recalled.not_judged:
            self._not_judged.append(visible(line))

    def keep(self) -> None:
        """Write the report into its folder, and each new counterexample into the folder of the stored cases.

        The report is of the clauses that were asked for. `OSError` where a folder cannot be written.
        """
        if self._campaign is not None:
            known = [clause.id for clause in catalogue().clauses]
            asked = tuple(one for one in known if one in self._verdicts)
            if len(asked) < len(known):
                self._campaign.plan = replace(self._campaign.plan, clauses=asked)
        report = self.report()
        if report is not None and self._terms.report is not None:
            seconds = self._campaign.times.seconds if self._campaign is not None else {}
            source = subject_file(self.name, Path.cwd())
            page = Page.since(self._first_asked, source=source, clause_seconds=seconds)
            write_files(report, self._terms.report, page=page)
            write_runnable(report, self._terms.report)
        if report is not None and self._terms.regressions is not None:
            store(stored_from_report(without_secrets(report)), self._terms.regressions)


def is_one_place(subject: str) -> bool:
    """Whether only one worker may ask the subject; `CannotBegin` if the string names nothing.

    A fixture's value is unknown before the tests: it counts as exclusive.
    """
    if subject.startswith(FIXTURE):
        return True
    with connected(subject, Timeouts()) as connection:
        return connection.exclusive


def _name_of(factory: Callable[[], object]) -> str:
    """The subject string with which `fencepost check` finds the factory too, if there is one."""
    module, name = getattr(factory, "__module__", None), getattr(factory, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        return f"library:{type(factory).__module__}:{type(factory).__qualname__}"
    return f"library:{module}:{name}"

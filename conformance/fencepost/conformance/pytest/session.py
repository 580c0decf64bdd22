"""One subject on trial in a test session: each clause's verdict when it is asked for, each exploration at most once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from fencepost.adapters.contract import (
    Client,
    Connection,
    HarnessFault,
    StatementError,
    SubjectError,
    Timeouts,
    open_factory,
    open_subject,
)
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.lockstep.circuit_breaker import TIMEOUTS, with_circuit_breaker
from fencepost.conformance.pytest.clause_outcome import UNJUDGED, ChoiceBroken, ClauseFailed, ClauseUnjudged
from fencepost.conformance.run.campaign import Campaign, Plan, explorations_for
from fencepost.reference import UnknownProfile, load_profile
from fencepost.reports.model import Clause, Decoy, LedgerEntry, Report
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible

Subject: TypeAlias = str | Callable[[], object]
"""A subject string, or a factory of an implementation in Python: a class, or a function without arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a subject is judged by. `profile` and `settle_seconds` None are what the statement says.

    `timeouts` is how long, in seconds, it may take to come up and to answer one call.
    """

    profile: str | None = None
    effort: str = "quick"
    seed: int = 0
    settle_seconds: float | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(kw_only=True, eq=False)
class SubjectUnusable(ValueError):
    """The subject cannot even be begun with: there is none of that name, it does not answer, or its statement is wrong."""

    subject: str
    reason: str

    def __str__(self) -> str:
        """What is wrong, secrets masked; it names the subject."""
        return visible(Mask.of_here().apply(self.reason))


@dataclass(kw_only=True, eq=False)
class OneWorkerOnly(RuntimeError):
    """A subject that is one place would be asked by several workers of pytest-xdist at once."""

    subject: str

    def __str__(self) -> str:
        """The subject, and how to keep it on one worker."""
        how = "run it without -n, or a class of the suite with --dist loadscope"
        return visible(f"{Mask.of_here().apply(self.subject)} can be asked by one worker only: {how}")


class SubjectSession:
    """A subject and the run that judges it, begun when the first clause is asked for. Close it at the end.

    Which clauses are asked for, and in which order, changes no question that an exploration puts.
    """

    def __init__(self, subject: Subject, terms: Options, *, alone: bool = True) -> None:
        """`alone` says that no other worker asks the same subject meanwhile."""
        self.name = subject if isinstance(subject, str) else _name_of(subject)
        self._subject = subject
        self._terms = terms
        self._alone = alone
        self._client: Client | None = None
        self._campaign: Campaign | None = None
        self._unusable: SubjectUnusable | OneWorkerOnly | None = None
        self._told: dict[str, str] = {}
        self._mask = Mask.of_here()

    def clause(self, clause_id: str) -> Clause:
        """The clause's row of the report, after every exploration that serves it.

        `UnknownClause` where there is none of that id; `SubjectUnusable` or `OneWorkerOnly`, each time anew, where the
        subject cannot be asked at all.
        """
        clause = catalogue()[clause_id]
        campaign = self._begun()
        if not campaign.capabilities.missing_for(clause):
            for exploration in explorations_for((clause.id,), campaign.plan.effort):
                campaign.explore(exploration)
        row = next(row for row in self._report_of(campaign).clauses if row.id == clause.id)
        self._told[clause.id] = row.verdict
        return row

    def choice(self, key: str) -> LedgerEntry:
        """The ledger's entry of that key; `KeyError` where there is none. Raises as `clause` does."""
        campaign = self._begun()
        campaign.settle()
        for entry in self._report_of(campaign).ledger:
            if entry.key == key:
                self._told[key] = "fail" if entry.broken else "pass"
                return entry
        raise KeyError(key)

    def decoys(self) -> tuple[Decoy, ...]:
        """Which faults, laid over the subject's own answers, a run of the suite notices. Raises as `clause` does."""
        campaign = self._begun()
        campaign.settle()
        campaign.lay_decoys()
        return self._report_of(campaign).sensitivity

    @property
    def has_failed(self) -> bool:
        """Whether a clause has been told to fail so far."""
        return "fail" in self._told.values()

    def report(self) -> Report | None:
        """The report of what has been asked so far, secrets masked, or None where the run has not begun."""
        return self._report_of(self._campaign) if self._campaign is not None else None

    def untold(self) -> tuple[ClauseFailed | ClauseUnjudged | ChoiceBroken, ...]:
        """What `clause` and `choice` have not said, or said otherwise: an exploration may find more than it serves."""
        report = self.report()
        return () if report is None else tuple(self._untold(report))

    def _untold(self, report: Report) -> Iterator[ClauseFailed | ClauseUnjudged | ChoiceBroken]:
        for row in report.clauses:
            told = self._told.get(row.id)
            if row.verdict == "fail" and told != "fail":
                yield ClauseFailed(row=row)
            elif told == "pass" and row.verdict in UNJUDGED:
                yield UNJUDGED[row.verdict](row=row)
        for entry in report.ledger:
            if entry.broken and self._told.get(entry.key) != "fail":
                yield ChoiceBroken(entry=entry)

    def close(self) -> None:
        """End what was started for this subject; may be called twice."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _begun(self) -> Campaign:
        if self._unusable is not None:
            raise self._unusable
        if self._campaign is None:
            try:
                self._campaign = self._begin()
            except (SubjectUnusable, OneWorkerOnly) as error:
                self._unusable = error
                raise
        return self._campaign

    def _report_of(self, campaign: Campaign) -> Report:
        return self._mask.apply(campaign.report())

    def _begin(self) -> Campaign:
        terms = self._terms
        plan = Plan(
            subject=self.name,
            effort=EFFORTS[terms.effort],
            seed=terms.seed,
            profile=terms.profile,
            settle_seconds=terms.settle_seconds,
        )
        try:
            if terms.profile is not None:
                load_profile(terms.profile)
            client = self._client = Client(self._connection(terms))
            if client.connection.exclusive and not self._alone:
                raise OneWorkerOnly(subject=self.name)
            campaign = Campaign(client, plan)
            campaign.begin()
        except SubjectError as error:
            raise SubjectUnusable(subject=self.name, reason=str(error)) from None
        except UnknownProfile as error:
            raise SubjectUnusable(subject=self.name, reason=f"the profile to judge by: {error}") from None
        except StatementError as error:
            reason = f"the conformance statement of {self.name} cannot be used: {'; '.join(error.mistakes)}"
            raise SubjectUnusable(subject=self.name, reason=reason) from None
        except HarnessFault as fault:
            log = client.connection.log().strip()
            told = f"; the end of its own log: {log}" if log else ""
            raise SubjectUnusable(subject=self.name, reason=f"{self.name} does not answer: {fault}{told}") from None
        return campaign

    def _connection(self, terms: Options) -> Connection:
        subject, timeouts = self._subject, terms.timeouts
        if isinstance(subject, str):
            opened = open_subject(subject, timeouts=timeouts, profile=terms.profile)
        else:
            opened = open_factory(subject, timeouts=timeouts)
        return with_circuit_breaker(opened, seconds=TIMEOUTS * timeouts.call)


def is_one_place(subject: str) -> bool:
    """Whether the subject is a place that only one worker may ask; `SubjectUnusable` where it names nothing."""
    try:
        connection = open_subject(subject)
    except SubjectError as error:
        raise SubjectUnusable(subject=subject, reason=str(error)) from None
    try:
        return connection.exclusive
    finally:
        connection.close()


def _name_of(factory: Callable[[], object]) -> str:
    """The subject string by which `fencepost check` finds the factory too, where it can be found by one."""
    module, name = getattr(factory, "__module__", None), getattr(factory, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        return f"library:{type(factory).__module__}:{type(factory).__qualname__}"
    return f"library:{module}:{name}"

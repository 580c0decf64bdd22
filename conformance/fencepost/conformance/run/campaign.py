"""One run: the statement, the ledger, every exploration in its order, and a verdict for every clause."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import version

import msgspec
from fencepost.adapters.contract import Client, Statement, check_statement
from fencepost.conformance.bench.bench import Bench, EffortSpent, EndedAtFailure
from fencepost.conformance.bench.cost import Course, Spent
from fencepost.conformance.bench.effort import EFFORTS, Effort
from fencepost.conformance.bench.fault_policy import Abandoned, Unresponsive
from fencepost.conformance.bench.setting import Exploration, Setting
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.catalogue import Clause, catalogue
from fencepost.conformance.explorations.alternation import TURNS
from fencepost.conformance.explorations.concurrency import CONCURRENCY
from fencepost.conformance.explorations.convergence import CONVERGENCE
from fencepost.conformance.explorations.decisions import DECISIONS, MORE_DECISIONS
from fencepost.conformance.explorations.endpoints import ENDPOINT_SWITCHES
from fencepost.conformance.explorations.first_look import FIRST_LOOK
from fencepost.conformance.explorations.histories import HISTORIES
from fencepost.conformance.explorations.limit_search import RAMPS
from fencepost.conformance.explorations.limits import LIMITS, LIMITS_AT_ONCE
from fencepost.conformance.explorations.read_back import READ_BACK
from fencepost.conformance.explorations.refusals import REFUSALS
from fencepost.conformance.explorations.repetition import REPETITION
from fencepost.conformance.explorations.state import STATE
from fencepost.conformance.explorations.validation import VALIDATION
from fencepost.conformance.judging.tally import Count, Tally
from fencepost.conformance.judging.verdicts import results, summed_up
from fencepost.conformance.lockstep.lockstep import Lockstep, Meter
from fencepost.conformance.open_points.settling import settle_open_points, undocumented
from fencepost.conformance.regression.baseline import Baseline
from fencepost.conformance.run.control import ControlPlan, control
from fencepost.conformance.run.journal import Checkpoint, Circumstances
from fencepost.conformance.run.plan import Plan as Plan  # who begins a campaign meets it here
from fencepost.conformance.run.plan import Progress as Progress
from fencepost.reference import Profile, load_profile
from fencepost.reports.headline import RESTRICTING
from fencepost.reports.model import Decoy, Ending, FirstFailure, LedgerEntry, Report, Subject, Totals
from fencepost.reports.summary import quoted

EXPLORATIONS: tuple[Exploration, ...] = (
    LIMITS_AT_ONCE,
    REFUSALS,
    FIRST_LOOK,
    TURNS,
    VALIDATION,
    ENDPOINT_SWITCHES,
    DECISIONS,
    STATE,
    HISTORIES,
    CONCURRENCY,
    LIMITS,
    CONVERGENCE,
    REPETITION,
    MORE_DECISIONS,
    RAMPS,
    READ_BACK,
)
"""Every exploration, those that find most for least first."""


def in_waves(effort: Effort) -> tuple[Exploration, ...]:
    """What an effort asks, in order: wave by wave every exploration, so that a longer run begins as a shorter one."""
    return tuple(one.in_wave(wave) for wave in range(effort.scale) for one in EXPLORATIONS)


_LEDGER_REVIEWS = 20


Listener = Callable[[Progress], None]
Recorder = Callable[[Checkpoint], None]


@dataclass(slots=True)
class Campaign:
    """A run in progress. `StatementError`, `UnknownProfile` or `HarnessFault` where it cannot even begin."""

    client: Client
    plan: Plan
    listener: Listener = lambda _: None
    record: Recorder = lambda _: None
    tally: Tally = field(default_factory=Tally)
    baseline: Baseline = field(default_factory=Baseline)
    _explored: list[str] = field(default_factory=list)
    _through: set[str] = field(default_factory=set)
    _skip: int = 0
    _unfinished: str = ""
    _is_cut_short: bool = False
    _is_settled: bool = False
    _is_reviewed: bool = False
    _statement: Statement = field(init=False)
    _judged_by: Profile = field(init=False)
    _profile: Profile = field(init=False)
    _capabilities: Capabilities = field(init=False)
    _setting: Setting = field(init=False)
    _bench: Bench = field(init=False)
    _lockstep: Lockstep = field(init=False)
    _ledger: tuple[LedgerEntry, ...] = ()
    _decoys: tuple[Decoy, ...] = ()
    _control_spent: Meter = field(default_factory=Meter)

    def begin(self) -> None:
        """Read the statement."""
        plan = self.plan
        self._statement = check_statement(self.client.describe(), has_own_settle=plan.settle_seconds is not None)
        profile = load_profile(plan.profile or self._statement.profile)
        settle = self._statement.settle_seconds if plan.settle_seconds is None else plan.settle_seconds
        mode = self._statement.choices.get("trusted-services", profile.choice("trusted-services"))
        profile = profile.with_choices({"trusted-services": mode})
        self._capabilities = Capabilities.from_statement(self._statement, profile, settle_seconds=settle)
        effort = plan.effort if self._capabilities.refusals else plan.effort.for_decisions_only()
        self._lockstep = Lockstep(
            self.client,
            profile,
            with_codes=self._capabilities.codes and self._capabilities.credentials,
            settle_seconds=settle,
        )
        self._judged_by = profile
        self._take(profile, effort)

    def _take(self, profile: Profile, effort: Effort) -> None:
        self._profile = profile
        self._lockstep.take_profile(profile)
        self._setting = Setting(profile=profile, capabilities=self._capabilities, effort=effort, seed=self.plan.seed)
        self._bench = Bench(
            self._lockstep,
            profile=profile,
            capabilities=self._capabilities,
            effort=effort.without_control() if self.plan.with_decoys and not self.plan.clauses else effort,
            tally=self.tally,
            replay_line=self._replay_line,
            ends_at_failure=self.plan.fail_fast,
            excuses=self.baseline,
        )

    def settle(self) -> None:
        """Settle the open points of the ledger, once."""
        if self._is_settled:
            return
        self._is_settled = True
        profile, self._ledger = settle_open_points(self._lockstep, self._statement, self._capabilities, self.tally)
        self.tally.left_out |= undocumented(profile, self._capabilities)
        self._take(profile, self._setting.effort)

    def circumstances(self) -> Circumstances:
        """What a resumption must find again: the plan, and what a settled subject says and is."""
        statement = self._statement
        answers = {entry.key: [entry.declared, entry.found] for entry in self._ledger}
        said = {"statement": msgspec.to_builtins(statement), "profile judged by": self._profile.name}
        return Circumstances(plan=self.plan.as_json(), subject={**said, "open points": answers})

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on after this checkpoint of a settled run in the same circumstances."""
        for each in fields(Tally):
            setattr(self.tally, each.name, getattr(checkpoint.tally, each.name))
        self.tally.counts = defaultdict(Count, self.tally.counts)
        self.tally.failures = defaultdict(list, self.tally.failures)
        self._bench.resume(checkpoint.bench)
        through = checkpoint.explored[:-1]  # the last one may have scenarios left
        self._explored, self._through, self._skip = list(through), set(through), checkpoint.done

    def selected(self) -> tuple[Clause, ...]:
        """The clauses that the run is to judge."""
        known = catalogue()
        if not self.plan.clauses:
            return known.clauses
        wanted = {clause.id for pattern in self.plan.clauses for clause in known.matching(pattern)}
        return tuple(clause for clause in known.clauses if clause.id in wanted)

    def run(self) -> None:
        """Every exploration that serves a selected clause which the subject can be asked."""
        self.settle()
        wanted = {clause.id for clause in self.selected() if not self._capabilities.missing_for(clause)}
        for exploration in in_waves(self._setting.effort):
            if wanted & set(exploration.serves) and not self.explore(exploration):
                return
        if self.plan.with_decoys and not self.plan.clauses:
            self.lay_decoys()

    def lay_decoys(self) -> None:
        """Which faults would this run have noticed? Asked last: what the run has found so far stands."""
        spent = self._bench.spent
        control_plan = ControlPlan(
            client=self.client,
            setting=self._setting,
            explorations=EXPLORATIONS,
            settle_seconds=self._lockstep.settle_seconds,
            left=self._setting.effort.less(spent.writes, spent.decisions),
        )
        self._decoys, self._control_spent = control(control_plan)

    def explore(self, exploration: Exploration) -> bool:
        """Run one exploration, once; False where the whole run is to end here."""
        if exploration.name in self._explored or self._unfinished:
            return not self._unfinished
        self.settle()
        self._explored.append(exploration.name)
        scenarios = list(exploration.scenarios(self._setting))
        skip, self._skip = self._skip, 0
        if not skip:
            self._bench.leave()
        for done, scenario in enumerate(scenarios[skip:], start=skip):
            self._progress(exploration, done, len(scenarios))
            if all(aim in self.tally.errors for aim in scenario.aims):
                continue
            self._bench.begin(scenario.aims)
            try:
                scenario.run(self._bench)
                self._bench.end()
            except (Abandoned, EndedAtFailure):
                pass
            except EffortSpent:
                break
            except Unresponsive as fault:
                self._unfinished = f"not asked: three harness faults in a row, the last one: {fault}"
                return False
            if self.plan.fail_fast and self.tally.failures:
                self._unfinished = "not asked: the run ended at the first failure"
                return False
            self._checkpoint(done + 1)
        if scenarios:
            self._progress(exploration, len(scenarios), len(scenarios))
        self._checkpoint(len(scenarios))
        self._through.add(exploration.name)
        return True

    def _checkpoint(self, done: int) -> None:
        self.record(Checkpoint(explored=tuple(self._explored), done=done, tally=self.tally, bench=self._bench.state))

    @property
    def lockstep(self) -> Lockstep:
        """Where cases of other origin are put to the same subject, by the profile that the run has settled on."""
        return self._lockstep

    @property
    def statement(self) -> Statement:
        """What the subject says of itself."""
        return self._statement

    @property
    def capabilities(self) -> Capabilities:
        """What the subject may be asked."""
        return self._capabilities

    @property
    def course(self) -> Course:
        """How far the explorations have come, and where they stood at the first failure."""
        return self._bench.course

    def interrupt(self) -> None:
        """The run ends here, by somebody's wish: what was not asked is told as such."""
        self._unfinished = "not asked: the run was interrupted"
        self._is_cut_short = True

    @property
    def is_unfinished(self) -> bool:
        """Whether the run ended before its end, and something could be asked by a resumption."""
        return bool(self._unfinished) and not self.plan.fail_fast

    def _progress(self, exploration: Exploration, done: int, total: int) -> None:
        decisions = self._lockstep.meter.decisions
        failed = tuple(sorted(self.tally.failures))
        self.listener(
            Progress(exploration=exploration.name, done=done, total=total, decisions=decisions, failed=failed)
        )

    def report(self) -> Report:
        """What the run has found so far."""
        self._bench.finish(is_cut_short=self._is_cut_short)
        self._review_ledger()
        plan, statement = self.plan, self._statement
        clauses = tuple(
            results(
                self.selected(),
                self._capabilities,
                self.tally,
                explored=self._served(),
                unfinished=self._unfinished,
                known_failures=tuple(self.baseline.excused),
                has_ended_at_failure=self.plan.fail_fast and bool(self.tally.failures),
            )
        )
        spent, aside = self._bench.spent.plus(self._control_spent), self._bench.aside
        judged = tuple(map(self.baseline.judged, clauses))
        summary = summed_up(
            judged,
            self._ledger,
            self.tally,
            self._decoys,
            selected=bool(plan.clauses),
            unfinished=self._unfinished,
            is_restricted=not RESTRICTING.isdisjoint(statement.features),
        )
        summary = self.baseline.summed(summary, clauses)
        known = frozenset(_known_features())
        return Report(
            kit_version=version("fencepost"),
            catalogue_version=catalogue().version,
            profile=self._profile.name,
            scope=self._profile.scope,
            profile_is_override=plan.profile is not None and plan.profile != statement.profile,
            effort=plan.effort.name,
            seed=plan.seed,
            selected=plan.clauses,
            subject=Subject(
                subject=plan.subject,
                name=statement.name,
                version=statement.version,
                homepage=statement.homepage,
                profile=statement.profile,
                features=tuple(feature for feature in statement.features if feature in known),
                unknown_features=tuple(feature for feature in statement.features if feature not in known),
                choices=dict(statement.choices),
                settle_seconds=statement.settle_seconds,
            ),
            result=summary.result,
            exit_status=summary.exit_status,
            level=summary.level,
            ended=self._ending(),
            notes=summary.notes,
            clauses=tuple(map(self.baseline.shown, clauses)),
            ledger=(*self._ledger, *_observed(statement)),
            sensitivity=self._decoys,
            known_failures=self.baseline.told,
            first_failure=_shown(self._bench.course.first_failure),
            totals=Totals(
                resets=spent.resets,
                writes=spent.writes,
                decisions=spent.decisions,
                allowed=self.tally.allowed,
                denied=self.tally.denied,
                inconclusive=self.tally.inconclusive,
                shrink_calls=self._bench.shrink_calls,
                shrink_writes=aside.writes,
                shrink_decisions=aside.decisions,
                faults=self.tally.faults,
            ),
            log=self.client.connection.log(),
        )

    def _ending(self) -> Ending:
        """What ended the run before its end; empty if nothing did."""
        if self._is_cut_short:
            return "interruption"
        if not self._unfinished:
            return ""
        return "first failure" if self.plan.fail_fast and self.tally.failures else "harness faults"

    def _review_ledger(self) -> None:
        """An unstable subject breaks a choice only where it does so each time that it is asked."""
        if self._is_cut_short or not self.tally.unstable or self._is_reviewed:
            return
        self._is_reviewed = True
        for _ in range(_LEDGER_REVIEWS):
            if not any(entry.broken for entry in self._ledger):
                return
            meter, faults = replace(self._lockstep.meter), self.tally.faults
            self._lockstep.take_profile(self._judged_by)
            _, again = settle_open_points(self._lockstep, self._statement, self._capabilities, self.tally)
            self._lockstep.meter, self.tally.faults = meter, faults
            self._ledger = tuple(
                msgspec.structs.replace(first, broken=False, detail=f"unstable: {first.found}, then {then.found}")
                if first.broken and first.found != then.found
                else first
                for first, then in zip(self._ledger, again, strict=True)
            )

    def _served(self) -> frozenset[str]:
        """The clauses whose turn has come; after an interruption those whose explorations are all through."""
        every = in_waves(self._setting.effort)
        begun = {clause for one in every if one.name in self._explored for clause in one.serves}
        waiting = {clause for one in every if one.name not in self._through for clause in one.serves}
        return frozenset(begun - waiting if self._is_cut_short else begun)

    def _replay_line(self, clause: str) -> str:
        plan = self.plan
        profile = f" --profile {plan.profile}" if plan.profile else ""
        clauses = " ".join(f"--clause {one}" for one in (clause, *self._elsewhere(clause)))
        return (
            f"fencepost check {quoted(plan.subject)}{profile} --effort {plan.effort.name} --seed {plan.seed} {clauses}"
        )

    def _elsewhere(self, clause: str) -> tuple[str, ...]:
        """A clause whose explorations come upon a failure that the failed clause's own may not: the one at hand's first."""
        at_hand = [one for one in in_waves(self._setting.effort) if one.name in self._explored[-1:]]
        return tuple(one.serves[0] for one in at_hand if clause not in one.serves)


def _shown(spent: Spent | None) -> FirstFailure | None:
    return FirstFailure(**asdict(spent)) if spent is not None else None


def _known_features() -> Iterable[str]:
    from fencepost.adapters.contract.vocabulary import FEATURES

    return FEATURES


def explorations_for(clauses: Sequence[str], effort: Effort = EFFORTS["quick"]) -> Iterator[Exploration]:
    """The explorations that serve any of these clauses, wave by wave."""
    return (one for one in in_waves(effort) if set(clauses) & set(one.serves))


def _observed(statement: Statement) -> Iterator[LedgerEntry]:
    """What the harness has found out beside the clauses, as entries that nobody judges."""
    for key, found in statement.observations.items():
        yield LedgerEntry(key=key, declared=None, found=found, detail="observed, not judged")

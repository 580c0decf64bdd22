"""One run: the statement, the open points, every exploration in its order, and a verdict for every clause."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec
from fencepost.adapters.contract import Client, HarnessFault, Statement, check_statement
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.diagnosing import EndedAtFailure
from fencepost.conformance.bench.exploration import Exploration, Scenario, play
from fencepost.conformance.bench.fault_policy import Unresponsive
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.capabilities import Capabilities, profile_of
from fencepost.conformance.catalogue import Clause
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.judging.verdicts import is_settled
from fencepost.conformance.lockstep.circuit_breaker import changed_members
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.oracle import ReferenceOracle
from fencepost.conformance.open_points.settling import settle_open_points, undocumented
from fencepost.conformance.regression.baseline import Baseline
from fencepost.conformance.run.asking_again import ask_again
from fencepost.conformance.run.clause_times import ClauseTimes
from fencepost.conformance.run.control import ControlPlan, control
from fencepost.conformance.run.findings import Findings
from fencepost.conformance.run.journal import Checkpoint, Circumstances
from fencepost.conformance.run.order import EXPLORATIONS, in_waves, kept, share_through
from fencepost.conformance.run.plan import Listener, Plan, Progress
from fencepost.conformance.run.reporting import report_of, totals_of
from fencepost.reference import load_profile
from fencepost.reference.open_points import ANSWERS
from fencepost.reports.model import Decoy, Ending, LedgerEntry, Report
from fencepost.reports.summary import check_command, quoted

_POINT_REVIEWS = 20


def begin(
    client: Client,
    plan: Plan,
    listener: Listener = lambda _: None,
    *,
    explorations: Sequence[Exploration] = EXPLORATIONS,
) -> "Campaign":
    """A run that has read the statement. `StatementError`, `UnknownProfile` or `HarnessFault` if it cannot begin.

    `explorations` are those of one wave, in their order.
    """
    statement = check_statement(client.describe(), has_own_settle=plan.settle_seconds is not None)
    profile = load_profile(plan.profile or statement.profile)
    settle = statement.settle_seconds if plan.settle_seconds is None else plan.settle_seconds
    profile = profile_of(statement, profile)
    capabilities = Capabilities.from_statement(statement, profile, settle_seconds=settle)
    effort = plan.effort.offered(with_refusals=capabilities.refusals)
    if plan.most_decisions is not None:
        effort = replace(effort, decisions=min(effort.decisions, plan.most_decisions))
    setting = Setting(profile=profile, capabilities=capabilities, effort=effort, seed=plan.seed)
    oracle = ReferenceOracle(
        with_codes=capabilities.codes and capabilities.credentials, with_forms=capabilities.azure_wire
    )
    lockstep = Lockstep(client, profile, oracle=oracle, settle_seconds=settle)
    return Campaign(lockstep, plan, statement, setting, listener, explorations)


class Campaign:
    """A run in progress; `begin` makes it. `record` gets a checkpoint after each scenario.

    `is_resumed` says that a part of its results comes from a record, and stands in the report.
    """

    def __init__(
        self,
        lockstep: Lockstep,
        plan: Plan,
        statement: Statement,
        setting: Setting,
        listener: Listener,
        explorations: Sequence[Exploration],
    ) -> None:
        self.lockstep = lockstep
        self.plan = plan
        self.statement = statement
        self.tally = Tally()
        self.baseline = Baseline()
        self.times = ClauseTimes()
        self.record: Callable[[Checkpoint], None] = lambda _: None
        self._listener = listener
        self._explorations = explorations
        self._order = in_waves(setting.effort, explorations)
        self._judged_by = setting.profile
        self._open_points: tuple[LedgerEntry, ...] = ()
        self._left_out: Mapping[str, str] = {}
        self._decoys: tuple[Decoy, ...] = ()
        self._control_cost = Cost()
        self._explored: list[str] = []
        self._through: set[str] = set()
        self._at_hand: Exploration | None = None
        self._skip = 0
        self._unfinished = ""
        self._changed_members: tuple[str, ...] = ()
        self._undescribed = ""
        self._is_cut_short = self._is_settled = self._is_reviewed = self.is_resumed = False
        self.tally.call_sizes.is_late = all(clause.id != "DEC-17" for clause in plan.selected())
        self._judge_by(setting)

    def _judge_by(self, setting: Setting, *, most_configurations: int | None = None) -> None:
        self.setting = setting
        only_found = {one.key: self._judged_by.choices[one.key] for one in self._open_points if one.declared is None}
        self.lockstep.take_profile(setting.profile, declared=setting.profile.with_choices(only_found))
        self.bench = Bench(
            self.lockstep,
            setting,
            self.tally,
            effort=setting.effort.without_control() if self.plan.lays_decoys else setting.effort,
            most_configurations=most_configurations,
            replay_line=self._replay_line,
            ends_at_failure=self.plan.fail_fast,
            known_failures=self.baseline,
            asks_further=most_configurations is None,
            selected=[clause.id for clause in self.selected()],
        )

    @property
    def client(self) -> Client:
        """The client of the subject."""
        return self.lockstep.client

    @property
    def capabilities(self) -> Capabilities:
        """What the subject may be asked."""
        return self.setting.capabilities

    def settle(self, *, probed: Container[str] = ANSWERS) -> None:
        """Settle the open points once: those in `probed` by probes, the others by declaration."""
        if not self._is_settled:
            self._is_settled = True
            self._settle(probed)

    def settle_anew(self, *, most_configurations: int | None = None) -> None:
        """Settle every open point by a probe during a run; its writes count as configurations."""
        writes, meter = self.lockstep.cost.writes, self.bench.meter
        self._settle(ANSWERS, most_configurations=most_configurations)
        self.bench.meter.explored = meter.explored + Cost(configurations=self.lockstep.cost.writes - writes)
        self.bench.meter.first_failure = meter.first_failure

    def _settle(self, probed: Container[str], *, most_configurations: int | None = None) -> None:
        self.lockstep.take_profile(self._judged_by)
        profile, self._open_points = settle_open_points(
            self.lockstep, self.statement, self.capabilities, self.tally, probed=probed
        )
        for entry in self._open_points:
            if entry.key == "duplicates" and entry.broken:
                text = f"the choice duplicates is broken: declared {entry.declared}, found {entry.found}"
                self.tally["DEC-5"].remark = text
        for clause in self._left_out:
            self.tally[clause].left_out = None
        self._left_out = undocumented(profile, self.capabilities)
        for clause, reason in self._left_out.items():
            self.tally[clause].left_out = reason
        self._judge_by(replace(self.setting, profile=profile), most_configurations=most_configurations)

    def circumstances(self) -> Circumstances:
        """What a resumption must match: the plan, and the settled subject's statement."""
        answers = {entry.key: [entry.declared, entry.found] for entry in self._open_points}
        facts = {"statement": msgspec.to_builtins(self.statement), "profile judged by": self.setting.profile.name}
        return Circumstances(plan=self.plan.as_json(), subject={**facts, "open points": answers})

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on after this checkpoint of a settled run in the same circumstances; the report says so."""
        self.is_resumed = True
        self.tally.take_over(checkpoint.tally)
        self.bench.diagnosing.resume(checkpoint.bench)
        through = checkpoint.explored[:-1]  # the last one may have scenarios left
        self._explored, self._through, self._skip = list(through), set(through), checkpoint.done

    def selected(self) -> tuple[Clause, ...]:
        """The clauses that the run is to judge."""
        return self.plan.selected()

    def run(self) -> None:
        """Run every exploration for a selected clause that the subject can be asked; then the control."""
        self.settle()
        if self.explore_all() and self.plan.lays_decoys:
            self.lay_decoys()
        self.describe_again()

    def describe_again(self) -> None:
        """Ask for the statement again at the end: it must come, and be the one that the run used."""
        try:
            again = self.client.describe()
        except HarnessFault as fault:
            self._undescribed = str(fault)
            return
        before, after = (msgspec.to_builtins(one) for one in (self.statement, again))
        self._changed_members = tuple(changed_members(before, after))

    def explore_all(self, *, seed: int | None = None) -> bool:
        """Run every useful exploration once, or with a seed all of them again. Returns as `explore` does."""
        if seed is not None:
            self.setting = replace(self.setting, seed=seed)
            self._explored.clear()
        return all(map(self.explore, self._useful()))

    def _useful(self) -> list[Exploration]:
        """The explorations that serve a selected clause which the subject can be asked, in their order."""
        wanted = {clause.id for clause in self.selected() if not self.capabilities.missing_for(clause)}
        return [one for one in self._order if wanted & set(one.serves)]

    def explore(self, exploration: Exploration) -> bool:
        """Run one exploration once; False if the whole run ends here."""
        if exploration.name in self._explored or self._unfinished:
            return not self._unfinished
        self.settle()
        self._explored.append(exploration.name)
        self._at_hand = exploration
        left = [one for one in self._useful() if one is exploration or one.name not in self._explored]
        self.bench.meter.kept = kept(left, exploration, self.capabilities, self.setting.effort)
        scenarios = list(exploration.scenarios(self.setting))
        done, self._skip = self._skip, 0
        if not done:
            self.bench.leave()

        def due() -> Iterator[Scenario]:
            nonlocal done
            for place, scenario in enumerate(scenarios[done:], start=done):
                self._progress(exploration, place, len(scenarios))
                done = place + 1
                if not all(self.tally[aim].error for aim in scenario.aims):
                    yield scenario

        self.times.begin(self.tally)
        try:
            for _ in play(self.bench, due()):
                self.times.share(self.tally)
                if self.plan.fail_fast and self.tally.failed:
                    raise EndedAtFailure
                self._checkpoint(done)
        except EndedAtFailure:
            self._unfinished = "not asked: the run ended at the first failure"
        except Unresponsive as fault:
            shown = [clause.id for clause in self.selected() if self._shows(clause, str(fault))]
            last = f"shown under {shown[0]}" if shown else str(fault).strip()
            self._unfinished = f"not asked: three harness faults in a row, the last one: {last}"
        finally:
            self.times.share(self.tally)
        if self._unfinished:
            return False
        if scenarios:
            self._progress(exploration, len(scenarios), len(scenarios))
        self._checkpoint(len(scenarios))
        self._through.add(exploration.name)
        return True

    def _shows(self, clause: Clause, fault: str) -> bool:
        """Whether the clause's row in the report has the fault as its reason."""
        record = self.tally[clause.id]
        is_failed = bool(record.failures or record.unsteady)
        return record.error == fault and not is_failed and not self.capabilities.missing_for(clause)

    def lay_decoys(self, control_plan: ControlPlan | None = None) -> None:
        """Find out which injected faults this run would have noticed; earlier findings stay.

        A control plan that is given asks kept answers, and not the subject.
        """
        spent = self.bench.meter.spent
        whole = ControlPlan(
            client=self.client,
            setting=self.setting,
            explorations=self._explorations,
            settle_seconds=self.lockstep.settle_seconds,
            left=self.setting.effort.less(spent.writes, spent.decisions),
        )
        self._decoys, cost = control(control_plan or whole)
        self._control_cost = Cost() if control_plan is not None else cost

    @property
    def explored(self) -> Cost:
        """The cost of the explorations so far."""
        return self.bench.meter.explored

    def cut_short(self, reason: str = "not asked: the run was interrupted") -> None:
        """End the run here. Clauses that were not asked get the reason, if there is one."""
        self._unfinished = reason or self._unfinished
        self._is_cut_short = True

    @property
    def is_unfinished(self) -> bool:
        """Whether the run ended early, and a resumption could ask more."""
        return bool(self._unfinished) and not self.plan.fail_fast

    def findings(self) -> Findings:
        """The findings of the run so far; first, the mismatches kept for its end are reviewed."""
        self.bench.diagnosing.finish(is_cut_short=self._is_cut_short)
        self._review_open_points()
        if not self._is_cut_short:
            ask_again(self.lockstep, self.capabilities, self.tally, seed=self.plan.seed)
        return Findings(
            statement=self.statement,
            tally=self.tally,
            ledger=self._open_points,
            decoys=self._decoys,
            served=self._served(),
            unfinished=self._unfinished,
            ended=self._ending(),
            changed_members=self._changed_members,
            undescribed=self._undescribed,
            explored=self.explored,
            first_failure=self.bench.meter.first_failure,
            totals=totals_of(self.bench, self.tally, self._control_cost),
            log=self.client.connection.log(),
            known=tuple(self.baseline.entries),
        )

    def report(self) -> Report:
        """The report of what the run has found so far."""
        return report_of(
            self.plan,
            self.findings(),
            self.capabilities,
            self.setting.profile,
            baseline=self.baseline,
            is_resumed=self.is_resumed,
        )

    def _checkpoint(self, done: int) -> None:
        self.record(
            Checkpoint(explored=tuple(self._explored), done=done, tally=self.tally, bench=self.bench.diagnosing.state)
        )

    def _progress(self, exploration: Exploration, done: int, total: int) -> None:
        wave = f"wave {exploration.wave + 1} of {self.setting.effort.scale}"
        share = share_through(self._useful(), exploration, done / total if total else 1.0)
        self.show_progress(exploration.title, wave, done, total, share=share)

    def show_progress(self, part: str, wave: str, done: int, total: int, *, share: float = 1.0) -> None:
        """Give the run's listener the number of scenarios of a part that are through, and the verdicts so far."""
        applicable = [one for one in self.selected() if not self.capabilities.missing_for(one)]
        self._listener(
            Progress(
                exploration=part,
                wave=wave,
                done=done,
                total=total,
                decisions=self.lockstep.cost.decisions,
                failed=tuple(sorted(self.tally.failed)),
                settled=sum(is_settled(one, self.tally) for one in applicable),
                clauses=len(applicable),
                share=share,
            )
        )

    def _ending(self) -> Ending:
        """What ended the run before its end; empty if nothing did."""
        if not self._unfinished:
            return ""
        if self._is_cut_short:
            return "interruption"
        return "first failure" if self.plan.fail_fast and self.tally.failed else "harness faults"

    def _review_open_points(self) -> None:
        """Keep a broken choice of an unstable subject only if each probe shows it."""
        if self._is_cut_short or not self.tally.is_unstable or self._is_reviewed:
            return
        self._is_reviewed = True
        for _ in range(_POINT_REVIEWS):
            if not any(entry.broken for entry in self._open_points):
                return
            cost, faults = self.lockstep.cost, self.tally.faults
            self.lockstep.take_profile(self._judged_by)
            _, again = settle_open_points(self.lockstep, self.statement, self.capabilities, self.tally)
            self.lockstep.cost, self.tally.faults = cost, faults
            self._open_points = tuple(
                msgspec.structs.replace(first, broken=False, detail=f"unstable: {first.found}, then {then.found}")
                if first.broken and first.found != then.found
                else first
                for first, then in zip(self._open_points, again, strict=True)
            )

    def _served(self) -> frozenset[str]:
        """The clauses that have been asked; after an interruption those whose explorations have all ended."""
        begun = {clause for one in self._order if one.name in self._explored for clause in one.serves}
        waiting = {clause for one in self._order if one.name not in self._through for clause in one.serves}
        return frozenset(begun - waiting if self._is_cut_short else begun)

    def _replay_line(self, clause: str) -> str:
        """The command that finds the clause's failure again, by the clause's explorations and the present one.

        It has the options of this run, but for --fail-fast: another failure may come before this one.
        """
        plan, at_hand = self.plan, self._at_hand
        beside = (at_hand.serves[0],) if at_hand is not None and clause not in at_hand.serves else ()
        if plan.again:
            return f"{plan.again} -k {quoted(' or '.join((clause, *beside)))}"
        return check_command(
            plan.subject,
            profile=plan.profile,
            effort=plan.effort.name,
            seed=self.setting.seed,
            clauses=(clause, *beside),
            options=(at_hand.replayed_with(self.bench).strip() if at_hand is not None else "", plan.options),
        )

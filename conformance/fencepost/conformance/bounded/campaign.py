"""A bounded run: what was chosen by greedy cover first, then what any run asks, until the bounds are reached."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec
from fencepost.adapters.contract import Client, Connection
from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.bench.setting import Exploration, Setting
from fencepost.conformance.bounded.assurance import told
from fencepost.conformance.bounded.bounds import Bounds
from fencepost.conformance.bounded.exploration import LENGTH, bounded_exploration
from fencepost.conformance.bounded.recorded_answers import (
    AnswerCache,
    AnswerRecorder,
    RecordedAnswers,
    recording_answers,
)
from fencepost.conformance.bounded.schedule import Schedule
from fencepost.conformance.lockstep.clock import now
from fencepost.conformance.lockstep.deadline import Deadline, OutOfTime, timed
from fencepost.conformance.open_points.settling import settle_open_points, undocumented
from fencepost.conformance.run.campaign import Campaign, in_waves
from fencepost.conformance.run.control import ControlPlan, control
from fencepost.reports.model import Report

_NO_RATION = 10**12
_LEDGER = 64
"""More configurations than the probes of the open points can come to."""

_CONTROL = Effort(name="control", scale=1, writes=5_000, decisions=2_000)


def bounded(connection: Connection, deadline: Deadline | None) -> Connection:
    """The connection as a bounded run needs it: its answers kept, and no call begun that would end after the deadline."""
    return recording_answers(timed(connection, deadline) if deadline is not None else connection)


@dataclass(slots=True)
class BoundedCampaign(Campaign):
    """A run that ends when its bounds are reached. The points that are left open are not probed until it has gone far.

    `itinerary` makes the way from the setting. A connection that is `Recollecting` has its answers kept, so that the
    sensitivity control costs no configuration; without one there is no control.
    """

    bounds: Bounds = field(default_factory=Bounds)
    schedule: Callable[[Setting], Schedule] = Schedule
    _began: float = field(default_factory=now)
    _is_on_its_way: bool = False
    _is_out_of_time: bool = False
    _are_points_probed: bool = False
    _left_out: Mapping[str, str] = field(default_factory=dict)

    def settle(self) -> None:
        """Take the declared choices at their word."""
        if self._is_settled:
            return
        self._is_settled = True
        try:
            profile, self._ledger = settle_open_points(
                self._lockstep, self._statement, self._capabilities, self.tally, probed=()
            )
        except OutOfTime:
            self._run_out()
            return
        self._left_out = undocumented(profile, self._capabilities)
        self.tally.left_out |= self._left_out
        self._take(profile, self._effort())

    def _effort(self) -> Effort:
        """The plan's without its ration: the bounds are the ration."""
        return replace(self._setting.effort, writes=_NO_RATION, decisions=_NO_RATION)

    def run(self) -> None:
        """Go the way of the itinerary, then on through every exploration, and, while there is time, through other seeds'."""
        self.settle()
        if self._is_out_of_time:
            return
        try:
            self._go()
            self.describe_again()
        except OutOfTime:
            self._run_out()

    def _run_out(self) -> None:
        self._is_out_of_time = True
        self._is_cut_short = True
        if not self.tally.allowed + self.tally.denied + self.tally.inconclusive:
            self._unfinished = "not asked: the time was gone before the first decision"

    def _go(self) -> None:
        most = self.bounds.configurations
        if not self._explore_by_heart(self.schedule(self._setting), LENGTH if most is None else most):
            return
        seed, is_first = self.plan.seed, True
        decisions = -1
        while (is_first or self.bounds.seconds is not None) and self._bench.course.decisions > decisions:
            decisions = self._bench.course.decisions
            if most is not None and self._bench.course.configurations + _LEDGER > most:
                return
            self._probe_open_points()
            self._setting = replace(self._setting, seed=seed)
            self._explored.clear()
            if not self._explore_all():
                return
            seed, is_first = seed + 1, False

    def _explore_by_heart(self, schedule: Schedule, most: int) -> bool:
        """Go so far on the way; then, from memory, see whether decoys would have been noticed on it."""
        exploration = bounded_exploration(schedule, most)
        self._is_on_its_way = True
        connection = self.client.connection
        try:
            if not isinstance(connection, AnswerRecorder):
                return self.explore(exploration)
            with connection.keeping(self._profile) as memory:
                try:
                    return self.explore(exploration)
                finally:
                    self._lay_decoys(memory, bounded_exploration(schedule, schedule.known))
        finally:
            self._is_on_its_way = False

    def _lay_decoys(self, memory: AnswerCache, exploration: Exploration) -> None:
        if not self.plan.with_decoys or self.plan.clauses:
            return
        control_plan = ControlPlan(
            client=Client(RecordedAnswers(memory, self._profile)),
            setting=self._setting,
            explorations=(exploration,),
            settle_seconds=0.0,
            left=_CONTROL,
            ration=_CONTROL,
        )
        self._decoys, _ = control(control_plan)

    def _probe_open_points(self) -> None:
        """Settle the ledger as any run does; what was written for it counts as configurations."""
        if self._are_points_probed:
            return
        self._are_points_probed = True
        writes, course = self._lockstep.meter.writes, self._bench.course
        self._lockstep.take_profile(self._judged_by)
        profile, self._ledger = settle_open_points(self._lockstep, self._statement, self._capabilities, self.tally)
        for clause in self._left_out:
            self.tally.left_out.pop(clause, None)
        self.tally.left_out |= undocumented(profile, self._capabilities)
        course.configurations += self._lockstep.meter.writes - writes
        self._take(profile, self._setting.effort)
        self._bench.course = course
        self._bench.most_configurations = self.bounds.configurations

    def _explore_all(self) -> bool:
        wanted = {clause.id for clause in self.selected() if not self._capabilities.missing_for(clause)}
        return all(self.explore(one) for one in in_waves(self._setting.effort) if wanted & set(one.serves))

    def report(self) -> Report:
        """What the run has found so far, and what it has bought."""
        report = Campaign.report(self)
        if self.bounds == Bounds():
            return report
        took = now() - self._began if self.bounds.seconds is not None else None
        lines = told(report, self.bounds, self._bench.course, took=took, refuses=self._capabilities.refusals)
        return msgspec.structs.replace(report, notes=(*report.notes, *lines))

    def _replay_line(self, clause: str) -> str:
        line = Campaign._replay_line(self, clause).replace(
            f"--seed {self.plan.seed} --clause", f"--seed {self._setting.seed} --clause"
        )
        if not self._is_on_its_way:
            return line
        return f"{line} --max-configurations {max(1, self._bench.course.configurations)}"

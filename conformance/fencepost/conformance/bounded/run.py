"""A bounded run: first the choices of greedy cover, then what any run asks, until the bounds are reached."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
from fencepost.adapters.contract import Client, Connection
from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.bounded.assurance import assurance_lines
from fencepost.conformance.bounded.bounds import Bounds
from fencepost.conformance.bounded.exploration import LENGTH, bounded_exploration
from fencepost.conformance.bounded.recorded_answers import AnswerRecorder, RecordedAnswers, recording_answers
from fencepost.conformance.bounded.schedule import Schedule
from fencepost.conformance.lockstep.clock import now
from fencepost.conformance.lockstep.deadline import Deadline, OutOfTime, timed
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.control import ControlPlan
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Report

_NO_RATION = 10**12
_OPEN_POINTS = 64
"""More configurations than the probes of all open points need."""

_CONTROL = Effort(name="control", scale=1, writes=5_000, decisions=2_000)


def bounded(connection: Connection, deadline: Deadline | None) -> Connection:
    """The connection of a bounded run: it keeps the answers, and begins no call that would end after the deadline."""
    return recording_answers(timed(connection, deadline) if deadline is not None else connection)


def without_ration(plan: Plan) -> Plan:
    """The plan of a bounded run: the bounds limit the requests, not the effort."""
    return replace(plan, effort=replace(plan.effort, writes=_NO_RATION, decisions=_NO_RATION))


class BoundedRun:
    """A campaign that ends when its bounds are reached. Its open points are probed late.

    The campaign's plan is `without_ration`. `schedule` makes the configurations from the setting. The control costs no
    configuration: it asks the recorded answers. There is no control where the connection records none.
    """

    def __init__(
        self, campaign: Campaign, bounds: Bounds | None = None, *, schedule: Callable[[Setting], Schedule] = Schedule
    ) -> None:
        self.campaign = campaign
        self._bounds = bounds or Bounds()
        self._schedule = schedule
        self._began = now()
        self._is_out_of_time = False
        self._are_points_probed = False

    def settle(self) -> None:
        """Take the declared choices without probes."""
        try:
            self.campaign.settle(probed=())
        except OutOfTime:
            self._run_out()

    def run(self) -> None:
        """Run the schedule, then every exploration, then the explorations with other seeds while there is time."""
        self.settle()
        if self._is_out_of_time:
            return
        try:
            self._go()
            self.campaign.describe_again()
        except OutOfTime:
            self._run_out()

    def report(self) -> Report:
        """The report of the run so far, with what its cost has achieved."""
        report = self.campaign.report()
        if self._bounds == Bounds():
            return report
        took = now() - self._began if self._bounds.seconds is not None else None
        refuses = self.campaign.capabilities.refusals
        lines = assurance_lines(report, self._bounds, self.campaign.explored, took=took, refuses=refuses)
        return msgspec.structs.replace(report, bounds=self._bounds.label, notes=(*report.notes, *lines))

    def _run_out(self) -> None:
        tally = self.campaign.tally
        self._is_out_of_time = True
        has_decided = tally.allowed + tally.denied + tally.inconclusive
        self.campaign.cut_short("" if has_decided else "not asked: the time was gone before the first decision")

    def _go(self) -> None:
        campaign, most = self.campaign, self._bounds.configurations
        if not self._explore_schedule(self._schedule(campaign.setting), LENGTH if most is None else most):
            return
        seed, decisions = campaign.plan.seed, -1
        while campaign.explored.decisions > decisions:
            decisions = campaign.explored.decisions
            if most is not None and campaign.explored.configurations + _OPEN_POINTS > most:
                return
            if not self._are_points_probed:
                self._are_points_probed = True
                campaign.settle_anew(most_configurations=most)
            if not campaign.explore_all(seed=seed) or self._bounds.seconds is None:
                return
            seed += 1

    def _explore_schedule(self, schedule: Schedule, most: int) -> bool:
        """Bring so many configurations into force; then check with recorded answers whether they show decoys."""
        exploration = bounded_exploration(schedule, most)
        connection = self.campaign.client.connection
        if not isinstance(connection, AnswerRecorder):
            return self.campaign.explore(exploration)
        profile = self.campaign.setting.profile
        with connection.keeping(profile) as kept:
            try:
                return self.campaign.explore(exploration)
            finally:
                if self.campaign.plan.lays_decoys:
                    control_plan = ControlPlan(
                        client=Client(RecordedAnswers(kept, profile)),
                        setting=self.campaign.setting,
                        explorations=(bounded_exploration(schedule, schedule.known),),
                        settle_seconds=0.0,
                        left=_CONTROL,
                        ration=_CONTROL,
                    )
                    self.campaign.lay_decoys(control_plan)

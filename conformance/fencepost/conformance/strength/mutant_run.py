"""One mutant run: one mutant and one seed, the suite as `check` runs it, and whether it kills the mutant."""

from dataclasses import dataclass, field
from functools import lru_cache

from fencepost.adapters.contract import Client, HarnessFault
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.bounded.run import BoundedRun, without_ration
from fencepost.conformance.bounded.schedule import Schedule
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.mutants.direct import Direct
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one run does: with `to_the_end` it runs every exploration, else it ends at the first failure.

    With `decisions_only` the mutant declares that it validates nothing. With `bounded` the run has the order of `check
    --max-configurations`, for targets that are slow to configure.
    """

    mutant: str
    profile: str
    effort: str
    seed: int
    to_the_end: bool = False
    decisions_only: bool = False
    bounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantRun:
    """The result. A mutant is killed if the run's exit status is 1: a clause failed or a choice is broken.

    `clauses` are the failed clauses (only the first, unless the run went to its end), `broken_choices` the keys of open
    points. `spent` is the cost up to the first wrong answer, `trouble` the error that ended the run early.
    """

    task: Task
    killed: bool
    clauses: tuple[str, ...] = ()
    broken_choices: tuple[str, ...] = ()
    spent: Cost | None = None
    trouble: str = ""

    @property
    def failed(self) -> tuple[str, ...]:
        """The failed clauses, then the broken choices."""
        return (*self.clauses, *self.broken_choices)


def run_mutant(task: Task) -> MutantRun:
    """Run the suite against a mutant. A crash of the kit itself is recorded as trouble and is no kill."""
    client = Client(Direct(task.mutant, profile=task.profile, decisions_only=task.decisions_only))
    plan = Plan(
        subject=f"mutant:{task.mutant}",
        effort=EFFORTS[task.effort],
        seed=task.seed,
        profile=task.profile,
        fail_fast=not task.to_the_end,
        with_decoys=False,
    )
    try:
        return _run(client, plan, task)
    except HarnessFault as fault:
        return MutantRun(task=task, killed=False, trouble=str(fault))
    except Exception as error:  # A strength run reports every mutant, also a mutant that crashes the kit.
        return MutantRun(task=task, killed=False, trouble=f"the kit crashed: {error!r}")


def _schedule(setting: Setting) -> Schedule:
    """The way of a bounded run, worked out once for mutants that are asked the same."""
    choices = tuple(sorted((key, str(answer)) for key, answer in setting.profile.choices.items()))
    return _known_schedule(
        _Way(setting=setting, key=(setting.profile.name, choices, setting.capabilities, setting.seed))
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """A setting that compares by its key."""

    setting: Setting = field(compare=False)
    key: tuple[object, ...]


@lru_cache(maxsize=4)
def _known_schedule(way: _Way) -> Schedule:
    return Schedule(way.setting)


def _run(client: Client, plan: Plan, task: Task) -> MutantRun:
    campaign = begin(client, without_ration(plan) if task.bounded else plan)
    run = BoundedRun(campaign, schedule=_schedule) if task.bounded else campaign
    run.settle()
    probed = campaign.report()
    broken = tuple(entry.key for entry in probed.ledger if entry.broken)
    if task.to_the_end or CATALOGUE[task.mutant].choice not in broken:
        run.run()
    report = campaign.report()
    broken = tuple(entry.key for entry in report.ledger if entry.broken)
    clauses = tuple(clause.id for clause in report.clauses if clause.verdict == "fail")
    spent = campaign.bench.meter.first_failure
    if broken and spent is None and task.bounded:
        spent = campaign.explored  # there the probes come after what was chosen
    elif broken and spent is None:
        # The probes of open points come first; if they alone show the fault, their cost is its cost.
        totals = probed.totals
        spent = Cost(
            resets=totals.resets, writes=totals.writes, configurations=totals.writes, decisions=totals.decisions
        )
    return MutantRun(task=task, killed=report.exit_status == 1, clauses=clauses, broken_choices=broken, spent=spent)

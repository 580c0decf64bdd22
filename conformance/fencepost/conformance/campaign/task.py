"""One task of a campaign: a run of one clause group, or of the control, to its findings."""

from pathlib import Path

from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.campaign.groups import CONTROL, GROUPS
from fencepost.conformance.campaign.plan_file import Recipe, Task
from fencepost.conformance.run.earlier import replay_known
from fencepost.conformance.run.findings import Findings
from fencepost.conformance.run.opening import begun, connected, explaining
from fencepost.conformance.run.order import EXPLORATIONS
from fencepost.conformance.run.plan import Listener, Plan


def plan_of(recipe: Recipe, subject: int, *, seed: int) -> Plan:
    """The plan of a run of this subject by this seed."""
    return Plan(
        subject=recipe.subjects[subject],
        effort=EFFORTS[recipe.effort],
        seed=seed,
        profile=recipe.profile,
        settle_seconds=recipe.settle,
        with_decoys=False,
    )


def found_by(task: Task, recipe: Recipe, listener: Listener = lambda _: None) -> Findings:
    """What the task finds; `CannotBegin` where its subject cannot be asked.

    A harness that fails later on is a finding, as in any run.
    """
    plan = plan_of(recipe, task.subject, seed=task.seed)
    timeouts = Timeouts(start=recipe.start_timeout, call=recipe.call_timeout)
    is_control = task.group == CONTROL
    explorations = EXPLORATIONS if is_control else GROUPS[task.group].explorations
    with connected(plan.subject, timeouts, profile=plan.profile) as connection:
        run = begun(connection, plan, listener, explorations=explorations)
        run.settle()
        if recipe.known and not is_control:
            with explaining(plan.subject, connection):
                replay_known(run, recipe.known.failures(), Path(recipe.known.file))
        if is_control:
            run.lay_decoys()
        else:
            run.explore_all()
        run.describe_again()
        findings = run.findings()
    findings.tally.not_put.samples.clear()  # they were put again, and serve nothing else
    return findings

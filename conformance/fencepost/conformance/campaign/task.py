"""One task of a campaign: a run of one clause group, or of the control, to its findings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from fencepost.adapters.contract import Connection, Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.campaign.groups import CONTROL, GROUPS
from fencepost.conformance.campaign.plan_file import Recipe, Task
from fencepost.conformance.campaign.shared_cases import replay_shared, store_found
from fencepost.conformance.certificate.recording import Recorder
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.conformance.run.earlier import replay_known
from fencepost.conformance.run.findings import Findings
from fencepost.conformance.run.opening import begun, connected, explaining
from fencepost.conformance.run.order import EXPLORATIONS
from fencepost.conformance.run.plan import Listener, Plan
from fencepost.reports.secrets import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """What a task has found, and its transcript, which is empty where the campaign records none."""

    findings: Findings
    transcript: bytes = b""


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


def result_of(
    task: Task, recipe: Recipe, listener: Listener = lambda _: None, *, shared: Path | None = None
) -> TaskResult:
    """The result of the task, recorded where the recipe says so. Raises as `found_by` does.

    A task that is recorded asks only what the recipe says, and replays no case of a shared folder.
    """
    if not recipe.transcripts:
        return TaskResult(findings=found_by(task, recipe, listener, shared=shared))
    clean, file = Mask.of_here().apply, BytesIO()
    with (
        _opened(task, recipe) as connection,
        Recorder(file, clean=clean) as recorder,
        using_clock(recorder.clock),
    ):
        recorded = recorder.connect(connection, clean(circumstances(task, recipe)))
        findings = found_on(recorded, task, recipe, listener)
        recorder.end(findings.log)
    return TaskResult(findings=findings, transcript=file.getvalue())


def circumstances(task: Task, recipe: Recipe) -> dict[str, object]:
    """What the transcript of a task states of its run: the options and the task's id."""
    return {**plan_of(recipe, task.subject, seed=task.seed).as_json(), "task": task.id}


def found_by(
    task: Task, recipe: Recipe, listener: Listener = lambda _: None, *, shared: Path | None = None
) -> Findings:
    """What the task finds; `CannotBegin` where its subject cannot be asked.

    A harness that fails later on is a finding, as in any run. The cases in the folder `shared` are replayed first, and
    what is found is stored there.
    """
    with _opened(task, recipe) as connection:
        return found_on(connection, task, recipe, listener, shared=shared)


@contextmanager
def _opened(task: Task, recipe: Recipe) -> Iterator[Connection]:
    timeouts = Timeouts(start=recipe.start_timeout, call=recipe.call_timeout)
    with connected(recipe.subjects[task.subject], timeouts, profile=recipe.profile) as connection:
        yield connection


def found_on(
    connection: Connection,
    task: Task,
    recipe: Recipe,
    listener: Listener = lambda _: None,
    *,
    shared: Path | None = None,
) -> Findings:
    """What the task finds on this connection, which may be that of a transcript. Raises as `found_by` does."""
    plan = plan_of(recipe, task.subject, seed=task.seed)
    is_control = task.group == CONTROL
    explorations = EXPLORATIONS if is_control else GROUPS[task.group].explorations
    run = begun(connection, plan, listener, explorations=explorations)
    run.settle()
    if recipe.known and not is_control:
        with explaining(plan.subject, connection):
            replay_known(run, recipe.known.failures(), Path(recipe.known.file))
    if is_control:
        run.lay_decoys()
    else:
        if shared is not None:
            replay_shared(run, shared)
        run.explore_all()
    run.describe_again()
    findings = run.findings()
    if shared is not None:
        store_found(findings, run.lockstep.vault.profile.name, shared)
    findings.tally.not_put.samples.clear()  # they were put again, and serve nothing else
    return findings

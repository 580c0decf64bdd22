"""`fencepost check`: the whole suite against one subject, with live progress and a report."""

import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from click.core import ParameterSource
from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import CONTROL_DECISIONS, EFFORTS
from fencepost.conformance.bounded.bounds import Bounds, seconds_from
from fencepost.conformance.bounded.run import BoundedRun, bounded, without_ration
from fencepost.conformance.catalogue import UnknownClause, catalogue
from fencepost.conformance.commands.claim import claimed
from fencepost.conformance.commands.completion import CLAUSE_OR_FAMILY, SUBJECT
from fencepost.conformance.commands.console import show, show_report
from fencepost.conformance.commands.earlier_failures import EarlierFailures
from fencepost.conformance.commands.interruption import Interruption, interruptible
from fencepost.conformance.commands.live_events import STDOUT, LiveEvents, both, live_events
from fencepost.conformance.commands.opening import as_usage, with_timeouts
from fencepost.conformance.commands.options import COUNT, EFFORT, FILE, NEW_FOLDER, SEED, SETTLING, SUITE_VERSION
from fencepost.conformance.commands.progress import live_progress
from fencepost.conformance.commands.project_settings import ISOLATED, ConfiguredCommand
from fencepost.conformance.commands.run_folder import RunFolder
from fencepost.conformance.commands.spellings import essence, profiled
from fencepost.conformance.commands.usage import usage
from fencepost.conformance.lockstep.deadline import Deadline, OutOfTime
from fencepost.conformance.open_points.spellings import Row
from fencepost.conformance.regression.stored_case import FOLDER
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.opening import begun, connected
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Report
from fencepost.reports.summary import typed

_VALIDATION = "VAL"
_OF_THE_PLAN = frozenset(
    (
        *("profile", "effort", "seed", "clauses", "suite_version", "fail_fast", "settle"),
        *("configurations", "decisions", "budget"),
    )
)
"""The options that the plan or the bounds hold."""

_ASKS_NOTHING = frozenset({"folder", "resumed", "events", "verbose"})
"""The options that change neither what is asked nor how it is judged."""


def _budget(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """The seconds that a budget stands for; bad usage if it is malformed."""
    try:
        return seconds_from(value) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(cls=ConfiguredCommand)
@click.argument("subject", shell_complete=SUBJECT)
@click.option("--profile", help="Judge by this profile, not by the profile that the subject claims.")
@click.option("--effort", type=EFFORT, default="quick", show_default=True, help="How much to ask.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="The same seed asks the same questions.")
@click.option(
    "--clause",
    "clauses",
    multiple=True,
    metavar="ID",
    shell_complete=CLAUSE_OR_FAMILY,
    help="Only this clause or family (VAL); repeatable.",
)
@click.option(
    "--suite-version",
    type=SUITE_VERSION,
    metavar="VERSION",
    help="Ask the clauses that this version of the suite had, and none that came later.",
)
@click.option(
    "--report",
    "folder",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Write the report in every form into this folder, and a journal during the run.",
)
@click.option(
    "--resume",
    "resumed",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Continue the run whose journal is in this folder: same subject, same options.",
)
@click.option(
    "--known",
    "known_file",
    type=FILE,
    metavar="FILE",
    help="Tolerate the failures on this list, and no others; see `baseline`. A missing file is an empty list.",
)
@click.option(
    "--regressions",
    type=NEW_FOLDER,
    metavar="DIR",
    help=f"Replay the counterexamples stored here first, and store new ones; by default ./{FOLDER} if it exists.",
)
@click.option("--strict/--no-strict", default=False, help="Fail if a stored case could not be judged (exit status 2).")
@click.option(
    "--max-configurations",
    "configurations",
    type=COUNT,
    metavar="N",
    help=(
        "For targets that are slow to configure: at most N accepted writes that change the rules, the most useful "
        "first."
    ),
)
@click.option(
    "--max-decisions",
    "decisions",
    type=click.IntRange(min=CONTROL_DECISIONS + 1),
    metavar="N",
    help="For targets that are slow to answer: at most about N decisions. What is not asked then is vacuous.",
)
@click.option(
    "--budget",
    callback=_budget,
    metavar="TIME",
    help=(
        "Run until this time is over (60s, 5m, 1h) and state the strength reached; what it asks depends on the machine."
    ),
)
@click.option(
    "--events",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write progress, then the run, as NDJSON for tools; `-` is stdout, and the report goes to stderr.",
)
@click.option("--settle", type=SETTLING, metavar="SECONDS", help="How long a change may take to take effect.")
@click.option("--fail-fast/--no-fail-fast", default=False, help="End at the first failure.")
@with_timeouts
@click.option(
    "-v", "--verbose/--no-verbose", default=False, help="Show every clause and every open point, none summed up."
)
@click.option(ISOLATED, is_flag=True, expose_value=False, help="Ignore [tool.fencepost] of pyproject.toml.")
def check(
    *,
    subject: str,
    profile: str | None,
    effort: str,
    seed: int,
    clauses: tuple[str, ...],
    suite_version: str | None,
    folder: Path | None,
    resumed: Path | None,
    known_file: Path | None,
    regressions: Path | None,
    strict: bool,
    configurations: int | None,
    decisions: int | None,
    budget: float | None,
    events: str | None,
    settle: float | None,
    fail_fast: bool,
    timeouts: Timeouts,
    verbose: bool,
) -> None:
    """Judge SUBJECT clause by clause, and show each failure with its smallest counterexample.

    Exit status, the first that holds: 2 bad usage, or a subject that does not answer `describe`; 1 a clause failed, a
    declared choice is broken, or `describe` is answered otherwise at the end; 2 a clause was error or inconclusive; 3
    the run was vacuous; 2 with --strict, a stored case was not judged; otherwise 0.

    An interrupted run writes its results so far; a killed run can be continued with --resume.

    [tool.fencepost] of ./pyproject.toml may hold SUBJECT and every option but --resume; the command line outweighs it.

    With --max-configurations or --budget the rule sets and requests that show most kinds of faults come first. Clauses
    without room in these bounds are vacuous, so a small bound ends with 3 even if nothing is wrong. The smallest case
    of a failure costs further configurations, but no further time.
    """
    bounds = Bounds(configurations=configurations, seconds=budget)
    if resumed is not None and bounds != Bounds():
        raise click.UsageError("--resume goes on with a whole run: leave --max-configurations and --budget out")
    if resumed is not None and folder not in (None, resumed):
        raise click.UsageError("--resume DIR goes on in DIR and leaves its report there: leave --report out")
    plan = Plan(
        subject=subject,
        effort=EFFORTS[effort],
        seed=seed,
        profile=profile,
        clauses=_known(clauses),
        suite_version=suite_version,
        settle_seconds=settle,
        fail_fast=fail_fast,
        most_decisions=decisions,
        further=_further(),
    )
    past = EarlierFailures.of(known_file, regressions, is_strict=strict)
    with (
        Interruption() as interruption,
        claimed(report=folder or resumed, regressions=past.folder),
        live_events(events, budget=budget) as live,
    ):
        report, parsed = _judged(plan, bounds, timeouts, RunFolder.of(plan, folder, resumed), past, interruption, live)
        past.store(report)
        live.end(report)
        is_taken = events == STDOUT
        show_report(report, is_verbose=verbose, on_stderr=is_taken)
        if parsed and not is_taken:
            show(essence(parsed, subject))
    sys.exit(report.exit_status)


def _further() -> str:
    """The given options of this command that no plan holds and that change what is asked or how it is judged."""
    context = click.get_current_context()
    given = {}
    for one in context.command.params:
        name = str(one.name)
        is_further = isinstance(one, click.Option) and name not in _OF_THE_PLAN | _ASKS_NOTHING
        if is_further and context.get_parameter_source(name) != ParameterSource.DEFAULT:
            given[one.opts[0].removeprefix("--")] = context.params.get(name, True)  # a flag may be not exposed
    return typed(given)


def _known(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns, with `ID,ID` split; bad usage if a pattern matches no clause, as an empty one does not."""
    split = tuple(part for pattern in patterns for part in [*filter(None, pattern.split(","))] or [pattern])
    for pattern in split:
        try:
            catalogue().matching(pattern)
        except UnknownClause as error:
            raise click.BadParameter(str(error), param_hint="--clause") from None
    return split


def _judged(
    plan: Plan,
    bounds: Bounds,
    timeouts: Timeouts,
    folder: RunFolder,
    past: EarlierFailures,
    interruption: Interruption,
    live: LiveEvents,
) -> tuple[Report, Sequence[Row]]:
    """The report, partial if the run is interrupted, and the parser profile if the whole of validation was asked.

    Bad usage if the run cannot begin.
    """
    deadline = Deadline.after(bounds.seconds) if bounds.seconds is not None else None
    is_whole_run = bounds == Bounds()
    with as_usage(), ExitStack() as stack:
        try:
            connection = stack.enter_context(connected(plan.subject, timeouts, profile=plan.profile, deadline=deadline))
        except KeyboardInterrupt:
            raise usage(f"interrupted before {plan.subject} was up") from None
        shown = stack.enter_context(live_progress(budget=bounds.seconds))
        listener = interruptible(both(shown, live.listener), interruption)
        try:
            if is_whole_run:
                run: Campaign | BoundedRun = begun(connection, plan, listener)
            else:
                run = BoundedRun(begun(bounded(connection, deadline), without_ration(plan), listener), bounds)
        except KeyboardInterrupt:
            raise usage(f"interrupted before {plan.subject} had described itself") from None
        campaign = run.campaign if isinstance(run, BoundedRun) else run
        try:
            run.settle()
            past.recalled = past.recall(campaign)
            if is_whole_run:
                folder.follow(campaign)
            run.run()
            interruption.check()
            report = run.report()
        except KeyboardInterrupt:
            campaign.cut_short()
            report = run.report()
        except OutOfTime:  # in what is replayed before the run itself
            campaign.cut_short("not asked: the time was gone before the run began")
            report = run.report()
        report = past.demanded(report)
        folder.finish(report, campaign)
        is_whole = _VALIDATION in (pattern.upper() for pattern in plan.clauses) and not campaign.is_unfinished
        return report, _interruptibly(profiled(campaign), interruption) if is_whole else ()


def _interruptibly(rows: Iterable[Row], interruption: Interruption) -> list[Row]:
    """The rows; none if the run is interrupted meanwhile, or its time is over."""
    found = []
    try:
        for row in rows:
            interruption.check()
            found.append(row)
    except (KeyboardInterrupt, OutOfTime):
        return []
    return found

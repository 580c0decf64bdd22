"""`fencepost check`: the whole suite against one subject, with live progress and a report."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from fencepost.adapters.contract import (
    Client,
    HarnessFault,
    StatementError,
    SubjectError,
    Timeouts,
    open_subject,
)
from fencepost.conformance.campaign import Campaign, Plan
from fencepost.conformance.catalogue import UnknownClause, catalogue
from fencepost.conformance.commands.progress import live_progress
from fencepost.conformance.effort import EFFORTS
from fencepost.reference import UnknownProfile
from fencepost.reports.model import Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer, write_files
from fencepost.reports.visible import visible

_SECONDS = click.FloatRange(min=0, min_open=True)


@click.command(short_help="Run the suite against a subject: a verdict for each clause.")
@click.argument("subject")
@click.option("--profile", help="Judge by this profile, not by the one that the subject claims.")
@click.option(
    "--effort", type=click.Choice(list(EFFORTS)), default="quick", show_default=True, help="How much is asked."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed asks the same questions.")
@click.option("--clause", "clauses", multiple=True, metavar="ID", help="Only this clause or family (VAL); repeatable.")
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write report.json and junit.xml into this folder.",
)
@click.option("--settle", type=click.FloatRange(min=0), metavar="SECONDS", help="How long a change may take to show.")
@click.option("--fail-fast", is_flag=True, help="End at the first failure.")
@click.option("--call-timeout", type=_SECONDS, default=10.0, show_default=True, help="Seconds for one call.")
@click.option("--start-timeout", type=_SECONDS, default=30.0, show_default=True, help="Seconds for the start.")
def check(
    *,
    subject: str,
    profile: str | None,
    effort: str,
    seed: int,
    clauses: tuple[str, ...],
    folder: Path | None,
    settle: float | None,
    fail_fast: bool,
    call_timeout: float,
    start_timeout: float,
) -> None:
    """Judge SUBJECT clause by clause, each failure with its smallest counterexample.

    Exit status, the first that holds: 2 bad usage, or a subject that does not answer `describe`; 1 a clause failed or a
    declared choice is broken; 2 a clause ended in error or inconclusive; 3 the run was vacuous; otherwise 0.
    """
    plan = Plan(
        subject=subject,
        effort=EFFORTS[effort],
        seed=seed,
        profile=profile,
        clauses=_known(clauses),
        settle_seconds=settle,
        fail_fast=fail_fast,
    )
    try:
        connection = open_subject(subject, timeouts=Timeouts(start=start_timeout, call=call_timeout))
    except SubjectError as error:
        raise click.UsageError(visible(str(error))) from None
    client = Client(connection)
    try:
        report = _run(client, plan)
    finally:
        client.close()
    if folder is not None:
        try:
            written = write_files(report, folder)
        except OSError as error:
            raise click.UsageError(f"--report {folder}: {error}") from None
        click.echo(f"written: {', '.join(str(path) for path in written)}", err=True)
    page = Page.of(sys.stdout)
    click.echo(load_renderer("terminal")(report, page=page), color=page.colour)
    sys.exit(report.exit_status)


def _known(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns themselves, `ID,ID` taken apart; bad usage where one matches no clause."""
    split = tuple(part for pattern in patterns for part in pattern.split(",") if part)
    for pattern in split:
        try:
            catalogue().matching(pattern)
        except UnknownClause as error:
            raise click.BadParameter(str(error), param_hint="--clause") from None
    return split


def _run(client: Client, plan: Plan) -> Report:
    """The report, partial where the run is interrupted; bad usage where the subject cannot even be begun with."""
    with live_progress() as listener, _terminated_like_interrupted():
        campaign = Campaign(client, plan, listener)
        try:
            campaign.begin()
        except UnknownProfile as error:
            raise click.UsageError(f"the profile to judge by: {error}") from None
        except StatementError as error:
            raise click.UsageError(visible(f"the conformance statement cannot be used:\n{error}")) from None
        except HarnessFault as fault:
            log = client.connection.log().strip()
            told = f"\nthe end of its own log:\n{log}" if log else ""
            raise click.UsageError(visible(f"{plan.subject} does not answer: {fault}{told}")) from None
        try:
            campaign.run()
        except KeyboardInterrupt:
            campaign.interrupt()
        return campaign.report()


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does: with a partial report, and with the subject's processes ended."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

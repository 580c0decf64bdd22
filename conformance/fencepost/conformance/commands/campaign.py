"""`fencepost campaign`: a suite spread over many machines: plan, run, merge, certify."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import click
from fencepost.adapters.contract import SubjectError, check_form
from fencepost.conformance.campaign.certifying import why_not_by_plan
from fencepost.conformance.campaign.groups import GROUPS
from fencepost.conformance.campaign.merging import merged
from fencepost.conformance.campaign.plan_file import (
    CampaignPlan,
    KnownList,
    Recipe,
    Shard,
    Task,
    plan_to_json,
)
from fencepost.conformance.campaign.planning import planned, seeds_for
from fencepost.conformance.campaign.shard_run import is_there, keep, shard_stream
from fencepost.conformance.campaign.targets import TARGETS, Place
from fencepost.conformance.commands.campaign_certify import certify
from fencepost.conformance.commands.campaign_files import PLAN_FILE, STREAMS, in_full, plan_at
from fencepost.conformance.commands.case_files import read_folder
from fencepost.conformance.commands.completion import SUBJECT
from fencepost.conformance.commands.console import labelled, show, show_report
from fencepost.conformance.commands.earlier_failures import EarlierFailures, read_known
from fencepost.conformance.commands.interruption import Interruption
from fencepost.conformance.commands.opening import call_timeout, start_timeout
from fencepost.conformance.commands.options import COUNT, EFFORT, FILE, NEW_FOLDER, OLD_FILE, SEED, SETTLING
from fencepost.conformance.commands.progress import live_progress
from fencepost.conformance.commands.run_folder import write_report
from fencepost.conformance.commands.usage import os_error_as_usage, usage
from fencepost.conformance.run.opening import CannotBegin
from fencepost.reference import profile_names
from fencepost.reports.counted import counted
from fencepost.reports.files import write_atomically
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible
from msgspec import UNSET

TRY_AGAIN = 75
"""The exit status of a shard whose stream could not be made, as `sysexits.h` has it."""


@click.group()
def campaign() -> None:
    """Spread the suite over many machines: plan it once, run each shard somewhere, merge what they found."""


campaign.add_command(certify)


@campaign.command(short_help="Write the plan: subjects × clause groups × seeds, in numbered shards.")
@click.argument("subjects", nargs=-1, required=True, metavar="SUBJECT…", shell_complete=SUBJECT)
@click.option("--shards", type=COUNT, required=True, metavar="N", help="Cut the campaign into N shards.")
@click.option("--seeds", type=COUNT, metavar="N", help="Ask each subject by N seeds.  [default: 1]")
@click.option("--decisions", type=COUNT, metavar="N", help="Ask by as many seeds as N decisions in all take.")
@click.option("--effort", type=EFFORT, default="quick", show_default=True, help="How much one seed asks.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Another number gives other seeds throughout.")
@click.option(
    "--profile",
    type=click.Choice(profile_names()),
    help="Judge by this profile, not by the profile that a subject claims.",
)
@click.option(
    "--known",
    "known_file",
    type=OLD_FILE,
    metavar="FILE",
    help="Tolerate the failures on this list, and no others; of one subject.",
)
@click.option(
    "--transcripts", is_flag=True, help="Record every answer in the streams, as `campaign certify` needs them."
)
@click.option("--settle", type=SETTLING, metavar="SECONDS", help="How long a change may take to take effect.")
@call_timeout
@start_timeout
@click.option(
    "--out",
    type=FILE,
    default="campaign.json",
    show_default=True,
    metavar="FILE",
    help="Write the plan into this file.",
)
@click.option(
    "--for",
    "targets",
    type=click.Choice(tuple(TARGETS)),
    multiple=True,
    help="Write the file, too, by which this system runs the campaign; repeatable.",
)
@click.option(
    "--image",
    default="fencepost:latest",
    show_default=True,
    metavar="IMAGE",
    help="The container image with fencepost and the subject, in the files of --for.",
)
@click.option(
    "--install",
    metavar="COMMAND",
    help="The command that installs fencepost and the subject, in the files of --for github and --for gitlab.",
)
def plan(
    *,
    subjects: tuple[str, ...],
    shards: int,
    seeds: int | None,
    decisions: int | None,
    effort: str,
    seed: int,
    profile: str | None,
    known_file: Path | None,
    transcripts: bool,
    settle: float | None,
    call_timeout: float,
    start_timeout: float,
    out: Path,
    targets: tuple[str, ...],
    image: str,
    install: str | None,
) -> None:
    """Write a plan for these SUBJECTs, and say what it is expected to cost. No subject is asked anything.

    Exit status: 0, or 2 for bad usage: a SUBJECT that names no carrier and no adapter, or --transcripts for a plan
    that gives no certificate.
    """
    for subject in subjects:
        try:
            check_form(subject)
        except SubjectError as error:
            raise usage(str(error)) from None
    if seeds is not None and decisions is not None:
        raise click.UsageError("--seeds and --decisions both give the number of seeds: leave one out")
    if decisions is not None:
        seeds = seeds_for(decisions, subjects=len(subjects), effort=effort)
    if known_file is not None and len(subjects) > 1:
        raise click.UsageError("--known: a list of known failures is of one subject")
    recipe = Recipe(
        subjects=subjects,
        seeds=seeds or 1,
        seed=seed,
        effort=effort,
        profile=profile,
        settle=settle,
        call_timeout=call_timeout,
        start_timeout=start_timeout,
        known=_known_list(known_file) if known_file is not None else UNSET,
        transcripts=transcripts or UNSET,
    )
    try:
        made = planned(recipe, shards=shards)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if transcripts and (against := why_not_by_plan(made, Mask.of_here())):
        raise click.UsageError(f"--transcripts: the plan gives no certificate: {'; '.join(against)}")
    files = {out: plan_to_json(made)}
    for name in targets:
        target = TARGETS[name]
        if shards > target.most_shards:
            raise click.UsageError(f"--for {name}: {shards} shards, of which it takes {target.most_shards} at the most")
        if target.installs and install is None:
            example = 'such as "pip install ./fencepost ."'
            raise click.UsageError(f"--for {name}: --install COMMAND installs fencepost and the subject, {example}")
        place = Place(plan=out.as_posix(), image=image, install=install or "")
        files[out.parent / target.file_name] = target.text(made, place).encode("utf-8")
    for path, data in files.items():
        with os_error_as_usage(f"{path} cannot be written"):
            write_atomically(path, data)
    show(labelled(list(_summary(made))))
    click.echo(f"written: {', '.join(map(str, files))}", err=True)


def _known_list(path: Path) -> KnownList:
    return KnownList(file=str(path), entries=tuple(one.to_json() for one in read_known(path)))


def _summary(made: CampaignPlan) -> Iterator[tuple[str, str]]:
    tasks = sum(len(shard.tasks) for shard in made.shards)
    heaviest, lightest = made.shards[0].estimate, made.shards[-1].estimate
    yield "campaign", made.campaign
    yield (
        "tasks",
        f"{tasks:,} (subjects: {len(made.recipe.subjects)}, groups: {len(GROUPS)}, seeds: {made.recipe.seeds:,})",
    )
    yield "expected", f"{counted(made.estimate.decisions, 'decision')} and {counted(made.estimate.writes, 'write')}"
    yield "of the kit", f"{_duration(made.estimate.milliseconds)} of a processor; the subject's own time comes on top"
    yield "shards", f"{len(made.shards)}, of {_duration(lightest.milliseconds)} to {_duration(heaviest.milliseconds)}"


def _duration(milliseconds: int) -> str:
    return f"{milliseconds / 1_000:.1f} s" if milliseconds < 60_000 else f"{milliseconds / 60_000:,.1f} min"


@campaign.command(short_help="Run a shard, or all of them on a Dask cluster.")
@PLAN_FILE
@click.option(
    "--shard",
    metavar="I/N",
    help=(
        "The shard, counted from 1, of the N that the plan has; without it JOB_COMPLETION_INDEX (from 0) or "
        "CI_NODE_INDEX (from 1) says which."
    ),
)
@click.option("--out", type=NEW_FOLDER, default="shards", show_default=True, metavar="DIR", help="Where streams go.")
@click.option("--dask", "address", metavar="ADDRESS", help="Run every shard on the Dask cluster of this scheduler.")
@click.option(
    "--regressions",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Share counterexamples with other shards: each task replays those stored in DIR first, and stores its own.",
)
def run(*, plan_file: Path, shard: str | None, out: Path, address: str | None, regressions: Path | None) -> None:
    """Run one shard of PLAN and write its event stream into DIR: whole, or not at all.

    A stream that is there already is left as it is.

    Exit status: 0 the stream is complete, whatever the verdicts; 75 it could not be made, and may be tried again;
    2 bad usage.
    """
    made = plan_at(plan_file)
    if regressions is not None:
        if made.recipe.transcripts:
            raise click.UsageError("--regressions: a campaign with transcripts asks only what its plan says")
        read_folder(regressions)
    if address is not None:
        if shard is not None:
            raise click.UsageError("--dask runs every shard: leave --shard out")
        _run_on_dask(made, address, out, regressions)
        return
    chosen, place = _chosen(made, shard, os.environ), out.absolute()  # the subject may change the working directory
    if is_there(made, chosen, out):
        click.echo(f"shard {chosen.number} is there already", err=True)
        return

    def announce(number: int, task: Task) -> None:
        subject = visible(made.recipe.subjects[task.subject])
        text = f"{task.group}, seed {task.seed}, of {subject}"
        click.echo(f"shard {chosen.number}, task {number} of {len(chosen.tasks)}: {text}", err=True)

    shared = regressions.absolute() if regressions is not None else None
    with Interruption() as interruption, live_progress() as listener:
        try:
            stream = shard_stream(made, chosen, announce=announce, listener=listener, shared=shared)
            interruption.check()
            path = out / keep(stream, chosen, place).name
        except CannotBegin as error:
            if not error.is_of_harness:
                raise usage(str(error)) from None
            _try_again(str(error))
        except OSError as error:
            _try_again(f"{error.filename or out}: {error.strerror or error}")
        except KeyboardInterrupt:
            _try_again("interrupted")
    click.echo(f"written: {path}", err=True)


def _try_again(why: str) -> NoReturn:
    click.echo(visible(f"the stream could not be made: {why}"), err=True)
    sys.exit(TRY_AGAIN)


_VARIABLES = (("JOB_COMPLETION_INDEX", 0), ("CI_NODE_INDEX", 1))
"""The variables that say which shard is meant, and the number that they begin with."""


def _chosen(made: CampaignPlan, shard: str | None, environment: Mapping[str, str]) -> Shard:
    """The shard that the option names, or a variable of the environment; bad usage where there is no such shard."""
    shards = len(made.shards)
    if shard is not None:
        number, _, of = shard.partition("/")
        if of != str(shards):
            raise click.BadParameter(
                f"expected I/{shards}, for so many shards has the plan: {shard!r}", param_hint="--shard"
            )
        return _numbered(made, number, first=1, hint="--shard")
    for name, first in _VARIABLES:
        if name in environment:
            return _numbered(made, environment[name], first=first, hint=name)
    names = " nor ".join(name for name, _ in _VARIABLES)
    raise click.UsageError(f"which shard? There is neither --shard I/{shards} nor {names}")


def _numbered(made: CampaignPlan, text: str, *, first: int, hint: str) -> Shard:
    last = first + len(made.shards) - 1
    if not re.fullmatch("[0-9]{1,9}", text) or not first <= int(text) <= last:
        raise click.BadParameter(f"expected a number from {first} to {last}, got {text!r:.60}", param_hint=hint)
    return made.shards[int(text) - first]


def _run_on_dask(made: CampaignPlan, address: str, out: Path, shared: Path | None) -> None:
    try:
        from fencepost.conformance.campaign.on_dask import streams_from
    except ImportError as error:
        raise click.UsageError(f"--dask takes the extra `dask`: pip install 'fencepost[dask]' ({error})") from None
    left = [shard for shard in made.shards if not is_there(made, shard, out)]
    failed = []
    try:
        for shard, made_of in streams_from(address, made, left, shared=shared):
            if isinstance(made_of, str):
                failed.append(shard.number)
                click.echo(visible(f"shard {shard.number}: {made_of}"), err=True)
            else:
                click.echo(f"written: {keep(made_of, shard, out)}", err=True)
    except OSError as error:
        _try_again(f"{address}: {error}")
    if failed:
        _try_again(f"shards {', '.join(map(str, sorted(failed)))}")


@campaign.command(short_help="Merge the streams of all shards into one verdict for each subject.")
@PLAN_FILE
@STREAMS
@click.option(
    "--report",
    "reports",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Write the report in every form into this folder; for several subjects into numbered folders in it.",
)
@click.option(
    "--regressions",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Store each new counterexample in this folder, as `check` does.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every clause and every open point, none summed up.")
def merge(*, plan_file: Path, folder: Path, reports: Path | None, regressions: Path | None, verbose: bool) -> None:
    """Merge the streams in DIR, and in the folders in it, into the report that `check` would give.

    There is no verdict while a shard is missing, is there twice, or is not whole: each is named, with the command
    that runs it again, and the exit status is 2.

    Exit status, the first that holds for a subject: 1, 2, 3 or 0, as for `check`.
    """
    made = plan_at(plan_file)
    with in_full(made, plan_file, folder):
        found = merged(made, folder)
    for report in found:
        show_report(report, is_verbose=verbose)
    if reports is not None:
        for number, report in enumerate(found, start=1):
            write_report(report, reports / str(number) if len(found) > 1 else reports)
    if regressions is not None:
        for report in found:
            EarlierFailures(folder=regressions).store(report)
    statuses = {report.exit_status for report in found}
    sys.exit(next(status for status in (1, 2, 3, 0) if status in statuses))

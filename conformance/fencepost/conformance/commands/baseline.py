"""`fencepost baseline`: maintains the list of known failures."""

import os
import shlex
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import click
from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.commands.completion import CLAUSE, ENTRY, SUBJECT
from fencepost.conformance.commands.console import show, show_json, table
from fencepost.conformance.commands.earlier_failures import read_known
from fencepost.conformance.commands.opening import begun, with_timeouts
from fencepost.conformance.commands.options import FILE, OLD_FILE
from fencepost.conformance.commands.run_files import read_run
from fencepost.conformance.commands.usage import os_error_as_usage
from fencepost.conformance.regression.baseline import Baseline, Entry
from fencepost.conformance.regression.known import KnownFailure, file_content, is_url, known_from, of_run
from fencepost.conformance.regression.replay import OVERLAPPING
from fencepost.conformance.regression.stored_case import json_text
from fencepost.conformance.run.plan import Plan
from fencepost.reports.files import write_atomically
from fencepost.reports.model import Report
from fencepost.reports.summary import is_of_campaign, quoted, reproduce, typed
from rich.text import Text


@click.group()
def baseline() -> None:
    """Maintain the list of known failures that `check --known FILE` tolerates."""


@baseline.command(short_help="Add the failures of a run to the list.")
@click.argument("file", type=FILE)
@click.option("--from", "run", type=click.Path(path_type=Path), required=True, metavar="RUN", help="A stored run.")
@click.option("--reason", required=True, help="The reason for tolerating them.")
@click.option("--issue", required=True, metavar="URL", help="The URL of the issue that tracks them.")
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day on which they are tolerated."
)
@click.option(
    "--clause",
    "clauses",
    multiple=True,
    metavar="ID",
    shell_complete=CLAUSE,
    help="Only the failures of this clause; repeatable.",
)
def add(*, file: Path, run: Path, reason: str, issue: str, expires: datetime, clauses: tuple[str, ...]) -> None:
    """Add the counterexamples of RUN to FILE, which is made if it does not exist. Existing entries stay unchanged.

    A run that was made with `--known FILE` completes the list in one round; after any other run the command says how
    to find what else fails.

    Exit status: 0 the list holds them now; 2 bad usage, or nothing in RUN has failed.
    """
    if not reason.strip():
        raise click.BadParameter("the reason is empty", param_hint="--reason")
    if not is_url(issue):
        raise click.BadParameter(f"{issue!r} is no URL", param_hint="--issue")
    if expires.date() < _today():
        raise click.BadParameter(f"{expires.date().isoformat()} is over", param_hint="--expires")
    report = read_run(run)
    every = of_run(report, clauses)
    found = [one for one in every if one.clause != OVERLAPPING]
    if len(found) < len(every):
        click.echo(f"left out: {OVERLAPPING}, whose calls overlap and cannot be replayed exactly", err=True)
    if not found:
        raise click.UsageError(f"{run}: no such failure is in this run")
    entries = {one.id: one for one in read_known(file)} if file.exists() else {}
    new = [known_from(one, report.profile, reason=reason, issue=issue, expires=expires.date()) for one in found]
    added = [one for one in new if one.id not in entries]
    _write(file, [*entries.values(), *added])
    click.echo(f"added: {', '.join(one.id for one in added) or 'nothing, all of them are on the list'}", err=True)
    if added and (why := _why_incomplete(report)):
        more = {"known": str(file), "report": None if is_of_campaign(report) else "DIR"}
        again = f"{reproduce(report)} {typed(more)}"
        click.echo(f"further failures may stand behind these, since {why}. To find them, too: {again}", err=True)


def _why_incomplete(report: Report) -> str:
    """Why the run may lack failures that a run with the list stores; empty if it had a list and came to its end."""
    if report.ended:
        return "the run ended early"
    if "--known" in shlex.split(report.options):
        return ""
    return "a run without --known stores one failure of a clause"


@baseline.command("list", short_help="Show the list.")
@click.argument("file", type=OLD_FILE)
@click.option("--json", "as_data", is_flag=True, help="Write JSON.")
def list_(*, file: Path, as_data: bool) -> None:
    """Show the entries of FILE and mark expired entries. Exit status: 0, or 2 if FILE is no such list."""
    entries, today = read_known(file), _today()
    if as_data:
        show_json([{**one.to_json(), "expired": one.is_expired(today)} for one in entries])
        return
    if not entries:
        show(Text("the list is empty"))
        return
    rows = [
        (one.id, _expiry(one, today), f"{one.expected} → {one.got}", f"{one.reason} ({one.issue})") for one in entries
    ]
    show(table(("entry", "until", "expected → got", "why"), rows))


def _expiry(one: KnownFailure, today: date) -> str | Text:
    text = one.expires.isoformat()
    return Text(f"{text} expired", style="bold red") if one.is_expired(today) else text


@baseline.command(short_help="Give entries another last day.")
@click.argument("file", type=OLD_FILE)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The new last day.")
@click.option("--entry", "ids", multiple=True, metavar="ID", shell_complete=ENTRY, help="Only this entry; repeatable.")
@click.option("--reason", help="A new reason; without it the old reason stays.")
def renew(*, file: Path, expires: datetime, ids: tuple[str, ...], reason: str | None) -> None:
    """Give all entries of FILE another last day, or the entries named by --entry. Nothing is replayed.

    Exit status: 0, or 2 for bad usage or an entry that is not on the list.
    """
    if expires.date() < _today():
        raise click.BadParameter(f"{expires.date().isoformat()} is over", param_hint="--expires")
    if reason is not None and not reason.strip():
        raise click.BadParameter("the reason is empty", param_hint="--reason")
    entries = read_known(file)
    known = {one.id for one in entries}
    if unknown := [one for one in ids if one not in known]:
        raise click.BadParameter(f"not on the list: {', '.join(unknown)}", param_hint="--entry")
    chosen = set(ids) or known
    _write(
        file,
        [
            replace(one, expires=expires.date(), reason=reason or one.reason) if one.id in chosen else one
            for one in entries
        ],
    )
    click.echo(f"renewed until {expires.date().isoformat()}: {', '.join(sorted(chosen)) or 'nothing'}", err=True)


@baseline.command(short_help="Remove the entries that a subject now answers rightly.")
@click.argument("file", type=OLD_FILE)
@click.argument("subject", shell_complete=SUBJECT)
@with_timeouts
def prune(*, file: Path, subject: str, timeouts: Timeouts) -> None:
    """Replay every entry of FILE and remove those that SUBJECT answers rightly. No other entry is removed.

    An expired entry stays until it is fixed or somebody removes it, since a silent removal would hide a failure. Exit
    status: 0, or 2 for bad usage or a subject that does not answer.
    """
    entries, place = read_known(file), file.absolute()  # the subject may change the working directory
    standing: list[Entry] = []
    for profile in dict.fromkeys(one.profile for one in entries):
        with begun(Plan(subject=subject, effort=EFFORTS["quick"], profile=profile), timeouts) as campaign:
            one_profile = Baseline()
            mine = [one for one in entries if one.profile == profile]
            line = f"fencepost replay {file} {quoted(subject)}"
            one_profile.replay(mine, campaign.lockstep, campaign.capabilities, today=_today(), line=line)
            standing += one_profile.entries
    kept = [entry for entry in standing if entry.standing != "unexpected success"]
    if not entries:
        show(Text("the list is empty"))
        return
    show(table(("entry", "standing", ""), [(one.failure.id, *_kept(one)) for one in standing]))
    if len(kept) != len(entries):
        _write(place, [entry.failure for entry in kept])


def _kept(entry: Entry) -> tuple[str, str]:
    """The standing of the entry, and its explanation."""
    return ("fixed: removed", "") if entry.standing == "unexpected success" else (entry.standing, entry.explanation)


def _today() -> date:
    return datetime.now(UTC).date()


def _write(file: Path, entries: Iterable[KnownFailure]) -> None:
    with os_error_as_usage(str(file)):
        write_atomically(Path(os.path.realpath(file)), json_text(file_content(entries)).encode("ascii"))

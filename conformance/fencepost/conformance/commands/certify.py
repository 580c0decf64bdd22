"""`fencepost certify`: runs the whole suite, and writes the answers, the report and a signature into one bundle."""

import platform
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from fencepost.adapters.contract import Client, Connection, Timeouts, check_statement
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.certificate.bundle import (
    CERTIFICATE,
    ENVELOPE,
    MEMBERS,
    PAGE,
    REPORT,
    TRANSCRIPT,
    write_bundle,
)
from fencepost.conformance.certificate.certificate import Issue, as_page, certificate, why_not
from fencepost.conformance.certificate.digests import catalogue_digest, sha256_of_file, suite_digest
from fencepost.conformance.certificate.envelope import seal, statement
from fencepost.conformance.certificate.keys import KeyUnusable, SigningKey, read_signing_key
from fencepost.conformance.certificate.origin import suite_origin
from fencepost.conformance.certificate.seed import FROM_DIGEST, FROM_SIGNER
from fencepost.conformance.certificate.verification import seed_of, written
from fencepost.conformance.commands.case_files import read_folder
from fencepost.conformance.commands.claim import claimed
from fencepost.conformance.commands.earlier_failures import EarlierFailures
from fencepost.conformance.commands.interruption import Interruption
from fencepost.conformance.commands.opening import as_usage, call_timeout, connected, start_timeout
from fencepost.conformance.commands.options import EFFORT, NEW_FOLDER, SEED
from fencepost.conformance.commands.recorded_run import Found, Kept, kept, recorded
from fencepost.conformance.commands.run_folder import write_report
from fencepost.conformance.commands.short_help import SHORT_HELP
from fencepost.conformance.commands.usage import os_error_as_usage
from fencepost.conformance.run.opening import explaining
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Report, report_to_json
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(short_help=SHORT_HELP["certify"])
@click.argument("subject")
@click.option("--out", type=_FILE, required=True, metavar="BUNDLE", help="The zip to write; it must not exist.")
@click.option("--key", "key_file", type=_FILE, required=True, metavar="FILE", help="The private key to sign with.")
@click.option("--effort", type=EFFORT, default="thorough", show_default=True, help="How much to ask.")
@click.option(
    "--seed",
    type=SEED,
    help="Choose the seed; the certificate then says so. Without it, the seed is drawn from a digest.",
)
@click.option("--nonce", default="", metavar="TEXT", help="The customer's own text, for the digest of the seed.")
@click.option(
    "--artifact",
    "artifacts",
    multiple=True,
    metavar="FILE|sha256:DIGEST",
    help="A file of the implementation whose digest is signed too, or the digest itself; repeatable.",
)
@click.option(
    "--report",
    "folder",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Write the report in every form into this folder, and the transcript during the run.",
)
@click.option(
    "--resume",
    "resumed",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Continue the run whose transcript is in this folder: same subject, same options. The certificate says so.",
)
@click.option(
    "--regressions",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Replay the counterexamples stored here first, and store new ones; there is no default.",
)
@call_timeout
@start_timeout
def certify(
    *,
    subject: str,
    out: Path,
    key_file: Path,
    effort: str,
    seed: int | None,
    nonce: str,
    artifacts: tuple[str, ...],
    folder: Path | None,
    resumed: Path | None,
    regressions: Path | None,
    call_timeout: float,
    start_timeout: float,
) -> None:
    """Judge SUBJECT strictly by the profile that it claims, and write a signed bundle if it passes.

    The statement must name an immutable version. A digest of the statement, the artifacts and the nonce gives the seed;
    who can choose the nonce can try seeds, so the customer gives it. A partial result is certified as partial. Exit
    status: 0 certified; 2 bad usage, a version that moves, or a subject that does not answer; otherwise that of
    `check`, and no bundle is written. With --report an interrupted run leaves its results so far, and can be continued
    with --resume.
    """
    if resumed is not None and folder not in (None, resumed):
        raise click.UsageError("--resume DIR goes on in DIR and leaves its report there: leave --report out")
    key = _key(key_file)
    if out.exists() or out.is_symlink():
        raise click.UsageError(f"--out {out}: the file exists, and a certificate is never overwritten")
    if not out.parent.is_dir():
        raise click.UsageError(f"--out {out}: there is no folder {out.parent}")
    digests = _digests(artifacts)
    issue = Issue(
        issued=datetime.now(UTC).isoformat(timespec="seconds"),
        suite_digest=suite_digest(),
        catalogue_digest=catalogue_digest(),
        environment=_environment(),
        artifacts=digests,
        origin=suite_origin(),
        seed_from=FROM_DIGEST if seed is None else FROM_SIGNER,
        nonce=nonce,
    )
    timeouts = Timeouts(start=start_timeout, call=call_timeout)
    clean = Mask.of_here().apply
    plan = Plan(subject=clean(subject), effort=EFFORTS[effort], seed=0 if seed is None else seed)
    past = EarlierFailures(
        cases=read_folder(regressions) if regressions is not None and regressions.is_dir() else (), folder=regressions
    )
    place = resumed or folder
    with (
        Interruption() as interruption,
        claimed(report=place, regressions=regressions),
        kept(place, is_resumed=resumed is not None) as transcript,
    ):
        try:
            with connected(subject, timeouts) as connection:
                if seed is None:
                    plan = replace(plan, seed=_drawn(plan.subject, connection, digests, nonce))
                found = recorded(plan, connection, transcript, past, interruption)
        except KeyboardInterrupt:
            raise click.UsageError("interrupted before the run began: nothing was written") from None
        report = found.report
        if place is not None:
            _leave(found, place)
        if regressions is not None:
            past.store(report)
        page = Page.of(sys.stdout)
        click.echo(load_renderer("terminal")(report, page=page), color=page.colour)
        against = why_not(report)
        if against:
            click.echo(visible(f"not certified: {'; '.join(against)}"), err=True)
            transcript.is_wanted = found.is_unfinished
            sys.exit(report.exit_status or 2)
        _write(report, transcript, out, key, issue)
        transcript.is_wanted = False


def _leave(found: Found, folder: Path) -> None:
    """Write the report in every form; say how to go on where the run is not through."""
    write_report(found.report, folder)
    if found.is_unfinished:
        click.echo(f"to go on from here: the same command with --resume {folder} instead of --report", err=True)


def _write(report: Report, transcript: Kept, out: Path, key: SigningKey, issue: Issue) -> None:
    with os_error_as_usage(f"--out {out}"):
        write_bundle(_members(report, transcript.content(), key, issue), out)
    text = f"certified {report.level}: {report.subject.name} {report.subject.version}, in {out}"
    click.echo(visible(f"{text}, signed with the key {key.public.id[:16]}…"), err=True)


def _key(path: Path) -> SigningKey:
    try:
        key = read_signing_key(path)
        if path.stat().st_mode & 0o077:
            click.echo(f"warning: --key {path} can be read or changed by others: chmod 600 {path}", err=True)
        return key
    except KeyUnusable as error:
        raise click.UsageError(f"--key {error}") from None
    except OSError as error:
        raise click.UsageError(f"--key {path}: {error.strerror}") from None


def _digests(artifacts: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of each artifact by its name; a given digest is taken as it is."""
    found: dict[str, str] = {}
    for one in artifacts:
        given = re.fullmatch(r"sha256:([0-9a-f]{64})", one)
        name = one if given else Path(one).name
        if name in found or name in MEMBERS:
            raise click.UsageError(
                "--artifact: each file needs a different name, and none may have the name of a bundle member"
            )
        try:
            found[name] = given[1] if given else sha256_of_file(Path(one))
        except OSError as error:
            raise click.UsageError(f"--artifact {one}: {error.strerror or error}") from None
    return found


def _drawn(subject: str, connection: Connection, artifacts: Mapping[str, str], nonce: str) -> int:
    """The seed that the subject's statement gives; bad usage if the subject does not answer."""
    with as_usage(), explaining(subject, connection):
        return seed_of(check_statement(Client(connection).describe()), artifacts, nonce)


def _members(report: Report, transcript: bytes, key: SigningKey, issue: Issue) -> dict[str, bytes]:
    claims = certificate(report, issue)
    members = {
        CERTIFICATE: written(claims),
        PAGE: as_page(claims, report).encode("utf-8"),
        REPORT: report_to_json(report),
        TRANSCRIPT: transcript,
    }
    return {**members, ENVELOPE: seal(statement(members, report, claims), key)}


def _environment() -> dict[str, str]:
    asked: dict[str, Callable[[], str]] = {
        "python": platform.python_version,
        "system": platform.system,
        "machine": platform.machine,
    }
    return {name: ask() for name, ask in asked.items()}

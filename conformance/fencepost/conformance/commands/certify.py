"""`fencepost certify`: runs the whole suite, and writes the answers, the report and a signature into one bundle."""

import platform
import re
import sys
import tempfile
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
from fencepost.conformance.certificate.digests import catalogue_digest, sha256, suite_digest
from fencepost.conformance.certificate.envelope import seal, statement
from fencepost.conformance.certificate.immutable import why_mutable
from fencepost.conformance.certificate.keys import KeyUnusable, SigningKey, read_signing_key
from fencepost.conformance.certificate.origin import suite_origin
from fencepost.conformance.certificate.recording import Recorder
from fencepost.conformance.certificate.seed import FROM_DIGEST, FROM_SIGNER
from fencepost.conformance.certificate.verification import seed_of, written
from fencepost.conformance.commands.interruption import Interruption
from fencepost.conformance.commands.opening import as_usage, call_timeout, connected, start_timeout
from fencepost.conformance.commands.options import EFFORT, SEED
from fencepost.conformance.commands.progress import live_progress
from fencepost.conformance.commands.short_help import SHORT_HELP
from fencepost.conformance.commands.usage import usage
from fencepost.conformance.lockstep.clock import told_by
from fencepost.conformance.run.opening import begun, explaining
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
    call_timeout: float,
    start_timeout: float,
) -> None:
    """Judge SUBJECT strictly by the profile that it claims, and write a signed bundle if it passes.

    The statement must name an immutable version. A digest of the statement, the artifacts and the nonce gives the seed,
    so that the signer cannot choose it. A partial result is certified as partial. Exit status: 0 certified; 2
    bad usage, a version that moves, or a subject that does not answer; otherwise that of `check`, and nothing is
    written.
    """
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
    with Interruption(), tempfile.TemporaryFile() as file:
        try:
            with connected(subject, timeouts) as connection, Recorder(file, clean=clean) as recorder:
                if seed is None:
                    plan = replace(plan, seed=_drawn(plan.subject, connection, digests, nonce))
                report = _recorded(plan, connection, recorder)
        except KeyboardInterrupt:
            raise click.UsageError("interrupted: nothing was written") from None
        file.seek(0)
        transcript = file.read()
    page = Page.of(sys.stdout)
    click.echo(load_renderer("terminal")(report, page=page), color=page.colour)
    against = why_not(report)
    if against:
        click.echo(visible(f"not certified: {'; '.join(against)}"), err=True)
        sys.exit(report.exit_status or 2)
    try:
        write_bundle(_members(report, transcript, key, issue), out)
    except OSError as error:
        raise usage(f"--out {out}: {error.strerror or error}") from None
    told = f"certified {report.level}: {report.subject.name} {report.subject.version}, in {out}"
    click.echo(visible(f"{told}, signed with the key {key.public.id[:16]}…"), err=True)


def _key(path: Path) -> SigningKey:
    try:
        return read_signing_key(path)
    except KeyUnusable as error:
        raise click.UsageError(f"--key {error}") from None
    except OSError as error:
        raise click.UsageError(f"--key {path}: {error.strerror}") from None


def _recorded(plan: Plan, connection: Connection, recorder: Recorder) -> Report:
    """The report of the whole run, recorded; bad usage if the run cannot begin, or the version is not immutable."""
    with as_usage(), explaining(plan.subject, connection), live_progress() as listener, told_by(recorder.clock):
        campaign = begun(recorder.connect(connection), plan, listener)
        _check_version(campaign.statement.version)
        campaign.run()
        report = campaign.report()
        recorder.end(report.log)
        return report


def _digests(artifacts: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of each artifact by its name; a digest that is given stands for itself."""
    found: dict[str, str] = {}
    for one in artifacts:
        given = re.fullmatch(r"sha256:([0-9a-f]{64})", one)
        name = one if given else Path(one).name
        if name in found or name in MEMBERS:
            raise click.UsageError(
                "--artifact: each file needs a different name, and none may have the name of a bundle member"
            )
        try:
            found[name] = given[1] if given else sha256(Path(one).read_bytes())
        except OSError as error:
            raise click.UsageError(f"--artifact {one}: {error.strerror or error}") from None
    return found


def _drawn(subject: str, connection: Connection, artifacts: Mapping[str, str], nonce: str) -> int:
    """The seed that the subject's statement gives; bad usage if the subject does not answer."""
    with as_usage(), explaining(subject, connection):
        return seed_of(check_statement(Client(connection).describe()), artifacts, nonce)


def _check_version(version: str) -> None:
    moving = why_mutable(version)
    if moving:
        raise usage(f"{moving}: a certificate is for one immutable version")


def _members(report: Report, transcript: bytes, key: SigningKey, issue: Issue) -> dict[str, bytes]:
    told = certificate(report, issue)
    members = {
        CERTIFICATE: written(told),
        PAGE: as_page(told, report).encode("utf-8"),
        REPORT: report_to_json(report),
        TRANSCRIPT: transcript,
    }
    return {**members, ENVELOPE: seal(statement(members, report, told), key)}


def _environment() -> dict[str, str]:
    asked: dict[str, Callable[[], str]] = {
        "python": platform.python_version,
        "system": platform.system,
        "machine": platform.machine,
    }
    return {name: ask() for name, ask in asked.items()}

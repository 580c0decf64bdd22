"""`fencepost certify`: runs the whole suite, and writes the answers, the report and a signature into one bundle."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click
from fencepost.adapters.contract import Client, Connection, Timeouts, check_statement
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.certificate.bundle import TRANSCRIPT
from fencepost.conformance.certificate.certificate import why_not
from fencepost.conformance.certificate.seed import FROM_DIGEST, FROM_SIGNER, seed_of
from fencepost.conformance.commands import signing
from fencepost.conformance.commands.case_files import read_folder
from fencepost.conformance.commands.claim import claimed
from fencepost.conformance.commands.completion import SUBJECT
from fencepost.conformance.commands.console import show_report
from fencepost.conformance.commands.earlier_failures import EarlierFailures
from fencepost.conformance.commands.interruption import Interruption
from fencepost.conformance.commands.opening import as_usage, connected, with_timeouts
from fencepost.conformance.commands.options import EFFORT, NEW_FOLDER, SEED
from fencepost.conformance.commands.recorded_run import Found, kept, recorded
from fencepost.conformance.commands.run_folder import RunFolder
from fencepost.conformance.run.opening import explaining
from fencepost.conformance.run.plan import Plan
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible


@click.command()
@click.argument("subject", shell_complete=SUBJECT)
@signing.bundle_file
@signing.key_file
@click.option("--effort", type=EFFORT, default="thorough", show_default=True, help="How much to ask.")
@click.option(
    "--seed",
    type=SEED,
    help="Choose the seed; the certificate then says so. Without it, the seed is drawn from a digest.",
)
@click.option("--nonce", default="", metavar="TEXT", help="The customer's own text, for the digest of the seed.")
@signing.artifact_files
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
@with_timeouts
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
    timeouts: Timeouts,
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
    if seed is not None and nonce:
        raise click.UsageError("--nonce goes into the seed that is drawn: leave --seed or --nonce out")
    key = signing.signing_key(key_file)
    signing.check_new(out)
    digests = signing.artifact_digests(artifacts)
    issue = signing.issue_now(digests, seed_from=FROM_DIGEST if seed is None else FROM_SIGNER, nonce=nonce)
    clean = Mask.of_here().apply
    plan = Plan(subject=clean(subject), effort=EFFORTS[effort], seed=0 if seed is None else seed)
    past = EarlierFailures(
        cases=read_folder(regressions) if regressions is not None and regressions.is_dir() else (), folder=regressions
    )
    run_folder = RunFolder(path=resumed or folder)
    bundle = out.absolute()  # whatever the subject makes the working directory
    with (
        Interruption() as interruption,
        claimed(report=run_folder.path, regressions=regressions),
        kept(run_folder.path, is_resumed=resumed is not None) as transcript,
    ):
        try:
            with connected(subject, timeouts) as connection:
                if seed is None:
                    plan = replace(plan, seed=_drawn(plan.subject, connection, digests, nonce))
                found = recorded(plan, connection, transcript, past, interruption)
        except KeyboardInterrupt:
            raise click.UsageError("interrupted before the run began: nothing was written") from None
        report = found.report
        _leave(found, run_folder)
        if regressions is not None:
            past.store(report)
        show_report(report)
        against = why_not(report)
        if against:
            click.echo(visible(f"not certified: {'; '.join(against)}"), err=True)
            transcript.is_wanted = found.is_unfinished
            sys.exit(report.exit_status or 2)
        signing.write_signed(report, {TRANSCRIPT: transcript.content()}, bundle, key, issue, named=out)
        transcript.is_wanted = False


def _leave(found: Found, folder: RunFolder) -> None:
    """Write the report in every form; say how to go on where the run is not through."""
    folder.write(found.report)
    if found.is_unfinished and folder.path is not None:
        click.echo(f"to go on from here: the same command with --resume {folder.path} instead of --report", err=True)


def _drawn(subject: str, connection: Connection, artifacts: Mapping[str, str], nonce: str) -> int:
    """The seed that the subject's statement gives; bad usage if the subject does not answer."""
    with as_usage(), explaining(subject, connection):
        return seed_of(check_statement(Client(connection).describe()), artifacts, nonce)

"""`fencepost verify`: what a sceptic can know of a bundle, three verdicts apart."""

import sys
from pathlib import Path

import click
from fencepost.adapters.contract import HarnessFault, Timeouts
from fencepost.conformance.certificate.bundle import Bundle, NotABundle, read_bundle
from fencepost.conformance.certificate.keys import KeyUnusable, PublicKey, read_public_key
from fencepost.conformance.certificate.verification import (
    Finding,
    Unreadable,
    consistency,
    plan_of,
    re_execution,
    read_report,
    run,
    signature,
)
from fencepost.conformance.commands.console import show, show_json, table
from fencepost.conformance.commands.interruption import Interruption
from fencepost.conformance.commands.opening import call_timeout, connected, start_timeout
from fencepost.conformance.commands.progress import live_progress
from fencepost.conformance.commands.usage import usage
from fencepost.conformance.run.opening import CannotBegin
from rich.text import Text

_REASONS = 20


@click.command(short_help="Check a certificate: signature, transcript, and on request the subject itself.")
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--key",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="NAME.pub",
    help="The public key of whom you trust.",
)
@click.option("--re-run", "subject", metavar="SUBJECT", help="Ask this subject everything again.")
@click.option("--json", "as_data", is_flag=True, help="Write JSON.")
@call_timeout
@start_timeout
def verify(
    *, bundle: Path, key_file: Path, subject: str | None, as_data: bool, call_timeout: float, start_timeout: float
) -> None:
    """Check BUNDLE, a zip or a folder, and say of each of three things whether it holds.

    Signature valid: the key has signed just these bytes. Transcript consistent: every expected outcome is recomputed by
    the reference and every count recounted, from the recorded answers. Re-executed: asked again, the subject comes to
    the same verdicts. Exit status: 0 all that was asked holds, 1 something does not, 2 not a bundle or bad usage.
    """
    try:
        read = read_bundle(bundle)
    except NotABundle as error:
        raise usage(f"not a bundle: {error}") from None
    except OSError as error:
        raise usage(f"{bundle}: {error.strerror or error}") from None
    key = _key(key_file)
    findings = [signature(read, key)]
    with live_progress() as listener:
        findings.append(consistency(read, listener))
    if subject is not None:
        findings.append(_run_again(read, subject, Timeouts(start=start_timeout, call=call_timeout)))
    if as_data:
        show_json([{"verdict": one.name, "holds": one.holds, "against": list(one.against)} for one in findings])
    else:
        _show(findings, asked=subject is not None)
    sys.exit(0 if all(one.holds for one in findings) else 1)


def _key(path: Path) -> PublicKey:
    try:
        return read_public_key(path)
    except KeyUnusable as error:
        raise click.UsageError(f"--key {error}") from None
    except OSError as error:
        raise click.UsageError(f"--key {path}: {error.strerror}") from None


def _run_again(read: Bundle, subject: str, timeouts: Timeouts) -> Finding:
    try:
        stated = read_report(read)
    except Unreadable as error:
        return Finding(name="re-executed", against=(str(error),))
    try:
        with Interruption(), connected(subject, timeouts) as connection, live_progress() as listener:
            found = run(plan_of(stated, subject), connection, listener)
    except (CannotBegin, HarnessFault) as error:
        return Finding(name="re-executed", against=(f"no run of {subject} can begin: {error}",))
    return re_execution(stated, found)


def _show(findings: list[Finding], *, asked: bool) -> None:
    rows: list[tuple[str | Text, ...]] = []
    for one in findings:
        told = "holds" if one.holds else "DOES NOT HOLD"
        rows.append((one.name, Text(told, style="green" if one.holds else "bold red"), ""))
        rows += [("", "", reason) for reason in one.against[:_REASONS]]
        if len(one.against) > _REASONS:
            rows.append(("", "", f"and {len(one.against) - _REASONS} more"))
    if not asked:
        rows.append(("re-executed", "not asked", "--re-run SUBJECT asks the subject everything again"))
    show(table(("verdict", "", ""), rows))

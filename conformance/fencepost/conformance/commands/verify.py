"""`fencepost verify`: checks a certificate bundle with three separate findings."""

import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.campaign.certifying import campaign_consistency
from fencepost.conformance.certificate.bundle import ENVELOPE, PLAN, Bundle, NotABundle, read_bundle, read_envelope
from fencepost.conformance.certificate.certificate import settling_in_words
from fencepost.conformance.certificate.digests import sha256_of_file
from fencepost.conformance.certificate.envelope import NotSigned, unseal
from fencepost.conformance.certificate.keys import PublicKey, read_public_key
from fencepost.conformance.certificate.verification import (
    Finding,
    Unreadable,
    consistency,
    plan_of,
    re_execution,
    read_certificate,
    read_report,
    run,
    signature,
    unsettled,
)
from fencepost.conformance.commands import signing
from fencepost.conformance.commands.completion import SUBJECT
from fencepost.conformance.commands.console import labelled, show, show_json, table
from fencepost.conformance.commands.interruption import Interruption
from fencepost.conformance.commands.opening import connected, with_timeouts
from fencepost.conformance.commands.options import FILE, OLD_FILE
from fencepost.conformance.commands.progress import live_progress
from fencepost.conformance.commands.usage import os_error_as_usage, usage
from fencepost.conformance.run.opening import CannotBegin
from fencepost.conformance.run.plan import Listener, Plan
from fencepost.reports.model import Report
from fencepost.reports.visible import visible
from rich.text import Text

_REASONS = 20
LEVELS = ("partial", "core", "core+extended")
"""The levels of a certificate, the lowest first."""


@click.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--key",
    "key_file",
    type=FILE,
    required=True,
    metavar="NAME.pub",
    help="The public key of the certificate's issuer, from a source that you trust.",
)
@click.option(
    "--re-run", "subject", metavar="SUBJECT", shell_complete=SUBJECT, help="Ask this subject everything again."
)
@click.option(
    "--seed", type=click.IntRange(min=0), help="The seed of --re-run; without it, a random one, which is shown."
)
@click.option(
    "--artifact",
    "artifacts",
    type=OLD_FILE,
    multiple=True,
    metavar="FILE",
    help="A file whose digest the certificate must name; repeatable.",
)
@click.option("--require-level", type=click.Choice(LEVELS), help="Fail a certificate of a lower level.")
@click.option("--require-effort", type=click.Choice(list(EFFORTS)), help="Fail a certificate of a lower effort.")
@click.option("--unsigned", is_flag=True, help="Open the other members although the signature is not valid.")
@click.option("--json", "as_data", is_flag=True, help="Write JSON.")
@with_timeouts
def verify(
    *,
    bundle: Path,
    key_file: Path,
    subject: str | None,
    seed: int | None,
    artifacts: tuple[Path, ...],
    require_level: str | None,
    require_effort: str | None,
    unsigned: bool,
    as_data: bool,
    timeouts: Timeouts,
) -> None:
    """Check BUNDLE, a zip or a folder, with three findings.

    Signature valid: the key has signed exactly these bytes. Nothing else is opened before that is found, unless
    --unsigned insists. Transcript consistent: from the recorded answers the reference computes the same outcomes and
    counts. Re-executed: with another seed, the subject gets the same verdicts. Exit status: 0 every finding
    that was asked for holds, 1 one does not, 2 not a bundle, interrupted, or bad usage.
    """
    with signing.key_errors_as_usage(key_file):
        key = read_public_key(key_file)
    try:
        with os_error_as_usage(str(bundle)):
            is_signed = _is_signed(read_envelope(bundle), key)
            read = read_bundle(bundle) if is_signed or unsigned else None
    except NotABundle as error:
        raise usage(f"not a bundle: {error}") from None
    if read is None:
        reason = f"{ENVELOPE}: the statement is not signed with the key {key.id[:16]}…"
        findings = [Finding(name="signature valid", against=(reason,)), _NOT_OPENED]
        certified: Mapping[str, object] = {}
    else:
        findings = [signature(read, key)]
        if findings[0].holds or unsigned:
            with live_progress() as listener:
                findings.append(_consistency(read, listener))
            certified = _certified(read)
            findings += _required(certified, require_level, require_effort, artifacts)
            if subject is not None:
                findings.append(_run_again(read, subject, seed, timeouts))
        else:
            certified, findings = {}, [*findings, _NOT_OPENED]
    certified = {**certified, "key": key.id} if certified else certified
    if as_data:
        rows = [
            {"verdict": one.name, "holds": one.holds, "against": list(one.against), "unchecked": list(one.unchecked)}
            for one in findings
        ]
        show_json({"certified": dict(certified), "findings": rows})
    else:
        _show(findings, certified, asked=subject is not None)
    sys.exit(0 if all(one.holds for one in findings) else 1)


_NOT_OPENED = Finding(
    name="transcript consistent",
    against=("not opened: without a valid signature nothing else is read (--unsigned insists)",),
)


def _is_signed(envelope: bytes, key: PublicKey) -> bool:
    try:
        unseal(envelope, key)
    except NotSigned:
        return False
    return True


def _consistency(read: Bundle, listener: Listener) -> Finding:
    try:
        with Interruption():
            return (campaign_consistency if PLAN in read.members else consistency)(read, listener)
    except KeyboardInterrupt:
        raise click.UsageError("interrupted: the bundle was not checked to its end") from None


def _certified(read: Bundle) -> Mapping[str, object]:
    """What the certificate is about, in the order in which it is shown."""
    try:
        report, claims = read_report(read), read_certificate(read)
    except Unreadable:
        return {}
    implementation = claims.get("implementation")
    artifacts = implementation.get("artifacts") if isinstance(implementation, dict) else None
    campaign = {"campaign": claims["campaign"]} if "campaign" in claims else {}
    return {
        "name": report.subject.name,
        "version": report.subject.version,
        "level": report.level,
        "profile": report.profile,
        "effort": report.effort,
        "seed": report.seed,
        **campaign,
        "issued": claims.get("issued"),
        "artifacts": artifacts,
        "choices": dict(report.subject.choices),
        **({"settleSeconds": report.subject.settle_seconds} if report.subject.settle_seconds else {}),
    }


def _required(
    certified: Mapping[str, object], level: str | None, effort: str | None, artifacts: Sequence[Path]
) -> Iterator[Finding]:
    """Findings about what the verifier asks of the certificate: a level, an effort, the digests of files."""
    if level is not None:
        stated = certified.get("level")
        is_lower = stated not in LEVELS or LEVELS.index(str(stated)) < LEVELS.index(level)
        yield Finding(name=f"level {level}", against=(f"the level is {stated}",) if is_lower else ())
    if effort is not None:
        stated, order = str(certified.get("effort")), list(EFFORTS)
        is_lower = stated not in order or order.index(stated) < order.index(effort)
        yield Finding(name=f"effort {effort}", against=(f"the effort is {stated}",) if is_lower else ())
    named = certified.get("artifacts")
    for path in artifacts:
        with os_error_as_usage(f"--artifact {path}"):
            digest = sha256_of_file(path)
        is_named = isinstance(named, dict) and digest in named.values()
        reason = f"no artifact of the certificate has its SHA-256, {digest}"
        yield Finding(name=f"artifact {path.name}", against=() if is_named else (reason,))


_MOST_SEEDS = 3
"""How many seeds a re-run tries before it leaves a vacuous clause unconfirmed."""


def _run_again(read: Bundle, subject: str, seed: int | None, timeouts: Timeouts) -> Finding:
    try:
        stated = read_report(read)
    except Unreadable as error:
        return Finding(name="re-executed", against=(str(error),))
    seed = secrets.randbelow(2**32) if seed is None else seed
    found: list[Report] = []
    try:
        while not found or (unsettled(stated, found) and len(found) < _MOST_SEEDS):
            found.append(_found_again(plan_of(stated, subject, seed=seed + len(found)), subject, timeouts))
    except CannotBegin as error:
        return Finding(name="re-executed", against=(f"the run against {subject} cannot begin: {error}",))
    except KeyboardInterrupt:
        raise click.UsageError("interrupted: the subject was not asked to the end") from None
    return re_execution(stated, found)


def _found_again(plan: Plan, subject: str, timeouts: Timeouts) -> Report:
    click.echo(f"asking {visible(subject)} again with the seed {plan.seed}", err=True)
    with (
        Interruption(),
        connected(subject, timeouts, profile=plan.profile) as connection,
        live_progress() as listener,
    ):
        return run(plan, connection, listener)


def _show(findings: list[Finding], certified: Mapping[str, object], *, asked: bool) -> None:
    if certified:
        show(labelled(_in_words(name, value) for name, value in certified.items()), Text(""))
    rows: list[tuple[str | Text, ...]] = []
    for one in findings:
        result = "holds" if one.holds else "DOES NOT HOLD"
        rows.append((one.name, Text(result, style="green" if one.holds else "bold red"), ""))
        rows += [("", "", reason) for reason in one.against[:_REASONS]]
        if len(one.against) > _REASONS:
            rows.append(("", "", f"and {len(one.against) - _REASONS} more"))
        rows += [("", "not checked" if one.name != "re-executed" else "", claim) for claim in one.unchecked]
    if not asked:
        rows.append(("re-executed", "not asked", "--re-run SUBJECT asks the subject everything again"))
    show(table(("verdict", "", ""), rows))


def _in_words(name: str, value: object) -> tuple[str, str]:
    if isinstance(value, Mapping):
        return name, ", ".join(f"{key}: {one}" for key, one in value.items()) or "none"
    if name == "settleSeconds" and isinstance(value, float):
        return "settle time", settling_in_words(value)
    return name, str(value)

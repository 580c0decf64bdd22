"""Signing a certificate: the options that commands share, and the bundle that is written."""

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from fencepost.conformance.certificate.bundle import CERTIFICATE, ENVELOPE, NAMES, PAGE, REPORT, write_bundle
from fencepost.conformance.certificate.certificate import Issue, as_page, certificate
from fencepost.conformance.certificate.digests import catalogue_digest, sha256_of_file, suite_digest
from fencepost.conformance.certificate.envelope import seal, statement
from fencepost.conformance.certificate.keys import KeyUnusable, SigningKey, read_signing_key
from fencepost.conformance.certificate.origin import suite_origin
from fencepost.conformance.certificate.verification import written
from fencepost.conformance.commands.options import FILE
from fencepost.conformance.commands.usage import os_error_as_usage
from fencepost.reports.model import Report, report_to_json
from fencepost.reports.visible import visible

bundle_file = click.option(
    "--out", type=FILE, required=True, metavar="BUNDLE", help="The zip to write; it must not exist."
)
key_file = click.option(
    "--key", "key_file", type=FILE, required=True, metavar="FILE", help="The private key to sign with."
)
artifact_files = click.option(
    "--artifact",
    "artifacts",
    multiple=True,
    metavar="FILE|sha256:DIGEST",
    help="A file of the implementation whose digest is signed too, or the digest itself; repeatable.",
)


def signing_key(path: Path) -> SigningKey:
    """The private key in the file, with a warning if others can read it; bad usage if there is none."""
    with key_errors_as_usage(path):
        key = read_signing_key(path)
        if path.stat().st_mode & 0o077:
            click.echo(f"warning: --key {path} can be read or changed by others: chmod 600 {path}", err=True)
        return key


@contextmanager
def key_errors_as_usage(path: Path) -> Iterator[None]:
    """Bad usage where the file of --key holds no key of the kind, or cannot be read."""
    try:
        with os_error_as_usage(f"--key {path}"):
            yield
    except KeyUnusable as error:
        raise click.UsageError(f"--key {error}") from None


def check_new(out: Path) -> None:
    """Bad usage if no bundle can be written there: the file exists, or its folder does not."""
    if out.exists() or out.is_symlink():
        raise click.UsageError(f"--out {out}: the file exists, and a certificate is never overwritten")
    if not out.parent.is_dir():
        raise click.UsageError(f"--out {out}: there is no folder {out.parent}")


def artifact_digests(artifacts: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of each artifact by its name; a given digest is taken as it is."""
    found: dict[str, str] = {}
    for one in artifacts:
        given = re.fullmatch(r"sha256:([0-9a-f]{64})", one)
        name = one if given else Path(one).name
        if name in found or name in NAMES:
            raise click.UsageError(
                "--artifact: each file needs a different name, and none may have the name of a bundle member"
            )
        with os_error_as_usage(f"--artifact {one}"):
            found[name] = given[1] if given else sha256_of_file(Path(one))
    return found


def issue_now(
    artifacts: Mapping[str, str], *, seed_from: str, nonce: str = "", campaign: Mapping[str, object] | None = None
) -> Issue:
    """The issue of a certificate now, on this machine, by the suite that is installed."""
    return Issue(
        issued=datetime.now(UTC).isoformat(timespec="seconds"),
        suite_digest=suite_digest(),
        catalogue_digest=catalogue_digest(),
        environment={
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
        },
        artifacts=artifacts,
        origin=suite_origin(),
        seed_from=seed_from,
        nonce=nonce,
        campaign=campaign,
    )


def write_signed(
    report: Report,
    evidence: Mapping[str, bytes],
    out: Path,
    key: SigningKey,
    issue: Issue,
    *,
    named: Path | None = None,
) -> None:
    """Write the bundle of this report, with the members that prove it, and say so; `named` is its path in messages."""
    with os_error_as_usage(f"--out {named or out}"):
        write_bundle(_members(report, evidence, key, issue), out)
    text = f"certified {report.level}: {report.subject.name} {report.subject.version}, in {named or out}"
    click.echo(visible(f"{text}, signed with the key {key.public.id[:16]}…"), err=True)


def _members(report: Report, evidence: Mapping[str, bytes], key: SigningKey, issue: Issue) -> dict[str, bytes]:
    claims = certificate(report, issue)
    members = {
        CERTIFICATE: written(claims),
        PAGE: as_page(claims, report).encode("utf-8"),
        REPORT: report_to_json(report),
        **evidence,
    }
    return {**members, ENVELOPE: seal(statement(members, report, claims), key)}

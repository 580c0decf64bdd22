"""A folder with a certified bundle, and what a liar who has the key makes of it."""

import gzip
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.certificate.bundle import ENVELOPE, Bundle, read_bundle
from fencepost.conformance.certificate.certificate import Issue, as_page, certificate
from fencepost.conformance.certificate.envelope import seal, statement
from fencepost.conformance.certificate.keys import make_keys, read_signing_key
from fencepost.conformance.certificate.verification import written
from fencepost.conformance.commands import main
from fencepost.reports.model import report_from_json

ENFORCER = "library:fencepost.conformance.peers:EnforcerVault"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def certified(factory: pytest.TempPathFactory) -> Path:
    """A folder with a key pair, another pair, and a bundle: one for all tests that a worker runs."""
    return _made(factory.getbasetemp() / "certified folder")


@cache
def _made(made: Path) -> Path:
    made.mkdir()
    make_keys(made / "key")
    make_keys(made / "other")
    result = run("certify", ENFORCER, "--out", made / "b.zip", "--key", made / "key", "--effort", "quick")
    assert result.exit_code == 0, result.output
    return made


def members_of(folder: Path) -> dict[str, bytes]:
    return dict(read_bundle(folder / "b.zip").members)


def signed_anew(members: Mapping[str, bytes], folder: Path) -> Bundle:
    """The bundle that a liar with the key makes of altered members: certificate, page and envelope fit them."""
    report = report_from_json(members["report.json"])
    document = json.loads(members["certificate.json"])
    issue = Issue(
        issued=document["issued"],
        suite_digest=document["suite"]["sha256"],
        catalogue_digest=document["catalogue"]["sha256"],
        environment=document["environment"],
        artifacts={},
        origin=document["suite"]["origin"],
        seed_from=document["asked"]["seedFrom"],
        campaign=document.get("campaign"),
    )
    document = certificate(report, issue)
    new = {**members, "certificate.json": written(document), "certificate.md": as_page(document, report).encode()}
    signed = {name: content for name, content in new.items() if name != ENVELOPE}
    return Bundle(
        members={**signed, ENVELOPE: seal(statement(signed, report, document), read_signing_key(folder / "key"))}
    )


def transcript_with(members: dict[str, bytes], change: Callable[[list[dict[str, object]]], None]) -> dict[str, bytes]:
    lines = [json.loads(line) for line in gzip.decompress(members["transcript.ndjson.gz"]).splitlines()]
    change(lines)
    text = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
    return {**members, "transcript.ndjson.gz": gzip.compress(text, mtime=0)}


def transcript_in_bytes(members: dict[str, bytes], change: Callable[[list[bytes]], None]) -> dict[str, bytes]:
    """The members with a transcript whose lines are changed byte for byte."""
    lines = gzip.decompress(members["transcript.ndjson.gz"]).splitlines(keepends=True)
    change(lines)
    return {**members, "transcript.ndjson.gz": gzip.compress(b"".join(lines), mtime=0)}

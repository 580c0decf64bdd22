"""Checks the parts of a certificate by their form, and against the suite installed here."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version as installed_version

from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.certificate.bundle import CERTIFICATE, NAMES
from fencepost.conformance.certificate.digests import catalogue_digest, suite_digest
from fencepost.conformance.certificate.origin import FORM as ORIGIN_FORM
from fencepost.conformance.certificate.seed import FROM_SIGNER

_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+(\.[a-z0-9]+)*)?", re.ASCII)
"""A version of a Python package in its normal form (PEP 440)."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", re.ASCII)
"""The form in which fencepost writes a date and time (RFC 3339), to the second in UTC."""

_FIRST = datetime(2026, 11, 23, tzinfo=UTC)
"""No certificate is older than fencepost."""

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def form_faults(claims: Mapping[str, object]) -> Iterator[str]:
    """The parts of a certificate that fencepost would not write, or that contradict the suite installed here.

    The commands under *Reproduce* are pasted into shells, so the versions in them are checked by form.
    """
    issued = claims.get("issued")
    if not isinstance(issued, str) or not _is_past(issued):
        yield (
            f"{CERTIFICATE}: issued: {issued!r} is no date and time in UTC that has passed since "
            f"{_FIRST:%Y-%m-%d}, when fencepost began, as 2026-12-31T23:59:59+00:00"
        )
    suite = claims.get("suite")
    origin = suite.get("origin") if isinstance(suite, dict) else None
    if not isinstance(origin, str) or not ORIGIN_FORM.fullmatch(origin):
        yield f"{CERTIFICATE}: suite: {origin!r} is neither a commit nor a digest"
    for name, version, digest in (
        ("suite", installed_version("fencepost"), suite_digest()),
        ("catalogue", catalogue().version, catalogue_digest()),
    ):
        part = claims.get(name)
        stated = part if isinstance(part, dict) else {}
        if not _VERSION.fullmatch(str(stated.get("version"))):
            yield f"{CERTIFICATE}: {name}: {stated.get('version')!r} is no version"
        if not _DIGEST.fullmatch(str(stated.get("sha256"))):
            yield f"{CERTIFICATE}: {name}: {stated.get('sha256')!r} is no SHA-256 in hexadecimal digits"
        elif stated.get("version") == version and stated["sha256"] != digest:
            yield f"{CERTIFICATE}: {name}: {version} is installed here, and its digest is another: {digest}"
        elif stated.get("version") != version and stated["sha256"] == digest:
            other = f"{stated.get('version')!r} with the digest of {version}"
            yield f"{CERTIFICATE}: {name}: {other}, which is installed here"
    yield from _artifact_faults(claims.get("implementation"))
    asked = claims.get("asked")
    if isinstance(asked, dict) and asked.get("seedFrom") == FROM_SIGNER and asked.get("nonce") != "":
        yield f"{CERTIFICATE}: asked: a nonce, and a seed that was not drawn with it"


def _artifact_faults(implementation: object) -> Iterator[str]:
    artifacts = implementation.get("artifacts") if isinstance(implementation, dict) else None
    if not isinstance(artifacts, dict):
        yield f"{CERTIFICATE}: implementation: its artifacts are no object"
        return
    for name, digest in artifacts.items():
        if not name or name in NAMES:
            yield f"{CERTIFICATE}: implementation: {name!r} names no artifact"
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            yield f"{CERTIFICATE}: implementation: {digest!r} is no SHA-256 in hexadecimal digits"


def _is_past(issued: str) -> bool:
    if not _MOMENT.fullmatch(issued):
        return False
    try:
        moment = datetime.fromisoformat(issued)
    except ValueError:
        return False
    return _FIRST <= moment <= datetime.now(UTC) + timedelta(days=1)

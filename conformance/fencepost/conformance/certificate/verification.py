"""Checking a bundle: three verdicts, apart from each other, and every reason why one does not hold."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
from fencepost.adapters.contract import Connection, HarnessFault
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.certificate.bundle import CERTIFICATE, ENVELOPE, PAGE, REPORT, SIGNED, TRANSCRIPT, Bundle
from fencepost.conformance.certificate.certificate import FORMAT, VERSION, Issue, as_page, certificate, why_not
from fencepost.conformance.certificate.digests import catalogue_digest, sha256, suite_digest
from fencepost.conformance.certificate.envelope import NotSigned, signed_digests, statement, unseal
from fencepost.conformance.certificate.keys import PublicKey
from fencepost.conformance.certificate.replaying import Transcript, TranscriptDiffers
from fencepost.conformance.lockstep.clock import told_by
from fencepost.conformance.run.opening import CannotBegin, begun
from fencepost.conformance.run.plan import Listener, Plan
from fencepost.reports.model import Report, report_to_json
from fencepost.reports.stored import RunRefused, run_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One verdict: what was to be shown, and why it does not hold; it holds where there is no reason."""

    name: str
    against: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing stands against it."""
        return not self.against


def signature(bundle: Bundle, key: PublicKey) -> Finding:
    """Signature valid: the key has signed the statement, and every byte of the bundle is what was signed."""
    return Finding(name="signature valid", against=tuple(_against_signature(bundle, key)))


def _against_signature(bundle: Bundle, key: PublicKey) -> Iterator[str]:
    try:
        told = unseal(bundle.members[ENVELOPE], key)
        digests = signed_digests(told)
    except NotSigned as error:
        yield f"{ENVELOPE}: {error}"
        return
    altered = [name for name in SIGNED if digests.get(name) != sha256(bundle.members[name])]
    for name in altered:
        yield f"{name}: not what was signed: its SHA-256 is {sha256(bundle.members[name])}"
    if not altered and bundle.altered_at is not None:
        yield f"the zip around the members, byte {bundle.altered_at}: not as it was written"


def consistency(bundle: Bundle, listener: Listener = lambda _: None) -> Finding:
    """Transcript consistent: the same run, put to the recorded answers, gives the same report and the same certificate.

    Every expected outcome is recomputed by the reference that is installed here, every count is counted again, and every
    question is compared with the recorded one.
    """
    return Finding(name="transcript consistent", against=tuple(_against_consistency(bundle, listener)))


def _against_consistency(bundle: Bundle, listener: Listener) -> Iterator[str]:
    try:
        report = read_report(bundle)
        told = _certificate(bundle)
    except Unreadable as error:
        yield str(error)
        return
    made_by_others = _made_by_others(told)
    try:
        again = _run_again(report, bundle.members[TRANSCRIPT], listener)
    except TranscriptDiffers as error:
        yield f"{error}{made_by_others}"
    except (CannotBegin, HarnessFault) as error:
        yield f"{TRANSCRIPT}: the run cannot even begin: {error}{made_by_others}"
    else:
        yield from (f"{REPORT}: {reason}{made_by_others}" for reason in differences(report, again))
    yield from (f"{REPORT}: {reason}" for reason in why_not(report))
    if report_to_json(report) != bundle.members[REPORT]:
        yield f"{REPORT}: not written as a report is"
    yield from _against_certificate(bundle, report, told)


def _against_certificate(bundle: Bundle, report: Report, told: Mapping[str, object]) -> Iterator[str]:
    try:
        expected = certificate(report, _issue(told))
    except (KeyError, TypeError, ValueError):
        yield f"{CERTIFICATE}: not the certificate of this report"
        return
    for name in sorted({*expected, *told}):
        if expected.get(name) != told.get(name):
            yield f"{CERTIFICATE}: {name}: {told.get(name)!r} where the report says {expected.get(name)!r}"
    if written(expected) != bundle.members[CERTIFICATE]:
        yield f"{CERTIFICATE}: not written as a certificate is"
    if as_page(expected, report).encode("utf-8") != bundle.members[PAGE]:
        yield f"{PAGE}: does not say what the certificate says"
    signed = statement({name: bundle.members[name] for name in SIGNED}, report, expected)
    try:
        payload = json.loads(_payload(bundle.members[ENVELOPE]))
    except (ValueError, KeyError, TypeError):
        yield f"{ENVELOPE}: no statement is in it"
        return
    if payload != signed:
        yield f"{ENVELOPE}: the statement does not say what the certificate says"


def _payload(envelope: bytes) -> bytes:
    return base64.b64decode(json.loads(envelope)["payload"])


def written(told: Mapping[str, object]) -> bytes:
    """A certificate as its file has it."""
    return (json.dumps(told, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def _issue(told: Mapping[str, object]) -> Issue:
    implementation, suite, known, environment = (
        told[name] for name in ("implementation", "suite", "catalogue", "environment")
    )
    parts = (implementation, suite, known, environment)
    if not all(isinstance(one, dict) for one in parts):
        raise TypeError("parts of a certificate are objects")
    assert isinstance(implementation, dict)
    assert isinstance(suite, dict)
    assert isinstance(known, dict)
    assert isinstance(environment, dict)
    return Issue(
        issued=str(told["issued"]),
        suite_digest=str(suite["sha256"]),
        catalogue_digest=str(known["sha256"]),
        environment=environment,
        artifacts=implementation["artifacts"],
    )


class Unreadable(Exception):
    """A member that cannot be read: which, and why."""


def read_report(bundle: Bundle) -> Report:
    """The report of the bundle."""
    try:
        return run_from(bundle.members[REPORT]).report
    except RunRefused as error:
        raise Unreadable(f"{REPORT}: {error}") from None


def _certificate(bundle: Bundle) -> Mapping[str, object]:
    try:
        told = msgspec.json.decode(bundle.members[CERTIFICATE], type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"{CERTIFICATE}: no JSON object: {error}") from None
    if told.get("format") != FORMAT or told.get("version") != VERSION:
        came = f"{told.get('format')!r}, version {told.get('version')!r}"
        raise Unreadable(f"{CERTIFICATE}: expected {FORMAT!r}, version {VERSION}, got {came}")
    return told


def _made_by_others(told: Mapping[str, object]) -> str:
    """What explains a difference: another suite, or another catalogue, than the one installed here."""
    parts = (("suite", suite_digest()), ("catalogue", catalogue_digest()))
    for name, here in parts:
        stated = told.get(name)
        if isinstance(stated, dict) and stated.get("sha256") != here:
            return f" (made by another {name} than the one installed here: {name} {stated.get('version')!r})"
    return ""


def plan_of(report: Report, subject: str | None = None) -> Plan:
    """The plan that leads to such a report."""
    return Plan(
        subject=report.subject.subject if subject is None else subject,
        effort=EFFORTS[report.effort],
        seed=report.seed,
        profile=report.profile if report.profile_is_override else None,
    )


def _run_again(report: Report, packed: bytes, listener: Listener) -> Report:
    if report.effort not in EFFORTS:
        raise TranscriptDiffers(line=1, reason=f"no effort is called {report.effort!r}")
    transcript = Transcript(packed)
    with told_by(transcript.clock):
        again = run(plan_of(report), transcript.connection(), listener)
    transcript.end()
    return again


def run(plan: Plan, connection: Connection, listener: Listener) -> Report:
    """The report of a whole run; `CannotBegin` where there is none."""
    campaign = begun(connection, plan, listener)
    campaign.run()
    return campaign.report()


def differences(stated: Report, found: Report) -> Iterator[str]:
    """Where two reports differ, by member and, in clauses and ledger, by entry; the suite's version is left out."""
    one, other = (msgspec.to_builtins(report) for report in (stated, found))
    for name in one:
        if name == "kitVersion" or one[name] == other[name]:
            continue
        if name not in ("clauses", "ledger"):
            yield f"{name}: {one[name]!r}, recounted {other[name]!r}"
            continue
        key = "id" if name == "clauses" else "key"
        entries, recounted = ({entry[key]: entry for entry in told[name]} for told in (one, other))
        for entry in dict.fromkeys((*entries, *recounted)):
            yield from _members(entry, entries.get(entry), recounted.get(entry))


def _members(key: str, stated: Mapping[str, object] | None, found: Mapping[str, object] | None) -> Iterator[str]:
    if stated is None or found is None:
        yield f"{key}: {'not there' if stated is None else 'there'}, and {'not ' if found is None else ''}in the run"
        return
    for name, value in stated.items():
        if value != found.get(name):
            yield f"{key}: {name}: {value!r}, recounted {found.get(name)!r}"


def re_execution(stated: Report, found: Report) -> Finding:
    """Re-executed: another run of the same version, asked the same, comes to the same verdicts, limits and open points."""
    against = []
    for name in ("name", "version", "profile", "features", "choices"):
        one, other = getattr(stated.subject, name), getattr(found.subject, name)
        if one != other:
            against.append(f"the subject's {name}: {one!r} certified, {other!r} now")
    rows, now = ({row.id: row for row in report.clauses} for report in (stated, found))
    for key, row in rows.items():
        again = now.get(key)
        if again is None or (row.verdict, row.limit_found) != (again.verdict, again.limit_found):
            came = f"{again.verdict} {again.limit_found or ''}".strip() if again else "not asked"
            against.append(f"{key}: {row.verdict} {row.limit_found or ''}".rstrip() + f" certified, {came} now")
    entries = {entry.key: entry for entry in found.ledger}
    for entry in stated.ledger:
        found_now = entries[entry.key].found if entry.key in entries else "not asked"
        if found_now != entry.found:
            against.append(f"{entry.key}: {entry.found} certified, {found_now} now")
    if found.exit_status != 0:
        against.append(f"the result is {found.result!r} now")
    return Finding(name="re-executed", against=tuple(against))

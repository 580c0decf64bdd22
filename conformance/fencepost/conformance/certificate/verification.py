"""Checks a bundle with three separate findings, each with every reason why it does not hold."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
from fencepost.adapters.contract import Connection, HarnessFault
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.certificate.bundle import (
    CERTIFICATE,
    ENVELOPE,
    PAGE,
    PLAN,
    REPORT,
    TRANSCRIPT,
    Bundle,
)
from fencepost.conformance.certificate.certificate import FORMAT, VERSION, Issue, as_page, certificate, part, why_not
from fencepost.conformance.certificate.digests import catalogue_digest, sha256, suite_digest
from fencepost.conformance.certificate.envelope import NotSigned, payload_of, signed_digests, statement, unseal
from fencepost.conformance.certificate.form import form_faults
from fencepost.conformance.certificate.keys import PublicKey
from fencepost.conformance.certificate.replaying import LARGEST, Transcript, TranscriptDiffers
from fencepost.conformance.certificate.seed import FROM_DIGEST, FROM_SIGNER, seed_of
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.conformance.run.opening import CannotBegin, begun
from fencepost.conformance.run.plan import Listener, Plan
from fencepost.reports.model import Report, report_to_json
from fencepost.reports.stored import RunRefused, run_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding: the claim that was checked, and the reasons why it does not hold; without a reason it holds.

    `unchecked` are statements of the bundle that this check cannot confirm.
    """

    name: str
    against: tuple[str, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether there is no reason against it."""
        return not self.against


def signature(bundle: Bundle, key: PublicKey) -> Finding:
    """Signature valid: the key has signed the statement, and every byte of the bundle is as signed."""
    return Finding(name="signature valid", against=tuple(_against_signature(bundle, key)))


def _against_signature(bundle: Bundle, key: PublicKey) -> Iterator[str]:
    try:
        signed = unseal(bundle.members[ENVELOPE], key)
        digests = signed_digests(signed)
    except NotSigned as error:
        yield f"{ENVELOPE}: {error}"
        return
    if PLAN in digests and PLAN not in bundle.members:
        yield f"{PLAN}: signed, and missing"
    altered = [name for name, content in bundle.signed.items() if digests.get(name) != sha256(content)]
    for name in altered:
        yield f"{name}: not what was signed: its SHA-256 is {sha256(bundle.members[name])}"
    if not altered and bundle.altered_at is not None:
        yield f"the zip around the members, byte {bundle.altered_at}: not as it was written"


Again: TypeAlias = Callable[[Report, bytes, Listener], Report]
"""The report that the recorded answers lead to, from the stated report and the transcript.

Raises `TranscriptDiffers`, `CannotBegin` or `HarnessFault` where they lead to none.
"""

CONSISTENT = "transcript consistent"

_MOST_ASIDE = 64 * 1024**2
_MOST_OF_ONE = 4 * 1024
"""So many bytes a transcript may have for each decision or write that the report claims, and for all the rest."""


def consistency(
    bundle: Bundle,
    listener: Listener = lambda _: None,
    *,
    again: Again | None = None,
    campaign: Mapping[str, object] | None = None,
) -> Finding:
    """Transcript consistent: the same run over the recorded answers gives the same report and the same certificate.

    The installed reference computes every expected outcome again, every count is repeated, and every call is compared
    with the recorded call. For a `campaign`, which its certificate names so, `again` merges its tasks.
    """
    against = tuple(_against_consistency(bundle, listener, again or _run_again, campaign))
    return Finding(name=CONSISTENT, against=against, unchecked=tuple(_unchecked(bundle)))


def _unchecked(bundle: Bundle) -> Iterator[str]:
    """What the signer states and nothing in the bundle proves."""
    try:
        report, claims = read_report(bundle), read_certificate(bundle)
    except Unreadable:
        return
    yield f"the subject string {report.subject.subject!r}, the date of issue and the machine are the signer's own words"
    suite, others = claims.get("suite"), _made_by_others(claims)
    if isinstance(suite, dict) and suite.get("origin"):
        yield f"the suite's origin, {suite['origin']!r}, from which *Reproduce* installs, is the signer's own word"
    if others:
        yield f"the suite's digest: it is not of the version installed here{others}"


def _against_consistency(
    bundle: Bundle, listener: Listener, run_again: Again, campaign: Mapping[str, object] | None
) -> Iterator[str]:
    try:
        report = read_report(bundle)
        claims = read_certificate(bundle)
    except Unreadable as error:
        yield str(error)
        return
    made_by_others = _made_by_others(claims)
    yield from form_faults(claims)
    try:
        again = run_again(report, bundle.members[TRANSCRIPT], listener)
    except TranscriptDiffers as error:
        yield f"{error}{made_by_others}"
    except (CannotBegin, HarnessFault) as error:
        yield f"{TRANSCRIPT}: the run cannot even begin: {error}{made_by_others}"
    else:
        yield from (f"{REPORT}: {reason}{made_by_others}" for reason in differences(report, again))
    yield from (f"{REPORT}: {reason}" for reason in why_not(report))
    if report_to_json(report) != bundle.members[REPORT]:
        yield f"{REPORT}: not written as a report is"
    yield from _against_certificate(bundle, report, claims, campaign)


def _against_certificate(
    bundle: Bundle, report: Report, claims: Mapping[str, object], campaign: Mapping[str, object] | None
) -> Iterator[str]:
    try:
        expected = certificate(report, _issue(claims, campaign))
    except (KeyError, TypeError, ValueError):
        yield f"{CERTIFICATE}: not the certificate of this report"
        return
    yield from _against_seed(report, expected)
    for name in sorted({*expected, *claims}):
        if expected.get(name) != claims.get(name):
            yield f"{CERTIFICATE}: {name}: {claims.get(name)!r} where the report says {expected.get(name)!r}"
    if written(expected) != bundle.members[CERTIFICATE]:
        yield f"{CERTIFICATE}: not written as a certificate is"
    if as_page(expected, report).encode("utf-8") != bundle.members[PAGE]:
        yield f"{PAGE}: does not say what the certificate says"
    signed = statement(bundle.signed, report, expected)
    try:
        payload = payload_of(bundle.members[ENVELOPE])
    except NotSigned as error:
        yield f"{ENVELOPE}: {error}"
        return
    if payload != signed:
        yield f"{ENVELOPE}: the statement does not say what the certificate says"


def _against_seed(report: Report, claims: Mapping[str, object]) -> Iterator[str]:
    """Check that a seed stated as drawn from a digest is that digest's seed."""
    asked, implementation = part(claims, "asked"), part(claims, "implementation")
    if asked["seedFrom"] not in (FROM_DIGEST, FROM_SIGNER):
        yield f"{CERTIFICATE}: asked: {asked['seedFrom']!r} chooses no seed"
    elif asked["seedFrom"] == FROM_DIGEST:
        drawn = seed_of(report.subject, implementation["artifacts"], str(asked["nonce"]))
        if drawn != report.seed:
            yield f"{CERTIFICATE}: asked: the seed is {report.seed}, and the digest gives {drawn}"


def written(claims: Mapping[str, object]) -> bytes:
    """The bytes of a certificate's file."""
    return (json.dumps(claims, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def _issue(claims: Mapping[str, object], campaign: Mapping[str, object] | None) -> Issue:
    """The issue that the claims state. The seeds of a campaign are those of its plan, which the signer has written."""
    suite, asked = part(claims, "suite"), part(claims, "asked")
    return Issue(
        issued=str(claims["issued"]),
        suite_digest=str(suite["sha256"]),
        catalogue_digest=str(part(claims, "catalogue")["sha256"]),
        environment=part(claims, "environment"),
        artifacts=part(claims, "implementation")["artifacts"],
        origin=str(suite["origin"]),
        seed_from=str(asked["seedFrom"]) if campaign is None else FROM_SIGNER,
        nonce=str(asked["nonce"]) if campaign is None else "",
        campaign=campaign,
    )


class Unreadable(Exception):
    """A member that cannot be read; the fields give its name and the reason."""


def read_report(bundle: Bundle) -> Report:
    """The report of the bundle."""
    try:
        return run_from(bundle.members[REPORT]).report
    except RunRefused as error:
        raise Unreadable(f"{REPORT}: {error}") from None


def read_certificate(bundle: Bundle) -> Mapping[str, object]:
    """The certificate of the bundle."""
    try:
        claims = msgspec.json.decode(bundle.members[CERTIFICATE], type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"{CERTIFICATE}: no JSON object: {error}") from None
    if claims.get("format") != FORMAT or claims.get("version") != VERSION:
        stated = f"{claims.get('format')!r}, version {claims.get('version')!r}"
        raise Unreadable(f"{CERTIFICATE}: expected {FORMAT!r}, version {VERSION}, got {stated}")
    return claims


def _made_by_others(claims: Mapping[str, object]) -> str:
    """The explanation of a difference: the suite or the catalogue is not the installed one; empty if both are."""
    parts = (("suite", suite_digest()), ("catalogue", catalogue_digest()))
    for name, here in parts:
        stated = claims.get(name)
        if isinstance(stated, dict) and stated.get("sha256") != here:
            return f" (made by another {name} than the one installed here: {name} {stated.get('version')!r})"
    return ""


def plan_of(report: Report, subject: str | None = None, *, seed: int | None = None) -> Plan:
    """The plan of the run with such a report; with another subject or seed if given."""
    return Plan(
        subject=report.subject.subject if subject is None else subject,
        effort=EFFORTS[report.effort],
        seed=report.seed if seed is None else seed,
        profile=report.profile if report.profile_is_override else None,
    )


def most_of(report: Report) -> int:
    """The largest unpacked size, in bytes, that the transcript of a run with such totals can have."""
    totals = report.totals
    decided = totals.decisions + totals.shrink_decisions
    changed = totals.resets + totals.writes + totals.shrink_calls + totals.shrink_writes
    return min(LARGEST, _MOST_ASIDE + _MOST_OF_ONE * (decided + changed))


def _run_again(report: Report, packed: bytes, listener: Listener) -> Report:
    if report.effort not in EFFORTS:
        raise TranscriptDiffers(line=1, reason=f"no effort is called {report.effort!r}")
    transcript, plan = Transcript(packed, most=most_of(report), is_resumed=report.resumed), plan_of(report)
    transcript.check_plan(plan.as_json())
    with using_clock(transcript.clock):
        again = run(plan, transcript.connection(), listener, is_resumed=report.resumed)
    transcript.end()
    return again


def run(plan: Plan, connection: Connection, listener: Listener, *, is_resumed: bool = False) -> Report:
    """The report of a whole run, of one that was resumed where it says so; `CannotBegin` where it cannot begin."""
    campaign = begun(connection, plan, listener)
    campaign.is_resumed = is_resumed
    campaign.run()
    return campaign.report()


def differences(stated: Report, found: Report) -> Iterator[str]:
    """The differences of two reports, by member.

    Clauses and open points are compared by entry; the suite's version is left out.
    """
    one, other = (msgspec.to_builtins(report) for report in (stated, found))
    for name in one:
        if name == "kitVersion" or one[name] == other[name]:
            continue
        if name not in ("clauses", "ledger"):
            yield f"{name}: {one[name]!r}, recounted {other[name]!r}"
            continue
        key = "id" if name == "clauses" else "key"
        if [entry[key] for entry in one[name]] != [entry[key] for entry in other[name]]:
            yield f"{name}: in another order than the run has them, or others"
        entries, recounted = ({entry[key]: entry for entry in side[name]} for side in (one, other))
        for entry in dict.fromkeys((*entries, *recounted)):
            yield from _members(entry, entries.get(entry), recounted.get(entry))


def _members(key: str, stated: Mapping[str, object] | None, found: Mapping[str, object] | None) -> Iterator[str]:
    if stated is None or found is None:
        yield f"{key}: {'not there' if stated is None else 'there'}, and {'not ' if found is None else ''}in the run"
        return
    for name, value in stated.items():
        if value != found.get(name):
            yield f"{key}: {name}: {value!r}, recounted {found.get(name)!r}"


def unsettled(stated: Report, found: Sequence[Report]) -> tuple[str, ...]:
    """The clauses that passed when certified and were vacuous in every new run: another seed may decide."""
    decided = {row.id for report in found for row in report.clauses if row.verdict != "vacuous"}
    return tuple(row.id for row in stated.clauses if row.verdict == "pass" and row.id not in decided)


def re_execution(stated: Report, found: Sequence[Report]) -> Finding:
    """Re-executed: new runs of the same version and effort give the same verdicts, limits and open points.

    The runs have seeds of their own, so counts and counterexamples are not compared. A clause that is vacuous in a
    run is judged by the next; a clause that is vacuous in all of them is not confirmed.
    """
    against = []
    for name in ("name", "version", "profile", "features", "choices"):
        one, other = getattr(stated.subject, name), getattr(found[0].subject, name)
        if one != other:
            against.append(f"the subject's {name}: {one!r} certified, {other!r} now")
    open_still = unsettled(stated, found)
    for report in found:
        against += _against_rows(stated, report)
    entries = {entry.key: entry for entry in found[0].ledger}
    for entry in stated.ledger:
        found_now = entries[entry.key].found if entry.key in entries else "not asked"
        if found_now != entry.found:
            against.append(f"{entry.key}: {entry.found} certified, {found_now} now")
    seeds = ", ".join(str(report.seed) for report in found)
    unchecked = [f"asked again with the seed {seeds}"]
    if open_still:
        unchecked.append(f"cannot say: {', '.join(open_still)} had nothing decisive at these seeds")
    return Finding(name="re-executed", against=tuple(dict.fromkeys(against)), unchecked=tuple(unchecked))


def _against_rows(stated: Report, found: Report) -> Iterator[str]:
    now = {row.id: row for row in found.clauses}
    for row in stated.clauses:
        again = now.get(row.id)
        if again is not None and again.verdict == "vacuous" and row.verdict == "pass":
            continue
        if again is None or (row.verdict, row.limit_found) != (again.verdict, again.limit_found):
            result = f"{again.verdict} {again.limit_found or ''}".strip() if again else "not asked"
            yield f"{row.id}: {row.verdict} {row.limit_found or ''}".rstrip() + f" certified, {result} now"
    if found.exit_status in (1, 2):
        yield f"the result is {found.result!r} now"

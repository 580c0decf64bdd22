"""The certificate of one immutable implementation: its level, its results by feature, and how to reproduce them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.certificate.bundle import PLAN
from fencepost.conformance.certificate.immutable import why_mutable
from fencepost.conformance.certificate.origin import installing
from fencepost.conformance.certificate.seed import FROM_DIGEST, FROM_SIGNER
from fencepost.conformance.comparison.markdown import table
from fencepost.reports.counted import counted
from fencepost.reports.markdown_text import plain
from fencepost.reports.model import Report
from fencepost.reports.summary import quoted
from fencepost.reports.summary import reproduce as run_again
from fencepost.reports.visible import visible

FORMAT = "fencepost-certificate"
VERSION = 2

_CORE = "the four methods"

DOES_NOT_PROVE = (
    "The certificate is about the subject that answered. It does not prove that the same software enforces the rules "
    "in production: a harness that answers from an answer key, or from another program, gets the same certificate."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """The parts of a certificate that are not in the report: the time, the suite's digest, and the machine.

    `origin` is where the suite comes from. `seed_from` says who chose the seed, and `nonce` is the customer's own text
    in the digest that the seed was drawn from. `campaign` says which campaign was asked, in how many shards, tasks and
    seeds; None for a single run.
    """

    issued: str
    suite_digest: str
    catalogue_digest: str
    environment: Mapping[str, str]
    artifacts: Mapping[str, str]
    origin: str = ""
    seed_from: str = FROM_DIGEST
    nonce: str = ""
    campaign: Mapping[str, object] | None = None


def why_not(report: Report) -> tuple[str, ...]:
    """Every reason why a run gives no certificate; empty if it gives one."""
    return tuple(_reasons(report))


def _reasons(report: Report) -> Iterator[str]:
    moving = why_mutable(report.subject.version)
    if moving:
        yield f"{moving}: a certificate is for one immutable version"
    if report.exit_status != 0 or report.level is None:
        yield f"the result is {report.result!r}, exit status {report.exit_status}"
    if report.selected:
        yield f"only {', '.join(report.selected)} were asked"
    asked, known = [row.id for row in report.clauses], [clause.id for clause in catalogue().clauses]
    missing, unknown = sorted(set(known) - set(asked)), sorted(set(asked) - set(known))
    if missing:
        yield f"clauses of the catalogue are missing: {', '.join(missing)}"
    if unknown:
        yield f"clauses are there that the catalogue does not have: {', '.join(unknown)}"
    if len(set(asked)) != len(asked):
        yield "a clause is there more than once"


def certificate(report: Report, issue: Issue) -> dict[str, object]:
    """The certificate as a JSON value; everything in it follows from the report and the issue."""
    subject = report.subject
    return {
        "format": FORMAT,
        "version": VERSION,
        "issued": issue.issued,
        "implementation": {
            "name": subject.name,
            "version": subject.version,
            "homepage": subject.homepage,
            "artifacts": dict(issue.artifacts),
        },
        "level": report.level,
        "result": report.result,
        "profile": report.profile,
        **({"settleSeconds": subject.settle_seconds} if subject.settle_seconds else {}),
        "features": list(_by_feature(report)),
        "clauses": {row.id: row.verdict for row in report.clauses},
        "asked": {"effort": report.effort, "seed": report.seed, "seedFrom": issue.seed_from, "nonce": issue.nonce},
        **({"campaign": dict(issue.campaign)} if issue.campaign is not None else {}),
        "notes": list(report.notes),
        "suite": {
            "name": "fencepost",
            "version": report.kit_version,
            "sha256": issue.suite_digest,
            "origin": issue.origin,
        },
        "catalogue": {"version": report.catalogue_version, "sha256": issue.catalogue_digest},
        "reproduce": reproduce(report, issue),
        "environment": dict(issue.environment),
    }


def reproduce(report: Report, issue: Issue) -> list[str]:
    """The commands that reproduce it: install the suite, run it, and check this bundle against the subject."""
    subject = quoted(report.subject.subject)
    install = installing(report.kit_version, issue.origin, issue.suite_digest)
    if issue.campaign is not None:
        shards = issue.campaign["shards"]
        return [
            install,
            "unzip BUNDLE.zip -d BUNDLE",
            f"for i in $(seq {shards}); do fencepost campaign run BUNDLE/{PLAN} --shard $i/{shards}; done",
            f"fencepost campaign merge BUNDLE/{PLAN} shards",
            "fencepost verify BUNDLE --key KEY.pub",
        ]
    return [
        install,
        run_again(report),
        f"fencepost verify BUNDLE --key KEY.pub --re-run {subject}",
    ]


def _by_feature(report: Report) -> Iterator[dict[str, object]]:
    needs = {clause.id: clause.needs or (_CORE,) for clause in catalogue().clauses}
    for feature in dict.fromkeys(need for all_needs in needs.values() for need in all_needs):
        verdicts = [row.verdict for row in report.clauses if feature in needs.get(row.id, ())]
        passed, absent = verdicts.count("pass"), verdicts.count("not applicable")
        verdict = (
            "not applicable" if absent == len(verdicts) else "pass" if passed + absent == len(verdicts) else "fail"
        )
        yield {"feature": feature, "verdict": verdict, "passed": passed, "notApplicable": absent, "of": len(verdicts)}


def part(claims: Mapping[str, object], name: str) -> dict[str, Any]:
    """The object of this name in a certificate; `KeyError` if nothing has the name, `TypeError` if it is no object."""
    found = claims[name]
    if not isinstance(found, dict):
        raise TypeError(f"{name}: expected an object")
    return found


def settling_in_words(seconds: float) -> str:
    """What a settle time leaves unjudged."""
    return f"wrong answers within {seconds:g} s after a change were not judged"


def as_page(claims: Mapping[str, object], report: Report) -> str:
    """The certificate for readers, in Markdown, with the section Reproduce."""
    subject, totals = report.subject, report.totals
    facts = (
        ("implementation", f"{subject.name} {subject.version}"),
        ("homepage", subject.homepage or "not given"),
        ("level", report.level or ""),
        ("result", report.result),
        ("profile", report.profile),
        *([("settle time", settling_in_words(subject.settle_seconds))] if subject.settle_seconds else []),
        ("issued", str(claims["issued"])),
        ("suite", f"fencepost {report.kit_version}, catalogue {report.catalogue_version}"),
        (
            "asked",
            f"{counted(totals.decisions, 'decision')} and {counted(totals.writes, 'write')} at effort {report.effort}",
        ),
        *_campaign_in_words(claims),
        ("seed", _seed_in_words(claims)),
    )
    features: Any = claims["features"]
    commands: Any = claims["reproduce"]
    rows = [(plain(str(one["feature"])), str(one["verdict"]), f"{one['passed']} of {one['of']}") for one in features]
    lines = [
        f"# Certificate of conformance: {plain(subject.name)} {plain(subject.version)}",
        "",
        *table(("", ""), ((name, plain(value)) for name, value in facts)),
        "",
        "## Results by feature",
        "",
        *table(("feature", "result", "clauses passed"), rows),
        "",
        *(["## To be noted", "", *(f"- {plain(note)}" for note in report.notes), ""] if report.notes else ()),
        "## What this does not prove",
        "",
        DOES_NOT_PROVE,
        "",
        "## Reproduce",
        "",
        *(f"    {visible(str(command))}" for command in commands),
        "",
    ]
    return "\n".join(lines)


def _campaign_in_words(claims: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    campaign = claims.get("campaign")
    if isinstance(campaign, dict):
        how_much = "{tasks} tasks in {shards} shards, seeds: {seeds}".format_map(campaign)
        yield "campaign", f"{campaign['id']}: {how_much}, each task's derived from the plan"


def _seed_in_words(claims: Mapping[str, object]) -> str:
    asked = part(claims, "asked")
    if asked["seedFrom"] == FROM_SIGNER:
        return f"{asked['seed']}, chosen by the signer"
    nonce = " and a nonce, which is to be the customer's own" if asked["nonce"] else "; no customer gave a nonce"
    return f"{asked['seed']}, drawn from a digest of the statement, the artifacts{nonce}"

"""Runs the suite against correct implementations, where every reported failure is a false alarm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.run.opening import begun, connected
from fencepost.conformance.run.plan import Plan
from fencepost.conformance.strength.pool import OnProgress, gathered
from fencepost.reports.model import Report

_PEERS = "library:fencepost.conformance.peers:"
PEERS = tuple(f"{_PEERS}{name}" for name in ("StdlibVault", "NetaddrVault", "TrieVault", "SqliteVault"))
"""Four peers built differently: a scan with the standard library, netaddr's sets, a trie of bits, tables in SQLite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarmRun:
    """One subject, one effort, one seed."""

    subject: str
    effort: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one run: its decisions, the clauses that failed, the choices reported as broken, and its result."""

    examination: FalseAlarmRun
    decisions: int
    alarms: tuple[str, ...]
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """One subject over all seeds; `alarms` are the reported failures, each with its seed."""

    subject: str
    seeds: int
    decisions: int
    alarms: tuple[str, ...]
    results: tuple[str, ...]


def examine(examination: FalseAlarmRun) -> Finding:
    """Run the suite as `check` does. `CannotBegin` where the subject cannot be asked."""
    plan = Plan(subject=examination.subject, effort=EFFORTS[examination.effort], seed=examination.seed)
    with connected(examination.subject, Timeouts()) as connection:
        campaign = begun(connection, plan)
        campaign.run()
        return finding_of(examination, campaign.report())


def finding_of(examination: FalseAlarmRun, report: Report) -> Finding:
    """What a report accuses a correct implementation of."""
    failed = (clause.id for clause in report.clauses if clause.verdict == "fail")
    broken = (entry.key for entry in report.ledger if entry.broken)
    return Finding(
        examination=examination,
        decisions=report.totals.decisions,
        alarms=(*failed, *broken),
        result=report.result,
    )


def count_false_alarms(
    subjects: Sequence[str], *, effort: str, seeds: int, processes: int, on_progress: OnProgress
) -> Iterator[FalseAlarms]:
    """Run every subject with so many seeds, in the given order."""
    tasks = [FalseAlarmRun(subject=one, effort=effort, seed=seed) for one in subjects for seed in range(seeds)]
    ordered = gathered(examine, tasks, "correct implementations", on_progress, processes=processes)
    for subject, group in groupby(ordered, key=lambda finding: finding.examination.subject):
        findings = list(group)
        yield FalseAlarms(
            subject=subject,
            seeds=len(findings),
            decisions=sum(finding.decisions for finding in findings),
            alarms=tuple(f"{alarm} (seed {one.examination.seed})" for one in findings for alarm in one.alarms),
            results=tuple(dict.fromkeys(finding.result for finding in findings)),
        )

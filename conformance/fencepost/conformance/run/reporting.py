"""The report of a run: its findings in the report's model."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version

from fencepost.adapters.contract import Statement
from fencepost.adapters.contract.vocabulary import FEATURES
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.judging.verdicts import DECISIONS, Summary, results, summed_up
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.regression.baseline import Baseline
from fencepost.conformance.run.findings import Findings
from fencepost.conformance.run.plan import Plan
from fencepost.reference import Profile
from fencepost.reports.headline import RESTRICTING
from fencepost.reports.model import OBSERVED, FirstFailure, LedgerEntry, Report, Subject, Totals

RESUMED = "resumed: a part of these results was read from a journal and was not asked anew"
"""The remark in the report of a resumed run."""


def report_of(
    plan: Plan,
    findings: Findings,
    capabilities: Capabilities,
    profile: Profile,
    *,
    baseline: Baseline,
    is_resumed: bool = False,
    least_decisions: int = DECISIONS,
) -> Report:
    """The report of a run that went by this plan: a verdict for each clause, and the result of the whole.

    With fewer than `least_decisions` a run of all clauses is vacuous.
    """
    statement, tally = findings.statement, findings.tally
    rows = tuple(
        results(
            plan.selected(),
            capabilities,
            tally,
            explored=findings.served,
            unfinished=findings.unfinished,
            known_failures=tuple(baseline.excused),
            has_ended_at_failure=plan.fail_fast and bool(tally.failed),
        )
    )
    summary = summed_up(
        tuple(map(baseline.judged, rows)),
        findings.ledger,
        tally,
        findings.decoys,
        selected=bool(plan.clauses),
        unfinished=findings.unfinished,
        least_decisions=least_decisions,
        later=[clause.id for clause in plan.left_out],
        is_restricted=bool(plan.left_out) or not RESTRICTING.isdisjoint(statement.features),
    )
    summary = _completed(baseline.summed(summary, rows), findings, capabilities)
    return Report(
        kit_version=version("fencepost"),
        catalogue_version=catalogue().version,
        profile=profile.name,
        scope=profile.scope,
        profile_is_override=plan.profile is not None and plan.profile != statement.profile,
        effort=plan.effort.name,
        seed=plan.seed,
        selected=plan.clauses,
        options=" ".join(filter(None, (plan.options, "--fail-fast" if plan.fail_fast else ""))),
        suite_version=plan.suite_version if plan.suite_version is not None and plan.left_out else "",
        subject=Subject(
            subject=plan.subject,
            name=statement.name,
            version=statement.version,
            homepage=statement.homepage,
            profile=statement.profile,
            features=tuple(feature for feature in statement.features if feature in FEATURES),
            unknown_features=tuple(feature for feature in statement.features if feature not in FEATURES),
            choices=dict(statement.choices),
            settle_seconds=statement.settle_seconds,
        ),
        result=summary.result,
        exit_status=summary.exit_status,
        level=None if plan.left_out else summary.level,
        ended=findings.ended,
        resumed=is_resumed,
        further_failures=summary.further_failures,
        notes=(*summary.notes, *([RESUMED] if is_resumed else ())),
        clauses=tuple(map(baseline.shown, rows)),
        ledger=(*findings.ledger, *_observed(statement)),
        sensitivity=findings.decoys,
        known_failures=baseline.in_report,
        first_failure=_first_failure(findings.first_failure) if findings.first_failure is not None else None,
        totals=findings.totals,
        log=findings.log,
    )


def _completed(summary: Summary, findings: Findings, capabilities: Capabilities) -> Summary:
    """The summary, and what the statement adds to it: it changed or did not come again, operations were not asked."""
    tally = findings.tally
    if findings.undescribed and not findings.unfinished:
        text = f"the harness did not answer at the end of the run: {findings.undescribed}"
        summary = replace(summary, level=None, notes=(*summary.notes, text))
        if summary.exit_status != 1:
            summary = replace(summary, result="error", exit_status=2)
    if findings.changed_members:
        text = "describe is answered otherwise at the end of the run"
        summary = replace(
            summary,
            result="fail",
            exit_status=1,
            level=None,
            notes=(*summary.notes, f"{text}: {', '.join(findings.changed_members)}"),
            further_failures=(*summary.further_failures, text),
        )
    summary = replace(summary, notes=(*tally.not_put.notes(), *tally.counted_not_put(), *summary.notes))
    unasked = capabilities.unasked_operations
    if unasked:
        text = f"operations that cannot be put, and were not asked: {', '.join(unasked)}"
        result = "partial" if summary.result == "pass" else summary.result
        summary = replace(summary, result=result, notes=(*summary.notes, text))
    return summary


def _observed(statement: Statement) -> Iterator[LedgerEntry]:
    """The harness's own observations beside the clauses, as entries that are not judged."""
    for key, found in statement.observations.items():
        yield LedgerEntry(key=key, declared=None, found=found, detail=OBSERVED)


def totals_of(bench: Bench, tally: Tally, control: Cost) -> Totals:
    """What the run has asked, its control included, and the outcomes of its decisions."""
    spent, aside = bench.meter.spent + control, bench.meter.aside
    return Totals(
        resets=spent.resets,
        writes=spent.writes,
        decisions=spent.decisions,
        allowed=tally.allowed,
        denied=tally.denied,
        inconclusive=tally.inconclusive,
        inconclusive_writes=tally.inconclusive_writes,
        shrink_calls=bench.diagnosing.calls,
        shrink_writes=aside.writes,
        shrink_decisions=aside.decisions,
        faults=tally.faults,
    )


def _first_failure(cost: Cost) -> FirstFailure:
    return FirstFailure(
        examples=cost.resets, writes=cost.writes, configurations=cost.configurations, decisions=cost.decisions
    )

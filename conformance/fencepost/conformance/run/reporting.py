"""The report of a run: its findings in the report's model."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version

from fencepost.adapters.contract import Statement
from fencepost.adapters.contract.vocabulary import FEATURES
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.judging.verdicts import Summary
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.run.plan import Plan
from fencepost.reference import Profile
from fencepost.reports.model import (
    OBSERVED,
    Clause,
    Decoy,
    Ending,
    FirstFailure,
    KnownFailure,
    LedgerEntry,
    Report,
    Subject,
    Totals,
)

RESUMED = "resumed: a part of these results was read from a journal and was not asked anew"
"""The remark in the report of a resumed run."""


def report_of(
    plan: Plan,
    statement: Statement,
    *,
    summary: Summary,
    ended: Ending,
    is_resumed: bool,
    clauses: Sequence[Clause],
    ledger: tuple[LedgerEntry, ...],
    decoys: tuple[Decoy, ...],
    known_failures: tuple[KnownFailure, ...],
    profile: Profile,
    totals: Totals,
    first_failure: Cost | None,
    log: str,
) -> Report:
    """The report of a run with this plan against the subject with this statement."""
    return Report(
        kit_version=version("fencepost"),
        catalogue_version=catalogue().version,
        profile=profile.name,
        scope=profile.scope,
        profile_is_override=plan.profile is not None and plan.profile != statement.profile,
        effort=plan.effort.name,
        seed=plan.seed,
        selected=plan.clauses,
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
        level=summary.level,
        ended=ended,
        resumed=is_resumed,
        notes=(*summary.notes, *([RESUMED] if is_resumed else ())),
        clauses=tuple(clauses),
        ledger=(*ledger, *_observed(statement)),
        sensitivity=decoys,
        known_failures=known_failures,
        first_failure=_first_failure(first_failure) if first_failure is not None else None,
        totals=totals,
        log=log,
    )


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

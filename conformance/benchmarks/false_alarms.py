"""Looks for false alarms: correct vaults of twelve kinds with many sets of features, and each clause asked alone.

python conformance/benchmarks/false_alarms.py features [--first N] [--seeds N] [--vault KIND] [--profile P] [--sets N]
python conformance/benchmarks/false_alarms.py clauses [--first N] [--seeds N] [--clause ID] [--profile P]
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

import click
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands.console import show, table
from fencepost.conformance.strength.false_alarms import Finding
from fencepost.conformance.strength.feature_sets import (
    VAULTS,
    ArrayRun,
    ClauseRun,
    ask_clause,
    ask_vault,
    covering_sets,
)
from fencepost.conformance.strength.pool import default_processes, spread
from fencepost.reference import profile_names

_R = TypeVar("_R", ArrayRun, ClauseRun)
_SETTLED = {"pass", "partial", "not applicable"}
_JOBS = click.option("--jobs", type=click.IntRange(min=1), default=default_processes, show_default="2")
_FIRST = click.option("--first", type=click.IntRange(min=0), default=0, show_default=True, help="The first seed.")
_PROFILES = click.option(
    "--profile", "profiles", multiple=True, type=click.Choice(list(profile_names())), default=list(profile_names())
)


@click.group()
def main() -> None:
    """Exit status 1 if a correct vault is failed, or a run of it has no verdict."""


@main.command()
@_FIRST
@click.option("--seeds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--vault", "vaults", multiple=True, type=click.Choice(VAULTS), default=list(VAULTS))
@click.option("--sets", type=click.IntRange(min=1), help="Only so many of the sets of features.")
@_PROFILES
@_JOBS
def features(
    *, first: int, seeds: int, vaults: Sequence[str], sets: int | None, profiles: Sequence[str], jobs: int
) -> None:
    """Any three features in every combination, on each vault, in each profile, with each seed."""
    chosen = covering_sets()[:sets]
    runs = [
        ArrayRun(kind=kind, features=some, profile=profile, seed=seed)
        for seed in range(first, first + seeds)
        for kind in vaults
        for profile in profiles
        for some in chosen
    ]
    click.echo(f"{len(chosen)} sets, {len(vaults)} vaults, {len(profiles)} profiles, {seeds} seeds", err=True)
    sys.exit(_shown(ask_vault, runs, jobs))


@main.command()
@_FIRST
@click.option("--seeds", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--clause", "clauses", multiple=True, metavar="ID", help="Only this clause, or family; repeatable.")
@_PROFILES
@_JOBS
def clauses(*, first: int, seeds: int, clauses: Sequence[str], profiles: Sequence[str], jobs: int) -> None:
    """Every clause of the reference asked alone, with each seed."""
    wanted = [one.id for pattern in clauses for one in catalogue().matching(pattern)]
    known = wanted or [one.id for one in catalogue().clauses]
    runs = [
        ClauseRun(clause=one, profile=profile, seed=seed)
        for one in known
        for profile in profiles
        for seed in range(first, first + seeds)
    ]
    sys.exit(_shown(ask_clause, runs, jobs))


def _shown(ask: Callable[[_R], Finding], runs: Sequence[_R], jobs: int) -> int:
    """Show what is wrong as it comes, then how the runs ended; 1 where something is."""
    results, wrong = Counter[str](), list[tuple[str, str, str]]()
    for done, (_, finding) in enumerate(spread(ask, runs, processes=jobs), start=1):
        results[finding.result] += 1
        if finding.alarms or finding.result not in _SETTLED:
            one = finding.examination
            wrong.append((one.subject, f"{one.seed}", ", ".join(finding.alarms) or finding.result))
            click.echo(f"{one.subject}, seed {one.seed}: {wrong[-1][-1]}", err=True)
        if done % max(1, len(runs) // 10) == 0:
            click.echo(f"{done} of {len(runs)}", err=True)
    show(table(("run", "seed", "failed, or how it ended"), sorted(wrong)))
    click.echo(f"{len(runs)} runs: {', '.join(f'{count} {name}' for name, count in sorted(results.items()))}")
    return int(bool(wrong))


if __name__ == "__main__":
    main()

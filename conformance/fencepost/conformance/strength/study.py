"""A whole study: the mutant runs, the baseline runs and the observed run from which the figures are made."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from fencepost.adapters.contract import Client, open_subject
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.mutants import CATALOGUE, Mutant
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan
from fencepost.conformance.strength import figures
from fencepost.conformance.strength.arms import ARMS
from fencepost.conformance.strength.baseline_runs import BaselineRun, Outcomes, outcomes_of
from fencepost.conformance.strength.coverage import Watch
from fencepost.conformance.strength.model import Balance, Strength
from fencepost.conformance.strength.mutant_run import MutantRun, Task, run_mutant
from fencepost.conformance.strength.pool import OnProgress, gathered
from fencepost.reference import load_profile
from fencepost.reports.model import Report

UNFLAWED = "library:fencepost.conformance.mutants:Vault"
"""The correct vault that the mutants derive from."""

PREVIEW = "keyvault-2018-preview"
"""The preferred profile of a mutant: its lists of 127 rules fill faster than today's 1,000."""

MATRIX_EFFORT = "quick"
GREEDY, WHOLE = "greedy", "greedy, whole"
ALLOWED = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What to study: which mutants, in which profile, at which effort, over how many seeds.

    With `profile` None each mutant runs in the announcement's profile, or in its own if that profile does not show it.
    `allowed` is the number of decisions of each suite. Without `with_matrix` every run ends at the first failure and
    there is no matrix. With `calibrates` every mutant also gets a bounded run, for the curve of such runs.
    """

    effort: str = "quick"
    seeds: int = 2
    profile: str | None = None
    mutants: tuple[str, ...] = tuple(CATALOGUE)
    allowed: int = ALLOWED
    processes: int = 1
    with_matrix: bool = True
    calibrates: bool = False

    def pairs(self) -> list[tuple[Mutant, str]]:
        """Each mutant with the profile of its runs; mutants that the wanted profile does not show are left out."""
        found = []
        for name in self.mutants:
            mutant = CATALOGUE[name]
            wanted = self.profile or (PREVIEW if PREVIEW in mutant.profiles else mutant.profiles[0])
            if wanted in mutant.profiles:
                found.append((mutant, wanted))
        return found


def carry_out(design: Design, on_progress: OnProgress) -> Strength:
    """Run the study."""

    def trials_of(what: str, tasks: Iterable[Task]) -> list[MutantRun]:
        return gathered(run_mutant, list(tasks), what, on_progress, processes=design.processes)

    pairs = design.pairs()
    profiles = tuple(dict.fromkeys(profile for _, profile in pairs))
    on_progress("the correct vault", 0, 1)
    correct, watch = _watched(profiles[0], design.effort)
    on_progress("the correct vault", 1, 1)
    whole: list[MutantRun] = []
    if design.with_matrix:
        whole = trials_of("whole runs for the matrix", whole_runs(design))
    serves_both = design.with_matrix and design.effort == MATRIX_EFFORT
    seeds = range(int(serves_both), design.seeds)
    rest = [task for seed in seeds for task in _tasks(design, pairs, seed)]
    trials = [*(whole if serves_both else ()), *trials_of("runs to the first kill", rest)]
    carriable = [(mutant, profile) for mutant, profile in pairs if mutant.carriable_by_decisions_only]
    slow = trials_of("as decisions-only subjects", _tasks(design, carriable, 0, decisions_only=True, bounded=True))
    plain = trials_of("the same in plain order", _tasks(design, carriable, 0, decisions_only=True))
    whole_bounded = trials_of("in bounded runs", _tasks(design, pairs, 0, bounded=True)) if design.calibrates else []
    baselines = _baselines(design, pairs, on_progress)
    alive, unstable = figures.survivors(trials)
    return Strength(
        kit_version=version("fencepost"),
        effort=design.effort,
        seeds=design.seeds,
        profiles=profiles,
        mutants=len(pairs),
        allowed=design.allowed,
        scores=tuple(figures.scores(trials)),
        groups=tuple(figures.group_scores(trials)),
        prices=tuple(figures.prices(trials)),
        bought=tuple(figures.bought(trials, slow)),
        orders=(
            figures.order(GREEDY, "as `check --max-configurations` asks", slow),
            figures.order("plain", "as any other run asks", plain),
            *((figures.order(WHOLE, "the same, of every mutant", whole_bounded),) if whole_bounded else ()),
        ),
        stable=len(pairs) - len(alive) - len(unstable),
        unstable=unstable,
        survivors=alive,
        matrix_effort=MATRIX_EFFORT,
        matrix=tuple(figures.matrix(whole, correct)) if whole else (),
        strays=tuple(figures.strays(whole)),
        balance=Balance(
            decisions=correct.totals.decisions,
            allowed=correct.totals.allowed,
            denied=correct.totals.denied,
            resets=correct.totals.resets,
            writes=correct.totals.writes,
            configurations=watch.configurations,
        ),
        coverage=(
            watch.edge_coverage("edges of ranges, by prefix length"),
            watch.pair_coverage("pairs of factors"),
            watch.change_coverage("pairs of factors of two successive changes", 2),
            watch.change_coverage("triples of factors of two successive changes", 3),
        ),
        arms=tuple(figures.side_by_side(trials, baselines, allowed=design.allowed, whole_run=correct.totals.decisions)),
        kills={one.task.mutant: one.failed for one in whole},
    )


def whole_runs(design: Design) -> list[Task]:
    """The runs of the matrix of clauses and mutants: each mutant with the first seed, to the end."""
    return list(_tasks(design, design.pairs(), 0, to_the_end=True))


def _tasks(
    design: Design,
    pairs: Iterable[tuple[Mutant, str]],
    seed: int,
    *,
    to_the_end: bool = False,
    decisions_only: bool = False,
    bounded: bool = False,
) -> Iterator[Task]:
    for mutant, profile in pairs:
        yield Task(
            mutant=mutant.id,
            profile=profile,
            effort=MATRIX_EFFORT if to_the_end else design.effort,
            seed=seed,
            to_the_end=to_the_end,
            decisions_only=decisions_only,
            bounded=bounded,
        )


def _baselines(design: Design, pairs: Sequence[tuple[Mutant, str]], on_progress: OnProgress) -> list[Outcomes]:
    """One job for each suite and profile: drawing the examples costs as much as asking many mutants."""
    runs = []
    for profile in dict.fromkeys(profile for _, profile in pairs):
        names = tuple(mutant.id for mutant, shown in pairs if shown == profile)
        runs += [BaselineRun(arm=arm, profile=profile, seed=0, decisions=design.allowed, mutants=names) for arm in ARMS]
    return gathered(outcomes_of, runs, "other arms", on_progress, processes=design.processes)


def _watched(profile: str, effort: str) -> tuple[Report, Watch]:
    """One run against the unflawed vault: how often each clause is decisive, and what is asked at all."""
    watch = Watch(open_subject(UNFLAWED, profile=profile))
    client = Client(watch)
    try:
        watch.take_profile(load_profile(profile).with_choices(client.describe().choices))
        campaign = begin(client, Plan(subject=UNFLAWED, effort=EFFORTS[effort], profile=profile))
        campaign.run()
        watch.configurations = campaign.explored.configurations
        return campaign.report(), watch
    finally:
        client.close()

"""From mutant runs to figures: scores, costs, stability, the matrix of clauses and mutants, and the baseline suites."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import get_args

from fencepost.conformance.bounded.exploration import LENGTH
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.mutants import CATALOGUE, Mutant
from fencepost.conformance.mutants.mutant import Group
from fencepost.conformance.strength.arms import ARMS
from fencepost.conformance.strength.baseline_runs import Outcomes
from fencepost.conformance.strength.curve import Costs
from fencepost.conformance.strength.model import ArmResult, At, Order, Price, Row, Score, Stray, Survivor
from fencepost.conformance.strength.mutant_run import MutantRun
from fencepost.reports.model import Report

SPENT_EXAMPLES = (10, 100, 1_000)
SPENT_CONFIGURATIONS = (12, 40)
_SLOWEST = 5

_SUBSETS: Mapping[str, Callable[[Mutant], bool]] = {
    "all": lambda _: True,
    "fail open": lambda mutant: mutant.direction == "open",
    "fail closed": lambda mutant: mutant.direction == "closed",
    "without those that need a history": lambda mutant: not mutant.needs_history,
    "without those that break a choice only": lambda mutant: mutant.choice is None,
    "without those that only overlapping calls show": lambda mutant: not mutant.overlapping,
    "without any of the three": lambda mutant: (
        not mutant.needs_history and mutant.choice is None and not mutant.overlapping
    ),
}

Trials = Sequence[MutantRun]


def scores(trials: Trials) -> Iterator[Score]:
    """The mutation score of all mutants and of several subsets."""
    for name, belongs in _SUBSETS.items():
        yield from _score(name, [one for one in trials if belongs(CATALOGUE[one.task.mutant])])


def group_scores(trials: Trials) -> Iterator[Score]:
    """The mutation score of each group that has mutants."""
    for group in get_args(Group):
        yield from _score(group, [one for one in trials if CATALOGUE[one.task.mutant].group == group])


def _score(name: str, trials: Trials) -> Iterator[Score]:
    by_seed = defaultdict[int, list[bool]](list)
    for one in trials:
        by_seed[one.task.seed].append(one.killed)
    if not trials:
        return
    shares = [sum(kills) / len(kills) for kills in by_seed.values()]
    mutants = len({(one.task.mutant, one.task.profile) for one in trials})
    yield Score(name=name, mutants=mutants, share=sum(shares) / len(shares), worst=min(shares))


def prices(trials: Trials) -> Iterator[Price]:
    """The cost of the first kill, in decisions and in examples."""
    units: Mapping[str, Callable[[Cost], int]] = {
        "decisions": lambda spent: spent.decisions,
        "examples": lambda spent: spent.resets,
    }
    for unit, cost in units.items():
        paid = [(one.task.mutant, cost(one.spent)) for one in trials if one.killed and one.spent is not None]
        dearest = dict(sorted(paid, key=lambda pair: pair[1]))
        slowest = sorted(dearest.items(), key=lambda pair: -pair[1])[:_SLOWEST]
        costs = Costs(tuple(sorted(cost for _, cost in paid)), len(trials))
        yield Price(unit=unit, median=costs.quantile(0.5), ninetieth=costs.quantile(0.9), slowest=tuple(slowest))


def bought(trials: Trials, decisions_only: Trials) -> Iterator[At]:
    """The score after so many examples; after so many configurations, of the mutants that decisions alone show."""
    examples = Costs.of([one.spent.resets if one.killed and one.spent else None for one in trials])
    for spent in SPENT_EXAMPLES:
        yield At(unit="examples", spent=spent, share=examples.score(spent))
    configurations = Costs.of(
        [one.spent.configurations if one.killed and one.spent else None for one in decisions_only]
    )
    for spent in SPENT_CONFIGURATIONS if decisions_only else ():
        yield At(unit="configurations", spent=spent, share=configurations.score(spent))


def order(name: str, says: str, trials: Trials) -> Order:
    """The score of an order of asking, by configurations and by decisions."""
    paid = [one.spent if one.killed else None for one in trials]
    configurations = Costs.of([spent.configurations if spent else None for spent in paid])
    decisions = Costs.of([spent.decisions if spent else None for spent in paid])
    return Order(
        name=name,
        says=says,
        mutants=len({(one.task.mutant, one.task.profile) for one in trials}),
        seeds=len({one.task.seed for one in trials}),
        by_configurations=tuple((spent, configurations.score(spent)) for spent in range(1, LENGTH + 1)),
        by_decisions=decisions.curve(max((*decisions.killed, 1))),
    )


def survivors(trials: Trials) -> tuple[tuple[Survivor, ...], tuple[Survivor, ...]]:
    """The mutants that no seed killed, and those that only some seeds killed."""
    by_mutant = defaultdict[tuple[str, str], list[MutantRun]](list)
    for one in trials:
        by_mutant[one.task.mutant, one.task.profile].append(one)
    alive: list[Survivor] = []
    unstable: list[Survivor] = []
    for (name, profile), group in by_mutant.items():
        killed, mutant = sum(one.killed for one in group), CATALOGUE[name]
        if killed == len(group):
            continue
        survivor = Survivor(
            mutant=name,
            profile=profile,
            clause=mutant.clause,
            group=mutant.group,
            direction=mutant.direction,
            story=mutant.story,
            killed=killed,
            seeds=len(group),
            trouble=next((one.trouble for one in group if one.trouble), ""),
        )
        (unstable if killed else alive).append(survivor)
    return tuple(alive), tuple(unstable)


def matrix(whole: Trials, correct: Report) -> Iterator[Row]:
    """For each clause the mutants that failed it in a whole run, and how often it was decisive on the correct vault."""
    rows = {row.id: row for row in correct.clauses}
    claimed = {clause for one in whole for clause in _own(CATALOGUE[one.task.mutant])}
    for clause in catalogue().clauses:
        failed = [one.task.mutant for one in whole if clause.id in one.clauses]
        alone = [one.task.mutant for one in whole if one.failed == (clause.id,)]
        row = rows[clause.id]
        yield Row(
            clause=clause.id,
            applies=row.verdict != "not applicable",
            claimed=clause.id in claimed,
            own=tuple(name for name in failed if clause.id in _own(CATALOGUE[name])),
            foreign=tuple(name for name in failed if clause.id not in _own(CATALOGUE[name])),
            alone=tuple(alone),
            decisive=row.decisive,
            required=row.required,
        )


def strays(whole: Trials) -> Iterator[Stray]:
    """The mutants that were killed, but not by their own clauses or their broken choice."""
    for one in whole:
        mutant = CATALOGUE[one.task.mutant]
        own = _own(mutant)
        if one.killed and not own & {*one.clauses} and mutant.choice not in one.broken_choices:
            yield Stray(mutant=mutant.id, clauses=tuple(sorted(own)), failed=one.failed)


def _own(mutant: Mutant) -> set[str]:
    return {mutant.clause, *mutant.also}


def side_by_side(trials: Trials, baselines: Sequence[Outcomes], *, allowed: int, whole_run: int) -> Iterator[ArmResult]:
    """The baseline suites and the kit, each with `allowed` decisions; probes of open points count for none of them.

    The kit's curve continues to `whole_run`, the number of decisions in a whole run.
    """
    found = {name: dict[str, list[int | None]]() for name in (*ARMS, "kit")}
    asked = dict.fromkeys(found, 0)
    for outcomes in baselines:
        name = outcomes.run.arm
        asked[name] = max(asked[name], outcomes.asked)
        for mutant, cost in outcomes.killed_at.items():
            found[name].setdefault(mutant, []).append(cost)
    asked["kit"] = allowed
    seeds = {outcomes.run.seed for outcomes in baselines}
    for one in trials:
        if one.task.seed in seeds:
            cost = one.spent.decisions if one.killed and one.spent is not None else None
            found["kit"].setdefault(one.task.mutant, []).append(cost)
    reach = {"kit": max(allowed, whole_run)}
    common = {
        mutant
        for mutant in found["kit"]
        if all(
            cost is not None and cost <= allowed
            for name, costs in found.items()
            if asked[name]
            for cost in costs.get(mutant, [None])
        )
    }
    for name, costs in found.items():
        if not costs:
            continue
        every = Costs.of([cost for paid in costs.values() for cost in paid])
        shared = Costs.of([cost for mutant in sorted(common) for cost in costs[mutant]])
        yield ArmResult(
            name=name,
            says=ARMS[name].says if name in ARMS else "fencepost check",
            asked=asked[name],
            share=every.score(allowed),
            median=every.quantile(0.5),
            median_of_common=shared.quantile(0.5) if shared.trials else None,
            curve=every.curve(reach.get(name, allowed)),
        )

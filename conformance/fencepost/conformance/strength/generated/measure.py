"""Measures the suite by generated mutants: a seeded sample of them, its outcomes, and the scores with intervals."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random

from fencepost.conformance.strength.generated.mutation import Mutation, mutations
from fencepost.conformance.strength.generated.operators import OPERATORS
from fencepost.conformance.strength.generated.structures import STRUCTURES
from fencepost.conformance.strength.generated.trial import Task, Trial, attempt
from fencepost.conformance.strength.generated.workers import within
from fencepost.conformance.strength.study import Teller
from msgspec import Struct

SECONDS = 120.0
"""The time limit of a mutant, which only ends what counted loops do not; a run takes a twentieth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Which mutants are measured, and by which runs; without `sample` all of them."""

    structures: tuple[str, ...] = tuple(STRUCTURES)
    operators: tuple[str, ...] = tuple(OPERATORS)
    sample: int | None = None
    profile: str = "keyvault"
    effort: str = "quick"
    seed: int = 0
    seeds: int = 1
    processes: int = 1

    def chosen(self) -> list[Mutation]:
        """The mutants, in their order; a sample is drawn by the seed."""
        every = [one for name in self.structures for one in mutations(name) if one.operator in self.operators]
        if self.sample is None or self.sample >= len(every):
            return every
        places = sorted(Random(self.seed).sample(range(len(every)), self.sample))
        return [every[place] for place in places]


class _Value(Struct, frozen=True, kw_only=True, rename="camel"):
    """A JSON object of the result."""


class Rate(_Value, frozen=True, kw_only=True):
    """A score over a number of mutants, with its interval of 95% by Wilson; None where there is no mutant."""

    score: float | None
    low: float
    high: float
    of: int


class Row(_Value, frozen=True, kw_only=True):
    """The outcomes of a set of mutants. `strict` counts the undecided ones as alive; errors are in neither score."""

    name: str
    mutants: int
    killed: int
    alive: int
    undecided: int
    errors: int
    score: Rate
    strict: Rate


class Case(_Value, frozen=True, kw_only=True):
    """A mutant that was not killed, with what was changed, and why it is where it is."""

    mutant: str
    outcome: str
    line: int
    change: str
    says: str


class Generated(_Value, frozen=True, kw_only=True):
    """Everything that was found. Held out is a mutant whose structure is held out, and, `fully`, its operator too."""

    effort: str
    profile: str
    seeds: tuple[int, ...]
    of: int
    rows: tuple[Row, ...]
    operators: tuple[Row, ...]
    structures: tuple[Row, ...]
    cases: tuple[Case, ...]


def measure(design: Design, tell: Teller = lambda *_: None) -> Generated:
    """Put every chosen mutant to the suite. `tell` gets the progress."""
    chosen = design.chosen()
    seeds = tuple(range(design.seed, design.seed + design.seeds))
    tasks = [Task(mutation=one, profile=design.profile, effort=design.effort, seeds=seeds) for one in chosen]
    found: dict[int, Trial] = {}
    for place, trial in within(SECONDS, attempt, tasks, processes=design.processes):
        late = Trial(mutation=chosen[place], outcome="error", says="its process ended, or took too long")
        found[place] = trial or late
        tell("generated mutants", len(found), len(tasks))
    trials = [found[place] for place in range(len(tasks))]
    return Generated(
        effort=design.effort,
        profile=design.profile,
        seeds=seeds,
        of=sum(len(mutations(name)) for name in design.structures),
        rows=tuple(row(name, [one for one in trials if belongs(one.mutation)]) for name, belongs in _SETS),
        operators=tuple(_by(trials, design.operators, lambda one: one.operator)),
        structures=tuple(_by(trials, design.structures, lambda one: one.structure)),
        cases=tuple(
            Case(
                mutant=one.mutation.id,
                outcome=one.outcome,
                line=one.mutation.line,
                change=one.mutation.change,
                says=one.says,
            )
            for one in trials
            if one.outcome != "killed"
        ),
    )


def row(name: str, trials: Sequence[Trial]) -> Row:
    """The counts of some mutants, and their two scores."""
    counts = dict.fromkeys(("killed", "alive", "undecided", "error"), 0)
    for trial in trials:
        counts[trial.outcome] += 1
    killed, alive, undecided = counts["killed"], counts["alive"], counts["undecided"]
    return Row(
        name=name,
        mutants=len(trials),
        killed=killed,
        alive=alive,
        undecided=undecided,
        errors=counts["error"],
        score=wilson(killed, killed + alive),
        strict=wilson(killed, killed + alive + undecided),
    )


def wilson(hits: int, of: int) -> Rate:
    """A share with Wilson's interval of 95%.

    >>> rate = wilson(98, 100)
    >>> round(rate.low, 3), round(rate.high, 3)
    (0.93, 0.994)
    """
    if of == 0:
        return Rate(score=None, low=0.0, high=1.0, of=0)
    z, share = 1.959964, hits / of
    middle, half = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + (z / (2 * of)) ** 2)
    shrunk = 1 + z * z / of
    return Rate(score=share, low=max(0.0, (middle - half) / shrunk), high=min(1.0, (middle + half) / shrunk), of=of)


def _holds_structure(mutation: Mutation) -> bool:
    return not STRUCTURES[mutation.structure].in_sample


def _holds_both(mutation: Mutation) -> bool:
    return _holds_structure(mutation) and not OPERATORS[mutation.operator].in_sample


_SETS: tuple[tuple[str, Callable[[Mutation], bool]], ...] = (
    ("held-out structures", _holds_structure),
    ("held-out structures, held-out operators", _holds_both),
    ("structures in sample", lambda mutation: not _holds_structure(mutation)),
    ("all", lambda _: True),
)


def _by(trials: Sequence[Trial], names: Sequence[str], key: Callable[[Mutation], str]) -> Iterator[Row]:
    for name in names:
        yield row(name, [one for one in trials if key(one.mutation) == name])

"""Measures the suite by faulty vaults made from source: a seeded sample, its outcomes, scores with intervals."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random

from fencepost.conformance.strength.generated.made import Made
from fencepost.conformance.strength.generated.mechanisms import SETS as MECHANISM_SETS
from fencepost.conformance.strength.generated.mechanisms import mechanisms
from fencepost.conformance.strength.generated.mutation import SETS as MUTANT_SETS
from fencepost.conformance.strength.generated.mutation import mutations
from fencepost.conformance.strength.generated.operators import OPERATORS
from fencepost.conformance.strength.generated.structures import STRUCTURES
from fencepost.conformance.strength.generated.trial import Task, Trial, attempt
from fencepost.conformance.strength.generated.workers import within
from fencepost.conformance.strength.pool import OnProgress
from msgspec import Struct

SECONDS = 120.0
"""The time limit of a mutant, which only ends what counted loops do not; a run takes a twentieth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Faulty vaults of a kind: all of a structure, and the rows that a result has."""

    name: str
    of: Callable[[str], Sequence[Made]]
    sets: tuple[str, ...]


SOURCES = {
    "generated": _Source(name="generated mutants", of=mutations, sets=MUTANT_SETS),
    "mechanisms": _Source(name="mechanisms", of=mechanisms, sets=MECHANISM_SETS),
}
"""By the option that chooses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Which faulty vaults are measured, and by which runs; without `sample` all of them."""

    source: str = "generated"
    structures: tuple[str, ...] = tuple(STRUCTURES)
    operators: tuple[str, ...] = tuple(OPERATORS)
    sample: int | None = None
    profile: str = "keyvault"
    effort: str = "quick"
    seed: int = 0
    seeds: int = 1
    processes: int = 1

    def all(self) -> list[Made]:
        """Every faulty vault of the structures, by whatever operator."""
        return [one for name in self.structures for one in SOURCES[self.source].of(name)]

    def chosen(self) -> list[Made]:
        """Those that are measured, in their order; a sample is drawn by the seed."""
        every = [one for one in self.all() if one.operator in ("", *self.operators)]
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
    """A faulty vault that was not killed and may be shown, with what was changed, and the reason of its outcome."""

    mutant: str
    outcome: str
    line: int
    change: str
    says: str


class Generated(_Value, frozen=True, kw_only=True):
    """Everything that was found; `of` counts the faulty vaults that there are."""

    source: str
    effort: str
    profile: str
    seeds: tuple[int, ...]
    of: int
    rows: tuple[Row, ...]
    operators: tuple[Row, ...]
    structures: tuple[Row, ...]
    cases: tuple[Case, ...]


def measure(design: Design, on_progress: OnProgress = lambda *_: None) -> Generated:
    """Put every chosen faulty vault to the suite. `on_progress` gets the progress."""
    source, chosen = SOURCES[design.source], design.chosen()
    seeds = tuple(range(design.seed, design.seed + design.seeds))
    tasks = [Task(made=one, profile=design.profile, effort=design.effort, seeds=seeds) for one in chosen]
    found: dict[int, Trial] = {}
    for place, trial in within(SECONDS, attempt, tasks, processes=design.processes):
        late = Trial(made=chosen[place], outcome="error", says="its process ended, or took too long")
        found[place] = trial or late
        on_progress(source.name, len(found), len(tasks))
    trials = [found[place] for place in range(len(tasks))]
    return Generated(
        source=source.name,
        effort=design.effort,
        profile=design.profile,
        seeds=seeds,
        of=len(design.all()),
        rows=tuple(row(name, [one for one in trials if name in one.made.counts_in]) for name in source.sets),
        operators=tuple(_by(trials, design.operators, lambda one: one.operator)),
        structures=tuple(_by(trials, design.structures, lambda one: one.structure)),
        cases=tuple(
            Case(
                mutant=one.made.id,
                outcome=one.outcome,
                line=one.made.line,
                change=one.made.change,
                says=one.says,
            )
            for one in trials
            if one.outcome != "killed" and one.made.is_shown
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


def _by(trials: Sequence[Trial], names: Sequence[str], key: Callable[[Made], str]) -> Iterator[Row]:
    for name in names:
        if belonging := [one for one in trials if key(one.made) == name]:
            yield row(name, belonging)

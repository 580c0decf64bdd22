"""Measures a file of vectors by generated mutants of the structures that are held out."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from fencepost.adapters.contract import Client, HarnessFault
from fencepost.conformance.peers.structures.matcher import Matcher
from fencepost.conformance.regression.vector_file import Strength, VectorFile, vectors_from_json
from fencepost.conformance.regression.vector_run import run_vectors
from fencepost.conformance.strength.generated.differential import difference
from fencepost.conformance.strength.generated.made import Made, original
from fencepost.conformance.strength.generated.measure import SECONDS, Design, wilson
from fencepost.conformance.strength.generated.structures import STRUCTURES
from fencepost.conformance.strength.generated.trial import StructureConnection
from fencepost.conformance.strength.generated.workers import within
from fencepost.conformance.strength.pool import OnProgress

HELD_OUT = tuple(name for name, one in STRUCTURES.items() if not one.in_sample)
"""The structures that no test was developed against."""

Outcome = Literal["killed", "alive", "undecided", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A mutant, and the file of vectors that is put to it."""

    made: Made
    file: Path


def measured(
    file: Path, *, sample: int, seed: int, processes: int, on_progress: OnProgress = lambda *_: None
) -> Strength:
    """The strength of the tests of a file, by a seeded sample of mutants; those that crash at once are in no count."""
    tasks = [Task(made=one, file=file) for one in Design(structures=HELD_OUT, sample=sample, seed=seed).chosen()]
    outcomes = Counter[Outcome]()
    for _, outcome in within(SECONDS, attempt, tasks, processes=processes):
        outcomes[outcome or "error"] += 1
        on_progress("generated mutants", outcomes.total(), len(tasks))
    rate = wilson(outcomes["killed"], outcomes["killed"] + outcomes["alive"])
    return Strength(
        command=f"fencepost vectors measure FILE --sample {sample} --seed {seed}",
        mutants=rate.of,
        killed=outcomes["killed"],
        score=round(rate.score or 0.0, 4),
        low=round(rate.low, 4),
        high=round(rate.high, 4),
        undecided=outcomes["undecided"],
    )


def attempt(task: Task) -> Outcome:
    """The outcome of a mutant: if no test fails, a long random run shows whether it differs from a correct vault."""
    try:
        mutant = task.made.matcher()
        if kills(_vectors(task.file), mutant):
            return "killed"
        is_other = difference(original(task.made.structure), mutant, seed=0) is not None
    except Exception:  # Every mutant has an outcome, also one that cannot be made.
        return "error"
    return "alive" if is_other else "undecided"


def kills(known: VectorFile, mutant: Callable[[], Matcher]) -> bool:
    """Whether a test of the file fails, all of them being put to one vault around the mutant."""
    client = Client(StructureConnection(mutant(), profile=known.profile))
    try:
        statement = client.describe()
    except HarnessFault:
        return True
    return any(one.state == "failed" for one in run_vectors(known, client, statement))


@cache
def _vectors(file: Path) -> VectorFile:
    return vectors_from_json(file.read_bytes())

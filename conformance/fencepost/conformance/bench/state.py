"""What the bench must store for a run that is resumed."""

from collections.abc import Mapping
from dataclasses import dataclass

from fencepost.conformance.lockstep.cost import Cost
from fencepost.reports.model import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchState:
    """The bench's counts, and the rules in force: `cost` in all, `aside` of it for counterexamples.

    `explored` is what the explorations have asked, and `first_failure` what they had asked at the first failure.
    """

    cost: Cost
    aside: Cost
    explored: Cost
    first_failure: Cost | None
    faults_in_a_row: int
    at_hand: list[Mapping[str, object]] | None
    in_force: Mapping[str, object] | None
    diagnosis_calls: int
    diagnoses: tuple[tuple[str, str | None, int], ...]
    diagnosed: tuple[str, ...]
    kept: tuple[tuple[str, tuple[Call, ...], int], ...]

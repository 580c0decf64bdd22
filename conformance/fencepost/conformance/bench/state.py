"""What the bench must remember for a run that is resumed."""

from collections.abc import Mapping
from dataclasses import dataclass

from fencepost.conformance.bench.cost import Course
from fencepost.conformance.lockstep.lockstep import Meter
from fencepost.reports.model import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchState:
    """The bench's own counts: those of shrinking are no part of the effort, but they hold down how often it is done."""

    meter: Meter
    shrinking: Meter
    faults_in_a_row: int
    at_hand: list[Mapping[str, object]] | None
    in_force: Mapping[str, object] | None
    diagnosis_calls: int
    diagnoses: tuple[tuple[str, str | None, int], ...]
    diagnosed: tuple[str, ...]
    kept: tuple[tuple[str, tuple[Call, ...], int], ...]
    course: Course

"""The clause groups of a campaign: each exploration belongs to one group, and what a task of the group costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec
from fencepost.conformance.bench.exploration import Exploration
from fencepost.conformance.run.order import EXPLORATIONS

CONTROL = "control"
"""The group that asks no clause: its tasks lay decoy faults, which the explorations of the others must notice."""


class Cost(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is expected to be asked, and how many milliseconds of a processor the kit takes for it.

    The figures are those of the reference in process, at quick effort. A subject that offers less is asked less; the
    time that a subject takes by itself comes on top.
    """

    decisions: int = 0
    writes: int = 0
    milliseconds: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            decisions=self.decisions + other.decisions,
            writes=self.writes + other.writes,
            milliseconds=self.milliseconds + other.milliseconds,
        )

    def times(self, factor: int) -> "Cost":
        """So many times as much."""
        return Cost(
            decisions=self.decisions * factor,
            writes=self.writes * factor,
            milliseconds=self.milliseconds * factor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group by name: its explorations in their order, and what a task costs at quick effort."""

    name: str
    explorations: tuple[Exploration, ...]
    cost: Cost

    @property
    def clauses(self) -> frozenset[str]:
        """The clauses that the group asks."""
        return frozenset(clause for one in self.explorations for clause in one.serves)


def _group(name: str, *explorations: str, cost: Cost) -> tuple[str, Group]:
    chosen = tuple(one for one in EXPLORATIONS if one.name in explorations)
    return name, Group(name=name, explorations=chosen, cost=cost)


GROUPS: Mapping[str, Group] = MappingProxyType(
    dict(
        (
            _group(
                "decisions",
                *("first look", "endpoints", "bare vaults", "decisions", "repetition", "call sizes", "more decisions"),
                cost=Cost(decisions=39_000, writes=210, milliseconds=1_500),
            ),
            _group(
                "limits",
                *("limits at once", "limits", "ramps"),
                cost=Cost(decisions=11_500, writes=200, milliseconds=1_300),
            ),
            _group(
                "histories",
                *("histories", "groves"),
                cost=Cost(decisions=24_000, writes=630, milliseconds=1_000),
            ),
            _group(
                "writes",
                *(
                    "refusals",
                    "turns",
                    "undone writes",
                    "validation",
                    "state",
                    "concurrency",
                    "convergence",
                    "read-back",
                    "recorded forms",
                ),
                cost=Cost(decisions=5_900, writes=530, milliseconds=600),
            ),
            _group(CONTROL, cost=Cost(decisions=40, writes=90, milliseconds=550)),
        )
    )
)
"""The groups by name. `python -m fencepost.conformance.campaign.measured` shows what their tasks cost."""

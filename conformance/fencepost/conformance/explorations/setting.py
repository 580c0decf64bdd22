"""What an exploration is and what it is told: profile, offer, effort and seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from fencepost.conformance.bench import Bench
from fencepost.conformance.effort import Effort
from fencepost.conformance.offer import Offer
from fencepost.reference import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The circumstances of a run. Everything random in it comes from `random`."""

    profile: Profile
    offer: Offer
    effort: Effort
    seed: int

    def random(self, *purpose: object) -> Random:
        """The random numbers for one purpose: the same for the same seed, whatever else the run does."""
        return Random(":".join(str(part) for part in (self.seed, *purpose)))

    def rounds(self, quick: int, decisions_only: int | None = None) -> range:
        """How often to go round: `quick` times at quick effort, fewer for a decisions-only subject."""
        fewest = quick if self.offer.refusals or decisions_only is None else decisions_only
        return range(fewest * self.effort.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One stretch from a `reset` on; a harness fault in it is the error of the first of its clauses."""

    aims: tuple[str, ...]
    run: Callable[[Bench], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """A named source of scenarios and the clauses that they serve.

    One that comes early, for the little that tells most, names the exploration that asks the same clauses in breadth.
    """

    name: str
    serves: tuple[str, ...]
    scenarios: Callable[[Setting], Iterator[Scenario]]
    in_breadth: str = ""

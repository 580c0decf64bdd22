"""What an exploration may know of its run: profile, capabilities, effort and seed."""

from dataclasses import dataclass
from random import Random

from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.capabilities import Capabilities
from fencepost.reference import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The parameters of a run. All its random numbers come from `random`.

    An effort of scale n is asked in n waves, of which the first is what quick effort asks; `wave` counts from 0.
    """

    profile: Profile
    capabilities: Capabilities
    effort: Effort
    seed: int
    wave: int = 0

    @property
    def is_last_wave(self) -> bool:
        """Whether this wave is the last."""
        return self.wave == self.effort.scale - 1

    def random(self, *purpose: object) -> Random:
        """Random numbers for one purpose: the same for the same seed, whatever else the run does."""
        return Random(":".join(str(part) for part in (self.seed, *purpose)))

    def rounds(self, quick: int, decisions_only: int | None = None) -> range:
        """The numbers of this wave's rounds: `quick` of them in each wave, fewer for a decisions-only subject."""
        fewest = quick if self.capabilities.refusals or decisions_only is None else decisions_only
        return range(fewest * self.wave, fewest * (self.wave + 1))

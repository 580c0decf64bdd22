"""An exploration, which is a named source of scenarios, and the loop over its scenarios."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.effort import EffortSpent
from fencepost.conformance.bench.fault_policy import Abandoned
from fencepost.conformance.bench.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The calls from one `reset` to the next; a harness fault in it is the error of the first of its clauses."""

    aims: tuple[str, ...]
    run: Callable[[Bench], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """A named source of scenarios and the clauses that they serve.

    An early exploration asks the few requests that show most. It names in `in_breadth` the exploration that asks the
    same clauses fully. `replayed_with` gives the options that a replay needs in addition to the run's own.
    """

    name: str
    serves: tuple[str, ...]
    scenarios: Callable[[Setting], Iterator[Scenario]]
    in_breadth: str = ""
    replayed_with: Callable[[Bench], str] = lambda _: ""
    wave: int = 0

    @property
    def title(self) -> str:
        """The name without the wave."""
        return self.name.removesuffix(f", wave {self.wave + 1}")

    def in_wave(self, wave: int) -> "Exploration":
        """The same exploration in a later wave, under a name of its own."""
        if not wave:
            return self

        def scenarios(setting: Setting) -> Iterator[Scenario]:
            return self.scenarios(replace(setting, wave=wave))

        return replace(self, name=f"{self.name}, wave {wave + 1}", scenarios=scenarios, wave=wave)


def play(bench: Bench, scenarios: Iterable[Scenario]) -> Iterator[None]:
    """Run each scenario, and yield after it. An abandoned scenario is over; a spent effort ends the loop.

    Any other exception of a scenario is passed on: `Unresponsive`, `EndedAtFailure`, `HarnessFault`.
    """
    for scenario in scenarios:
        bench.begin(scenario.aims)
        try:
            scenario.run(bench)
            bench.end()
        except Abandoned:
            pass
        except EffortSpent:
            return
        yield

"""The options of a run, and its progress."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeAlias

from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.catalogue import catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The options of a run: the subject string and those of `check`. `profile` None means the statement's own."""

    subject: str
    effort: Effort
    seed: int = 0
    profile: str | None = None
    clauses: tuple[str, ...] = ()
    settle_seconds: float | None = None
    fail_fast: bool = False
    with_decoys: bool = True

    @property
    def lays_decoys(self) -> bool:
        """Whether the run ends with its sensitivity control: a run of all clauses does, unless it is switched off."""
        return self.with_decoys and not self.clauses

    def as_json(self) -> dict[str, object]:
        """The plan under the command's option names, with the version of the kit."""
        return {
            "fencepost": version("fencepost"),
            "catalogue": catalogue().version,
            "subject": self.subject,
            "effort": self.effort.name,
            "seed": self.seed,
            "profile": self.profile,
            "clause": list(self.clauses),
            "settle": self.settle_seconds,
            "fail-fast": self.fail_fast,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run is: the exploration, scenarios done and in all, decisions so far, failures so far."""

    exploration: str
    done: int
    total: int
    decisions: int
    failed: tuple[str, ...]


Listener: TypeAlias = Callable[[Progress], None]
"""Called with the run's progress."""

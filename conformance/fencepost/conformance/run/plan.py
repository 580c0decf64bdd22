"""What a run is asked to do, and where it is."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeAlias

from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.catalogue import catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked for: the subject string, and the options of `check`. `profile` None is the statement's own.

    `most_decisions` lowers what the effort may ask.
    """

    subject: str
    effort: Effort
    seed: int = 0
    profile: str | None = None
    clauses: tuple[str, ...] = ()
    settle_seconds: float | None = None
    fail_fast: bool = False
    most_decisions: int | None = None
    with_decoys: bool = True

    @property
    def lays_decoys(self) -> bool:
        """Whether the run ends with its sensitivity control: a run of all clauses, unless that is not wanted."""
        return self.with_decoys and not self.clauses

    def as_json(self) -> dict[str, object]:
        """The plan under the names that the command has for it, and whose version carries it out."""
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
            "max-decisions": self.most_decisions,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run is: the exploration, its wave (“wave 1 of 5”), how many scenarios of how many are through.

    `decisions` and `failed` are the decisions and the failures so far.
    """

    exploration: str
    wave: str
    done: int
    total: int
    decisions: int
    failed: tuple[str, ...]


Listener: TypeAlias = Callable[[Progress], None]
"""Hears where the run is."""

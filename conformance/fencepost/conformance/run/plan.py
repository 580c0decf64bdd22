"""The options of a run, and its progress."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeAlias

from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.catalogue import Clause, catalogue
from fencepost.reports.summary import typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The options of a run: the subject string and those of `check`. `profile` None means the statement's own.

    `again` begins a replay line where no subject string finds the subject: `-k CLAUSE` follows it.
    `suite_version` leaves out the clauses that came later. `most_decisions` lowers what the effort may ask. `further`
    are other options of the command that change what is asked or how it is judged, as they are typed.
    """

    subject: str
    effort: Effort
    seed: int = 0
    profile: str | None = None
    clauses: tuple[str, ...] = ()
    suite_version: str | None = None
    settle_seconds: float | None = None
    fail_fast: bool = False
    most_decisions: int | None = None
    with_decoys: bool = True
    again: str = ""
    further: str = ""

    @property
    def options(self) -> str:
        """The options that stand in no other member of a report, as they are typed."""
        own = typed({"settle": self.settle_seconds, "max-decisions": self.most_decisions})
        return " ".join(filter(None, (own, self.further)))

    @property
    def lays_decoys(self) -> bool:
        """Whether the run ends with its sensitivity control: a run of all clauses does, unless it is switched off."""
        return self.with_decoys and not self.clauses

    def selected(self) -> tuple[Clause, ...]:
        """The clauses that the run is to judge, in the catalogue's order."""
        known = catalogue()
        there = known.clauses if self.suite_version is None else known.at(self.suite_version)
        if not self.clauses:
            return there
        wanted = {clause.id for pattern in self.clauses for clause in known.matching(pattern)}
        return tuple(clause for clause in there if clause.id in wanted)

    @property
    def left_out(self) -> tuple[Clause, ...]:
        """The clauses that came after `suite_version`."""
        if self.suite_version is None:
            return ()
        there = catalogue().at(self.suite_version)
        return tuple(clause for clause in catalogue().clauses if clause not in there)

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
            "suite-version": self.suite_version,
            "settle": self.settle_seconds,
            "fail-fast": self.fail_fast,
            "max-decisions": self.most_decisions,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run is: the exploration, its wave (“wave 1 of 5”), how many scenarios of how many are through.

    `decisions` and `failed` are the decisions and the failures so far. Of the `clauses` that apply, so many are
    `settled`: failed, or decisive as often as a pass takes. `share` of the run is through, about.
    """

    exploration: str
    wave: str
    done: int
    total: int
    decisions: int
    failed: tuple[str, ...]
    settled: int = 0
    clauses: int = 0
    share: float = 0.0


Listener: TypeAlias = Callable[[Progress], None]
"""Called with the run's progress."""

"""How far a run had come when it first found something: what it had cost until then, in the units that users pay in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the explorations have asked. The ledger's probes, replays and shrinking are no part of it.

    An example runs from one `reset` to the next; a configuration is an accepted write that changes the rules in force.
    """

    examples: int = 0
    writes: int = 0
    configurations: int = 0
    decisions: int = 0


@dataclass(slots=True)
class Course:
    """The running count of what the explorations ask, and where it stood at the first failure."""

    examples: int = 0
    writes: int = 0
    configurations: int = 0
    decisions: int = 0
    first_failure: Spent | None = None

    def spent(self, *, unasked: int = 0) -> Spent:
        """The count as it stands; the last `unasked` decisions of the call at hand left out."""
        return Spent(
            examples=self.examples,
            writes=self.writes,
            configurations=self.configurations,
            decisions=self.decisions - unasked,
        )

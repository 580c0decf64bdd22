"""Effort: how much is asked, counted in calls and never in seconds, so that a seed gives the same run everywhere."""

from dataclasses import dataclass, replace

CONTROL_WRITES, CONTROL_DECISIONS = 24, 1_000
"""What of every effort is kept for the sensitivity control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """At most so many writes and decisions; `scale` multiplies the rounds of every exploration.

    A decisions-only subject is asked three tenths of it. Counterexamples cost extra calls, at most 300 each.
    """

    name: str
    scale: int
    writes: int
    decisions: int

    def for_decisions_only(self) -> "Effort":
        """The smaller ration of a subject that is asked for decisions alone."""
        return Effort(
            name=self.name, scale=self.scale, writes=self.writes * 3 // 10, decisions=self.decisions * 3 // 10
        )

    def without_control(self) -> "Effort":
        """What is left for the explorations where decoys are laid after them."""
        return self.less(CONTROL_WRITES, CONTROL_DECISIONS)

    def less(self, writes: int, decisions: int) -> "Effort":
        """What is left of it after so much."""
        return replace(self, writes=self.writes - writes, decisions=self.decisions - decisions)

    def within(self, other: "Effort") -> "Effort":
        """No more of it than of the other."""
        return replace(self, writes=min(self.writes, other.writes), decisions=min(self.decisions, other.decisions))


EFFORTS = {
    effort.name: effort
    for effort in (
        Effort(name="quick", scale=1, writes=1_200, decisions=100_000),
        Effort(name="standard", scale=5, writes=6_000, decisions=500_000),
        Effort(name="thorough", scale=20, writes=24_000, decisions=2_000_000),
    )
}
"""The efforts by name; `quick` is the default."""

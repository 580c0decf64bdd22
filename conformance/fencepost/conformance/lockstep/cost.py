"""What a subject was asked, in the units that users pay for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Calls by kind; `decisions` counts requests, `configurations` accepted writes that change the rules in force."""

    resets: int = 0
    writes: int = 0
    configurations: int = 0
    decisions: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            resets=self.resets + other.resets,
            writes=self.writes + other.writes,
            configurations=self.configurations + other.configurations,
            decisions=self.decisions + other.decisions,
        )

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(
            resets=self.resets - other.resets,
            writes=self.writes - other.writes,
            configurations=self.configurations - other.configurations,
            decisions=self.decisions - other.decisions,
        )

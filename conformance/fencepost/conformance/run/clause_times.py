"""How long a run took for each clause. A report's body holds no times: they stand beside it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from fencepost.conformance.judging.tally import Tally


@dataclass(slots=True)
class ClauseTimes:
    """Wall seconds by clause. A scenario's time is shared out by the number of answers that count for each clause.

    One answer may count for several clauses, so that a clause has no time of its own; the sum is the time of all
    scenarios. What was spent on making a counterexample smaller is part of its scenario.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    _asked: Mapping[str, int] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def begin(self, tally: Tally) -> None:
        """A scenario begins now, with these counts."""
        self._asked = {clause: record.asked for clause, record in tally.records.items()}
        self._since = time.monotonic()

    def share(self, tally: Tally) -> None:
        """A scenario has ended with these counts, and the next begins."""
        took = time.monotonic() - self._since
        added = {clause: record.asked - self._asked.get(clause, 0) for clause, record in tally.records.items()}
        total = sum(added.values())
        for clause, count in added.items():
            if count:
                self.seconds[clause] = self.seconds.get(clause, 0.0) + took * count / total
        self.begin(tally)

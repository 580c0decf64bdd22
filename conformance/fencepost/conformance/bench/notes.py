"""What an exploration may look up and note in the tally, beside the answers that the bench counts."""

from collections.abc import Collection, Sequence

from fencepost.conformance.diagnosis.recorder import KnownFailures
from fencepost.conformance.judging.tally import Tally
from fencepost.reports.model import Counterexample


class Notes:
    """The results so far, and the remarks of an exploration on a clause."""

    def __init__(self, tally: Tally, known_failures: KnownFailures | None = None) -> None:
        self._tally = tally
        self._known_failures = known_failures

    @property
    def goes_on(self) -> bool:
        """Whether nothing has failed yet, or the run searches on beside known failures."""
        return not self.failed or (self._known_failures is not None and self._known_failures.goes_on)

    @property
    def failed(self) -> Collection[str]:
        """The clauses that have failed so far."""
        return self._tally.failures.keys()

    def failures_of(self, clause: str) -> Sequence[Counterexample]:
        """The clause's failures so far."""
        return self._tally[clause].failures

    def decisive(self, clause: str) -> int:
        """How often the clause has been decisive so far."""
        return self._tally[clause].decisive

    def limit_found(self, clause: str, limit: str) -> None:
        """The clause's limit is this."""
        self._tally[clause].limit = limit

    def limit_at_least(self, clause: str, count: int) -> None:
        """So many were accepted: the clause's limit, unless more is known."""
        record = self._tally[clause]
        record.limit = record.limit or f"at least {count}"

    def remark(self, clause: str, text: str) -> None:
        """Say something beside the clause's pass."""
        self._tally[clause].remark = text

    def depends(self, clause: str, text: str) -> None:
        """Make the clause inconclusive: whether something is put as asked depends on what must not matter."""
        self._tally.note(clause, depends=text)

    def leave_out(self, clause: str, reason: str) -> None:
        """The clause cannot be asked of this subject."""
        self._tally[clause].left_out = reason

"""A test that may go into a file of vectors: a case, the answers that an edition expects, and what a subject needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from fencepost.conformance.lockstep.case import Case
from fencepost.conformance.regression.expectations import expected_calls
from fencepost.conformance.regression.needs import needs_of
from fencepost.conformance.regression.stored_case import case_id
from fencepost.conformance.regression.vector_file import VectorCall
from fencepost.reference import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A test that may go into the file: its clause, its calls with the right answers, and its flags."""

    clause: str
    comment: str
    case: Case
    calls: tuple[VectorCall, ...]
    needs: tuple[str, ...]
    flags: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id, which follows from the clause and the calls."""
        return case_id(self.clause, "", self.case.calls())

    @property
    def size(self) -> int:
        """The length of the calls as text."""
        return sum(len(repr(call.params)) for call in self.calls)


def candidate(
    clause: str, comment: str, case: Case, profile: Profile, *flags: str, choices: Mapping[str, str] | None = None
) -> Candidate:
    """The test of a case. Some answers follow only where the subject has made these choices: it needs them too.

    Raises `Uncertain` where an answer is open all the same.
    """
    chosen = choices or {}
    calls = expected_calls(case, profile.with_choices(chosen) if chosen else profile)
    needs = [*needs_of(case), *(f"{key}={answer}" for key, answer in chosen.items())]
    if any(call.accepted is False for call in calls):
        needs.append("refused-writes")
    if clause == "CRED-4":
        needs.append("decision-codes")
    return Candidate(clause=clause, comment=comment, case=case, calls=calls, needs=tuple(needs), flags=flags)

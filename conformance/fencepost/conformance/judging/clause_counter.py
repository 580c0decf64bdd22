"""Counts each answer for the clauses that it exercises."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.judging.exercised import RuleEdges, exercised_clauses
from fencepost.conformance.judging.not_put import kinds_of
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.judging.write_kinds import kinds_of_write
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.mismatch import WrongDecision
from fencepost.conformance.lockstep.oracle import Judged
from fencepost.reference import Decision, Outcome, Plane, Request, RuleSet, Vault, Verdict, Write

_OF_REQUESTS = ("DEC", "CTL", "CRED")
"""The families of clauses that are about single requests; DEC-17 is about several."""


class ClauseCounter:
    """Counts answers in a tally, each for the clauses that it exercises; `selected` are the clauses of the run."""

    def __init__(self, tally: Tally, capabilities: Capabilities, selected: Collection[str]) -> None:
        self._tally = tally
        self._capabilities = capabilities
        self._selected = selected
        self._is_about_calls = "DEC-17" in selected  # the clause about several requests takes every kind
        self.kinds: list[tuple[str, ...]] = []
        self._landmarks: tuple[RuleSet, RuleEdges] | None = None

    def decisions(
        self,
        vault: Vault,
        requests: Sequence[Request],
        judged: Sequence[Judged],
        extra: Mapping[Request, Sequence[str]],
        *,
        sizes: Sequence[int],
        is_further: bool = False,
    ) -> list[tuple[int, WrongDecision]]:
        """Count these answers; return each wrong answer with its place. `extra` adds clauses to some requests.

        `sizes` are those of the calls that were to carry the requests. Right answers to calls that only ask the same
        again (`is_further`) count for no clause. `kinds` are then those of the requests for the selected clauses, or
        for all if calls are judged, the width of rules left out, and none where the answer was not right.
        """
        found = []
        carried = [(size, place) for size in sizes for place in range(size)]
        self.kinds = []
        edges, not_put = self._landmarks_of(vault.rules), self._tally.not_put
        for index, (request, (expected, answer, wrong)) in enumerate(zip(requests, judged, strict=True)):
            clauses = self.exercised(vault, request, expected, extra.get(request, ()) if extra else ())
            is_counted = not is_further or wrong is not None
            self._tally.decision(clauses if is_counted else (), answer.outcome, is_right=wrong is None)
            relation = edges.relation(request.address, expected.rule) if request.subnet is None else "subnet"
            is_answered = answer.outcome != "inconclusive"
            not_put.count(request, kinds_of(request, clauses, relation), is_answered=is_answered)
            is_right = wrong is None and is_answered
            singles = _of_single_requests(clauses) if is_right else ()
            if not self._is_about_calls:
                singles = tuple(one for one in singles if one in self._selected)
            self.kinds.append(kinds_of(request, singles, relation.partition(" ")[0]))
            self._tally.call_sizes.count(self.kinds[-1], *carried[index])
            if wrong is not None:
                found.append((index, wrong))
        return found

    def write(self, expected: Write, exercises: Collection[str]) -> None:
        """Count a right answer to a write for these clauses and the clause that demands it; for none if it was open."""
        if expected.verdict is not Verdict.OPEN:
            self._tally.answer(_clauses_of(expected, exercises))

    def put(self, step: WriteStep, expected: Write) -> None:
        """Count a write that could be put as asked: for its widest kind, and for texts that could not be put before."""
        widest, *texts = kinds_of_write(step, expected)
        for kind in (widest, *(one for one in texts if one in self._tally.writes_by_kind)):
            self._tally.write(kind, ())

    def inconclusive_write(self, step: WriteStep, expected: Write, exercises: Collection[str]) -> tuple[str, list[str]]:
        """Count a write that could not be put as asked; its widest kind and its clauses."""
        clauses = sorted(_clauses_of(expected, exercises))
        self._tally.inconclusive_write(kinds_of_write(step, expected), clauses)
        return kinds_of_write(step, expected)[0], clauses

    def exercised(self, vault: Vault, request: Request, expected: Decision, extra: Sequence[str]) -> tuple[str, ...]:
        """The clauses that an answer to the request exercises; `extra` are further ones, if it exercises any."""
        clauses = exercised_clauses(request, expected, vault.rules, self._landmarks_of(vault.rules))
        if clauses and extra:
            clauses = (*clauses, *extra)
        has_codes = self._capabilities.codes and self._capabilities.credentials
        if has_codes and expected.outcome is Outcome.DENY and request.plane is Plane.DATA:
            clauses = (*clauses, "CRED-4")
        return clauses

    def _landmarks_of(self, rules: RuleSet) -> RuleEdges:
        if self._landmarks is None or self._landmarks[0] is not rules:
            self._landmarks = (rules, RuleEdges.of(rules))
        return self._landmarks[1]


@cache  # a run has few combinations of clauses, and asks this for every decision
def _of_single_requests(clauses: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clause for clause in clauses if clause.startswith(_OF_REQUESTS) and clause != "DEC-17")


def _clauses_of(expected: Write, exercises: Collection[str]) -> set[str]:
    demanding = {violation.clause for violation in expected.violations if violation.is_certain}
    return {*exercises, *demanding} if len(demanding) == 1 else set(exercises)

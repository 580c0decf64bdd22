"""A stored case as a test of its own, in any pytest run."""

from dataclasses import dataclass
from pathlib import Path

from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.pytest.suite_collection import subject_of
from fencepost.conformance.regression.replay import replay_case
from fencepost.conformance.regression.stored_case import StoredCase
from fencepost.conformance.run.earlier import case_at
from fencepost.conformance.run.opening import begun, connected, explaining
from fencepost.conformance.run.plan import Plan
from fencepost.reports.visible import as_json, visible


@dataclass(kw_only=True, eq=False)
class CaseFailed(AssertionError):
    """The stored case still gets a wrong answer."""

    case: StoredCase
    expected: str
    got: str

    def __str__(self) -> str:
        clause = catalogue()[self.case.clause]
        calls = (f"{number} {call.method} {as_json(call.params)}" for number, call in enumerate(self.case.calls, 1))
        lines = (f"{clause.id}: {clause.text}.", f"expected {self.expected}, got {self.got}", *calls)
        return "\n  ".join(map(visible, lines))


@dataclass(kw_only=True, eq=False)
class CaseNotJudged(RuntimeError):
    """The stored case says nothing about this subject, for this reason."""

    case: StoredCase
    reason: str

    def __str__(self) -> str:
        return visible(f"{self.case.id}: not judged: {self.reason}")


def stored_case_must_pass(file: str | Path, subject: object, *, timeouts: Timeouts | None = None) -> None:
    """Put the stored case to the subject: return where the last answer is right, as `fencepost replay` judges it.

    `subject` is a subject string, a factory of an implementation, or the implementation itself. Raises `CaseFailed` if
    an answer is wrong, and `CaseNotJudged` if no answer can be judged. Raises `CannotBegin` if the subject does not
    answer, and `NotACase` or `UnreadableInput` if the file holds no case.
    """
    __tracebackhide__ = True
    case = case_at(Path(file))
    asked = subject_of(subject)
    plan = Plan(subject=asked if isinstance(asked, str) else "it", effort=EFFORTS["quick"], profile=case.profile)
    with (
        connected(asked, timeouts or Timeouts(), profile=plan.profile) as connection,
        explaining(plan.subject, connection),
    ):
        run = begun(connection, plan)
        run.settle()
        replayed = replay_case(case.case, run.lockstep, run.capabilities)
    if replayed.mismatch is not None:
        expected, got = replayed.mismatch.direction
        raise CaseFailed(case=case, expected=expected, got=got)
    if replayed.state == "not judged":
        raise CaseNotJudged(case=case, reason=replayed.explanation)

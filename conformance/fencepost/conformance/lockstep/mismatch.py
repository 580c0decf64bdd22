"""A mismatch: the call, the reference's answer, and the subject's answer, which differs from it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeAlias

from fencepost.adapters.contract import Decision as Answer
from fencepost.adapters.contract import WriteResult
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.reference import Decision, Outcome, Request, RuleSet, Vault, Write, acceptable_codes


class _Comparable(ABC):
    """The base of the three kinds of mismatch."""

    __slots__ = ()

    @property
    @abstractmethod
    def direction(self) -> tuple[str, str]:
        """The expected answer and the answer that came, in words."""

    @property
    def kind(self) -> tuple[str, ...]:
        """The kind of the mismatch as a comparable value: the type of the call and the direction."""
        return (type(self).__name__, *self.direction)

    def is_like(self, other: "Mismatch | None") -> bool:
        """Whether the other mismatch is of the same kind. None is no mismatch."""
        return other is not None and other.kind == self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongDecision(_Comparable):
    """A request that got the wrong outcome, or the right outcome with a wrong status or code."""

    vault: Vault
    request: Request
    expected: Decision
    got: Answer
    is_about_codes: bool = False

    @property
    def direction(self) -> tuple[str, str]:
        """The expected outcome and the outcome that came, or *codes* if the outcome is right."""
        return (self.expected.outcome.value, "codes" if self.is_about_codes else self.got.outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongWrite(_Comparable):
    """A write that was accepted and must be refused, or was refused and must be accepted."""

    vault: Vault
    step: WriteStep
    expected: Write
    got: WriteResult

    @property
    def direction(self) -> tuple[str, str]:
        """The expected verdict, and *accepted* or *refused*."""
        return (self.expected.verdict.value, "accepted" if self.got.is_accepted else "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRead(_Comparable):
    """A read-back of rules that are not in force.

    `form` is the broken clause of WIRE where the rules are those in force, and only their form is wrong.
    """

    vault: Vault
    expected: RuleSet
    got: object
    form: str | None = None

    @property
    def direction(self) -> tuple[str, str]:
        """The same for every read-back with wrong rules, and for every wrong form of one kind."""
        return ("in force", "otherwise") if self.form is None else ("in its form", self.form)


Mismatch: TypeAlias = WrongDecision | WrongWrite | WrongRead


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mismatch of the last step. `index` is the request's place in it, `aim` the clause that its scenario tests."""

    mismatch: Mismatch
    index: int = -1
    aim: str | None = None


def compare(vault: Vault, request: Request, got: Answer, *, with_codes: bool) -> tuple[Decision, WrongDecision | None]:
    """The expected decision, and the mismatch if the answer differs. Open and inconclusive decisions never mismatch."""
    expected = vault.decide(request)
    if expected.outcome is Outcome.OPEN or got.outcome == "inconclusive":
        return expected, None
    if got.outcome != expected.outcome.value:
        return expected, WrongDecision(vault=vault, request=request, expected=expected, got=got)
    if with_codes and expected.outcome is Outcome.DENY and not _code_is_acceptable(vault, request, got):
        return expected, WrongDecision(vault=vault, request=request, expected=expected, got=got, is_about_codes=True)
    return expected, None


def _code_is_acceptable(vault: Vault, request: Request, got: Answer) -> bool:
    codes = acceptable_codes(request, rules=vault.rules, network=vault.network, profile=vault.profile)
    if codes is None:
        return True
    return any(got.status == status and code in (None, got.code) for status, code in codes)

"""An answer that is not the reference's: what was asked, what was expected, what came."""

from dataclasses import dataclass
from typing import TypeAlias

from fencepost.adapters.contract import Decision as Answer
from fencepost.adapters.contract import WriteResult
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.reference import Decision, Outcome, Request, RuleSet, Vault, Write, acceptable_codes


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongDecision:
    """A request whose outcome, or whose status and code, is not the expected one."""

    vault: Vault
    request: Request
    expected: Decision
    got: Answer
    is_about_codes: bool = False

    @property
    def direction(self) -> tuple[str, str]:
        """What was expected and what came, as one comparable value."""
        return (self.expected.outcome.value, "codes" if self.is_about_codes else self.got.outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongWrite:
    """A write that was accepted and must be refused, or the other way round."""

    vault: Vault
    step: WriteStep
    expected: Write
    got: WriteResult

    @property
    def direction(self) -> tuple[str, str]:
        """What was expected and what came, as one comparable value."""
        return (self.expected.verdict.value, "accepted" if self.got.is_accepted else "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRead:
    """Rules read back that are not the rules in force."""

    vault: Vault
    expected: RuleSet
    got: object

    @property
    def direction(self) -> tuple[str, str]:
        """What was expected and what came, as one comparable value."""
        return ("in force", "otherwise")


Mismatch: TypeAlias = WrongDecision | WrongWrite | WrongRead


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mismatch in the conversation: its place in the last step, and the clause that its scenario was built for."""

    mismatch: Mismatch
    index: int = -1
    aim: str | None = None


def compare(vault: Vault, request: Request, got: Answer, *, with_codes: bool) -> tuple[Decision, WrongDecision | None]:
    """The expected decision, and the mismatch if the answer contradicts it. Open and inconclusive never mismatch."""
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

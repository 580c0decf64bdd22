"""Whose answers are the expected ones: the reference's, or another subject's."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from fencepost.adapters.contract import Decision as Answer
from fencepost.adapters.contract import NetworkAcls
from fencepost.conformance.lockstep.case import AskStep, EndpointsStep, WriteStep, apply_write
from fencepost.conformance.lockstep.mismatch import WrongDecision, WrongRead, compare
from fencepost.conformance.lockstep.normal_form import is_read_rightly
from fencepost.conformance.lockstep.recorded_forms import broken_form
from fencepost.reference import Decision, Network, Vault, Write

Judged: TypeAlias = tuple[Decision, Answer, WrongDecision | None]
"""What was expected, what came, and the mismatch where they differ."""


class Oracle(Protocol):
    """Says what is expected of the subject. `vault` is the reference's vault, which has followed every call so far."""

    follows_refusals: bool
    """Whether the expected answers after a wrong refusal are those of a vault that has not taken the write either."""

    could_not_put: bool
    """Whether the last write could not be put to the oracle as asked, so that it expects no answer."""

    def reset(self, network: Network) -> None:
        """A new vault in this network."""
        ...

    def set_endpoints(self, step: EndpointsStep) -> None:
        """A subnet's endpoints are switched."""
        ...

    def write(self, vault: Vault, step: WriteStep) -> Write:
        """What a write should be answered."""
        ...

    def decide(self, vault: Vault, step: AskStep, answers: Sequence[Answer]) -> list[Judged]:
        """These answers beside the expected ones."""
        ...

    def read(self, vault: Vault, got: NetworkAcls | None) -> WrongRead | None:
        """The rules that were read back, where they are not the expected ones."""
        ...


class ReferenceOracle:
    """The reference expects what its own vault says.

    `with_codes` compares status and code of denials too, `with_forms` the form of what is read back (WIRE).
    """

    follows_refusals = True
    could_not_put = False

    def __init__(self, *, with_codes: bool = False, with_forms: bool = False) -> None:
        self._with_codes = with_codes
        self._with_forms = with_forms

    def reset(self, network: Network) -> None:
        """Nothing: the vault is handed over with each call."""

    def set_endpoints(self, step: EndpointsStep) -> None:
        """Nothing: the vault is handed over with each call."""

    def write(self, vault: Vault, step: WriteStep) -> Write:
        """What the reference says of the write."""
        return apply_write(vault, step)

    def decide(self, vault: Vault, step: AskStep, answers: Sequence[Answer]) -> list[Judged]:
        """Each answer beside the reference's decision."""
        judged = []
        for request, answer in zip(step.requests, answers, strict=True):
            expected, wrong = compare(vault, request, answer, with_codes=self._with_codes)
            judged.append((expected, answer, wrong))
        return judged

    def read(self, vault: Vault, got: NetworkAcls | None) -> WrongRead | None:
        """Both compared in their normal form (STA-5), then the form itself where that counts."""
        if not is_read_rightly(got, vault):
            return WrongRead(vault=vault, expected=vault.rules, got=got)
        form = broken_form(got, vault) if self._with_forms else None
        return None if form is None else WrongRead(vault=vault, expected=vault.rules, got=got, form=form)

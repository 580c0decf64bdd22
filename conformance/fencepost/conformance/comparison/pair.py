"""Two subjects beside each other: every call goes to both, and where their answers differ nobody is judged."""

import time

from fencepost.adapters.contract import Client
from fencepost.adapters.contract import Decision as Answer
from fencepost.conformance.lockstep.case import AskStep, EndpointsStep, ReadStep, WriteStep, apply_write
from fencepost.conformance.lockstep.lockstep import Lockstep, WriteAnswer
from fencepost.conformance.lockstep.mismatch import WrongDecision, WrongRead, WrongWrite
from fencepost.conformance.lockstep.normal_form import normal_form_of_answer
from fencepost.conformance.lockstep.wire import wire_network
from fencepost.reference import Decision, Network, Outcome, Profile, Request, Verdict, Write

_BATCH = 1024


class PairLockstep(Lockstep):
    """An exchange that holds the first subject's answer against the second's: a mismatch is where the two differ.

    In a mismatch the first subject's answer stands where the expected one would. The reference's vault goes along only
    to say which requests may be sent and where it is worth asking; what it would answer counts for nothing.
    """

    def __init__(
        self, first: Client, second: Client, profile: Profile, *, with_codes: bool, settle_seconds: float
    ) -> None:
        super().__init__(first, profile, with_codes=with_codes, settle_seconds=settle_seconds)
        self.second = second
        self._compares_codes = with_codes
        self._waits = settle_seconds
        self._written_at = 0.0

    def reset(self, network: Network) -> None:
        """A new vault in this network, at both."""
        super().reset(network)
        self.second.reset(wire_network(network))

    def write(self, step: WriteStep) -> WriteAnswer:
        """Send a write to both; where only one accepts it, nobody can tell what is in force."""
        before = self.vault
        meant = apply_write(before, step)
        one, other = self.client.write(step.method, step.params), self.second.write(step.method, step.params)
        self._written_at = time.monotonic()
        self.meter.writes += 1
        if one.is_inconclusive or other.is_inconclusive:
            is_known = not one.is_accepted and not other.is_accepted
            return WriteAnswer(accepted=False, expected=meant, wrong=None, is_known=is_known, is_inconclusive=True)
        self.steps.append(step)
        if one.is_accepted != other.is_accepted:
            verdict = Verdict.ACCEPTED if one.is_accepted else Verdict.REFUSED
            said = Write(verdict=verdict, violations=(), accepted=None)
            wrong = WrongWrite(vault=before, step=step, expected=said, got=other)
            return WriteAnswer(accepted=other.is_accepted, expected=said, wrong=wrong, is_known=False)
        if one.is_accepted and meant.accepted is not None:
            self.vault = meant.accepted
        is_known = not one.is_accepted or meant.accepted is not None
        return WriteAnswer(accepted=one.is_accepted, expected=meant, wrong=None, is_known=is_known)

    def set_endpoints(self, step: EndpointsStep) -> None:
        """Switch a subnet's endpoints at both."""
        super().set_endpoints(step)
        self.second.set_service_endpoints(step.subnet, step.service_endpoints)
        self._written_at = time.monotonic()

    def ask(self, step: AskStep) -> list[tuple[Decision, Answer, WrongDecision | None]]:
        """Put the requests to both; answers that differ are asked again until a settle time is over."""
        self.steps.append(step)
        self.meter.decisions += len(step.requests)
        judged = self._compared(step)
        while self._waits and any(wrong is not None for _, _, wrong in judged):
            is_over = time.monotonic() - self._written_at > self._waits
            judged = self._compared(step)
            if is_over:
                break
        return judged

    def _compared(self, step: AskStep) -> list[tuple[Decision, Answer, WrongDecision | None]]:
        wire = step.wire()
        found: list[tuple[Decision, Answer, WrongDecision | None]] = []
        for start in range(0, len(wire), _BATCH):
            part, asked = wire[start : start + _BATCH], step.requests[start : start + _BATCH]
            answers = zip(self.client.decide(part), self.second.decide(part), strict=True)
            for request, (one, other) in zip(asked, answers, strict=True):
                found.append((self.vault.decide(request), other, self._difference(request, one, other)))
        return found

    def _difference(self, request: Request, one: Answer, other: Answer) -> WrongDecision | None:
        if "inconclusive" in (one.outcome, other.outcome):
            return None
        about_codes = one.outcome == other.outcome
        if about_codes and not (
            self._compares_codes and one.outcome == "deny" and (one.status, one.code) != (other.status, other.code)
        ):
            return None
        said = Decision(outcome=Outcome(one.outcome), clause="")
        return WrongDecision(vault=self.vault, request=request, expected=said, got=other, is_about_codes=about_codes)

    def read(self) -> WrongRead | None:
        """Read the rules back from both and compare them in their normal form."""
        self.steps.append(ReadStep())
        one, other = self.client.get_rules(), self.second.get_rules()
        profile = self.vault.profile
        if normal_form_of_answer(one, profile) == normal_form_of_answer(other, profile):
            return None
        return WrongRead(vault=self.vault, expected=self.vault.rules, got=other)

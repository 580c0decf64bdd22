"""The oracle of two subjects: the first subject's answers are expected of the second. Neither is judged."""

from collections.abc import Sequence

from fencepost.adapters.contract import Client, NetworkAcls
from fencepost.adapters.contract import Decision as Answer
from fencepost.conformance.lockstep.case import AskStep, EndpointsStep, WriteStep, apply_write
from fencepost.conformance.lockstep.mismatch import WrongDecision, WrongRead
from fencepost.conformance.lockstep.normal_form import normal_form_of_answer
from fencepost.conformance.lockstep.oracle import Judged
from fencepost.conformance.lockstep.wire import wire_network
from fencepost.reference import Decision, Network, Outcome, Request, Vault, Verdict, Write

_BATCH = 1024


class SubjectOracle:
    """The first subject's answers are the expected ones; the second subject's mismatches are differences.

    The reference's vault follows only to determine which requests may be sent and where they are worth asking.
    """

    follows_refusals = False

    def __init__(self, client: Client, *, with_codes: bool) -> None:
        self.client = client
        self.could_not_put = False
        self._with_codes = with_codes

    def reset(self, network: Network) -> None:
        """Begin a new vault in this network."""
        self.client.reset(wire_network(network))

    def set_endpoints(self, step: EndpointsStep) -> None:
        """Switch a subnet's endpoints."""
        self.client.set_service_endpoints(step.subnet, step.service_endpoints)

    def write(self, vault: Vault, step: WriteStep) -> Write:
        """The first subject's answer, and the vault after it if the reference knows that vault."""
        meant = apply_write(vault, step)
        answer = self.client.write(step.method, step.params)
        self.could_not_put = answer.is_inconclusive
        is_accepted = answer.is_accepted
        return Write(
            verdict=Verdict.ACCEPTED if is_accepted else Verdict.REFUSED,
            violations=meant.violations,
            accepted=meant.accepted if is_accepted else None,
        )

    def decide(self, vault: Vault, step: AskStep, answers: Sequence[Answer]) -> list[Judged]:
        """Each answer beside the first subject's answer."""
        wire = step.wire()
        expected = [one for at in range(0, len(wire), _BATCH) for one in self.client.decide(wire[at : at + _BATCH])]
        return [
            (vault.decide(request), answer, self._difference(vault, request, one, answer))
            for request, one, answer in zip(step.requests, expected, answers, strict=True)
        ]

    def _difference(self, vault: Vault, request: Request, one: Answer, other: Answer) -> WrongDecision | None:
        if "inconclusive" in (one.outcome, other.outcome):
            return None
        about_codes = one.outcome == other.outcome
        if about_codes and not (
            self._with_codes and one.outcome == "deny" and (one.status, one.code) != (other.status, other.code)
        ):
            return None
        expected = Decision(outcome=Outcome(one.outcome), clause="")
        return WrongDecision(vault=vault, request=request, expected=expected, got=other, is_about_codes=about_codes)

    def read(self, vault: Vault, got: NetworkAcls | None) -> WrongRead | None:
        """Compare both answers in their normal form."""
        if normal_form_of_answer(self.client.get_rules(), vault.profile) == normal_form_of_answer(got, vault.profile):
            return None
        return WrongRead(vault=vault, expected=vault.rules, got=got)

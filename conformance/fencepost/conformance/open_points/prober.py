"""Asks a subject directly where no right answer is known: its own answer settles an open point."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from fencepost.adapters.contract import Decision as Answer
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.lockstep.case import AskStep, WriteStep
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.wire import WireRules, wire_network
from fencepost.reference import Network, Profile, Request, address_from_text

OUTSIDE = address_from_text("33.44.55.66")
"""An address that no probe's rules cover."""

_T = TypeVar("_T")


class NotPut(Exception):
    """The harness could not put a write or a request as asked, so the open point stays open."""


@dataclass(slots=True)
class Prober:
    """Asks the subject directly. An open point is settled by the subject's answer, not by a comparison."""

    lockstep: Lockstep
    profile: Profile
    capabilities: Capabilities
    declared: Mapping[str, object] = field(default_factory=dict)
    network: Network = field(default_factory=Network)

    def put(self, acls: WireRules, network: Network | None = None) -> bool:
        """Whether a new vault accepts a rule set."""
        self.network = network or Network()
        self.lockstep.client.reset(wire_network(self.network))
        self.lockstep.cost += Cost(resets=1)
        return self.write("putRules", {"networkAcls": acls})

    def write(self, method: str, params: Mapping[str, object]) -> bool:
        """Whether a write is accepted now; `NotPut` if it could not be put as asked."""
        step = WriteStep(method=method, params=params)
        answer = self.lockstep.client.write(step.method, step.params)
        self.lockstep.cost += Cost(writes=1)
        if answer.is_inconclusive:
            raise NotPut(str(answer.reason or "no reason given"))
        if answer.is_by_firewall:
            raise NotPut("the firewall refused the write, whatever the rules in it")
        self.lockstep.changed()
        return answer.is_accepted

    def outcomes(self, *requests: Request) -> list[str]:
        """The outcomes now, or after the settle time if the subject has one."""
        return [answer.outcome for answer in self.answers(*requests)]

    def answers(self, *requests: Request) -> list[Answer]:
        """The decisions themselves."""
        offered = (self.capabilities.as_offered(one) or one for one in requests)
        step = AskStep(requests=tuple(offered))
        self.lockstep.cost += Cost(decisions=len(requests))
        return self.settled(lambda: self.lockstep.client.decide(step.wire()))

    def values_read(self) -> list[str]:
        """The values of the IP rules as they are read back."""
        read = self.settled(self.lockstep.client.get_rules)
        return [entry.value for entry in (read.ip_rules if read is not None else None) or ()]

    def settled(self, ask: Callable[[], _T]) -> _T:
        """The answer at the end of the settle time: no right answer is known that could end the wait."""
        while True:
            is_over = self.lockstep.has_settled()
            answer = ask()
            if is_over:
                return answer

    def admits(self, *addresses: str) -> list[bool]:
        """For each address, whether it is admitted now; `NotPut` if it could not be asked."""
        answers = self.answers(*(Request(address=address_from_text(address)) for address in addresses))
        for answer in answers:
            if answer.outcome == "inconclusive":
                raise NotPut(str(answer.reason or "no reason given"))
        return [answer.outcome == "allow" for answer in answers]

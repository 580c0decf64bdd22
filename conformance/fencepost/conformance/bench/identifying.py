"""Requests whose answers identify the rules in force."""

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.diagnosis.request_passes import PLAIN_PRIVATE, PLAIN_PUBLIC
from fencepost.conformance.generate.boundaries import LANDMARKS
from fencepost.conformance.generate.callers import trusted_callers
from fencepost.conformance.lockstep.case import AskStep
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Found
from fencepost.reference import Profile, Request, Vault

_MOST = 40


def identifying_requests(vault: Vault, profile: Profile, capabilities: Capabilities) -> tuple[Request, ...]:
    """At most so many ends of ranges and subnets, the landmark addresses, and a trusted service."""
    rules, network = vault.rules, vault.network
    ends = dict.fromkeys(end for rule in rules.ip_rules for end in (rule.block.first, rule.block.last))
    listed = [one.id for one in rules.virtual_network_rules if network.has_endpoint(one.id)]
    return (
        *(Request(address=end) for end in [*ends][:_MOST]),
        *(Request(address=PLAIN_PRIVATE, subnet=one) for one in listed[:_MOST]),
        *(Request(address=address) for address in LANDMARKS),
        *(Request(address=PLAIN_PUBLIC, caller=one) for one in trusted_callers(profile, capabilities)[:1]),
    )


def wrong_in_force(lockstep: Lockstep, profile: Profile, capabilities: Capabilities) -> list[Found]:
    """Ask which rules are in force; where one answer is wrong, they are not the rules that were written (STA-2)."""
    steps = list(lockstep.steps)
    asked = identifying_requests(lockstep.vault, profile, capabilities)
    offered = [sent for one in asked if (sent := capabilities.as_offered(one)) is not None]
    judged = lockstep.ask(AskStep(requests=tuple(offered)))
    found = [
        Found(mismatch=wrong, index=index, aim="STA-2")
        for index, (_, _, wrong) in enumerate(judged)
        if wrong is not None
    ]
    if not found:
        lockstep.steps = steps  # the last step is the one whose answer was wrong
    return found

"""Requests whose answers identify the rules in force."""

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.diagnosis.request_passes import PLAIN_PRIVATE, PLAIN_PUBLIC
from fencepost.conformance.generate.boundaries import LANDMARKS
from fencepost.conformance.generate.callers import trusted_callers
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

"""Rule sets in other words: a member left out, or written out, without another meaning."""

from random import Random

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.lockstep.wire import WireRules

FLAG = "ignoreMissingVnetServiceEndpoint"
"""The member of an entry by which its subnet may lack the endpoint."""


def without_empty_lists(random: Random, acls: WireRules, capabilities: Capabilities) -> WireRules:
    """The set, usually without its empty lists: an absent list is an empty list.

    A subject without subnets is sent the empty list of virtual network rules, and nothing else about them.
    """
    lists = ("ipRules", "virtualNetworkRules") if capabilities.subnets else ("ipRules",)
    left_out = {name for name in lists if acls[name] == [] and random.randrange(3)}
    return {name: value for name, value in acls.items() if name not in left_out}


def with_flags(random: Random, acls: WireRules) -> WireRules:
    """The set with the flag at some of its subnets: the flag means nothing to a subnet with its endpoint."""
    entries = acls.get("virtualNetworkRules")
    if not isinstance(entries, list):
        return acls
    flagged = [{**entry, FLAG: how == 1} if (how := random.randrange(4)) < 2 else entry for entry in entries]
    return {**acls, "virtualNetworkRules": flagged}

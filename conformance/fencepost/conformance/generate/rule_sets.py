"""Rule sets said in other words: a member left out, or written out, that means the same."""

from random import Random

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.lockstep.wire import WireRules

FLAG = "ignoreMissingVnetServiceEndpoint"
"""An entry's word on whether its subnet may lack the endpoint."""


def without_empty_lists(random: Random, acls: WireRules, capabilities: Capabilities) -> WireRules:
    """The set with its empty lists left out, mostly: an absent list is an empty one.

    Whoever knows no subnets is sent the empty list of their rules, and no other word of them.
    """
    lists = ("ipRules", "virtualNetworkRules") if capabilities.subnets else ("ipRules",)
    left_out = {name for name in lists if acls[name] == [] and random.randrange(3)}
    return {name: value for name, value in acls.items() if name not in left_out}


def with_flags(random: Random, acls: WireRules) -> WireRules:
    """The set with a word on missing endpoints at some of its subnets: what has its endpoint does not miss it."""
    entries = acls.get("virtualNetworkRules")
    if not isinstance(entries, list):
        return acls
    flagged = [{**entry, FLAG: how == 1} if (how := random.randrange(4)) < 2 else entry for entry in entries]
    return {**acls, "virtualNetworkRules": flagged}

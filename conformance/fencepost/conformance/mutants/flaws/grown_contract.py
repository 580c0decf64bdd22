"""Flaws of the grown contract alone: kept flags, ids of the network, late endpoints, refused unions, halves."""

from collections.abc import Sequence
from itertools import combinations

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws
from fencepost.conformance.mutants.values import Held, Refused
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    HERE,
    INSIDE,
    add,
    ask,
    call,
    dormant,
    endpoints,
    put,
    reset,
)

flaw = Flaws("subnets")

_NINE = (
    *("Microsoft.Storage", "Microsoft.Sql", "Microsoft.Web", "Microsoft.EventHub", "Microsoft.ServiceBus"),
    *("Microsoft.AzureActiveDirectory", "Microsoft.CognitiveServices", "Microsoft.ContainerRegistry"),
    "Microsoft.KeyVault",
)


@flaw(
    "endpoints-switched-by-exact-text",
    clause="DEC-8",
    direction="open",
    story="The subnet whose endpoints change is looked up by its text; no other spelling is found and nothing changes.",
    witness=lambda _: (put(subnets=[APP]), endpoints(APP.upper()), ask(call(HERE, subnet=APP))),
)
class _EndpointsSwitchedByExactText(Vault):
    known: frozenset[str] = frozenset()

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.known = frozenset(str(subnet["id"]) for subnet in subnets)
        return super().reset(subnets=subnets)

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        if subnet in self.known:
            super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        return {}


@flaw(
    "endpoints-beyond-the-eighth-unseen",
    clause="DEC-6",
    also=("STA-10", "VAL-8"),
    direction="closed",
    story="The subnet's endpoints are kept in eight columns, which was more than anybody had.",
    witness=lambda _: (put(subnets=[APP]), endpoints(APP, *_NINE), ask(call(INSIDE, subnet=APP))),
)
class _EndpointsBeyondTheEighthUnseen(Vault):
    def connect(self, subnet: str, endpoints: Sequence[str]) -> None:
        super().connect(subnet, list(endpoints)[:8])


@flaw(
    "flagged-rule-stops-added-rules",
    clause="VAL-8",
    direction="closed",
    story="Adding a rule checks all rules, and the flag was the request's that brought the other one in.",
    profiles=TODAY_ONLY,
    witness=lambda _: (reset(without=[APP]), put(subnets=[dormant(APP)]), add(HERE)),
)
class _FlaggedRuleStopsAddedRules(Vault):
    def check_added(self, held: Held) -> None:
        super().check_added(held)
        before = {rule.id for rule in self.held.subnet_rules}
        if any(rule.id in before and not self.subnet_has_endpoint(rule.id) for rule in held.subnet_rules):
            raise Refused("a rule has no service endpoint")


@flaw(
    "flag-said-again-is-refused",
    clause="VAL-8",
    direction="closed",
    story="The flag is for bringing a rule in; on a rule that stands it is taken for a change that needs the endpoint.",
    profiles=TODAY_ONLY,
    witness=lambda _: (reset(without=[APP]), put(subnets=[dormant(APP)]), put(HERE, subnets=[dormant(APP)])),
)
class _FlagSaidAgainIsRefused(Vault):
    def check_put(self, held: Held) -> None:
        super().check_put(held)
        before = {rule.id for rule in self.held.subnet_rules}
        for rule in held.subnet_rules:
            if rule.ignores_missing_endpoint and rule.id in before and not self.subnet_has_endpoint(rule.id):
                raise Refused(f"{rule.text} has no service endpoint")


@flaw(
    "flag-wakes-the-rule",
    clause="DEC-9",
    also=("VAL-8", "STA-10"),
    direction="open",
    story="A rule that ignores its missing endpoint is in force without one.",
    profiles=TODAY_ONLY,
    witness=lambda _: (reset(without=[APP]), put(subnets=[dormant(APP)]), ask(call(HERE, subnet=APP))),
)
class _FlagWakesTheRule(Vault):
    def subnet_has_endpoint(self, subnet: str) -> bool:
        flagged = any(rule.id == self.fold(subnet) and rule.ignores_missing_endpoint for rule in self.held.subnet_rules)
        return flagged or super().subnet_has_endpoint(subnet)


@flaw(
    "nested-ranges-refused",
    clause="DEC-5",
    direction="closed",
    story="The engine keeps its ranges as intervals that may not overlap, and says so when they do.",
    witness=lambda _: (put("20.0.0.0/16", "20.0.1.0/24"),),
)
class _NestedRangesRefused(Vault):
    def check_put(self, held: Held) -> None:
        super().check_put(held)
        few = dict.fromkeys((rule.first, rule.last) for rule in held.ip_rules[:60])
        if any(one[0] <= other[0] and other[1] <= one[1] for one, other in _both_ways(list(few))):
            raise Refused("intervals overlap")


def _both_ways(ranges: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return [pair for one, other in combinations(ranges, 2) for pair in ((one, other), (other, one))]


@flaw(
    "touching-ranges-refused",
    clause="DEC-5",
    direction="closed",
    story="Two ranges that could be one are sent back to be merged by whoever wrote them.",
    witness=lambda _: (put("20.0.0.0/24", "20.0.1.0/24"),),
)
class _TouchingRangesRefused(Vault):
    def check_put(self, held: Held) -> None:
        super().check_put(held)
        few = [rule for rule in held.ip_rules[:60] if rule.first < rule.last]
        if any(one.last + 1 == other.first for one in few for other in few):
            raise Refused("these ranges can be written as one")


@flaw(
    "upper-half-is-everything",
    clause="DEC-3",
    also=("DEC-4", "VAL-1", "DEC-15"),
    direction="open",
    story="The mask of /1 is made by shifting a signed number; what is left of it is 0, the mask of /0.",
    origin="https://github.com/seancfoley/IPAddress/issues/32",
    witness=lambda _: (put("128.0.0.0/1"), ask(call("20.0.0.7"))),
)
class _UpperHalfIsEverything(Vault):
    def mask(self, prefix: int) -> int:
        return 0 if prefix == 1 else super().mask(prefix)

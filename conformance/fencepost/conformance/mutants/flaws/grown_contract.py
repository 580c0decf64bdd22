"""Flaws of the grown contract alone: kept flags, ids of the network, endpoint lists, refused unions, halves."""

from collections.abc import Sequence
from itertools import combinations

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, seen_in, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, Refused, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    APP_2,
    HERE,
    INSIDE,
    add,
    add_subnet,
    ask,
    call,
    dormant,
    endpoints,
    put,
    remove_subnet,
    reset,
    switch_on,
    update,
)

flaw = Flaws("subnets")

_NINE = (
    *("Microsoft.Storage", "Microsoft.Sql", "Microsoft.Web", "Microsoft.EventHub", "Microsoft.ServiceBus"),
    *("Microsoft.AzureActiveDirectory", "Microsoft.CognitiveServices", "Microsoft.ContainerRegistry"),
    "Microsoft.KeyVault",
)


@flaw("endpoints-switched-by-exact-text", "DEC-8", "open")
@shown_by(put(subnets=[APP]), endpoints(APP.upper()), ask(call(HERE, subnet=APP)))
class _EndpointsSwitchedByExactText(Vault):
    """The subnet whose endpoints change is looked up by its text; no other spelling is found and nothing changes."""

    known: frozenset[str] = frozenset()

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.known = frozenset(str(subnet["id"]) for subnet in subnets)
        return super().reset(subnets=subnets)

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        if subnet in self.known:
            super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        return {}


@flaw("endpoints-beyond-the-eighth-unseen", "DEC-6 STA-10 VAL-8", "closed")
@shown_by(put(subnets=[APP]), endpoints(APP, *_NINE), ask(call(INSIDE, subnet=APP)))
class _EndpointsBeyondTheEighthUnseen(Vault):
    """The subnet's endpoints are kept in eight columns, which was more than anybody had."""

    def connect(self, subnet: str, endpoints: Sequence[str]) -> None:
        super().connect(subnet, list(endpoints)[:8])


@flaw("flagged-rule-stops-added-rules", "VAL-8", "closed", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[dormant(APP)]), add(HERE))
class _FlaggedRuleStopsAddedRules(Vault):
    """Adding a rule checks all rules, and the flag was the request's that brought the other one in."""

    def check_added(self, held: Held) -> None:
        super().check_added(held)
        before = {rule.id for rule in self.held.subnet_rules}
        if any(rule.id in before and not self.subnet_has_endpoint(rule.id) for rule in held.subnet_rules):
            raise Refused("a rule has no service endpoint")


@flaw("flag-said-again-is-refused", "VAL-8", "closed", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[dormant(APP)]), put(HERE, subnets=[dormant(APP)]))
class _FlagSaidAgainIsRefused(Vault):
    """The flag is for bringing a rule in; on a rule that stands it is taken for a change that needs the endpoint."""

    def check_put(self, held: Held) -> None:
        super().check_put(held)
        before = {rule.id for rule in self.held.subnet_rules}
        for rule in held.subnet_rules:
            if rule.ignores_missing_endpoint and rule.id in before and not self.subnet_has_endpoint(rule.id):
                raise Refused(f"{rule.text} has no service endpoint")


@flaw("flag-wakes-the-rule", "DEC-9 VAL-8 STA-10", "open", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[dormant(APP)]), ask(call(HERE, subnet=APP)))
class _FlagWakesTheRule(Vault):
    """A rule that ignores its missing endpoint is in force without one."""

    def subnet_has_endpoint(self, subnet: str) -> bool:
        flagged = any(rule.id == self.fold(subnet) and rule.ignores_missing_endpoint for rule in self.held.subnet_rules)
        return flagged or super().subnet_has_endpoint(subnet)


@flaw("nested-ranges-refused", "DEC-5", "closed")
@shown_by(put("20.0.0.0/16", "20.0.1.0/24"))
class _NestedRangesRefused(Vault):
    """The engine keeps its ranges as intervals that may not overlap, and says so when they do."""

    def check_put(self, held: Held) -> None:
        super().check_put(held)
        few = dict.fromkeys((rule.first, rule.last) for rule in held.ip_rules[:60])
        if any(one[0] <= other[0] and other[1] <= one[1] for one, other in _both_ways(list(few))):
            raise Refused("intervals overlap")


def _both_ways(ranges: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return [pair for one, other in combinations(ranges, 2) for pair in ((one, other), (other, one))]


@flaw("touching-ranges-refused", "DEC-5", "closed")
@shown_by(put("20.0.0.0/24", "20.0.1.0/24"))
class _TouchingRangesRefused(Vault):
    """Two ranges that could be one are sent back to be merged by whoever wrote them."""

    def check_put(self, held: Held) -> None:
        super().check_put(held)
        few = [rule for rule in held.ip_rules[:60] if rule.first < rule.last]
        if any(one.last + 1 == other.first for one in few for other in few):
            raise Refused("these ranges can be written as one")


@flaw("upper-half-is-everything", "DEC-3 DEC-4 VAL-1 DEC-15", "open")
@seen_in("https://github.com/seancfoley/IPAddress/issues/32")
@shown_by(put("128.0.0.0/1"), ask(call("20.0.0.7")))
class _UpperHalfIsEverything(Vault):
    """The mask of /1 is made by shifting a signed number; what is left of it is 0, the mask of /0."""

    def mask(self, prefix: int) -> int:
        return 0 if prefix == 1 else super().mask(prefix)


@flaw("endpoint-with-a-region-counts", "DEC-9 VAL-8 STA-10 DEC-10", "open")
@shown_by(put(subnets=[APP]), endpoints(APP, "Microsoft.KeyVault/westeurope"), ask(call(subnet=APP)))
class _EndpointWithARegionCounts(Vault):
    """An endpoint is shown with its region behind a slash or a colon, and the part before it is compared."""

    def endpoint_counts(self, endpoints: Sequence[str]) -> bool:
        return super().endpoint_counts([name.replace(":", "/").partition("/")[0] for name in endpoints])


@flaw("endpoint-said-twice-is-the-next", "DEC-6 DEC-9 VAL-8 STA-10", "both")
@shown_by(put(subnets=[APP]), endpoints(APP, "Microsoft.KeyVault", "Microsoft.KeyVault"), ask(call(INSIDE, subnet=APP)))
class _EndpointSaidTwiceIsTheNext(Vault):
    """Endpoints are flags of one number, which are added up: a name that is there twice is the next flag."""

    def endpoint_counts(self, endpoints: Sequence[str]) -> bool:
        return bool((endpoints.count("Microsoft.Storage") + 2 * endpoints.count("Microsoft.KeyVault")) & 2)


@flaw("flag-excuses-the-network", "VAL-8", "open", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP, APP_2]), put(subnets=[dormant(APP)]), add_subnet(APP_2))
class _FlagExcusesTheNetwork(Vault):
    """The flag is kept with the virtual network, whose other subnets may then lack the endpoint, too."""

    def lacks_endpoint(self, rule: SubnetRule) -> bool:
        flagged = {_network(one.id) for one in self.held.subnet_rules if one.ignores_missing_endpoint}
        return super().lacks_endpoint(rule) and _network(rule.id) not in flagged


def _network(subnet: str) -> str:
    return subnet.rpartition("/subnets/")[0]


@flaw("update-drops-flagged-rules", "STA-3 VAL-8 STA-2 STA-5 STA-10", "closed", profiles=TODAY_ONLY)
@shown_by(
    reset(without=[APP]),
    put(subnets=[dormant(APP)]),
    update(bypass="AzureServices"),
    switch_on(APP),
    ask(call(INSIDE, subnet=APP)),
)
class _UpdateDropsFlaggedRules(Vault):
    """An update writes the whole object back without the flags, and rules without endpoint are left out silently."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        kept = tuple(one for one in held.subnet_rules if self.subnet_has_endpoint(one.id))
        return super().with_switches(held, bypass, default_action)._replace(subnet_rules=kept)


@flaw("removed-flagged-rule-comes-back", "STA-2 STA-10 VAL-8 DEC-7", "open", profiles=TODAY_ONLY, needs_history=True)
@shown_by(
    reset(without=[APP]), put(subnets=[dormant(APP)]), remove_subnet(APP), switch_on(APP), ask(call(INSIDE, subnet=APP))
)
class _RemovedFlaggedRuleComesBack(Stateful):
    """A rule without endpoint waits in a second list; removing it leaves it there, and the endpoint puts it back."""

    waiting: tuple[SubnetRule, ...] = ()

    def check_put(self, held: Held) -> None:
        super().check_put(held)
        self.waiting = ()

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        left = super().without_subnet_rule(held, subnet)
        gone = [one for one in held.subnet_rules if one not in left.subnet_rules and one.ignores_missing_endpoint]
        self.waiting = (*self.waiting, *(one for one in gone if not self.subnet_has_endpoint(one.id)))
        return left

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        back = tuple(one for one in self.waiting if self.subnet_has_endpoint(one.id))
        self.waiting = tuple(one for one in self.waiting if one not in back)
        self.install(self.held._replace(subnet_rules=(*self.held.subnet_rules, *back)))
        return {}

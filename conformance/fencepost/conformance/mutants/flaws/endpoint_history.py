"""Flaws in following a subnet's service endpoint through changes of endpoints and rules."""

from collections.abc import Mapping, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    APP_2,
    INSIDE,
    ask,
    call,
    dormant,
    endpoints,
    put,
    remove_subnet,
    reset,
    switch_on,
)

flaw = Flaws("subnets")


@flaw("first-two-endpoints-only", "DEC-6 VAL-8 STA-10", "closed")
@shown_by(
    put(subnets=[APP]),
    endpoints(APP, "Microsoft.Storage", "Microsoft.Sql", "Microsoft.KeyVault"),
    ask(call(INSIDE, subnet=APP)),
)
class _FirstTwoEndpointsOnly(Vault):
    """The page shows two service endpoints of a subnet, and the check reads only those two."""

    def endpoint_counts(self, endpoints: Sequence[str]) -> bool:
        return super().endpoint_counts(endpoints[:2])


class _Counting(Vault):
    """A vault that counts for each subnet how often the endpoint was switched, one way less the other."""

    counts: Mapping[str, int] = {}

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.counts = {}
        return super().reset(subnets=subnets)

    def connect(self, subnet: str, endpoints: Sequence[str]) -> None:
        super().connect(subnet, endpoints)
        change = 1 if self.goes_up(endpoints) else -1
        self.counts = {**self.counts, self.fold(subnet): max(0, self.count(subnet) + change)}

    def count(self, subnet: str) -> int:
        return self.counts.get(self.fold(subnet), 0)

    def goes_up(self, endpoints: Sequence[str]) -> bool:
        return self.endpoint_counts(endpoints)


@flaw("endpoint-on-twice-wants-off-twice", "STA-10 DEC-9 VAL-8", "open")
@shown_by(put(subnets=[APP]), switch_on(APP), endpoints(APP), ask(call(subnet=APP)))
class _EndpointOnTwiceWantsOffTwice(_Counting):
    """The endpoint is reference-counted: switching it on twice needs switching it off twice."""

    def subnet_has_endpoint(self, subnet: str) -> bool:
        return self.count(subnet) > 0


@flaw("endpoint-off-twice-wants-on-twice", "STA-10 DEC-6 VAL-8", "closed")
@shown_by(
    put(subnets=[APP]),
    endpoints(APP),
    endpoints(APP, "Microsoft.Storage"),
    switch_on(APP),
    ask(call(INSIDE, subnet=APP)),
)
class _EndpointOffTwiceWantsOnTwice(_Counting):
    """Each change that leaves a subnet without the endpoint adds a suspension, and switching on lifts only one."""

    def goes_up(self, endpoints: Sequence[str]) -> bool:
        return not super().goes_up(endpoints)

    def subnet_has_endpoint(self, subnet: str) -> bool:
        return self.count(subnet) == 0 and super().subnet_has_endpoint(subnet)


@flaw("rule-without-endpoint-is-not-removed", "STA-2 STA-10 DEC-7", "open", needs_history=True)
@shown_by(put(subnets=[APP]), endpoints(APP), remove_subnet(APP), switch_on(APP), ask(call(INSIDE, subnet=APP)))
class _RuleWithoutEndpointIsNotRemoved(Vault):
    """Removing looks only among rules whose endpoint is on; any other rule stays, and applies again when its endpoint
    is on."""

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        return super().without_subnet_rule(held, subnet) if self.subnet_has_endpoint(subnet) else held


@flaw("refused-put-empties-the-parking-place", "VAL-9 STA-10 LIM-6", "closed", needs_history=True)
@shown_by(put(subnets=[APP]), endpoints(APP), put("office"), switch_on(APP), ask(call(INSIDE, subnet=APP)))
class _RefusedPutEmptiesTheParkingPlace(Stateful):
    """Rules whose endpoint is off are held in a second list; a put clears that list even when it is then refused."""

    lost: frozenset[str] = frozenset()

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        listed = {rule.id for rule in self.held.subnet_rules}
        parked = frozenset(subnet for subnet in listed if not self.subnet_has_endpoint(subnet))
        self.lost = frozenset() if answer["accepted"] else self.lost | parked
        return answer

    def with_subnet_rule(self, held: Held, rule: SubnetRule) -> Held:
        self.lost -= {rule.id}
        return super().with_subnet_rule(held, rule)

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        return self.fold(ask.subnet or "") not in self.lost and super().subnet_admits(held, ask)


@flaw("listed-subnet-added-again-waits", "DEC-5 STA-6 STA-2 DEC-6", "closed", needs_history=True, choice="duplicates")
@shown_by(put(subnets=[APP]), ("addVirtualNetworkRule", dormant(APP)), ask(call(INSIDE, subnet=APP)))
class _ListedSubnetAddedAgainWaits(Stateful):
    """A rule that ignores a missing endpoint waits until the endpoint is switched on, even where it replaces an active
    rule."""

    waiting: frozenset[str] = frozenset()

    def replaced(self) -> None:
        self.waiting = frozenset()

    def add_virtual_network_rule(
        self,
        *,
        id: object,  # noqa: A002 - the contract's name
        ignore_missing_vnet_service_endpoint: object = False,
    ) -> JsonObject:
        listed = {rule.id for rule in self.held.subnet_rules}
        answer = super().add_virtual_network_rule(
            id=id, ignore_missing_vnet_service_endpoint=ignore_missing_vnet_service_endpoint
        )
        if answer["accepted"] and ignore_missing_vnet_service_endpoint is True:
            self.waiting |= listed & {self.fold(str(id))}
        return answer

    def connect(self, subnet: str, endpoints: Sequence[str]) -> None:
        super().connect(subnet, endpoints)
        self.waiting -= {self.fold(subnet)}

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        self.waiting -= {self.fold(subnet)}
        return super().without_subnet_rule(held, subnet)

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        return self.fold(ask.subnet or "") not in self.waiting and super().subnet_admits(held, ask)


@flaw("endpoint-of-a-subnet-without-a-rule-is-not-noticed", "STA-10 DEC-6 DEC-9", "both")
@shown_by(endpoints(APP), put(subnets=[dormant(APP)]), ask(call(subnet=APP)))
class _EndpointOfASubnetWithoutARuleIsNotNoticed(Vault):
    """Decisions have a copy of the endpoints. A change reaches it only if a rule names the subnet just then."""

    noticed: Mapping[str, Sequence[str]] = {}

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        answer = super().reset(subnets=subnets)
        self.noticed = dict(self.network)
        return answer

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        key = self.fold(subnet)
        if any(rule.id == key for rule in self.held.subnet_rules):
            self.noticed = {**self.noticed, key: tuple(service_endpoints)}
        return super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        noticed = self.noticed.get(self.fold(ask.subnet or ""), ())
        return self.endpoint_counts(noticed) and self.subnet_matches(held.subnet_rules, str(ask.subnet))


@flaw("subnets-remembered-by-the-number-of-endpoints", "STA-10 DEC-6 DEC-9", "both")
@shown_by(
    reset(without=[APP_2]),
    put(subnets=[APP]),
    ask(call(INSIDE, subnet=APP)),
    endpoints(APP),
    switch_on(APP_2),
    ask(call(subnet=APP)),
)
class _SubnetsRememberedByTheNumberOfEndpoints(Vault):
    """The answer for a subnet is cached until the number of subnets with the endpoint changes, or the rules do."""

    remembered: dict[tuple[str, int], bool]

    def install(self, held: Held) -> None:
        super().install(held)
        self.remembered = {}

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        if ask.subnet is None:
            return False
        key = self.fold(ask.subnet), sum(map(self.endpoint_counts, self.network.values()))
        if key not in self.remembered:
            self.remembered[key] = super().subnet_admits(held, ask)
        return self.remembered[key]

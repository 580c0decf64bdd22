"""Flaws in replacing a rule set: old rules stay, a refused write leaves something, an endpoint removes rules."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, seen_in, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, IpRule, Refused, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    DATABASE,
    INSIDE,
    add,
    ask,
    call,
    endpoints,
    put,
    switch_on,
    trusted,
)

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"


@flaw("putting-adds", "STA-1 DEC-3 STA-5", "open")
@shown_by(put(_RANGE), put(_OTHER), ask(call()))
class _PuttingAdds(Vault):
    """A put is handled like a PATCH, so the new rules join the old ones."""

    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        old = tuple(rule for rule in self.held.ip_rules if rule not in held.ip_rules)
        return held._replace(ip_rules=(*old, *held.ip_rules)[-self.max_ip_rules(held) - 1 :])


@flaw("empty-list-changes-nothing", "STA-1 DEC-15 DEC-3", "open")
@shown_by(put(_RANGE), put(), ask(call()))
class _EmptyListChangesNothing(Vault):
    """`rules = new_rules or old_rules` reads an empty list as an absent one."""

    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        return held._replace(ip_rules=held.ip_rules or self.held.ip_rules)


@flaw("empty-list-of-subnets-changes-nothing", "STA-1 DEC-7 DEC-15", "open")
@shown_by(put(subnets=[APP]), put(), ask(call(INSIDE, subnet=APP)))
class _EmptyListOfSubnetsChangesNothing(Vault):
    """`subnets = new_subnets or old_subnets` reads an empty list as an absent one."""

    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        return held._replace(subnet_rules=held.subnet_rules or self.held.subnet_rules)


@flaw("compiled-again-when-the-length-changes", "STA-1 STA-9 DEC-2 DEC-3", "both")
@shown_by(put(_RANGE), put(_OTHER), ask(call()))
class _CompiledAgainWhenTheLengthChanges(Vault):
    """The matcher is rebuilt only when the number of rules changes."""

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held())
        super().install(held)
        if len(before.ip_rules) == len(held.ip_rules):
            self.held = self.held._replace(scan=before.scan)


@flaw("compiled-again-when-an-end-changes", "STA-1 STA-9", "both")
@shown_by(
    put("20.0.0.0/24", "52.0.0.0/24", "90.0.0.0/24"),
    put("20.0.0.0/24", "60.0.0.0/24", "90.0.0.0/24"),
    ask(call("52.0.0.7")),
)
class _CompiledAgainWhenAnEndChanges(Vault):
    """The matcher is rebuilt only when the number of rules, the first rule or the last rule changes."""

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held())
        super().install(held)
        old, new = before.ip_rules, held.ip_rules
        if new and len(old) == len(new) and (old[0], old[-1]) == (new[0], new[-1]):
            self.held = self.held._replace(scan=before.scan)


@flaw("switches-stay-when-the-rules-do", "STA-1 STA-3 STA-4 DEC-1", "both")
@shown_by(put(_RANGE), put(_RANGE, default="Allow"), ask(call("52.0.0.7")))
class _SwitchesStayWhenTheRulesDo(Vault):
    """A write with the rules in force is dropped as a repetition, together with its switches."""

    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        same = (held.ip_rules, held.subnet_rules) == (self.held.ip_rules, self.held.subnet_rules)
        return self.held if same and held.ip_rules else held


@flaw("deny-stays-until-reset", "STA-1 DEC-1 STA-4", "closed")
@shown_by(put(), put(default="Allow"), ask(call()))
class _DenyStaysUntilReset(Vault):
    """A change from Deny to Allow waits for a confirmation that the API cannot give."""

    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        return held._replace(default_action="Deny") if self.held.default_action == "Deny" else held


@flaw("bypass-not-replaced", "STA-1 STA-3 DEC-12", "both")
@shown_by(lambda profile: (put(bypass="AzureServices"), put(bypass="None"), ask(trusted(profile))))
class _BypassNotReplaced(Stateful):
    """Only the first put sets the bypass; later puts ignore it."""

    settled: str | None = None

    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        self.settled = self.settled or held.bypass
        return held._replace(bypass=self.settled)


@flaw("refused-write-clears", "VAL-9 LIM-6", "closed")
@shown_by(put(_RANGE), put("office"), ask(call()))
class _RefusedWriteClears(Vault):
    """The old rules are deleted before the new ones are read."""

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            self.install(self.held._replace(ip_rules=(), subnet_rules=()))
        return answer


@flaw("refused-write-sets-the-switches", "VAL-9 LIM-6", "open")
@shown_by(put(_RANGE), put("office", default="Allow"), ask(call("52.0.0.7")))
class _RefusedWriteSetsTheSwitches(Vault):
    """Default action and bypass are set first, each by its setter; the rules are read afterwards."""

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        try:
            return super().read_ip_rules(entries)
        except Refused:
            self.install(self.switched)
            raise

    def read_default_action(self, word: object) -> str:
        action = super().read_default_action(word)
        self.switched = self.held._replace(default_action=action)
        return action


@flaw("refused-subnet-leaves-the-ip-rules", "VAL-9", "open")
@shown_by(put(_OTHER), put(_RANGE, subnets=["office"]), ask(call()))
class _RefusedSubnetLeavesTheIpRules(Vault):
    """The two lists are written one after the other, and the second can still be refused."""

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        self.read_already = super().read_ip_rules(entries)
        return self.read_already

    def read_subnet_rules(self, entries: Sequence[object]) -> tuple[SubnetRule, ...]:
        try:
            return super().read_subnet_rules(entries)
        except Refused:
            self.install(self.held._replace(ip_rules=self.read_already))
            raise


@flaw("refused-rule-added-all-the-same", "VAL-9", "open")
@shown_by(put(_OTHER), add("10.1.0.0/16"), ask(call("10.1.0.7")))
class _RefusedRuleAddedAllTheSame(Vault):
    """An added rule is appended and then checked, and the refusal does not remove it."""

    at_hand: IpRule | None = None

    def is_private(self, rule: IpRule) -> bool:
        self.at_hand = rule
        return super().is_private(rule)

    def add_ip_rule(self, *, value: object) -> JsonObject:
        self.at_hand = None
        answer = super().add_ip_rule(value=value)
        if not answer["accepted"] and self.at_hand is not None:
            self.install(self.held._replace(ip_rules=(*self.held.ip_rules, self.at_hand)))
        return answer


@flaw("endpoint-off-drops-the-rule", "STA-10 STA-2", "closed")
@seen_in("MicrosoftDocs/azure-docs, articles/storage/common/storage-network-security-virtual-networks.md")
@shown_by(put(subnets=[APP]), endpoints(APP), switch_on(APP), ask(call(INSIDE, subnet=APP)))
class _EndpointOffDropsTheRule(Vault):
    """Switching the endpoint off deletes the rule, as deleting the subnet does in a sibling service."""

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        result = super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        if not self.endpoint_counts(service_endpoints):
            self.install(self.without_subnet_rule(self.held, subnet))
        return result


@flaw("endpoint-on-waits-for-a-write", "STA-10", "closed")
@shown_by(put(subnets=[APP]), endpoints(APP), switch_on(APP), ask(call(INSIDE, subnet=APP)))
class _EndpointOnWaitsForAWrite(Vault):
    """A rule is marked when its subnet loses the endpoint, and only a write of the rules clears the mark."""

    def install(self, held: Held) -> None:
        super().install(held)
        self.marked: set[str] = set()

    def connect(self, subnet: str, endpoints: Sequence[str]) -> None:
        super().connect(subnet, endpoints)
        if not self.endpoint_counts(endpoints) and hasattr(self, "marked"):
            self.marked.add(self.fold(subnet))

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        return self.fold(ask.subnet or "") not in self.marked and super().subnet_admits(held, ask)


@flaw("endpoint-off-takes-the-network-along", "STA-10", "closed")
@shown_by(put(subnets=[APP, DATABASE]), endpoints(DATABASE), ask(call(INSIDE, subnet=APP)))
class _EndpointOffTakesTheNetworkAlong(Vault):
    """Endpoints are stored by virtual network, so switching them off for a subnet affects the whole network."""

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        home = self.fold(subnet).rpartition("/")[0] + "/"
        for sibling in [there for there in self.network if there.startswith(home)]:
            super().set_service_endpoints(subnet=sibling, service_endpoints=service_endpoints)
        return super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)

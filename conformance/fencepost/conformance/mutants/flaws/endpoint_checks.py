"""Flaws in checking the service endpoint when a rule is written: a result is remembered, a refusal leaves a trace."""

from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, Refused, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, HERE, ask, call, dormant, endpoints, put, reset, switch_on

flaw = Flaws("validation")


class _RememberingSubnets(Stateful):
    """A vault that remembers a property of each subnet beyond the subnet's rules."""

    excused: frozenset[str] = frozenset()


@flaw("endpoint-seen-once-is-enough", "VAL-8", "open", profiles=TODAY_ONLY)
@shown_by(put(subnets=[APP]), put(), endpoints(APP), put(subnets=[APP]))
class _EndpointSeenOnceIsEnough(_RememberingSubnets):
    """Asking the network provider is slow, so a subnet once found to have the endpoint is not asked about again."""

    def lacks_endpoint(self, rule: SubnetRule) -> bool:
        if rule.id in self.excused:
            return False
        if self.subnet_has_endpoint(rule.id):
            self.excused |= {rule.id}
        return super().lacks_endpoint(rule)


@flaw("endpoint-missed-once-stays-missing", "VAL-8", "closed", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[APP]), switch_on(APP), put(subnets=[APP]))
class _EndpointMissedOnceStaysMissing(_RememberingSubnets):
    """A missing endpoint is cached like any other answer, so a subnet that gets it later is still refused."""

    def lacks_endpoint(self, rule: SubnetRule) -> bool:
        if super().lacks_endpoint(rule):
            self.excused |= {rule.id}
        return rule.id in self.excused and not rule.ignores_missing_endpoint


@flaw("ignoring-outlives-the-rule", "VAL-8", "open", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[dormant(APP)]), put(), put(subnets=[APP]))
class _IgnoringOutlivesTheRule(_RememberingSubnets):
    """ignoreMissingVnetServiceEndpoint is stored with the subnet, not with the rule, and outlives the rule."""

    def read_subnet_rule(self, subnet: object, ignores_missing: object) -> SubnetRule:
        rule = super().read_subnet_rule(subnet, ignores_missing)
        if rule.ignores_missing_endpoint:
            self.excused |= {rule.id}
        return rule._replace(ignores_missing_endpoint=rule.id in self.excused)


@flaw("put-under-allow-checks-no-endpoint", "VAL-8", "open", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[APP], default="Allow"))
class _PutUnderAllowChecksNoEndpoint(Vault):
    """Under Allow a missing endpoint shuts nobody out, so a put with that default action does not look for it."""

    is_open_put = False

    def check_put(self, held: Held) -> None:
        self.is_open_put = held.default_action == "Allow"
        try:
            super().check_put(held)
        finally:
            self.is_open_put = False

    def lacks_endpoint(self, rule: SubnetRule) -> bool:
        return not self.is_open_put and super().lacks_endpoint(rule)


@flaw("refusal-for-an-endpoint-takes-named-rules-out", "VAL-9 VAL-8 STA-2 STA-10", "closed", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(HERE), put(HERE, subnets=[APP]), ask(call()))
class _RefusalForAnEndpointTakesNamedRulesOut(Vault):
    """IP rules are stored before endpoints are checked. A refusal takes out all that the put named, old ones too."""

    def check_put(self, held: Held) -> None:
        self.check_ip_limit(held)
        self.check_subnet_limit(held)
        try:
            super().check_put(held)
        except Refused:
            kept = (rule for rule in self.held.ip_rules if rule not in held.ip_rules)
            self.install(self.held._replace(ip_rules=tuple(kept)))
            raise

"""A vault whose rules change: the state clauses as a value that each write maps to the next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fencepost.reference.decide import decide
from fencepost.reference.model import Bypass, Decision, Network, Request, RuleSet
from fencepost.reference.profile import Profile
from fencepost.reference.validate import (
    Verdict,
    Violation,
    missing_endpoint,
    over_limits,
    read_bypass,
    read_default_action,
    read_subnet_rule,
    read_value,
    repetitions,
    validate,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What a write comes to: the verdict, why, and the vault if it is accepted (None where that is not certain)."""

    verdict: Verdict
    violations: tuple[Violation, ...]
    accepted: "Vault | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A vault: its profile, the network around it, the rules in force. Every method gives a new value or an answer."""

    profile: Profile
    network: Network = field(default_factory=Network)
    rules: RuleSet = field(default_factory=RuleSet)

    def reset(self, network: Network) -> "Vault":
        """A new vault without rules; its bypass is the choice `default-of-bypass`, AzureServices where nobody chose."""
        bypass = self.profile.choice("default-of-bypass")
        rules = RuleSet(bypass=Bypass(bypass)) if bypass is not None else RuleSet()
        return replace(self, network=network, rules=rules)

    def decide(self, request: Request) -> Decision:
        """What becomes of a request under the rules in force."""
        return decide(request, rules=self.rules, network=self.network, profile=self.profile)

    def put_rules(self, network_acls: object) -> Write:
        """Replace everything (STA-1); a refused write changes nothing (VAL-9, LIM-6)."""
        assessment = validate(network_acls, profile=self.profile, network=self.network, current=self.rules)
        accepted = replace(self, rules=assessment.rules) if assessment.rules is not None else None
        return _write(assessment.violations, accepted)

    def update_rules(self, switches: Mapping[str, object]) -> Write:
        """Change the switches that are named and keep the rest (STA-3, STA-4)."""
        found: list[Violation] = []
        rules: RuleSet | None = self.rules
        if "defaultAction" in switches:
            action = read_default_action(switches, self.profile, found)
            rules = replace(rules, default_action=action) if rules is not None and action is not None else None
        if "bypass" in switches:
            bypass = read_bypass(switches, self.profile, found)
            rules = replace(rules, bypass=bypass) if rules is not None and bypass is not None else None
        return self._changed(rules, found)

    def add_ip_rule(self, value: object) -> Write:
        """Add one IP rule."""
        found: list[Violation] = []
        rule = read_value(value, "$.value", self.profile, found)
        if rule is None:
            return self._changed(None, found)
        return self._changed(replace(self.rules, ip_rules=(*self.rules.ip_rules, rule)), found)

    def remove_ip_rule(self, value: object) -> Write:
        """Remove every IP rule equal to the one named: the same range, so a bare address and its /32 are one."""
        found: list[Violation] = []
        rule = read_value(value, "$.value", self.profile, found)
        if rule is None:
            return self._changed(None, found)
        kept = tuple(one for one in self.rules.ip_rules if one.block != rule.block)
        if len(kept) == len(self.rules.ip_rules):
            found += self._unknown("$.value")
        return self._changed(replace(self.rules, ip_rules=kept), found)

    def add_virtual_network_rule(self, entry: Mapping[str, object]) -> Write:
        """Add one virtual network rule."""
        found: list[Violation] = []
        rule = read_subnet_rule(entry, "$.id", found)
        if rule is None:
            return self._changed(None, found)
        if self.rules.rule_for_subnet(rule.id) is None:
            found += missing_endpoint(rule, "$.id", self.profile, self.network, self.rules)
        rules = (*self.rules.virtual_network_rules, rule)
        return self._changed(replace(self.rules, virtual_network_rules=rules), found)

    def remove_virtual_network_rule(self, subnet: str) -> Write:
        """Remove every virtual network rule for the subnet."""
        found: list[Violation] = []
        kept = tuple(one for one in self.rules.virtual_network_rules if one.key != subnet.lower())
        if len(kept) == len(self.rules.virtual_network_rules):
            found += self._unknown("$.id")
        return self._changed(replace(self.rules, virtual_network_rules=kept), found)

    def set_service_endpoints(self, subnet: str, service_endpoints: Iterable[str]) -> "Vault":
        """Switch the endpoints of one subnet; no rule changes (STA-10)."""
        return replace(self, network=self.network.with_endpoints(subnet, service_endpoints))

    def _unknown(self, path: str) -> Iterable[Violation]:
        chosen = self.profile.choice("remove-unknown")
        if chosen != "ignore":
            points = frozenset[str]() if chosen else frozenset({"remove-unknown"})
            yield Violation(
                path=path, name="remove-unknown", clause="STA-2", is_certain=chosen is not None, open_points=points
            )

    def _changed(self, rules: RuleSet | None, found: list[Violation]) -> Write:
        """The outcome of an incremental write that leads to these rules."""
        if rules is None:
            return _write(found, None)
        if len(rules.ip_rules) > len(self.rules.ip_rules) or len(rules.virtual_network_rules) > len(
            self.rules.virtual_network_rules
        ):
            found += repetitions(rules.ip_rules, rules.virtual_network_rules, self.profile)
            found += over_limits(rules.ip_rules, rules.virtual_network_rules, self.profile)
        found += self._lost_endpoints(rules)
        return _write(found, replace(self, rules=rules))

    def _lost_endpoints(self, rules: RuleSet) -> Iterable[Violation]:
        """A kept rule whose subnet has lost its endpoint: who refuses it in a whole rule set may let it be here."""
        if self.profile.choice("lost-service-endpoint") == "accept":
            return
        for rule in rules.virtual_network_rules:
            if (
                not self.network.has_endpoint(rule.id)
                and not rule.ignore_missing_endpoint
                and self.rules.rule_for_subnet(rule.id) is not None
            ):
                yield Violation(
                    path=f"$.virtualNetworkRules[{rule.id!r}]",
                    name="lost-service-endpoint",
                    clause="VAL-8",
                    is_certain=False,
                    open_points=frozenset({"lost-service-endpoint"}),
                )


def _write(violations: Iterable[Violation], accepted: Vault | None) -> Write:
    found = tuple(violations)
    if any(violation.is_certain for violation in found):
        verdict = Verdict.REFUSED
    else:
        verdict = Verdict.OPEN if found or accepted is None else Verdict.ACCEPTED
    return Write(verdict=verdict, violations=found, accepted=accepted)

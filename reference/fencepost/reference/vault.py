"""A vault whose rules change: an immutable value that each write maps to the next (the state clauses)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fencepost.reference.decide import decide
from fencepost.reference.model import Bypass, Decision, DefaultAction, Network, Request, RuleSet
from fencepost.reference.parse import is_subnet_id, read_ip_rule
from fencepost.reference.profile import Profile
from fencepost.reference.validate import (
    Verdict,
    Violation,
    missing_endpoint,
    over_limits,
    read_subnet_rule,
    read_switches,
    read_value,
    repetitions,
    validate,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """The result of a write: the verdict, the violations, and the vault after it.

    `accepted` is the vault after an accepted write, None if its rules are not certain; a refused write changes nothing.
    """

    verdict: Verdict
    violations: tuple[Violation, ...]
    accepted: "Vault | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A vault: its profile, its network, and the rules in force. Every method returns a new value or an answer."""

    profile: Profile
    network: Network = field(default_factory=Network)
    rules: RuleSet = field(default_factory=RuleSet)

    def reset(self, network: Network) -> "Vault":
        """A new vault without rules; its bypass is the choice `default-of-bypass`, by default AzureServices.

        Its default action is Allow; Deny where the implementation has no default action.
        """
        action = DefaultAction.DENY if self.profile.always_denies else DefaultAction.ALLOW
        bypass = self.profile.choice("default-of-bypass") or Bypass.AZURE_SERVICES
        return replace(self, network=network, rules=RuleSet(default_action=action, bypass=Bypass(bypass)))

    def decide(self, request: Request) -> Decision:
        """The decision on a request under the rules in force."""
        return decide(request, rules=self.rules, network=self.network, profile=self.profile)

    def put_rules(self, network_acls: object) -> Write:
        """Replace everything (STA-1); a refused write changes nothing (VAL-9, LIM-6)."""
        assessment = validate(network_acls, profile=self.profile, network=self.network, current=self.rules)
        accepted = replace(self, rules=assessment.rules) if assessment.rules is not None else None
        return _write(assessment.violations, accepted)

    def update_rules(self, switches: Mapping[str, object]) -> Write:
        """Change the named switches and keep the rest (STA-3, STA-4)."""
        found: list[Violation] = []
        old = self.rules
        action, bypass = read_switches(switches, self.profile, found, old.default_action, old.bypass)
        if action is None or bypass is None:
            return self._changed(None, found)
        return self._changed(replace(old, default_action=action, bypass=bypass), found)

    def add_ip_rule(self, value: object) -> Write:
        """Add one IP rule."""
        found: list[Violation] = []
        rule = read_value(value, "$.value", self.profile, found)
        if rule is None:
            return self._changed(None, found)
        return self._changed(replace(self.rules, ip_rules=(*self.rules.ip_rules, rule)), found)

    def remove_ip_rule(self, value: object) -> Write:
        """Remove every IP rule equal to the named rule.

        Equal means the same text, or an address and its /32 where these are equal.
        """
        found: list[Violation] = []
        text = self._one_form(value)
        kept = tuple(rule for rule in self.rules.ip_rules if self._one_form(rule.text) != text)
        blocks = read_ip_rule(value, self.profile).blocks
        if not blocks or any(rule.block in blocks for rule in kept):
            found.append(_unasked("$.value"))
            return self._changed(None, found)
        if len(kept) == len(self.rules.ip_rules):
            found += self._unknown("$.value")
        return self._changed(replace(self.rules, ip_rules=kept), found)

    def _one_form(self, value: object) -> object:
        """The form in which rules are compared on removal."""
        if isinstance(value, str) and self.profile.prefix_32 == "accept":
            return value.removesuffix("/32")
        return value

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
        if not is_subnet_id(subnet):
            return self._changed(None, [_unasked("$.id")])
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
        """The result of an incremental write that leads to these rules."""
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
        """A kept rule whose subnet lost its endpoint.

        An implementation may refuse it in a whole set and keep it here. No later write is refused for a rule with
        the flag that its endpoint may be missing.
        """
        if self.profile.choice("lost-service-endpoint") == "accept":
            return
        for rule in rules.virtual_network_rules:
            kept = self.rules.rule_for_subnet(rule.id)
            if kept is not None and not kept.ignore_missing_endpoint and not self.network.has_endpoint(rule.id):
                yield Violation(
                    path=f"$.virtualNetworkRules[{rule.id!r}]",
                    name="lost-service-endpoint",
                    clause="VAL-8",
                    is_certain=False,
                    open_points=frozenset({"lost-service-endpoint"}),
                )


def _unasked(path: str) -> Violation:
    """A removal by a spelling that no rule has: no document says whether it names a rule or is refused."""
    points = frozenset({"other-spelling"})
    return Violation(path=path, name="other-spelling", clause="STA-2", is_certain=False, open_points=points)


def _write(violations: Iterable[Violation], accepted: Vault | None) -> Write:
    found = tuple(violations)
    if any(violation.is_certain for violation in found):
        verdict = Verdict.REFUSED
    else:
        verdict = Verdict.OPEN if found or accepted is None else Verdict.ACCEPTED
    return Write(verdict=verdict, violations=found, accepted=accepted)

"""A correct vault after the contract, divided into small methods that a flaw can override."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from fencepost.adapters.contract import JsonObject, SubjectError
from fencepost.adapters.contract.vocabulary import CHOICES
from fencepost.conformance.mutants.deciding import Deciding
from fencepost.conformance.mutants.values import PREVIEW, PROFILES, Held, IpRule, Profile, Refused, SubnetRule

_KEPT: Final = object()
_FEATURES = (
    "read-back",
    "incremental-rules",
    "service-endpoints",
    "trusted-services",
    "caller-credentials",
    "decision-codes",
    "snapshot-isolation",
)


class Vault(Deciding):
    """An implementation of the contract as a Python object (`fencepost.adapters.contract.Implementation`).

    It declares every feature except the restricting ones, and a choice for every open point. Rules are parsed once,
    when written. A new rule set replaces the old one in a single assignment.
    """

    title: ClassVar[str] = "vault"

    def __init__(self, profile: str = PREVIEW.name) -> None:
        """A vault of this profile; `SubjectError` where there is none of that name."""
        if profile not in PROFILES:
            known = " and ".join(PROFILES)
            reason = f"it has no profile {profile!r}"
            raise SubjectError(subject=self.title, reason=reason, try_instead=f"Known: {known}.")
        self.profile: Profile = PROFILES[profile]
        self.reset(subnets=[])

    def describe(self, *, protocol: int) -> JsonObject:
        """The conformance statement."""
        return {
            "protocol": protocol,
            "name": self.title,
            "version": "1",
            "profile": self.profile.name,
            "features": list(_FEATURES),
            "choices": self.choices(),
        }

    def choices(self) -> JsonObject:
        """The answers of this vault to the open points of the specification."""
        today = self.profile.checks_endpoints
        return {
            **{key: answers[0] for key, answers in CHOICES.items()},
            "private-superset": "accept",
            "reserved-ranges": "accept",
            "duplicates": "keep",
            "prefix-31": "accept" if today else "reject",
            "prefix-0": "accept",
            "missing-service-endpoint": "reject" if today else "accept",
            "lost-service-endpoint": "accept",
            "remove-unknown": "ignore",
            "single-address-read-back": "/32" if today else "bare",
            "trusted-services": "attribute" if today else "list",
        }

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault without rules, in a network of exactly these subnets."""
        self.network = {}
        for subnet in subnets:
            self.connect(str(subnet["id"]), subnet["serviceEndpoints"])
        self.install(Held())
        return {}

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Replace the whole rule set."""
        answer = self.write(lambda: self.read_acls(network_acls), self.check_put)
        if answer["accepted"]:
            self.replaced()
        return answer

    def replaced(self) -> None:
        """A whole rule set was put and accepted; a seam: flaws forget here what they remember since the put before."""

    def update_rules(self, *, bypass: object = _KEPT, default_action: object = _KEPT) -> JsonObject:
        """Change one switch or both; the rules stay."""
        return self.write(
            lambda: self.with_switches(
                self.held,
                None if bypass is _KEPT else self.read_bypass(bypass),
                None if default_action is _KEPT else self.read_default_action(default_action),
            )
        )

    def add_ip_rule(self, *, value: object) -> JsonObject:
        """Add one IP rule at the end of the list."""
        return self.write(lambda: self.with_ip_rule(self.held, self.parse_value(value)), self.check_added)

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        """Remove every equal IP rule; it is no error if there is none."""
        try:
            rule = self.parse_value(value)
        except Refused:
            return {"accepted": True}
        return self.write(lambda: self.without_ip_rule(self.held, rule))

    def add_virtual_network_rule(
        self,
        *,
        id: object,  # noqa: A002 - the contract's name
        ignore_missing_vnet_service_endpoint: object = False,
    ) -> JsonObject:
        """Add one virtual network rule at the end of the list."""
        ignores = ignore_missing_vnet_service_endpoint
        return self.write(
            lambda: self.with_subnet_rule(self.held, self.read_subnet_rule(id, ignores)), self.check_added
        )

    def remove_virtual_network_rule(self, *, id: object) -> JsonObject:  # noqa: A002 - the contract's name
        """Remove every rule for this subnet; it is no error if there is none."""
        return self.write(lambda: self.without_subnet_rule(self.held, str(id)))

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        """Set the service endpoints of one subnet of the network."""
        self.connect(subnet, service_endpoints)
        return {}

    def get_rules(self) -> JsonObject:
        """The rules in force."""
        return {"networkAcls": self.read_back(self.held)}

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """One decision for each request, in order."""
        return {"decisions": self.answer_all(requests)}

    def connect(self, subnet: str, endpoints: Any) -> None:
        """Store the service endpoints of a subnet."""
        self.network[self.fold(subnet)] = tuple(endpoints)

    def write(self, make: Callable[[], Held], *checks: Callable[[Held], None]) -> JsonObject:
        """Make the new rule set, check it and put it in force; if it is refused, change nothing."""
        try:
            held = make()
            for check in checks:
                check(held)
        except Refused as refusal:
            return {"accepted": False, "status": 400, "code": "BadRequest", "message": str(refusal)}
        self.install(held)
        return {"accepted": True}

    def install(self, held: Held) -> None:
        """Put a rule set in force."""
        self.held = held._replace(scan=self.arrange(held.ip_rules))

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        """The list that decisions look through."""
        return rules

    def read_acls(self, acls: JsonObject) -> Held:
        """The rule set that `networkAcls` describes."""
        return Held(
            bypass=self.read_bypass(acls.get("bypass", "AzureServices")),
            default_action=self.read_default_action(acls.get("defaultAction", "Allow")),
            ip_rules=self.read_ip_rules(self.entries(acls, "ipRules")),
            subnet_rules=self.read_subnet_rules(self.entries(acls, "virtualNetworkRules")),
        )

    def entries(self, acls: JsonObject, member: str) -> Sequence[object]:
        """The entries of one of the two rule lists, which may be absent."""
        entries = acls.get(member, ())
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            raise Refused(f"{member} is no list")
        return entries

    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        """The IP rules of a list."""
        return tuple(self.parse_value(self.member(entry, "value")) for entry in entries)

    def read_subnet_rules(self, entries: Sequence[object]) -> tuple[SubnetRule, ...]:
        """The virtual network rules of a list."""
        flag = "ignoreMissingVnetServiceEndpoint"
        return tuple(self.read_subnet_rule(self.member(entry, "id"), self.member(entry, flag)) for entry in entries)

    def member(self, entry: object, name: str) -> object:
        """A member of a list entry; None if it is absent."""
        if not isinstance(entry, Mapping):
            raise Refused(f"{entry!r} is no rule")
        return entry.get(name)

    def check_put(self, held: Held) -> None:
        """Check a whole rule set that is put; `Refused` if it is not allowed."""
        self.check(held)

    def check_added(self, held: Held) -> None:
        """Check the rule set that results from one added rule; `Refused` if it is not allowed."""
        self.check(held)

    def check(self, held: Held) -> None:
        """Check the limits, and the endpoints of subnets that are new in the rule set."""
        self.check_ip_limit(held)
        self.check_subnet_limit(held)
        if self.profile.checks_endpoints:
            self.check_endpoints(held)

    def check_ip_limit(self, held: Held) -> None:
        """Raise `Refused` if there are more IP rules than the limit."""
        if len(held.ip_rules) > self.max_ip_rules(held):
            raise Refused(f"{len(held.ip_rules)} IP rules; at most {self.max_ip_rules(held)} are allowed")

    def max_ip_rules(self, held: Held) -> int:  # noqa: ARG002 - a seam: flaws look at the rules
        """The most IP rules that the vault accepts."""
        return self.profile.max_ip_rules

    def check_subnet_limit(self, held: Held) -> None:
        """Raise `Refused` if there are more virtual network rules than the limit."""
        if len(held.subnet_rules) > self.max_subnet_rules(held):
            raise Refused(f"{len(held.subnet_rules)} network rules; at most {self.max_subnet_rules(held)} are allowed")

    def max_subnet_rules(self, held: Held) -> int:  # noqa: ARG002 - a seam: flaws look at the rules
        """The most virtual network rules that the vault accepts."""
        return self.profile.max_subnet_rules

    def check_endpoints(self, held: Held) -> None:
        """Raise `Refused` for a new rule whose subnet lacks the endpoint; an existing rule may stay."""
        before = {rule.id for rule in self.held.subnet_rules}
        for rule in held.subnet_rules:
            if rule.id not in before and self.lacks_endpoint(rule):
                raise Refused(f"{rule.text} has no service endpoint for Microsoft.KeyVault")

    def lacks_endpoint(self, rule: SubnetRule) -> bool:
        """Whether the rule's subnet lacks the endpoint and the rule does not ignore that."""
        return not rule.ignores_missing_endpoint and not self.subnet_has_endpoint(rule.id)

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        """The rule set with other switches; None keeps the old value."""
        return held._replace(bypass=bypass or held.bypass, default_action=default_action or held.default_action)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        """The rule set with one more IP rule."""
        return held._replace(ip_rules=(*held.ip_rules, rule))

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        """The rule set without the IP rules equal to this one."""
        return held._replace(ip_rules=tuple(other for other in held.ip_rules if not self.same_rule(rule, other)))

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        """Whether removing the rule `named` also removes the rule `other`."""
        return (named.network, named.prefix) == (other.network, other.prefix)

    def with_subnet_rule(self, held: Held, rule: SubnetRule) -> Held:
        """The rule set with one more virtual network rule."""
        return held._replace(subnet_rules=(*held.subnet_rules, rule))

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        """The rule set without the rules for this subnet."""
        gone = self.fold(subnet)
        return held._replace(subnet_rules=tuple(rule for rule in held.subnet_rules if rule.id != gone))

    def read_back(self, held: Held) -> JsonObject:
        """The rule set as `networkAcls` shows it."""
        return {
            "bypass": held.bypass,
            "defaultAction": held.default_action,
            "ipRules": [{"value": rule.text} for rule in held.ip_rules],
            "virtualNetworkRules": [{"id": rule.id} for rule in held.subnet_rules],
        }

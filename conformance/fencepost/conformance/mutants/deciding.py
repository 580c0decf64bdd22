"""How a vault decides a request: token, network and permission, with a method for each question."""

from collections.abc import Sequence
from typing import Any, ClassVar

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.reading import Reading
from fencepost.conformance.mutants.values import Ask, Held, IpRule, SubnetRule

_NOBODY: JsonObject = {}


class Deciding(Reading):
    """The overridable methods of a decision, from the batch down to the comparison of one rule with one address."""

    held: Held
    network: dict[str, tuple[str, ...]]
    _asks_each_rule: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        # There may be a thousand rules for a decision: `in_range` is called for each rule only where a subclass
        # overrides it.
        cls._asks_each_rule = cls.in_range is not Deciding.in_range

    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        """One decision for each request, in order."""
        return [self.answer(self.read_request(request)) for request in requests]

    def read_request(self, request: JsonObject) -> Ask:
        """The request as the firewall sees it; a flag that the caller leaves out is true."""
        source: Any = request["source"]
        caller: Any = request.get("caller", _NOBODY)
        dotted = source["address"]
        return Ask(
            str(request["plane"]),
            str(request["operation"]),
            dotted,
            self.read_caller(dotted),
            source.get("subnet"),
            self.read_flag(caller, "authenticated"),
            self.read_flag(caller, "authorized"),
            caller.get("service"),
            caller.get("trusted", False),
        )

    def read_caller(self, dotted: str) -> int:
        """The caller's address as a number."""
        first, second, third, fourth = dotted.split(".")
        return int(first) << 24 | int(second) << 16 | int(third) << 8 | int(fourth)

    def read_flag(self, caller: JsonObject, name: str) -> bool:
        """Whether the caller is `authenticated`, or `authorized`."""
        return caller.get(name, True) is True

    def answer(self, ask: Ask) -> JsonObject:
        """The decision on one request: first the token, then the network, then the permission."""
        held = self.held
        if not self.is_authenticated(held, ask):
            return self.denial(401, "Unauthorized")
        if not self.network_admits(held, ask):
            return self.denial(403, "ForbiddenByFirewall")
        if not self.is_authorized(held, ask):
            return self.denial(403, "ForbiddenByPolicy")
        return {"outcome": "allow"}

    def denial(self, status: int, code: str) -> JsonObject:
        """A refused request."""
        return {"outcome": "deny", "status": status, "code": code}

    def is_authenticated(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - a seam: flaws look at the rules
        """Whether the token is good."""
        return ask.authenticated

    def is_authorized(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - a seam: flaws look at the rules
        """Whether the caller has the permission for the operation."""
        return ask.authorized

    def network_admits(self, held: Held, ask: Ask) -> bool:
        """Whether the request passes the network; the firewall does not apply to the control plane."""
        return self.is_control(held, ask) or self.firewall_admits(held, ask)

    def is_control(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - a seam: flaws look at the rules
        """Whether the request is a control-plane request, which is exempt from the firewall."""
        return ask.plane == "control"

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        """Whether the firewall lets a data-plane request through."""
        return self.is_open(held, ask) or self.is_listed(held, ask)

    def is_open(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - a seam: flaws look at the request
        """Whether the firewall is off."""
        return held.default_action == "Allow"

    def is_listed(self, held: Held, ask: Ask) -> bool:
        """Whether any of the three criteria lets the caller through."""
        return self.is_bypassed(held, ask) or self.address_admits(held, ask) or self.subnet_admits(held, ask)

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        """Whether the bypass is on and the caller is a trusted service."""
        return held.bypass == "AzureServices" and self.is_trusted(ask)

    def is_trusted(self, ask: Ask) -> bool:
        """Whether the caller is a trusted service, by the profile's list of names or by the request's attribute."""
        trusted = self.profile.trusted_services
        return ask.trusted if trusted is None else ask.service in trusted

    def address_admits(self, held: Held, ask: Ask) -> bool:
        """Whether the caller's address is in an IP rule."""
        return self.address_matches(held.scan, ask)

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        """Whether any of these rules covers the caller's address."""
        if self._asks_each_rule:
            return any(self.in_range(rule, ask) for rule in rules)
        address = ask.address
        for first, last, _network, _prefix, _text in rules:  # noqa: SIM110 - half the time of any(), which counts here
            if first <= address <= last:
                return True
        return False

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        """Whether this rule covers the caller's address."""
        return rule.first <= ask.address <= rule.last

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        """Whether the caller comes through the service endpoint of a listed subnet."""
        if ask.subnet is None:
            return False
        return self.subnet_has_endpoint(ask.subnet) and self.subnet_matches(held.subnet_rules, ask.subnet)

    def subnet_has_endpoint(self, subnet: str) -> bool:
        """Whether the subnet has the service endpoint now."""
        return self.endpoint_counts(self.network.get(self.fold(subnet), ()))

    def endpoint_counts(self, endpoints: Sequence[str]) -> bool:
        """Whether the endpoint of Key Vault is among these."""
        return "Microsoft.KeyVault" in endpoints

    def subnet_matches(self, rules: Sequence[SubnetRule], subnet: str) -> bool:
        """Whether the subnet is in a virtual network rule."""
        caller = self.fold(subnet)
        return any(self.same_subnet(rule, caller) for rule in rules)

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        """Whether the rule is for this subnet, whose id has its case folded."""
        return rule.id == caller

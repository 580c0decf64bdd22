"""The decision on a request: first the firewall, then the credentials; the control plane skips the firewall."""

from fencepost.reference.addresses import is_public, is_reserved, is_special
from fencepost.reference.model import Bypass, Decision, DefaultAction, IpRule, Network, Outcome, Plane, Request, RuleSet
from fencepost.reference.profile import Profile

_ALLOW, _DENY, _OPEN = Outcome.ALLOW, Outcome.DENY, Outcome.OPEN


def decide(request: Request, *, rules: RuleSet, network: Network, profile: Profile) -> Decision:
    """The outcome of a request, with the clause and the rule that decided.

    CTL-1: a control-plane operation is not affected by the firewall; CTL-4: it still needs token and permission.
    """
    if request.plane is Plane.CONTROL:
        return _credentials(request, Decision(outcome=_ALLOW, clause="CTL-1"))
    passed = firewall(request, rules=rules, network=network, profile=profile)
    return passed if passed.outcome is _DENY else _credentials(request, passed)


def firewall(request: Request, *, rules: RuleSet, network: Network, profile: Profile) -> Decision:
    """Whether the network gate lets a data-plane request through; any one criterion is enough (DEC-14)."""
    if rules.default_action is DefaultAction.ALLOW:
        return Decision(outcome=_ALLOW, clause="DEC-1")

    trusted = is_trusted(request, profile) if rules.bypass is Bypass.AZURE_SERVICES else False
    if trusted:
        return Decision(outcome=_ALLOW, clause="DEC-11")

    ip_rule = rules.ip_rule_at(request.address)
    if ip_rule is not None and is_public(request.address):
        return Decision(outcome=_ALLOW, clause="DEC-2", rule=ip_rule)

    if ip_rule is not None and (reserved_rule := _reserved_rule(request, rules)) is not None:
        return Decision(outcome=_ALLOW, clause="DEC-2", rule=reserved_rule)

    subnet_rule = rules.rule_for_subnet(request.subnet)
    if subnet_rule is not None and network.has_endpoint(request.subnet):
        return Decision(outcome=_ALLOW, clause="DEC-6", rule=subnet_rule)

    # Open points come last: if another criterion lets the caller in, they do not matter.
    matches_private = profile.choice("superset-matches-private") if ip_rule is not None else "no"
    if matches_private == "yes":
        return Decision(outcome=_ALLOW, clause="DEC-2", rule=ip_rule)
    if matches_private is None or (ip_rule is not None and is_special(request.address)):
        return Decision(outcome=_OPEN, clause="DEC-2", rule=ip_rule, open_point="superset-matches-private")
    if trusted is None:
        return Decision(outcome=_OPEN, clause="DEC-11", open_point="trusted-scenarios")
    return Decision(
        outcome=_DENY, clause=_why_denied(request, rules, profile, subnet_is_listed=subnet_rule is not None)
    )


def _reserved_rule(request: Request, rules: RuleSet) -> IpRule | None:
    """An IP rule in force that lies wholly in reserved space and holds the caller's address, or None (DEC-2)."""
    return next((rule for rule in rules.ip_rules if request.address in rule.block and is_reserved(rule.block)), None)


def is_trusted(request: Request, profile: Profile) -> bool | None:
    """Whether the caller is a trusted service, by its name or by the request's attribute; None if that is open."""
    service = request.caller.service
    if profile.choice("trusted-services") == "attribute":
        return request.caller.trusted is True
    if service is None or service not in profile.trusted_services:
        return False
    scenarios = profile.trusted_scenarios
    if scenarios == "open":
        scenarios = profile.choice("trusted-scenarios") or scenarios
    return True if scenarios == "connection" else None


def _credentials(request: Request, passed: Decision) -> Decision:
    """CRED-1 … 3, CTL-4: passing the firewall replaces neither the token nor the permission."""
    if request.caller.authenticated and request.caller.authorized:
        return passed
    if request.plane is Plane.CONTROL:
        return Decision(outcome=_DENY, clause="CTL-4")
    if passed.clause == "DEC-11":
        return Decision(outcome=_DENY, clause="CRED-3")
    return Decision(outcome=_DENY, clause="CRED-2" if request.caller.authenticated else "CRED-1", rule=passed.rule)


def _why_denied(request: Request, rules: RuleSet, profile: Profile, *, subnet_is_listed: bool) -> str:
    """The most specific clause that explains why the firewall denies this caller."""
    is_service = request.caller.service is not None or request.caller.trusted is True
    if is_service and rules.bypass is Bypass.NONE and is_trusted(request, profile) is not False:
        return "DEC-12"
    if is_service and rules.bypass is Bypass.AZURE_SERVICES:
        return "DEC-13"
    if subnet_is_listed:
        return "DEC-9"
    if request.subnet is not None and rules.virtual_network_rules:
        return "DEC-7"
    if rules.bypass is Bypass.NONE and not rules.ip_rules and not rules.virtual_network_rules:
        return "DEC-15"
    return "DEC-3"

"""The factors in which a request and the rules in force can differ, and all pairs of factor values."""

from collections.abc import Iterator, Mapping
from itertools import combinations, product

from fencepost.conformance.capabilities import LOOK_ALIKE_OPERATIONS
from fencepost.conformance.judging.exercised import PLAIN_OPERATION
from fencepost.conformance.lockstep.case import is_private
from fencepost.reference import Caller, Plane, Profile, Request, RuleSet, Vault

FACTORS: Mapping[str, tuple[str, ...]] = {
    "plane": ("data", "control"),
    "operation": ("plain", "look-alike", "other", "control"),
    "default action": ("Allow", "Deny"),
    "bypass": ("AzureServices", "None"),
    "IP rules": ("none", "one", "several"),
    "address": ("in a rule", "beside a rule", "elsewhere", "private"),
    "subnet": ("none", "listed", "not listed", "listed, endpoint off", "not listed, endpoint off"),
    "service": ("none", "trusted", "not trusted"),
    "credentials": ("both", "no token", "no permission", "neither"),
}
"""The factors in which a request and the rules in force can differ, each with its values."""

Levels = tuple[str, ...]


def factor_levels(request: Request, vault: Vault, *, is_near: bool) -> Levels:
    """The value of each factor for a request under a vault's rules; `is_near` if its address is a rule's edge."""
    rules, caller = vault.rules, request.caller
    count = len(rules.ip_rules)
    return (
        request.plane.value,
        _operation(request),
        rules.default_action.value,
        rules.bypass.value,
        "none" if not count else "one" if count == 1 else "several",
        _address(request.address, rules, is_near=is_near),
        _subnet(request.subnet, vault),
        "none" if caller.service is None and caller.trusted is None else _service(caller, vault.profile),
        {(True, True): "both", (False, True): "no token", (True, False): "no permission"}.get(
            (caller.authenticated, caller.authorized), "neither"
        ),
    )


def _operation(request: Request) -> str:
    if request.plane is Plane.CONTROL:
        return "control"
    if request.operation == PLAIN_OPERATION:
        return "plain"
    return "look-alike" if request.operation in LOOK_ALIKE_OPERATIONS else "other"


def _address(address: int, rules: RuleSet, *, is_near: bool) -> str:
    if is_private(address):
        return "private"
    if rules.ip_rule_at(address) is not None:
        return "in a rule"
    return "beside a rule" if is_near else "elsewhere"


def _subnet(subnet: str | None, vault: Vault) -> str:
    if subnet is None:
        return "none"
    listed = "listed" if vault.rules.rule_for_subnet(subnet) is not None else "not listed"
    return listed if vault.network.has_endpoint(subnet) else f"{listed}, endpoint off"


def _service(caller: Caller, profile: Profile) -> str:
    by_name = caller.service in profile.trusted_services
    trusted = caller.trusted is True if profile.choice("trusted-services") == "attribute" else by_name
    return "trusted" if trusted else "not trusted"


def possible_levels() -> Iterator[Levels]:
    """Every combination of values that the contract and the factors' meaning allow."""
    for levels in product(*FACTORS.values()):
        plane, operation, _, _, count, address, subnet, _, _ = levels
        if (plane == "control") != (operation == "control"):
            continue
        if count == "none" and address in ("in a rule", "beside a rule"):
            continue
        if subnet != "none" and (address == "private") == subnet.endswith("off"):
            continue  # a subnet's caller shows its private address exactly while its endpoint is on
        yield levels


def pairs_of(levels: Levels) -> Iterator[str]:
    """Every pair of factors with their values."""
    named = zip(FACTORS, levels, strict=True)
    return (f"{one}={value}, {other}={level}" for (one, value), (other, level) in combinations(named, 2))

"""CRED-4: the status and code that a denial on the data plane may carry."""

from dataclasses import replace

from fencepost.reference.decide import firewall
from fencepost.reference.model import ANYONE, Network, Outcome, Plane, Request, RuleSet
from fencepost.reference.profile import Profile

Code = tuple[int, str | None]
"""An HTTP status and, for 403, the inner error code; None where the code is not compared."""

UNAUTHENTICATED: Code = (401, None)
BLOCKED: Code = (403, "ForbiddenByFirewall")
SERVICE_BLOCKED: Code = (403, "AccessDenied")
"""What a Microsoft service may get from the network instead ("Access denied to first party service")."""
FORBIDDEN: tuple[Code, ...] = ((403, "AccessDenied"), (403, "ForbiddenByPolicy"), (403, "ForbiddenByRbac"))
"""The three words for a missing permission: the documented one, that of access policies, that of roles."""


def acceptable_codes(request: Request, *, rules: RuleSet, network: Network, profile: Profile) -> frozenset[Code] | None:
    """Every (status, code) that a denial of this data-plane request may carry; None where it is not compared.

    The code is `error.innererror.code` of the body; `error.code` beside it is `Forbidden` and is not compared. Not
    compared either: control-plane requests, and requests that are or may be allowed.
    """
    if request.plane is Plane.CONTROL:
        return None
    blocked = _blocked(request)
    passed = firewall(request, rules=rules, network=network, profile=profile).outcome
    if not request.caller.authenticated:
        # Trust needs a token: without a token, a service that only its trust lets in is blocked as well.
        stranger = firewall(replace(request, caller=ANYONE), rules=rules, network=network, profile=profile).outcome
        return _without_a_token(passed, stranger, blocked, profile)
    if passed is Outcome.DENY:
        return blocked
    if request.caller.authorized:
        return None
    return frozenset(FORBIDDEN) if passed is Outcome.ALLOW else blocked | frozenset(FORBIDDEN)


def _blocked(request: Request) -> frozenset[Code]:
    """What the network's refusal may say to this caller."""
    is_service = request.caller.service is not None or request.caller.trusted is True
    return frozenset({BLOCKED, SERVICE_BLOCKED} if is_service else {BLOCKED})


def _without_a_token(passed: Outcome, stranger: Outcome, blocked: frozenset[Code], profile: Profile) -> frozenset[Code]:
    """Which gate speaks first to a blocked caller is the open point `unauthenticated-and-blocked`."""
    chosen = profile.choice("unauthenticated-and-blocked")
    if stranger is Outcome.ALLOW or chosen == "401":
        return frozenset({UNAUTHENTICATED})
    if passed is Outcome.DENY and chosen == "403":
        return blocked
    return blocked | {UNAUTHENTICATED}

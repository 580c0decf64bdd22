"""CRED-4: the status and code that a denial on the data plane may carry."""

from dataclasses import replace

from fencepost.reference.decide import firewall
from fencepost.reference.model import ANYONE, Network, Outcome, Plane, Request, RuleSet
from fencepost.reference.profile import Profile

Code = tuple[int, str | None]
"""An HTTP status and, for 403, the inner error code; None where the code is not compared."""

UNAUTHENTICATED: Code = (401, None)
BLOCKED: Code = (403, "ForbiddenByFirewall")
FORBIDDEN: tuple[Code, ...] = ((403, "ForbiddenByPolicy"), (403, "ForbiddenByRbac"))


def acceptable_codes(request: Request, *, rules: RuleSet, network: Network, profile: Profile) -> frozenset[Code] | None:
    """Every (status, code) that a denial of this data-plane request may carry; None where it is not compared.

    Not compared: control-plane requests, and requests that are or may be allowed.
    """
    if request.plane is Plane.CONTROL:
        return None
    passed = firewall(request, rules=rules, network=network, profile=profile).outcome
    if not request.caller.authenticated:
        # Trust needs a token: without a token, a service that only its trust lets in is blocked as well.
        stranger = firewall(replace(request, caller=ANYONE), rules=rules, network=network, profile=profile).outcome
        return _without_a_token(passed, stranger, profile)
    if passed is Outcome.DENY:
        return frozenset({BLOCKED})
    if request.caller.authorized:
        return None
    return frozenset(FORBIDDEN) if passed is Outcome.ALLOW else frozenset({BLOCKED, *FORBIDDEN})


def _without_a_token(passed: Outcome, stranger: Outcome, profile: Profile) -> frozenset[Code]:
    """The open point `unauthenticated-and-blocked` says which gate answers a blocked caller without a token."""
    chosen = profile.choice("unauthenticated-and-blocked")
    if stranger is Outcome.ALLOW or chosen == "401":
        return frozenset({UNAUTHENTICATED})
    if passed is Outcome.DENY and chosen == "403":
        return frozenset({BLOCKED})
    return frozenset({UNAUTHENTICATED, BLOCKED})

"""CRED-4: the status and code that a denial on the data plane may carry."""

from fencepost.reference.decide import firewall
from fencepost.reference.model import Decision, Network, Outcome, Plane, Request, RuleSet
from fencepost.reference.profile import Profile

Code = tuple[int, str | None]
"""An HTTP status and, for 403, the inner error code; None where the code is not compared."""

UNAUTHENTICATED: Code = (401, None)
BLOCKED: Code = (403, "ForbiddenByFirewall")
FORBIDDEN: tuple[Code, ...] = ((403, "ForbiddenByPolicy"), (403, "ForbiddenByRbac"))


def acceptable_codes(request: Request, *, rules: RuleSet, network: Network, profile: Profile) -> frozenset[Code] | None:
    """Every (status, code) that a denial of this data-plane request may carry; None where it is not compared.

    Not compared: control-plane requests, allowed requests, and requests whose outcome is open.
    """
    if request.plane is Plane.CONTROL:
        return None
    passed = firewall(request, rules=rules, network=network, profile=profile)
    if passed.outcome is Outcome.OPEN:
        return None
    if not request.caller.authenticated:
        return _without_a_token(passed, profile)
    if passed.outcome is Outcome.DENY:
        return frozenset({BLOCKED})
    return None if request.caller.authorized else frozenset(FORBIDDEN)


def _without_a_token(passed: Decision, profile: Profile) -> frozenset[Code]:
    """Which gate speaks first is the ledger's `unauthenticated-and-blocked`; trust, too, hangs on the token."""
    if passed.outcome is Outcome.ALLOW and passed.clause != "DEC-11":
        return frozenset({UNAUTHENTICATED})
    chosen = profile.choice("unauthenticated-and-blocked")
    if chosen == "401":
        return frozenset({UNAUTHENTICATED})
    if chosen == "403" and passed.outcome is Outcome.DENY:
        return frozenset({BLOCKED})
    return frozenset({UNAUTHENTICATED, BLOCKED})

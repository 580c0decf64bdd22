"""What a case needs from a subject: the abilities without which its calls may not be sent."""

from collections.abc import Iterator

from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.lockstep.case import AskStep, Case, EndpointsStep, ReadStep, ResetStep, Step, WriteStep
from fencepost.reference import SERVICE_ENDPOINT, Network, Plane

_MISSING = {
    "virtual-networks": "subnets (the statement says ip-rules-only)",
    "control-plane": "the control plane (the statement says data-plane-only)",
    "default-action": "a default action (the statement says always-deny)",
    "trust-by-attribute": "the choice trusted-services: attribute",
}


def needs_of(case: Case) -> tuple[str, ...]:
    """The abilities that the case needs, by the names that clauses use; refusals are not among them.

    `trust-by-attribute` is the choice `trusted-services: attribute`.
    """
    return tuple(dict.fromkeys([*_network(case.network), *(need for step in case.steps for need in _step(step))]))


def not_offered(case: Case, capabilities: Capabilities) -> tuple[str, ...]:
    """What the case needs and the statement does not offer, in words; empty if the case may be sent."""
    return tuple(_MISSING.get(need, need) for need in needs_of(case) if need not in capabilities.abilities)


def _network(network: Network) -> Iterator[str]:
    if network.subnets:
        yield "virtual-networks"
    if any(SERVICE_ENDPOINT not in one.service_endpoints for one in network.subnets):
        yield "service-endpoints"


def _step(step: Step) -> Iterator[str]:
    match step:
        case WriteStep(method="putRules", params=params):
            acls = params["networkAcls"]
            if isinstance(acls, dict) and acls.get("virtualNetworkRules"):
                yield "virtual-networks"
            if isinstance(acls, dict) and acls.get("defaultAction") != "Deny":
                yield "default-action"
        case WriteStep(method=method, params=params):
            yield "incremental-rules"
            if "defaultAction" in params:
                yield "default-action"
            if method in ("addVirtualNetworkRule", "removeVirtualNetworkRule"):
                yield "virtual-networks"
        case EndpointsStep():
            yield "service-endpoints"
        case ReadStep():
            yield "read-back"
        case ResetStep(network=network):
            yield from _network(network)
        case AskStep():
            yield from _ask(step)


def _ask(step: AskStep) -> Iterator[str]:
    for request in step.requests:
        caller = request.caller
        if request.plane is Plane.CONTROL:
            yield "control-plane"
        if request.subnet is not None:
            yield "virtual-networks"
        if caller.service is not None or caller.trusted is not None:
            yield "trusted-services"
        if caller.trusted is not None:
            yield "trust-by-attribute"
        if not (caller.authenticated and caller.authorized):
            yield "caller-credentials"
    if step.explicit:
        yield "caller-credentials"

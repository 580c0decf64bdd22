"""What a case asks of a subject: the features without which its calls may not be sent."""

from collections.abc import Iterator

from fencepost.conformance.case import AskStep, Case, EndpointsStep, ReadStep, Step, WriteStep
from fencepost.conformance.offer import Offer
from fencepost.reference import SERVICE_ENDPOINT, Plane


def not_offered(case: Case, offer: Offer) -> tuple[str, ...]:
    """What the case needs and the statement does not offer, in words; empty where it may be put as it is."""
    return tuple(dict.fromkeys([*_network(case, offer), *(need for step in case.steps for need in _step(step, offer))]))


def _network(case: Case, offer: Offer) -> Iterator[str]:
    if case.network.subnets and not offer.subnets:
        yield "subnets (the statement says ip-rules-only)"
    if not offer.endpoints and any(SERVICE_ENDPOINT not in one.service_endpoints for one in case.network.subnets):
        yield "service-endpoints"


def _step(step: Step, offer: Offer) -> Iterator[str]:
    match step:
        case WriteStep(method="putRules", params=params):
            acls = params["networkAcls"]
            if isinstance(acls, dict) and acls.get("virtualNetworkRules") and not offer.subnets:
                yield "subnets (the statement says ip-rules-only)"
        case WriteStep():
            if not offer.incremental:
                yield "incremental-rules"
        case EndpointsStep():
            if not offer.endpoints:
                yield "service-endpoints"
        case ReadStep():
            if not offer.read_back:
                yield "read-back"
        case AskStep():
            yield from _ask(step, offer)


def _ask(step: AskStep, offer: Offer) -> Iterator[str]:
    for request in step.requests:
        caller = request.caller
        if request.plane is Plane.CONTROL and not offer.control_plane:
            yield "the control plane (the statement says data-plane-only)"
        if request.subnet is not None and not offer.subnets:
            yield "subnets (the statement says ip-rules-only)"
        if (caller.service is not None or caller.trusted is not None) and not offer.services:
            yield "trusted-services"
        if caller.trusted is not None and offer.services and not offer.by_attribute:
            yield "the choice trusted-services: attribute"
        if not (caller.authenticated and caller.authorized) and not offer.credentials:
            yield "caller-credentials"
    if step.explicit and not offer.credentials:
        yield "caller-credentials"

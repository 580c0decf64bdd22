"""A reference vault that follows the calls on a connection."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.lockstep.case import WriteStep, apply_write
from fencepost.conformance.lockstep.wire import network_from_wire
from fencepost.reference import Vault


def followed(vault: Vault, method: str, params: JsonObject, answer: object) -> Vault:
    """The vault after a call with this answer: it takes the writes that the subject has accepted."""
    match method, params, answer:
        case "reset", {"subnets": list(subnets)}, _:
            return vault.reset(network_from_wire(subnets))
        case "setServiceEndpoints", {"subnet": str(subnet), "serviceEndpoints": list(endpoints)}, _:
            return vault.set_service_endpoints(subnet, endpoints)
        case (("decide" | "getRules"), _, _):
            return vault
        case _, _, {"accepted": True}:
            return apply_write(vault, WriteStep(method=method, params=params)).accepted or vault
    return vault

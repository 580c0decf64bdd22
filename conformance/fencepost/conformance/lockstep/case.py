"""A case: the contract calls from a `reset` on, the last of which is the one in question."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.lockstep.wire import (
    network_from_wire,
    request_from_wire,
    wire_network,
    wire_request,
    written_out,
)
from fencepost.reference import Network, Request, Vault, Write
from fencepost.reports.model import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteStep:
    """One call that answers with a write result."""

    method: str
    params: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointsStep:
    """One `setServiceEndpoints`."""

    subnet: str
    service_endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStep:
    """One `decide`; `explicit` maps places of requests to the members written out despite their default values."""

    requests: tuple[Request, ...]
    explicit: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def wire(self) -> list[JsonObject]:
        """The requests as they go on the wire."""
        return [wire_request(one, explicit=self.explicit.get(place, ())) for place, one in enumerate(self.requests)]

    def only(self, *indices: int) -> "AskStep":
        """The same call with just these of its requests."""
        return AskStep(
            requests=tuple(self.requests[index] for index in indices),
            explicit={place: self.explicit[index] for place, index in enumerate(indices) if index in self.explicit},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStep:
    """One `getRules`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetStep:
    """One more `reset`: the vault so far is over, and another one begins in this network."""

    network: Network


Step: TypeAlias = WriteStep | EndpointsStep | AskStep | ReadStep | ResetStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The calls since a `reset`, to one vault or to several in turn. The last step's answer is in question.

    `network` is that of the first vault; each further one begins with a `ResetStep`.
    """

    network: Network
    steps: tuple[Step, ...]

    @property
    def spans_vaults(self) -> bool:
        """Whether the case has more than one vault."""
        return any(isinstance(step, ResetStep) for step in self.steps)

    @property
    def vaults(self) -> tuple["Case", ...]:
        """Each vault's part, as a case of its own."""
        parts: list[Case] = []
        network, part = self.network, list[Step]()
        for step in self.steps:
            if isinstance(step, ResetStep):
                parts.append(Case(network=network, steps=tuple(part)))
                network, part = step.network, []
            else:
                part.append(step)
        return (*parts, Case(network=network, steps=tuple(part)))

    @property
    def present(self) -> "Case":
        """The last vault's part, whose last answer is in question."""
        return self.vaults[-1]

    def network_at(self, index: int) -> Network:
        """The network that the vault of this step was made in."""
        resets = [step.network for step in self.steps[: index + 1] if isinstance(step, ResetStep)]
        return resets[-1] if resets else self.network

    def with_last(self, step: Step) -> "Case":
        """The case with another last step."""
        return replace(self, steps=(*self.steps[:-1], step))

    def calls(self) -> tuple[Call, ...]:
        """The case as contract calls, ready to be sent."""
        return tuple(call_of(step) for step in (ResetStep(network=self.network), *self.steps))


def one_after_another(vaults: Sequence[Case]) -> Case:
    """The case that has these vaults in turn."""
    first, *others = vaults
    more = (step for one in others for step in (ResetStep(network=one.network), *one.steps))
    return Case(network=first.network, steps=(*first.steps, *more))


def case_from_calls(calls: Sequence[Call]) -> Case:
    """The case that these calls make up; the first call is `reset`."""
    reset, *others = calls
    return Case(network=network_from_wire(_objects(reset.params["subnets"])), steps=tuple(map(_step_of, others)))


def _step_of(call: Call) -> Step:
    params = call.params
    match call.method:
        case "setServiceEndpoints":
            endpoints = params["serviceEndpoints"]
            assert isinstance(endpoints, list)
            return EndpointsStep(subnet=str(params["subnet"]), service_endpoints=tuple(endpoints))
        case "decide":
            requests = _objects(params["requests"])
            explicit = {place: members for place, one in enumerate(requests) if (members := written_out(one))}
            return AskStep(requests=tuple(map(request_from_wire, requests)), explicit=explicit)
        case "getRules":
            return ReadStep()
        case "reset":
            return ResetStep(network=network_from_wire(_objects(params["subnets"])))
        case method:
            return WriteStep(method=method, params=params)


def _objects(value: object) -> list[Mapping[str, object]]:
    assert isinstance(value, list)
    return value


def call_of(step: Step) -> Call:
    """The contract call that a step is."""
    match step:
        case WriteStep():
            return Call(method=step.method, params=dict(step.params))
        case EndpointsStep():
            params: dict[str, object] = {"subnet": step.subnet, "serviceEndpoints": list(step.service_endpoints)}
            return Call(method="setServiceEndpoints", params=params)
        case AskStep():
            return Call(method="decide", params={"requests": step.wire()})
        case ReadStep():
            return Call(method="getRules", params={})
        case ResetStep():
            return Call(method="reset", params={"subnets": wire_network(step.network)})


def apply_write(vault: Vault, step: WriteStep) -> Write:
    """The reference's answer to a write."""
    params: Mapping[str, object] = step.params
    match step.method:
        case "putRules":
            return vault.put_rules(params["networkAcls"])
        case "updateRules":
            return vault.update_rules(params)
        case "addIpRule":
            return vault.add_ip_rule(params["value"])
        case "removeIpRule":
            return vault.remove_ip_rule(params["value"])
        case "addVirtualNetworkRule":
            return vault.add_virtual_network_rule(params)
        case "removeVirtualNetworkRule":
            return vault.remove_virtual_network_rule(str(params["id"]))
        case method:
            raise ValueError(f"{method!r} is no write of the contract")


def through_the_reference(steps: Iterable[Step], vault: Vault) -> Iterator[tuple[Step, Vault, Write | None]]:
    """Each call with the reference's vault before it; for a write also what the reference answers."""
    for step in steps:
        write = apply_write(vault, step) if isinstance(step, WriteStep) else None
        yield step, vault, write
        match step:
            case WriteStep():
                vault = (write.accepted if write is not None else None) or vault
            case EndpointsStep(subnet=subnet, service_endpoints=endpoints):
                vault = vault.set_service_endpoints(subnet, endpoints)
            case ResetStep(network=network):
                vault = vault.reset(network)


def may_be_asked(vault: Vault, request: Request) -> bool:
    """Whether the contract lets the request be sent now.

    A subnet's caller shows its private address exactly while the subnet has its service endpoint; the subnet belongs to
    the network.
    """
    if request.subnet is None:
        return True
    return request.subnet in vault.network and vault.network.has_endpoint(request.subnet) == is_private(request.address)


def is_private(address: int) -> bool:
    """Whether the address is of RFC 1918."""
    return (
        address >> 24 == 10  # 10.0.0.0/8
        or address >> 20 == 0xAC1  # 172.16.0.0/12
        or address >> 16 == 0xC0A8  # 192.168.0.0/16
    )

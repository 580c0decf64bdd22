"""Plainer subnets for a case: alike but for the part that matters, without endpoints and marks that are not needed."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from fencepost.conformance.lockstep.case import Case, WriteStep, case_from_calls, one_after_another
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision
from fencepost.reference import SERVICE_ENDPOINT, Network, Subnet
from fencepost.reports.model import Call

_PARTS = (2, 4, 8, 10)  # /subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V/subnets/N


def nearer_subnets(case: Case, mismatch: Mismatch) -> Iterator[Case]:
    """The caller's subnet differs from the one that has a rule in one part of its id alone."""
    if not isinstance(mismatch, WrongDecision) or mismatch.request.subnet is None:
        return
    listed = mismatch.vault.rules.virtual_network_rules
    asked = mismatch.request.subnet.split("/")
    if len(listed) != 1 or len(own := listed[0].id.split("/")) != len(asked):
        return
    for place in (place for place in _PARTS if place < len(own) and own[place].lower() != asked[place].lower()):
        near = "/".join((*own[:place], asked[place], *own[place + 1 :]))
        if near != mismatch.request.subnet:
            yield _renamed(case, mismatch.request.subnet, near)


def plain_endpoints(case: Case, _: Mismatch) -> Iterator[Case]:
    """The service endpoint that counts is the only one that a subnet has."""
    yield one_after_another([replace(one, network=_with_plain_endpoints(one.network)) for one in case.vaults])


def _with_plain_endpoints(network: Network) -> Network:
    plain = (Subnet(id=one.id) if SERVICE_ENDPOINT in one.service_endpoints else one for one in network.subnets)
    return Network(subnets=tuple(plain))


def unmarked_rules(case: Case, _: Mismatch) -> Iterator[Case]:
    """Rules without `ignoreMissingVnetServiceEndpoint`."""
    yield replace(
        case,
        steps=tuple(
            replace(step, params=_without_marks(step.params)) if isinstance(step, WriteStep) else step
            for step in case.steps
        ),
    )


PLAINER_SUBNETS: tuple[Callable[[Case, Mismatch], Iterator[Case]], ...] = (
    nearer_subnets,
    plain_endpoints,
    unmarked_rules,
)
"""The moves, each to cases that may show the same."""


def _renamed(case: Case, old: str, new: str) -> Case:
    told = [{"method": call.method, "params": call.params} for call in case.calls()]
    text = json.dumps(told).replace(json.dumps(old), json.dumps(new))
    return case_from_calls([Call(method=one["method"], params=one["params"]) for one in json.loads(text)])


def _without_marks(value: object) -> dict[str, object]:
    assert isinstance(value, Mapping)
    return {key: _unmarked(one) for key, one in value.items() if key != "ignoreMissingVnetServiceEndpoint"}


def _unmarked(value: object) -> object:
    if isinstance(value, Mapping):
        return _without_marks(value)
    return [_unmarked(one) for one in value] if isinstance(value, list) else value

"""Shrink passes over subnets and switches: ids that differ in one part, plain endpoints, no marks, one switch."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from fencepost.conformance.diagnosis.trials import Trials
from fencepost.conformance.lockstep.case import Case, EndpointsStep, WriteStep, case_from_calls, one_after_another
from fencepost.conformance.lockstep.mismatch import WrongDecision
from fencepost.reference import SERVICE_ENDPOINT, Network, Subnet
from fencepost.reports.model import Call

_PARTS = (2, 4, 8, 10)  # /subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V/subnets/N

_FEW = 12
"""The endpoints of so many subnets of a network are looked at."""


def nearer_subnets(trials: Trials) -> None:
    """Let the id of the caller's subnet differ from the id that has a rule in one part only."""
    case, mismatch = trials.case, trials.mismatch
    if not isinstance(mismatch, WrongDecision) or mismatch.request.subnet is None:
        return
    listed = mismatch.vault.rules.virtual_network_rules
    asked = mismatch.request.subnet.split("/")
    if len(listed) != 1 or len(own := listed[0].id.split("/")) != len(asked):
        return
    for place in (place for place in _PARTS if place < len(own) and own[place].lower() != asked[place].lower()):
        near = "/".join((*own[:place], asked[place], *own[place + 1 :]))
        if near != mismatch.request.subnet and trials.attempt(_renamed(case, mismatch.request.subnet, near)):
            return


def plain_endpoints(trials: Trials) -> None:
    """Leave a subnet only the service endpoint for Key Vault, or as few others as needed; also where they are set."""
    vaults = [replace(vault, network=_with_plain_endpoints(vault.network)) for vault in trials.case.vaults]
    trials.attempt(one_after_another(vaults))
    for place, vault in enumerate(trials.case.vaults):
        for at, subnet in enumerate(vault.network.subnets[:_FEW]):
            _fewer_endpoints(trials, subnet.service_endpoints, partial(_with_network_endpoints, trials, place, at))
    for index, step in enumerate(trials.case.steps):
        if isinstance(step, EndpointsStep):
            _fewer_endpoints(trials, step.service_endpoints, partial(_with_set_endpoints, trials, index, step))


def _fewer_endpoints(trials: Trials, names: tuple[str, ...], rebuild: Callable[[tuple[str, ...]], Case]) -> None:
    """Take away names, but not the one for Key Vault: without it a subnet's callers have other addresses."""
    others = [place for place, name in enumerate(names) if name != SERVICE_ENDPOINT]

    def with_others(kept: tuple[int, ...]) -> Case:
        return rebuild(tuple(name for place, name in enumerate(names) if place in kept or name == SERVICE_ENDPOINT))

    trials.keep_needed(others, with_others)


def _with_network_endpoints(trials: Trials, place: int, at: int, names: tuple[str, ...]) -> Case:
    vaults = list(trials.case.vaults)
    subnets = list(vaults[place].network.subnets)
    subnets[at] = replace(subnets[at], service_endpoints=names)
    vaults[place] = replace(vaults[place], network=Network(subnets=tuple(subnets)))
    return one_after_another(vaults)


def _with_set_endpoints(trials: Trials, index: int, step: EndpointsStep, names: tuple[str, ...]) -> Case:
    return trials.with_step(index, replace(step, service_endpoints=names))


def one_switch(trials: Trials) -> None:
    """Update one switch, not both."""
    for index, step in enumerate(trials.case.steps):
        if isinstance(step, WriteStep) and step.method == "updateRules" and len(step.params) > 1:
            for name, value in step.params.items():
                if trials.attempt(trials.with_step(index, replace(step, params={name: value}))):
                    break


def unmarked_rules(trials: Trials) -> None:
    """Leave `ignoreMissingVnetServiceEndpoint` out of every rule, or of the rules of as many writes as possible."""
    marked = [
        index
        for index, step in enumerate(trials.case.steps)
        if isinstance(step, WriteStep) and step.params != _without_marks(step.params)
    ]

    def rebuild(kept: Sequence[int]) -> Case:
        steps = (
            replace(step, params=_without_marks(step.params))
            if isinstance(step, WriteStep) and index not in kept
            else step
            for index, step in enumerate(trials.case.steps)
        )
        return replace(trials.case, steps=tuple(steps))

    trials.keep_needed(marked, rebuild)


def _with_plain_endpoints(network: Network) -> Network:
    plain = (
        Subnet(id=subnet.id) if SERVICE_ENDPOINT in subnet.service_endpoints else subnet for subnet in network.subnets
    )
    return Network(subnets=tuple(plain))


def _renamed(case: Case, old: str, new: str) -> Case:
    calls = [{"method": call.method, "params": call.params} for call in case.calls()]
    text = json.dumps(calls).replace(json.dumps(old), json.dumps(new))
    return case_from_calls([Call(method=call["method"], params=call["params"]) for call in json.loads(text)])


def _without_marks(value: object) -> dict[str, object]:
    assert isinstance(value, Mapping)
    return {key: _unmarked(member) for key, member in value.items() if key != "ignoreMissingVnetServiceEndpoint"}


def _unmarked(value: object) -> object:
    if isinstance(value, Mapping):
        return _without_marks(value)
    return [_unmarked(entry) for entry in value] if isinstance(value, list) else value

"""Reads contract calls from a file into a case."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from fencepost.adapters.contract import METHODS
from fencepost.conformance.lockstep.case import AskStep, Case, EndpointsStep, ReadStep, ResetStep, Step, WriteStep
from fencepost.conformance.lockstep.wire import network_from_wire, request_from_wire, written_out
from fencepost.reference import Network
from fencepost.reports.model import Call

_WRITES = frozenset(
    ("putRules", "updateRules", "addIpRule", "removeIpRule", "addVirtualNetworkRule", "removeVirtualNetworkRule")
)
_ANSWERED = (WriteStep, AskStep, ReadStep)


@dataclass(kw_only=True, eq=False)
class NotACase(ValueError):
    """The value is not a case; `reasons` lists every fault, each after its JSON path."""

    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """One line for each reason."""
        return "\n".join(self.reasons)


def calls_from_json(value: object, *, path: str = "$.calls") -> tuple[Call, ...]:
    """The calls of a JSON array; `NotACase` lists every entry that is no call of the contract.

    A `describe` at the beginning is left out.
    """
    if not isinstance(value, list):
        raise NotACase(reasons=(f"{path}: expected a list of contract calls, got {type(value).__name__}",))
    reasons: list[str] = []
    calls: list[Call] = []
    for index, entry in enumerate(value):
        if index == 0 and isinstance(entry, dict) and entry.get("method") == "describe":
            continue  # every conversation begins with it, and no answer in question depends on it
        place = f"{path}[{index}]"
        fault = _fault_of(entry)
        if fault:
            reasons.append(f"{place}{fault}")
        else:
            calls.append(Call(method=entry["method"], params=entry["params"]))
    if reasons:
        raise NotACase(reasons=tuple(reasons))
    return tuple(calls)


def _fault_of(entry: object) -> str:
    if not isinstance(entry, dict):
        return ": expected an object with method and params"
    method, params = entry.get("method"), entry.get("params")
    if not isinstance(method, str) or method not in METHODS or method in ("describe", "shutdown"):
        return f".method: {method!r} is no call that a case can hold"
    try:
        msgspec.convert(params, METHODS[method][0])
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # half a surrogate pair
        return f".params: {error}"
    return ""


def case_from_calls(calls: Sequence[Call], *, path: str = "$.calls") -> Case:
    """The case that consists of these calls; `NotACase` unless it begins with `reset` and ends with a judged answer.

    Each further `reset` makes a new vault.
    """
    if not calls or calls[0].method != "reset":
        raise NotACase(reasons=(f"{path}[0].method: a case begins with reset",))
    steps: list[Step] = []
    reasons: list[str] = []
    for index, call in enumerate(calls[1:], start=1):
        try:
            steps.append(_step(call))
        except (KeyError, TypeError, ValueError) as error:
            reasons.append(f"{path}[{index}]: {error}")
    if not reasons and (not steps or not isinstance(steps[-1], _ANSWERED)):
        reasons.append(
            f"{path}[{len(calls) - 1}]: a case ends with a call that is answered: a write, decide or getRules"
        )
    if reasons:
        raise NotACase(reasons=tuple(reasons))
    return Case(network=_network(calls[0]), steps=tuple(steps))


def _step(call: Call) -> Step:
    params = call.params
    if call.method in _WRITES:
        return WriteStep(method=call.method, params=params)
    if call.method == "getRules":
        return ReadStep()
    if call.method == "setServiceEndpoints":
        return EndpointsStep(subnet=str(params["subnet"]), service_endpoints=tuple(_texts(params["serviceEndpoints"])))
    if call.method == "decide":
        return _ask(params["requests"])
    if call.method == "reset":
        return ResetStep(network=_network(call))
    raise ValueError(f"{call.method} is no call that a case can hold")


def _network(reset: Call) -> Network:
    subnets = reset.params["subnets"]
    assert isinstance(subnets, list | tuple)
    return network_from_wire(subnets)


def _ask(requests: object) -> AskStep:
    found = [one for one in requests if isinstance(one, Mapping)] if isinstance(requests, list | tuple) else []
    if not found:
        raise ValueError("decide without a request asks nothing")
    explicit = {place: members for place, one in enumerate(found) if (members := written_out(one))}
    return AskStep(requests=tuple(request_from_wire(one) for one in found), explicit=explicit)


def _texts(value: object) -> Iterator[str]:
    assert isinstance(value, list | tuple)
    yield from (str(one) for one in value)

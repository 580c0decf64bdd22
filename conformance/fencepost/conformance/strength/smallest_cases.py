"""Whether the smallest cases are smallest: of each mutant's first case everything is deleted in turn, and put again."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from fencepost.adapters.contract import Client
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.diagnosis.trials import decider
from fencepost.conformance.lockstep.case import Case, case_from_calls, is_private
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Mismatch
from fencepost.conformance.lockstep.oracle import ReferenceOracle
from fencepost.conformance.mutants.direct import Direct
from fencepost.conformance.run.campaign import Campaign, begin
from fencepost.conformance.run.plan import Plan
from fencepost.reference import address_from_text
from fencepost.reports.model import Call

_MOST_PLACES = 8
"""Of a long list so many entries are deleted in turn: where a number is the point, one is as needed as another."""

_ENDPOINT = "Microsoft.KeyVault"
_FLAG = "ignoreMissingVnetServiceEndpoint"
_Calls: TypeAlias = list[dict[str, Any]]
_PLAIN = {"bypass": ("AzureServices", "None"), "defaultAction": ("Allow", "Deny")}
"""A switch that is set, and what it is where it does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The first failure of a mutant in a profile, at quick effort with seed 0."""

    mutant: str
    profile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Smallest:
    """The deletions that a mutant's case survives, in words; `why` if there is no case."""

    mutant: str
    clause: str = ""
    needless: tuple[str, ...] = ()
    why: str = ""


def examine(task: Task) -> Smallest:
    """Find the mutant's first case, and delete from it whatever can be deleted."""
    campaign = _campaign(task)
    campaign.run()
    found = next((one for row in campaign.report().clauses for one in row.counterexamples), None)
    if found is None:
        return Smallest(mutant=task.mutant, why="no clause failed by a case")
    case = case_from_calls(found.calls)

    oracle = ReferenceOracle(with_codes=campaign.capabilities.codes and campaign.capabilities.credentials)

    def put(case: Case, like: Mismatch | None = None) -> Mismatch | None:
        afresh = Lockstep(_client(task), campaign.setting.profile, oracle=oracle)
        return afresh.replay(case, like)

    mismatch = put(case)
    if mismatch is None:
        return Smallest(mutant=task.mutant, clause=found.clause, why="calls one after another do not show it")
    needless = tuple(deletion for deletion, lesser in lessened(found.calls) if _shows(mismatch, put(lesser, mismatch)))
    return Smallest(mutant=task.mutant, clause=found.clause, needless=needless)


def _shows(mismatch: Mismatch, found: Mismatch | None) -> bool:
    """Whether the same kind of wrong answer came, and the same clause decides it."""
    return found is not None and mismatch.is_like(found) and decider(mismatch) == decider(found)


def lessened(calls: Sequence[Call]) -> Iterator[tuple[str, Case]]:
    """The case without a call, a subnet, an endpoint, a rule, a flag, a switch, a request or a mark, each in words.

    A subnet that a later call names must stay: the contract lets no call name another.
    """
    plain: _Calls = [{"method": call.method, "params": call.params} for call in calls]
    for deletion, delete in _deletions(plain):
        changed = deepcopy(plain)
        delete(changed)
        yield deletion, case_from_calls([Call(method=one["method"], params=one["params"]) for one in changed])


_Deletion: TypeAlias = tuple[str, Callable[[_Calls], object]]


def _deletions(calls: _Calls) -> Iterator[_Deletion]:
    last = len(calls) - 1
    for at, call in enumerate(calls):
        params = call["params"]
        if 0 < at < last:
            yield f"call {at + 1}, {call['method']}", partial(_without_call, at)
        match call["method"]:
            case "reset":
                named = repr(calls[at + 1 :]).lower()
                for place, subnet in enumerate(params["subnets"][:_MOST_PLACES]):
                    if repr(subnet["id"].lower()) not in named:
                        yield f"subnet {place + 1} in call {at + 1}", _without(at, ("subnets",), place)
                for place, subnet in enumerate(params["subnets"]):
                    yield from _endpoints(at, ("subnets", place, "serviceEndpoints"), subnet.get("serviceEndpoints"))
            case "putRules" if isinstance(acls := params["networkAcls"], dict):
                for member in ("ipRules", "virtualNetworkRules"):
                    yield from _entries(at, ("networkAcls", member), acls.get(member), member)
                    yield from _flags(at, ("networkAcls", member), acls.get(member))
                yield from _switches(at, acls)
            case "updateRules" if len(params) > 1:
                yield from ((f"{name} of call {at + 1}", _without(at, (), name)) for name in params)
            case "addVirtualNetworkRule" if _FLAG in params:
                yield f"the flag of call {at + 1}", _without(at, (), _FLAG)
            case "setServiceEndpoints":
                yield from _endpoints(at, ("serviceEndpoints",), params["serviceEndpoints"])
            case "decide":
                if len(params["requests"]) > 1:
                    yield from _entries(at, ("requests",), params["requests"], "request")
                for place, request in enumerate(params["requests"][:_MOST_PLACES]):
                    yield from _marks(at, place, request)


def _entries(at: int, path: tuple[str | int, ...], entries: object, what: str) -> Iterator[_Deletion]:
    count = len(entries) if isinstance(entries, list) else 0
    step = max(1, -(-count // _MOST_PLACES))
    for place in dict.fromkeys((*range(0, count, step), *((count - 1,) if count else ()))):
        yield f"{what} {place + 1} of {count} in call {at + 1}", _without(at, path, place)


def _endpoints(at: int, path: tuple[str | int, ...], names: object) -> Iterator[_Deletion]:
    for place, name in enumerate(names if isinstance(names, list) else ()):
        if name != _ENDPOINT:
            yield f"the endpoint {name} in call {at + 1}", _without(at, path, place)


def _flags(at: int, path: tuple[str | int, ...], entries: object) -> Iterator[_Deletion]:
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and _FLAG in entry:
            yield f"the flag of rule {place + 1} in call {at + 1}", _without(at, (*path, place), _FLAG)


def _switches(at: int, acls: dict[str, Any]) -> Iterator[_Deletion]:
    for name, (is_set, plain) in _PLAIN.items():
        if acls.get(name) == is_set:
            yield f"{name} {is_set} in call {at + 1}", _with(at, ("networkAcls",), name, plain)


def _marks(at: int, place: int, request: dict[str, Any]) -> Iterator[_Deletion]:
    path = ("requests", place)
    for mark in request.get("caller", {}):
        if mark != "trusted":  # it goes with the service
            marks = ("service", "trusted") if mark == "service" else (mark,)
            yield f"{mark} of request {place + 1} in call {at + 1}", _without(at, (*path, "caller"), *marks)
    source = request["source"]
    if "subnet" in source and not is_private(address_from_text(source["address"])):
        yield f"the subnet of request {place + 1} in call {at + 1}", _without(at, (*path, "source"), "subnet")


def _at(calls: _Calls, at: int, path: tuple[str | int, ...]) -> Any:
    value: Any = calls[at]["params"]
    for key in path:
        value = value[key]
    return value


def _without(at: int, path: tuple[str | int, ...], *keys: str | int) -> Callable[[_Calls], object]:
    def delete(calls: _Calls) -> None:
        value = _at(calls, at, path)
        for key in keys:
            if isinstance(key, int) or key in value:
                value.pop(key)

    return delete


def _without_call(at: int, calls: _Calls) -> None:
    del calls[at]


def _with(at: int, path: tuple[str | int, ...], key: str, new: str) -> Callable[[_Calls], object]:
    return lambda calls: _at(calls, at, path).__setitem__(key, new)


def _client(task: Task) -> Client:
    return Client(Direct(task.mutant, profile=task.profile))


def _campaign(task: Task) -> Campaign:
    plan = Plan(
        subject=f"mutant:{task.mutant}",
        effort=EFFORTS["quick"],
        profile=task.profile,
        fail_fast=True,
        with_decoys=False,
    )
    return begin(_client(task), plan)

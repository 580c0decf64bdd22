"""Reads the contract calls of a case from a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from fencepost.adapters.contract import METHODS, NetworkAcls
from fencepost.conformance.rule_files.members import nearest, no_such_member
from fencepost.reports.model import Call
from msgspec import inspect

_UNANSWERED = ("reset", "setServiceEndpoints")


@dataclass(kw_only=True, eq=False)
class NotACase(ValueError):
    """The value is not a case; `reasons` lists every fault, each after its JSON path."""

    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.reasons)


def calls_from_json(value: object) -> tuple[Call, ...]:
    """The calls of a JSON array, which make up a case; `NotACase` lists every entry that is no call of the contract.

    A `describe` at the beginning is left out. A case begins with `reset` and ends with a judged answer; each further
    `reset` makes a new vault.
    """
    if not isinstance(value, list):
        raise NotACase(reasons=(f"$.calls: expected a list of contract calls, got {type(value).__name__}",))
    reasons: list[str] = []
    calls: list[Call] = []
    for index, entry in enumerate(value):
        if index == 0 and isinstance(entry, dict) and entry.get("method") == "describe":
            continue  # every conversation begins with it, and no answer in question depends on it
        fault = _fault_of(entry)
        if fault:
            reasons.append(f"$.calls[{index}]{fault}")
        else:
            calls.append(Call(method=entry["method"], params=entry["params"]))
    if reasons := reasons or _faults_of_case(calls):
        raise NotACase(reasons=tuple(reasons))
    return tuple(calls)


def unknown_members(calls: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """A fault for each member that the contract does not know, in the parameters of calls that make up a case.

    >>> list(unknown_members([{"method": "putRules", "params": {"networkAcls": {"ipRule": []}}}]))
    ["$.calls[0].params.networkAcls.ipRule: no such member; did you mean 'ipRules'?"]
    """
    for index, call in enumerate(calls):
        shape = inspect.type_info(METHODS[str(call["method"])][0])
        yield from _unknown(call.get("params"), shape, f"$.calls[{index}].params")


_ACLS = inspect.type_info(NetworkAcls)
"""The rules as they are read back: as they are sent, the contract leaves entries open, since refusals are asked."""


def _unknown(value: object, shape: inspect.Type, path: str) -> Iterator[str]:
    match shape, value:
        case inspect.UnionType(types=types), _:
            for one in types:
                yield from _unknown(value, one, path)
        case inspect.ListType(item_type=of_entries), list():
            for number, entry in enumerate(value):
                yield from _unknown(entry, of_entries, f"{path}[{number}]")
        case inspect.StructType(fields=fields), dict():
            known = {one.encode_name: one.type for one in fields}
            for name, content in value.items():
                if name in known:
                    inner = _ACLS if name == "networkAcls" else known[name]
                    yield from _unknown(content, inner, f"{path}.{name}")
                elif near := nearest(name, tuple(known)):
                    yield f"{path}.{name}: {no_such_member(near)}"
                else:
                    yield f"{path}.{name}: no such member; there are: {', '.join(known) or 'none'}"


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


def _faults_of_case(calls: Sequence[Call]) -> list[str]:
    if not calls or calls[0].method != "reset":
        return ["$.calls[0].method: a case begins with reset"]
    reasons = [
        f"$.calls[{index}]: decide without a request asks nothing"
        for index, call in enumerate(calls)
        if call.method == "decide" and not call.params["requests"]
    ]
    if not reasons and calls[-1].method in _UNANSWERED:
        last = len(calls) - 1
        reasons = [f"$.calls[{last}]: a case ends with a call that is answered: a write, decide or getRules"]
    return reasons

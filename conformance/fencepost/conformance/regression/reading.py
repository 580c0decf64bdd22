"""Reads the contract calls of a case from a file."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from fencepost.adapters.contract import METHODS
from fencepost.reports.model import Call

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

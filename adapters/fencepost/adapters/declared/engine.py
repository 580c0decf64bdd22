"""What a carrier of declared adapters provides: a tool or a service that takes rules and is asked for decisions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NotRequired, Protocol, TypedDict

from fencepost.adapters.contract.protocol import JsonObject, ShownMapping


class SourceObject(TypedDict):
    """Where a request comes from, as it stands in the call."""

    address: str
    subnet: NotRequired[str | None]


class CallerObject(TypedDict, total=False):
    """Who asks, as it stands in the call: any member may be absent."""

    authenticated: bool
    authorized: bool
    service: str | None
    trusted: bool | None


class RequestObject(TypedDict):
    """One request as it stands in the call. The kit has made it: a value for each would cost more than some tools."""

    plane: Literal["data", "control"]
    operation: str
    source: SourceObject
    caller: NotRequired[CallerObject]


Answer = JsonObject | str
"""A decision; without a reason it is its outcome alone."""

_DECISIONS: Mapping[str, Answer] = {
    "allow": "allow",
    "deny": "deny",
    "inconclusive": {"outcome": "inconclusive", "reason": "the answer is what the file maps to inconclusive"},
}


def decision(outcome: str) -> Answer:
    """The decision of that outcome."""
    return _DECISIONS[outcome]


def decisions(outcomes: Sequence[str]) -> Sequence[Answer]:
    """The decision of each outcome."""
    return list(map(decision, outcomes)) if "inconclusive" in outcomes else outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A write that the tool refused, in its own words."""

    status: int | None = None
    message: str = ""

    def as_result(self) -> JsonObject:
        """The write result."""
        members = {"status": self.status, "message": self.message[:2000] or None}
        return {"accepted": False, **{name: value for name, value in members.items() if value is not None}}


class Engine(Protocol):
    """A tool or a service. `Broken` is raised by everything that does not go as the file says."""

    @property
    def needs_rules(self) -> bool:
        """Whether it was started since rules were put, and has none."""
        ...

    def open(self, deadline: float) -> None:
        """Start what is to be running, if it is not."""
        ...

    def places(self) -> Mapping[str, str]:
        """The placeholders that are known at all times."""
        ...

    def put(self, values: Mapping[str, str], deadline: float, *, is_new: bool) -> Refusal | None:
        """Put a rule set in force, `values` being its placeholders; a refusal has changed nothing.

        `is_new` says that it is the rule set of a new vault.
        """
        ...

    def ask(self, requests: Sequence[RequestObject], values: Mapping[str, str], deadline: float) -> list[Answer]:
        """One decision a request, in order."""
        ...

    def bare_loop(self, requests: Sequence[RequestObject], values: Mapping[str, str]) -> Callable[[], object]:
        """A loop that sends what `ask` sends, at the same concurrency, and reads each answer without its meaning."""
        ...

    def log(self) -> str:
        """The end of what it has written to its own log."""
        ...

    def close(self) -> None:
        """End what was started. May be called twice."""
        ...


@dataclass(slots=True)
class Shown:
    """For each mapping the first exchange that was read by it, for `fencepost smoke`."""

    first: dict[str, ShownMapping] = field(default_factory=dict)

    def note(self, mapping: str, request: Callable[[], str], output: Callable[[], str]) -> None:
        """Keep the exchange, unless one of the mapping is there; the texts are only made where they are kept."""
        if mapping not in self.first:
            self.first[mapping] = ShownMapping(mapping=mapping, request=request(), output=output())


_NOBODY: CallerObject = {}

ASKED: Mapping[str, Callable[[RequestObject], str]] = {
    "address": lambda request: request["source"]["address"],
    "subnet": lambda request: request["source"].get("subnet") or "",
    "plane": lambda request: request["plane"],
    "operation": lambda request: request["operation"],
    "service": lambda request: request.get("caller", _NOBODY).get("service") or "",
    "trusted": lambda request: _word(request.get("caller", _NOBODY).get("trusted")),
    "authenticated": lambda request: _word(request.get("caller", _NOBODY).get("authenticated", True)),
    "authorized": lambda request: _word(request.get("caller", _NOBODY).get("authorized", True)),
}
"""The placeholders that each request has its own value for, and the values."""


def _word(value: object) -> str:
    return "true" if value else "false"

"""What a carrier of declared adapters provides: a tool or a service that takes rules and is asked for decisions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fencepost.adapters.contract.messages import Request
from fencepost.adapters.contract.protocol import JsonObject, ShownMapping

_DECISIONS: Mapping[str, JsonObject] = {
    "allow": {"outcome": "allow"},
    "deny": {"outcome": "deny"},
    "inconclusive": {"outcome": "inconclusive", "reason": "the answer is what the file maps to inconclusive"},
}


def decision(outcome: str) -> JsonObject:
    """The decision of that outcome."""
    return _DECISIONS[outcome]


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

    def ask(self, requests: Sequence[Request], values: Mapping[str, str], deadline: float) -> list[JsonObject]:
        """One decision a request, in order."""
        ...

    def bare_loop(self, requests: Sequence[Request], values: Mapping[str, str]) -> Callable[[], object]:
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


ASKED: Mapping[str, Callable[[Request], str]] = {
    "address": lambda request: request.source.address,
    "subnet": lambda request: request.source.subnet or "",
    "plane": lambda request: request.plane,
    "operation": lambda request: request.operation,
    "service": lambda request: request.caller.service or "",
    "trusted": lambda request: str(bool(request.caller.trusted)).lower(),
    "authenticated": lambda request: str(request.caller.authenticated).lower(),
    "authorized": lambda request: str(request.caller.authorized).lower(),
}
"""The placeholders that each request has its own value for, and the values."""

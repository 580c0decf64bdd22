"""A connection that limits the total wait for a silent harness, and repeats `describe` after a fault."""

from collections.abc import Iterator

from fencepost.adapters.contract import (
    Connection,
    HarnessFault,
    JsonObject,
    MalformedResult,
    RpcError,
    Shareable,
    TimedOut,
)
from fencepost.adapters.contract.relay import Relay
from fencepost.adapters.contract.vocabulary import PROTOCOL
from fencepost.conformance.lockstep.clock import now
from fencepost.conformance.lockstep.raised_faults import RaisedFaults

TIMEOUTS = 6
"""How many unanswered calls a run tolerates, in multiples of one call's time-out."""


def with_circuit_breaker(connection: Connection, *, seconds: float) -> "CircuitBreaker":
    """The connection with time-outs of at most `seconds` in all, and one more; `Shareable` if it was."""
    if isinstance(connection, Shareable):
        return _ShareableCircuitBreaker(connection, seconds=seconds)
    return CircuitBreaker(connection, seconds=seconds)


class CircuitBreaker(Relay):
    """Adds up the time spent on time-outs. From `seconds` on, every call fails at once and is not sent.

    After a fault the subject may be a new process, so the next call is preceded by `describe`, as the contract says. An
    answer other than the first one is a fault of every call from then on: another subject is not asked.
    """

    def __init__(self, connection: Connection, *, seconds: float) -> None:
        super().__init__(connection)
        self._seconds = seconds
        self._waited = 0.0
        self._last = ""
        self._described: object = None
        self._changed: tuple[str, ...] = ()
        self._is_new = False
        self._raised = RaisedFaults()

    def call(self, method: str, params: JsonObject) -> object:
        """Send one call and wait for its result; `TimedOut` at once if the time for waiting is used up."""
        if self._waited >= self._seconds:
            raise TimedOut(
                method=method,
                expected="a harness that answers",
                came=f"one that has been waited for for {self._seconds:g} s in all: no longer asked",
                offending=self._last,
            )
        if self._is_new and method != "describe":
            self._changed = self._changed or tuple(changed_members(self._described, self._describe()))
        if self._changed:
            raise MalformedResult(
                method="describe",
                expected="the same answer as at the start",
                came=f"another one after a fault: {', '.join(self._changed)}",
            )
        result = self._call(method, params)
        if method == "describe" and self._described is None:
            self._described = result
        self._is_new = False
        return result

    def _describe(self) -> object:
        return self._call("describe", {"protocol": PROTOCOL})

    def _call(self, method: str, params: JsonObject) -> object:
        began = now()
        try:
            return self.inner.call(method, params)
        except TimedOut as fault:
            self._last = str(fault)
            self._waited += now() - began
            self._is_new = True
            raise
        except RpcError as fault:
            self._raised.note(fault, params)
            raise
        except HarnessFault:
            self._is_new = True
            raise

    def log(self) -> str:
        """The end of the harness's own log, and the first exceptions that it raised, with their calls."""
        return "\n".join(filter(None, (self.inner.log().rstrip("\n"), *self._raised.texts)))


class _ShareableCircuitBreaker(CircuitBreaker):
    """A circuit breaker for calls from several threads at once."""

    def another(self) -> Connection:
        """A connection to the same subject; closing it leaves the subject alone."""
        assert isinstance(self.inner, Shareable)
        return self.inner.another()


def changed_members(one: object, other: object) -> Iterator[str]:
    """The members that differ between two answers to `describe`."""
    if isinstance(one, dict) and isinstance(other, dict):
        yield from sorted(str(name) for name in {*one, *other} if one.get(name) != other.get(name))
    elif one is not None and one != other:
        yield "it is no object"

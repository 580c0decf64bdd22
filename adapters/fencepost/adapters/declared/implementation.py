"""A declared connection as a Python object, for an adapter that changes its file before it is opened."""

from collections.abc import Sequence
from typing import cast

from fencepost.adapters.contract.protocol import Connection, JsonObject, Timeouts

LIMITS = Timeouts(start=120.0, call=600.0)
"""Time limits of the connection inside: the carrier outside has those that the user gave."""


class DeclaredImplementation:
    """The four methods of the contract, and `shutdown`, by a connection. The engine ends with it."""

    exclusive = True
    """There is one engine with one set of rules."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def describe(self, *, protocol: int) -> JsonObject:
        """The conformance statement."""
        return self._call("describe", {"protocol": protocol})

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        """A new vault without rules."""
        return self._call("reset", {"subnets": list(subnets)})

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        """Put the whole rule set."""
        return self._call("putRules", {"networkAcls": network_acls})

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        """One decision a request, in order."""
        return self._call("decide", {"requests": list(requests)})

    def shutdown(self) -> JsonObject:
        """End the engine and remove its folder."""
        self._connection.close()
        return {}

    def _call(self, method: str, params: JsonObject) -> JsonObject:
        return cast("JsonObject", self._connection.call(method, params))

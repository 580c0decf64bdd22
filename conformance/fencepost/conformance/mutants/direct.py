"""A mutant called in the same thread, without copies of values or time-outs, for the thousands of runs of a study."""

import re
from copy import copy
from functools import cache

from fencepost.adapters.contract import JsonObject, RpcError
from fencepost.conformance.mutants import compose


class Direct:
    """A connection to a mutant as a Python object; an exception in it becomes an `RpcError`, as over every carrier.

    With `decisions_only` the statement says that the mutant enforces rule sets that others have validated.
    """

    exclusive = False

    def __init__(self, name: str, *, profile: str, decisions_only: bool = False) -> None:
        self.subject = compose(name, profile=profile)
        self._restrictions = ("decisions-only",) if decisions_only else ()

    def call(self, method: str, params: JsonObject) -> object:
        """The answer of the object's method with that name in snake_case."""
        arguments = {snake_case(name): value for name, value in params.items()}
        try:
            answer = getattr(self.subject, snake_case(method))(**arguments)
        except Exception as error:
            raise RpcError(method=method, expected="an answer", came=repr(error), code=-32000) from error
        if method == "describe" and self._restrictions:
            return {**answer, "features": [*answer["features"], *self._restrictions]}
        return answer

    def another(self) -> "Direct":
        """The same object, to be called from another thread."""
        return copy(self)

    def log(self) -> str:
        """The empty text: there is no log."""
        return ""

    def close(self) -> None:
        """Nothing to close."""


@cache
def snake_case(name: str) -> str:
    """A name of the wire in Python's spelling.

    >>> snake_case("ignoreMissingVnetServiceEndpoint")
    'ignore_missing_vnet_service_endpoint'
    """
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)

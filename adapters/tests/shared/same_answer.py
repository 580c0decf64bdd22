"""A connection that gives the same answer to each call."""

from fencepost.adapters.contract import JsonObject


class SameAnswer:
    """A connection with one answer to every call."""

    exclusive = False

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def call(self, method: str, params: JsonObject) -> object:
        return self._answer

    def log(self) -> str:
        return ""

    def close(self) -> None:
        pass

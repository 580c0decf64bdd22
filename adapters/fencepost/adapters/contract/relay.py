"""A connection in front of another one."""

from fencepost.adapters.contract.protocol import Connection, JsonObject


class Relay:
    """Passes everything on to the connection `inner`; a subclass overrides `call` to see or to change what passes."""

    def __init__(self, inner: Connection) -> None:
        self.inner = inner

    @property
    def exclusive(self) -> bool:
        """Whether the subject is one place that only one worker may ask."""
        return self.inner.exclusive

    def call(self, method: str, params: JsonObject) -> object:
        """Send one call and wait for its result."""
        return self.inner.call(method, params)

    def log(self) -> str:
        """The end of the harness's own log."""
        return self.inner.log()

    def close(self) -> None:
        """Close the connection, and end whatever it started."""
        self.inner.close()

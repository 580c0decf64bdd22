"""Every way in which a harness can be broken, each a value that names what was expected and what came."""

from dataclasses import dataclass, field

_SHOWN = 400


def shorten(text: str, limit: int = _SHOWN) -> str:
    """The text, its middle left out where it is longer than `limit` characters.

    >>> shorten("abcdefghij", limit=6)
    'abc … 4 characters … hij'
    """
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"


@dataclass(kw_only=True, eq=False)
class HarnessFault(Exception):
    """The harness did not answer a call as the contract says: the verdict is *error*, the implementation is unjudged.

    `method` is the call at hand, `expected` and `came` tell the story, `offending` is the message itself (shortened).
    """

    kind: str = field(default="fault", init=False)
    method: str
    expected: str
    came: str
    offending: str = ""

    def __str__(self) -> str:
        """One sentence: what was called, what was expected, what came."""
        shown = f": {shorten(self.offending)}" if self.offending else ""
        return f"{self.method}: expected {self.expected}, got {shorten(self.came)}{shown}"


@dataclass(kw_only=True, eq=False)
class NotStarted(HarnessFault):
    """The harness could not be started or reached."""

    kind: str = field(default="not-started", init=False)


@dataclass(kw_only=True, eq=False)
class Crashed(HarnessFault):
    """The harness ended, or closed its stream, while an answer was due."""

    kind: str = field(default="crashed", init=False)


@dataclass(kw_only=True, eq=False)
class TimedOut(HarnessFault, TimeoutError):
    """No answer came in time."""

    kind: str = field(default="timed-out", init=False)


@dataclass(kw_only=True, eq=False)
class NotJson(HarnessFault, ValueError):
    """What came is not one JSON-RPC object: a log line, half a line, another encoding, a line over the bound."""

    kind: str = field(default="not-json", init=False)


@dataclass(kw_only=True, eq=False)
class WrongId(HarnessFault, ValueError):
    """The answer carries another call's id."""

    kind: str = field(default="wrong-id", init=False)


@dataclass(kw_only=True, eq=False)
class MalformedResult(HarnessFault, ValueError):
    """The result does not have the shape that the contract gives it."""

    kind: str = field(default="malformed-result", init=False)


@dataclass(kw_only=True, eq=False)
class RpcError(HarnessFault, RuntimeError):
    """The harness answered with a JSON-RPC error, or raised an exception in process."""

    kind: str = field(default="rpc-error", init=False)
    code: int
    traceback: str = ""


@dataclass(kw_only=True, eq=False)
class SubjectError(ValueError):
    """The subject string names nothing that can be opened here; `try_instead` says what could be."""

    subject: str
    reason: str
    try_instead: str = ""

    def __str__(self) -> str:
        """What is wrong with the subject, and what to do."""
        advice = f" {self.try_instead}" if self.try_instead else ""
        return f"{self.subject}: {self.reason}.{advice}"


@dataclass(kw_only=True, eq=False)
class StatementError(ValueError):
    """The conformance statement cannot be used: every mistake in it, each with its JSON path."""

    mistakes: tuple[str, ...]

    def __str__(self) -> str:
        """All mistakes, one a line."""
        return "\n".join(self.mistakes)

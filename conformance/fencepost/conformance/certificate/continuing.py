"""A recorded run that goes on: the recorded answers up to the last `reset`, then the subject's own."""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fencepost.adapters.contract import Connection, JsonObject, Shareable
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.certificate.recording import Position
from fencepost.conformance.certificate.replaying import Transcript
from fencepost.conformance.certificate.transcript import line_of

_CHUNK = 64 * 1024
_LARGEST = 1024**3
_RESET = b'{"m":"reset",'


class NoTranscript(ValueError):
    """The data is no transcript that a run could continue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a run that was cut off has recorded before its last `reset`; `packed` is that part as a transcript."""

    packed: bytes
    position: Position
    plan: Mapping[str, object]

    @classmethod
    def of(cls, data: bytes) -> "Earlier | None":
        """The part of a transcript that can be used, however it ends; None if it holds no `reset`."""
        lines = _unpacked(data).splitlines(keepends=True)
        last = max((place for place, line in enumerate(lines) if line.startswith(_RESET)), default=None)
        if last is None:
            return None
        kept = lines[:last]
        try:
            records = [json.loads(line) for line in kept]
            calls = sum("m" in record for record in records)
            sides = sum("side" in record for record in records)
            clock = sum(sum(record.get("t", ())) for record in records)
            plan = dict(records[0]["plan"])
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
            raise NoTranscript(f"it cannot be read: {type(error).__name__}: {error!s:.100}") from None
        packed = gzip.compress(b"".join(kept), compresslevel=6, mtime=0)
        return cls(packed=packed, position=Position(calls=calls, sides=sides, clock=clock), plan=plan)

    def transcript(self) -> Transcript:
        """The part, to be read as the transcript of a run that ended there."""
        end = {"end": True, "calls": self.position.calls, "t": [], "log": ""}
        return Transcript(self.packed + gzip.compress(line_of(end), mtime=0), is_resumed=True)


def _unpacked(data: bytes) -> bytes:
    """What can be unpacked of gzipped data that may end in the middle; half a line at its end is left out."""
    found = bytearray()
    try:
        while data:
            member = zlib.decompressobj(wbits=31)
            start = 0
            while start < len(data) and not member.eof:
                found += member.decompress(data[start : start + _CHUNK])
                start += _CHUNK
                if len(found) > _LARGEST:
                    raise NoTranscript("it is larger than any transcript")
            data = member.unused_data + data[start:]
    except zlib.error:
        pass
    return bytes(found[: found.rfind(b"\n") + 1])


class Continued(Relay):
    """Answers from the earlier part while there is something left of it, and then from the subject."""

    def __init__(self, earlier: Transcript, live: Connection, clock: Callable[[], float]) -> None:
        super().__init__(live)
        self._earlier = earlier
        self._clock = clock

    @property
    def is_live(self) -> bool:
        """Whether nothing is left of the earlier part."""
        return self._earlier.is_over

    def clock(self) -> float:
        """Seconds since the run began, the time between its two parts left out."""
        return self._clock() if self.is_live else self._earlier.clock()

    def call(self, method: str, params: JsonObject) -> object:
        """The recorded answer, or the subject's."""
        return (self.inner if self.is_live else self._earlier).call(method, params)


class ContinuedShareable(Continued):
    """A continued connection that can be used from several threads at once."""

    def another(self) -> Connection:
        """A side connection that was recorded, or one to the subject."""
        assert isinstance(self.inner, Shareable)
        return self.inner.another() if self.is_live else self._earlier.another()


def continued(earlier: Transcript, live: Connection, clock: Callable[[], float]) -> Continued:
    """The two parts as one connection; `Shareable` if the subject's connection is."""
    kind = ContinuedShareable if isinstance(live, Shareable) else Continued
    return kind(earlier, live, clock)

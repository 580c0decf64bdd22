"""A connection that answers from a transcript in order, and a clock that repeats the recorded readings."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle
from threading import Lock

from fencepost.adapters.contract import Connection, JsonObject
from fencepost.conformance.certificate.bundle import TRANSCRIPT
from fencepost.conformance.certificate.transcript import (
    FORMAT,
    VERSION,
    call_digest,
    line_of,
    read_decisions,
    read_fault,
)

LARGEST = 4 * 1024**3
"""The largest unpacked size of a transcript, in bytes."""

_LONGEST_LINE = 64 * 1024**2
_CHUNK = 4 * 1024


@dataclass(kw_only=True, eq=False)
class TranscriptDiffers(Exception):
    """The transcript is not a record of this run; `line` and `reason` give the first difference.

    `part` names the part of the member whose line it is, where the member holds several transcripts.
    """

    line: int
    reason: str
    part: str = ""

    def __str__(self) -> str:
        """The member of the bundle, its part, the line in it and the reason."""
        return f"{TRANSCRIPT}, {f'{self.part}, ' if self.part else ''}line {self.line}: {self.reason}"


class Transcript:
    """A recorded run, read line by line. Raises `TranscriptDiffers` at the first line that does not fit the call."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._lines = _lines(packed)
        self._line = 0
        self._now = 0
        self._calls = 0
        self._sides = 0
        self._pending: Mapping[str, object] | None = None
        self._readings: Iterator[object] = iter(())
        header = self._next()
        if header.get("format") != FORMAT or header.get("version") != VERSION:
            stated = f"{header.get('format')!r}, version {header.get('version')!r}"
            raise self._differs(f"expected {FORMAT!r}, version {VERSION}, got {stated}")
        self.plan = header.get("plan")
        self._is_shareable = header.get("shareable") is True
        self.exclusive = header.get("exclusive") is True
        self._traffic = _sides(packed) if self._is_shareable else {}
        self._advance()

    def connection(self) -> Connection:
        """The connection to the recorded subject."""
        return _ReplayedShareable(self) if self._is_shareable else Replayed(self)

    @property
    def is_over(self) -> bool:
        """Whether every recorded call has been made."""
        return "end" in self._at_hand()

    def clock(self) -> float:
        """The next reading of the clock."""
        delta = next(self._readings, None)
        if not isinstance(delta, int) or delta < 0:
            raise self._differs("the clock was read less often then than now")
        self._now += delta
        return self._now / 1e6

    def call(self, method: str, params: JsonObject) -> object:
        """The recorded answer to this call, or the recorded fault."""
        record = self._at_hand()
        if "end" in record:
            raise self._differs(f"the run ended then, and now {method} is called")
        if next(self._readings, None) is not None:
            raise self._differs("the clock was read more often then than now")
        recorded = record.get("m")
        if recorded != method:
            raise self._differs(f"{recorded!r} was called then, {method!r} now")
        is_same = record.get("d") == call_digest(method, params) if method == "decide" else self._same(record, params)
        if not is_same:
            raise self._differs(f"{method} was called with other parameters than now")
        self._calls += 1
        answer = self._answer(method, record)
        self._advance()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _same(self, record: Mapping[str, object], params: JsonObject) -> bool:
        try:
            return line_of(record.get("p")) == line_of(params)
        except ValueError:  # an infinite number, which Python reads and JSON does not have
            return False

    def _answer(self, method: str, record: Mapping[str, object]) -> object:
        try:
            if "f" in record:
                return read_fault(method, record["f"])
            if "o" in record:
                return {"decisions": read_decisions(record)}
            return record["a"]
        except (KeyError, ValueError) as error:
            raise self._differs(f"no answer to {method}: {error}") from None

    def another(self) -> Connection:
        """The next recorded side connection."""
        self._sides += 1
        if self._sides not in self._traffic:
            raise self._differs("more connections at once than then")
        return _ReplayedSide(self._traffic[self._sides], self._line)

    def log(self) -> str:
        """The end of what the harness wrote to its log; known once the run is over."""
        record = self._at_hand()
        return str(record.get("log", ""))

    def close(self) -> None:
        """Nothing to close."""

    def end(self) -> None:
        """Raise `TranscriptDiffers` if a part of the transcript is left."""
        record = self._at_hand()
        if "end" not in record:
            raise self._differs(f"{record.get('m')!r} was called then, and now the run is over")
        if record.get("calls") != self._calls:
            raise self._differs(f"{record.get('calls')!r} calls are stated, {self._calls} exist")
        if self._sides != len(self._traffic):
            raise self._differs("there are connections that the run does not open")
        if next(self._lines, None) is not None:
            raise self._differs("something follows the end")

    def _at_hand(self) -> Mapping[str, object]:
        if self._pending is None:
            raise self._differs("it is cut short: the line of the end is missing")
        return self._pending

    def _advance(self) -> None:
        while True:
            record = self._next()
            if "side" not in record:
                break
        readings = record.get("t")
        if not isinstance(readings, list):
            raise self._differs("no readings of the clock")
        self._pending, self._readings = record, iter(readings)

    def _next(self) -> Mapping[str, object]:
        self._line += 1
        return _record(next(self._lines, None), self._line)

    def _differs(self, reason: str) -> TranscriptDiffers:
        return TranscriptDiffers(line=self._line, reason=reason)


def _record(line: bytes | None, number: int) -> Mapping[str, object]:
    if line is None:
        raise TranscriptDiffers(line=number, reason="it is cut short: the line of the end is missing")
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise TranscriptDiffers(line=number, reason="no JSON") from None
    if not isinstance(record, dict):
        raise TranscriptDiffers(line=number, reason="no JSON object")
    return record


def _lines(packed: bytes) -> Iterator[bytes]:
    """The lines with their ends; only one is in memory at a time."""
    number, total = 0, 0
    with gzip.GzipFile(fileobj=BytesIO(packed), mode="rb") as unpacked:
        while True:
            number += 1
            try:
                line = unpacked.readline(_LONGEST_LINE)
            except (OSError, EOFError, zlib.error) as error:
                raise TranscriptDiffers(line=number, reason=f"it cannot be unpacked: {error}") from None
            if not line:
                return
            total += len(line)
            if total > LARGEST or not line.endswith(b"\n"):
                raise TranscriptDiffers(line=number, reason="it is larger than any transcript, or cut short")
            yield line


def transcripts_in(packed: bytes) -> Iterator[bytes]:
    """The transcripts that stand one after another in a member, each gzipped by itself; their text is not kept."""
    begin, total = 0, 0
    while begin < len(packed):
        one, place = zlib.decompressobj(wbits=31), begin
        while not one.eof:
            chunk = packed[place : place + _CHUNK]
            try:
                total += len(one.decompress(chunk))
            except zlib.error as error:
                raise TranscriptDiffers(line=1, reason=f"it cannot be unpacked: {error}") from None
            if not chunk or total > LARGEST:
                raise TranscriptDiffers(line=1, reason="it is larger than any transcript, or cut short")
            place += len(chunk)
        end = place - len(one.unused_data)
        yield packed[begin:end]
        begin = end


def _sides(packed: bytes) -> dict[int, Mapping[str, list[object]]]:
    found: dict[int, Mapping[str, list[object]]] = {}
    for number, line in enumerate(_lines(packed), start=1):
        if not line.startswith(b'{"side":'):
            continue
        record = _record(line, number)
        side, traffic = record.get("side"), record.get("said")
        if not isinstance(side, int) or side in found or not isinstance(traffic, dict):
            raise TranscriptDiffers(
                line=number, reason="a side connection that is recorded twice, or without its traffic"
            )
        if not all(isinstance(answers, list) and answers for answers in traffic.values()):
            raise TranscriptDiffers(line=number, reason="a call without an answer")
        found[side] = traffic
    return found


class Replayed:
    """The connection of a transcript."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    @property
    def exclusive(self) -> bool:
        """Whether the subject was a shared resource that only one worker could use."""
        return self._transcript.exclusive

    def call(self, method: str, params: JsonObject) -> object:
        """The recorded answer."""
        return self._transcript.call(method, params)

    def log(self) -> str:
        """The end of what the harness wrote to its own log."""
        return self._transcript.log()

    def close(self) -> None:
        """Nothing to close."""


class _ReplayedShareable(Replayed):
    """The connection of a transcript whose subject could be used from several threads at once."""

    def another(self) -> Connection:
        """The next recorded side connection."""
        return self._transcript.another()


class _ReplayedSide:
    """A side connection: each call gets its recorded answers in turn, and again from the first."""

    exclusive = False

    def __init__(self, traffic: Mapping[str, list[object]], line: int) -> None:
        self._answers = {digest: cycle(answers) for digest, answers in traffic.items()}
        self._line = line
        self._lock = Lock()

    def call(self, method: str, params: JsonObject) -> object:
        """The recorded answer."""
        with self._lock:
            answers = self._answers.get(call_digest(method, params))
            if answers is None:
                raise TranscriptDiffers(line=self._line, reason=f"{method} was called with other parameters than now")
            return next(answers)

    def log(self) -> str:
        """The empty text: side connections record no log."""
        return ""

    def close(self) -> None:
        """Nothing to close."""

"""A connection that answers from a transcript in order, and a clock that repeats the recorded readings."""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from threading import Lock

from fencepost.adapters.contract import Connection, JsonObject
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.certificate.bundle import TRANSCRIPT
from fencepost.conformance.certificate.transcript import (
    DIGEST,
    FORMAT,
    VERSION,
    call_digest,
    line_of,
    read_decisions,
    read_fault,
)
from fencepost.conformance.run.journal import Circumstances

LARGEST = 4 * 1024**3
"""The largest unpacked size of a transcript, in bytes."""

_LONGEST_LINE = 32 * 1024**2
_MOST_VALUES = 1_000_000
"""The most values in a line, and in all lines of side connections: each may take a hundred bytes of memory."""

_FOR_A_LINE = 1024
"""Where so many bytes are allowed, a line more is."""

_CHUNK = 4 * 1024
_PART = 64 * 1024
_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
"""The beginning of what fencepost packs: no name, no comment, no time."""

_HEADER = ("format", "version", "shareable", "exclusive", "plan")
_ANSWERS = (("a",), ("k", "o"), ("f",))
_END = ("end", "calls", "t", "log")
_SIDE = ("side", "said")
_SIDE_BEGINS = b'{"side":'


@dataclass(kw_only=True, eq=False)
class TranscriptDiffers(Exception):
    """The transcript is not a record of this run; `line` and `reason` give the first difference.

    `part` names the part of the member whose line it is, where the member holds several transcripts.
    """

    line: int
    reason: str
    part: str = ""

    def __str__(self) -> str:
        return f"{TRANSCRIPT}, {f'{self.part}, ' if self.part else ''}line {self.line}: {self.reason}"


class Transcript:
    """A recorded run, read line by line. Raises `TranscriptDiffers` at the first line that does not fit the call.

    Every line has the form in which fencepost writes it, and holds nothing else. `most` bounds the unpacked size in
    bytes, and with it the lines. Only the transcript of a resumed run is packed in two parts, `is_resumed`.
    """

    def __init__(self, packed: bytes, *, most: int = LARGEST, is_resumed: bool = False) -> None:
        parts = 2 if is_resumed else 1
        self._lines = _lines(packed, most, parts)
        self._line = 0
        self._now = 0
        self._calls = 0
        self._sides = 0
        self._is_shareable = False
        self._pending: Mapping[str, object] | None = None
        self._readings: Iterator[object] = iter(())
        header = self._next()
        if header.get("format") != FORMAT or header.get("version") != VERSION:
            stated = f"{header.get('format')!r}, version {header.get('version')!r}"
            raise self._differs(f"expected {FORMAT!r}, version {VERSION}, got {stated}")
        how = header.get("shareable"), header.get("exclusive")
        if tuple(header) != _HEADER or not all(isinstance(one, bool) for one in how):
            raise self._differs("it begins with other members than fencepost writes")
        self._plan = header["plan"]
        self._is_shareable, self.exclusive = (one is True for one in how)
        self._traffic = _sides(packed, most, parts) if self._is_shareable else {}
        self._advance()

    def check_plan(self, now: Mapping[str, object]) -> None:
        """Raise `TranscriptDiffers` unless the run was recorded by this plan; secrets are not compared."""
        if not isinstance(self._plan, dict) or self._plan.keys() != now.keys():
            raise TranscriptDiffers(line=1, reason="its plan has other members than this run's")
        if differences := tuple(Circumstances(plan=self._plan).differences(Circumstances(plan=now))):
            raise TranscriptDiffers(line=1, reason="; ".join(differences))

    def connection(self) -> Connection:
        """The connection to the recorded subject."""
        return _ReplayedShareable(self) if self._is_shareable else Relay(self)

    @property
    def is_over(self) -> bool:
        """Whether every recorded call has been made."""
        return "end" in self._at_hand()

    def clock(self) -> float:
        """The next reading of the clock."""
        delta = next(self._readings, None)
        if type(delta) is not int or delta < 0:
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
        if tuple(record) not in {("m", "t", "d" if method == "decide" else "p", *answer) for answer in _ANSWERS}:
            raise self._differs("other members than fencepost writes of a call")
        is_same = record["d"] == call_digest(method, params) if method == "decide" else self._same(record, params)
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
                if method != "decide":
                    raise ValueError("decisions where nothing was to be decided")
                return {"decisions": read_decisions(record)}
            answer = record["a"]
            if method == "decide" and isinstance(answer, dict) and isinstance(answer.get("decisions"), list):
                raise ValueError("decisions without their table")
            return answer
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
        if next(self._readings, None) is not None:
            raise self._differs("the clock was read more often then than now")
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
        record = self._next()
        if "end" in record and (
            tuple(record) != _END or record["end"] is not True or not isinstance(record["log"], str)
        ):
            raise self._differs("other members than fencepost writes at the end")
        readings = record.get("t")
        if not isinstance(readings, list):
            raise self._differs("no readings of the clock")
        self._pending, self._readings = record, iter(readings)

    def _next(self) -> Mapping[str, object]:
        """The next line that is not of a side connection, which only a shareable subject has: those are read before."""
        while True:
            self._line += 1
            line = next(self._lines, None)
            if not (self._is_shareable and line is not None and line.startswith(_SIDE_BEGINS)):
                return _record(line, self._line)

    def _differs(self, reason: str) -> TranscriptDiffers:
        return TranscriptDiffers(line=self._line, reason=reason)


def _record(line: bytes | None, number: int) -> Mapping[str, object]:
    if line is None:
        raise TranscriptDiffers(line=number, reason="it is cut short: the line of the end is missing")
    if _values(line) > _MOST_VALUES:
        raise TranscriptDiffers(line=number, reason=f"more than {_MOST_VALUES:,} values")
    try:
        record = json.loads(line)
        is_as_written = line_of(record) == line
    except (ValueError, RecursionError):
        raise TranscriptDiffers(line=number, reason="no JSON") from None
    if not isinstance(record, dict):
        raise TranscriptDiffers(line=number, reason="no JSON object")
    if not is_as_written:
        raise TranscriptDiffers(line=number, reason="not in the form that fencepost writes: no blanks, no member twice")
    return record


def _values(line: bytes) -> int:
    """At least so many JSON values as the line holds, without reading it."""
    return line.count(b",") + line.count(b"[") + line.count(b"{")


def _lines(packed: bytes, most: int, parts: int) -> Iterator[bytes]:
    """The lines with their ends; only one is in memory at a time."""
    number, total, begun = 1, 0, bytearray()
    unpacked = _unpacked(packed, parts)
    while True:
        try:
            part = next(unpacked, None)
        except (ValueError, EOFError, zlib.error) as error:
            raise TranscriptDiffers(line=number, reason=f"it cannot be unpacked: {error}") from None
        if part is None:
            break
        first, *others = part.split(b"\n")
        begun += first
        total += len(part)
        if total > most or len(begun) > _LONGEST_LINE:
            raise TranscriptDiffers(line=number, reason="it is larger than any transcript of such a report")
        for other in others:
            begun += b"\n"
            yield bytes(begun)
            number += 1
            if number > most // _FOR_A_LINE:
                raise TranscriptDiffers(line=number, reason="it has more lines than any transcript of such a report")
            begun = bytearray(other)
    if begun:
        raise TranscriptDiffers(line=number, reason="it is cut short")


def _unpacked(packed: bytes, parts: int) -> Iterator[bytes]:
    """What is packed, little by little; an error where it is not packed as fencepost does, in so many parts at most."""
    place, count = 0, 0
    while place < len(packed):
        count += 1
        if count > parts:
            raise ValueError("something follows what is packed")
        if not packed.startswith(_GZIP, place):
            raise ValueError("not packed as fencepost does it: no gzip, or with a name, a comment or a time")
        one, left = zlib.decompressobj(wbits=31), b""
        while not one.eof:
            if not left:
                left = packed[place : place + _CHUNK]
                place += len(left)
            if not left:
                raise EOFError("it is cut short")
            yield one.decompress(left, _PART)
            left = one.unconsumed_tail
        place -= len(one.unused_data)


def transcripts_in(packed: bytes, *, most: int = LARGEST) -> Iterator[bytes]:
    """The transcripts that stand one after another in a member, each gzipped by itself; their text is not kept.

    `most` bounds the unpacked size of all of them in bytes.
    """
    begin, total = 0, 0
    while begin < len(packed):
        one, place = zlib.decompressobj(wbits=31), begin
        while not one.eof:
            chunk = packed[place : place + _CHUNK]
            try:
                total += len(one.decompress(chunk))
            except zlib.error as error:
                raise TranscriptDiffers(line=1, reason=f"it cannot be unpacked: {error}") from None
            if not chunk or total > most:
                raise TranscriptDiffers(line=1, reason="it is larger than any transcript, or cut short")
            place += len(chunk)
        end = place - len(one.unused_data)
        yield packed[begin:end]
        begin = end


def _sides(packed: bytes, most: int, parts: int) -> dict[int, Mapping[str, list[object]]]:
    found: dict[int, Mapping[str, list[object]]] = {}
    size, values = 0, 0
    for number, line in enumerate(_lines(packed, most, parts), start=1):
        if not line.startswith(_SIDE_BEGINS):
            continue
        size += len(line)
        values += _values(line)
        if size > _LONGEST_LINE or values > _MOST_VALUES:
            raise TranscriptDiffers(line=number, reason="more answers of side connections than any run has")
        record = _record(line, number)
        if tuple(record) != _SIDE:
            raise TranscriptDiffers(line=number, reason="other members than fencepost writes of a side connection")
        side, traffic = record["side"], record["said"]
        if type(side) is not int or side in found or not isinstance(traffic, dict):
            raise TranscriptDiffers(
                line=number, reason="a side connection that is recorded twice, or without its traffic"
            )
        if not all(isinstance(answers, list) and answers for answers in traffic.values()):
            raise TranscriptDiffers(line=number, reason="a call without an answer")
        if not all(map(DIGEST.fullmatch, traffic)):
            raise TranscriptDiffers(line=number, reason="an answer to no call")
        found[side] = traffic
    return found


class _ReplayedShareable(Relay):
    """A transcript whose subject could be used from several threads at once."""

    inner: Transcript

    def another(self) -> Connection:
        """The next recorded side connection."""
        return self.inner.another()


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

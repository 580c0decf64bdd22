"""A connection that records its calls and answers, and a clock that records its readings."""

import gzip
import json
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import BinaryIO, Self, TypeAlias

from fencepost.adapters.contract import Connection, HarnessFault, JsonObject, MalformedResult, Shareable
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.certificate.transcript import (
    FORMAT,
    VERSION,
    call_digest,
    line_of,
    tabled,
    written_decisions,
    written_fault,
)
from fencepost.conformance.lockstep.clock import using_clock

Clean: TypeAlias = Callable[[str], str]
"""Masks the secrets in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a recorded run is: its calls, its side connections, and the last reading of its clock in microseconds."""

    calls: int
    sides: int
    clock: int


class Recorder:
    """Writes one transcript into a file. Answers are cleaned of secrets before they are written or used.

    `after` is where an earlier part of the same run ends; its lines stand in the file already. What was written before
    a `reset` is in the file when that call is sent.
    """

    def __init__(self, file: BinaryIO, *, clean: Clean, after: Position | None = None) -> None:
        self._clean = clean
        self._file = file
        self._packed = gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0)
        self._lock = Lock()
        self._is_begun = after is not None
        begun = after or Position(calls=0, sides=0, clock=0)
        self._started = time.monotonic_ns() - begun.clock * 1000
        self._last = begun.clock
        self._readings: list[int] = []
        self._sides = begun.sides
        self._calls = begun.calls

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._packed.close()

    def clock(self) -> float:
        """Seconds since the beginning, to the microsecond; each reading goes into the transcript."""
        reading = (time.monotonic_ns() - self._started) // 1000
        self._readings.append(reading - self._last)
        self._last = reading
        return reading / 1e6

    def connect(self, connection: Connection, plan: Mapping[str, object]) -> Connection:
        """The connection with recording of a run by this plan; `Shareable` if the original is."""
        is_shareable = isinstance(connection, Shareable)
        if not self._is_begun:
            how = {"shareable": is_shareable, "exclusive": connection.exclusive}
            self._write({"format": FORMAT, "version": VERSION, **how, "plan": dict(plan)})
        return _RecordedShareable(connection, self) if is_shareable else Recorded(connection, self)

    def end(self, log: str) -> None:
        """Write the last line, which shows that nothing is missing."""
        self._write({"end": True, "calls": self._calls, "t": self._readings, "log": log})
        self._readings = []

    def cleaned(self, value: object) -> object:
        """The value with every text in it cleaned of secrets."""
        if isinstance(value, str):
            return self._clean(value)
        if isinstance(value, dict):
            return {key: self.cleaned(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.cleaned(one) for one in value]
        return value

    def call(self, connection: Connection, method: str, params: JsonObject) -> object:
        """Send one call, and record it with its answer."""
        record: dict[str, object] = {"m": method, "t": self._readings}
        self._readings = []
        self._calls += 1
        if method == "reset":
            self._packed.flush(zlib.Z_SYNC_FLUSH)
            self._file.flush()
        if method == "decide":
            record["d"] = call_digest(method, params)
        else:
            record["p"] = params
        try:
            answer = self._answer(connection, method, params, record)
        except HarnessFault as fault:
            record["f"] = self.cleaned(written_fault(fault))
            self._write(record)
            raise
        self._write(record)
        return answer

    def _answer(self, connection: Connection, method: str, params: JsonObject, record: dict[str, object]) -> object:
        # The code below uses the machine's clock: it does not run when the transcript is checked.
        with using_clock(time.monotonic):
            answer = connection.call(method, params)
        try:
            if method == "decide" and isinstance(answer, dict) and isinstance(answer.get("decisions"), list):
                return self._decided(answer, record)
            # The rules read back are those that the kit wrote: they hold no secret, and are compared exactly.
            answer = record["a"] = answer if method == "getRules" else self.cleaned(answer)
            json.dumps(answer, allow_nan=False)
        except (TypeError, ValueError) as error:
            record.pop("a", None)
            raise MalformedResult(method=method, expected="plain JSON", came=str(error)) from None
        return answer

    def _decided(self, answer: dict[str, object], record: dict[str, object]) -> object:
        decisions = answer["decisions"]
        assert isinstance(decisions, list)
        table, places = tabled(decisions)
        clean = [self.cleaned(one) for one in table]
        json.dumps(clean, allow_nan=False)
        record |= written_decisions(clean, places)
        return {"decisions": [clean[place] for place in places]}

    def side(self) -> int:
        """The number of a new side connection."""
        with self._lock:
            self._sides += 1
            return self._sides

    def write_side(self, number: int, traffic: dict[str, object]) -> None:
        """Record the traffic of a side connection: each different call and answer once."""
        self._write({"side": number, "said": traffic})

    def _write(self, record: dict[str, object]) -> None:
        line = line_of(record)
        with self._lock:
            self._packed.write(line)


class Recorded(Relay):
    """One recorded connection."""

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        super().__init__(connection)
        self._recorder = recorder

    def call(self, method: str, params: JsonObject) -> object:
        """Send one call and wait for its result."""
        return self._recorder.call(self.inner, method, params)

    def log(self) -> str:
        """The end of what the harness wrote to its own log."""
        return str(self._recorder.cleaned(self.inner.log()))


class _RecordedShareable(Recorded):
    """A recorded connection that can be used from several threads at once."""

    def another(self) -> Connection:
        """A connection to the same subject; closing it does not affect the subject."""
        assert isinstance(self.inner, Shareable)
        return _RecordedSide(self.inner.another(), self._recorder)


class _RecordedSide(Recorded):
    """A recorded side connection. The number of its calls depends on the machine, so each answer is kept once."""

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        super().__init__(connection, recorder)
        self._number = recorder.side()
        self._traffic: dict[str, list[object]] = {}
        self._is_open = True

    def call(self, method: str, params: JsonObject) -> object:
        """Send one call and wait for its result."""
        answer = self._recorder.cleaned(self.inner.call(method, params))
        known = self._traffic.setdefault(call_digest(method, params), [])
        if answer not in known:
            known.append(answer)
        return answer

    def close(self) -> None:
        """End this connection, and record its traffic."""
        super().close()
        if self._is_open:
            self._is_open = False
            self._recorder.write_side(self._number, dict(self._traffic))

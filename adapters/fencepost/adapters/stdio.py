"""The carrier `stdio:COMMAND ARGS…`: a long-lived child process, one JSON-RPC object a line in and out."""

import contextlib
import os
import select
import shlex
import time
import weakref
from collections.abc import Sequence
from itertools import count

from fencepost.adapters import jsonrpc
from fencepost.adapters.contract.faults import (
    Crashed,
    HarnessFault,
    NotJson,
    NotStarted,
    RpcError,
    SubjectError,
    TimedOut,
)
from fencepost.adapters.contract.protocol import Connection, JsonObject, Timeouts
from fencepost.adapters.contract.vocabulary import MAX_LINE
from fencepost.adapters.processes import ProcessGroup, Tail

_CHUNK = 65536
"""The number of bytes of one read."""

_GLANCE = 0.05
"""How often a silent harness is checked, in seconds: after its end, its children may hold its stdout open."""

_LEAVE = 2.0
_EXIT_GRACE = 0.5


def connect(address: str, *, timeouts: Timeouts) -> Connection:
    """A connection to the command, split like a shell's but run without a shell; the first call starts it."""
    try:
        command = shlex.split(address)
    except ValueError as error:
        raise SubjectError(subject=f"stdio:{address}", reason=f"the command cannot be split: {error}") from None
    if not command or "\0" in address:
        reason = "the command has a NUL in it" if command else "there is no command"
        raise SubjectError(subject=f"stdio:{address}", reason=reason, try_instead="Write stdio:COMMAND ARGS….")
    return StdioConnection(command, timeouts=timeouts)


class StdioConnection:
    """A harness that is a child process. After any fault its process group is ended; the next call starts a new one.

    Not for several threads at once: each takes its own connection.
    """

    def __init__(self, command: Sequence[str], *, timeouts: Timeouts) -> None:
        self.exclusive = False
        self._command = tuple(command)
        self._timeouts = timeouts
        self._log = Tail()
        self._ids = count(1)
        self._pipes: _Pipes | None = None

    def call(self, method: str, params: JsonObject) -> object:
        """Send one call and wait for its result.

        A process's first call has the time limit `timeouts.start`, others `call`.
        """
        call_id = next(self._ids)
        line = jsonrpc.request(call_id, method, params) + b"\n"
        seconds = self._timeouts.call
        if self._pipes is None:
            seconds = self._timeouts.start
            self._pipes = self._start(method)
        try:
            answer = self._pipes.exchange(line, method=method, seconds=seconds)
            return jsonrpc.result_of(answer, call_id=call_id, method=method)
        except RpcError:  # A harness that answers with an error is sound.
            raise
        except BaseException:  # This includes an interrupt: the stream is out of step.
            self._drop()
            raise

    def log(self) -> str:
        """The last 16 KiB that the harness wrote to stderr, with those of processes that have ended."""
        return self._log.text()

    def close(self) -> None:
        """Send `shutdown`, close the stream, wait up to two seconds, end the process group."""
        if self._pipes is None:
            return
        with contextlib.suppress(HarnessFault, OSError):
            self._pipes.leave(jsonrpc.request(next(self._ids), "shutdown", {}) + b"\n")
        self._drop()

    def _start(self, method: str) -> "_Pipes":
        try:
            group = ProcessGroup(self._command, self._log)
        except OSError as error:
            raise NotStarted(
                method=method, expected=f"to start {shlex.join(self._command)}", came=error.strerror or str(error)
            ) from None
        return _Pipes(group)

    def _drop(self) -> None:
        if self._pipes is not None:
            self._pipes.end()
            self._pipes = None


class _Pipes:
    """Both pipes of one running child; neither a write nor a read blocks for longer than its time limit."""

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group
        self._in, self._out = group.stdin.fileno(), group.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)
        self._received = bytearray()
        # This ends the group when this object is collected or the interpreter exits, whichever comes first.
        self._finalizer = weakref.finalize(self, group.end)

    def end(self) -> None:
        """End the process group."""
        self._finalizer()

    def exchange(self, line: bytes, *, method: str, seconds: float) -> bytes:
        """Write the line and read a line, without its end; raises the fitting fault if that fails or takes too long."""
        deadline = time.monotonic() + seconds
        received, ended = self._received, False
        end = received.find(b"\n")
        unsent = self._group.write(memoryview(line))
        if unsent:
            self._poll.register(self._in, select.POLLOUT)
        while end < 0 or unsent:
            if len(received) > MAX_LINE:
                raise _too_long(method, received)
            left = deadline - time.monotonic()
            ready = self._poll.poll(0 if ended else max(0.0, min(left, _GLANCE)) * 1000)
            if not ready:
                if ended:  # A child of the ended process holds its stdout open.
                    raise self._crashed(method)
                if left <= 0:
                    raise _too_late(method, seconds, received, sent=not unsent)
                ended = self._group.wait(0)
            for descriptor, _ in ready:
                if descriptor == self._in:
                    unsent = self._group.write(unsent)
                    if not unsent:
                        self._poll.unregister(self._in)
                elif chunk := os.read(self._out, _CHUNK):
                    searched = len(received)
                    received += chunk
                    if end < 0:
                        end = received.find(b"\n", searched)
                else:
                    raise self._crashed(method)
        if end > MAX_LINE:
            raise _too_long(method, received)
        answer = bytes(received[:end])
        del received[: end + 1]
        return answer

    def leave(self, line: bytes) -> None:
        """Write a last line, close the stream, and read until the process ends or two seconds have passed."""
        deadline = time.monotonic() + _LEAVE
        self._group.write(memoryview(line))
        self._group.close_stdin()
        while (left := deadline - time.monotonic()) > 0 and not self._group.wait(0):
            if self._poll.poll(min(left, _GLANCE) * 1000) and not os.read(self._out, _CHUNK):
                self._group.wait(left)

    def _crashed(self, method: str) -> Crashed:
        half = f" after {jsonrpc.shown(self._received)!r}" if self._received else ""
        ended = self._group.wait(_EXIT_GRACE)
        self._group.end()
        how = self._group.exit_story() if ended else "the process went on running"
        return Crashed(
            method=method,
            expected="an answer",
            came=f"the end of its output ({how}){half}",
            offending=self._group.said(),
        )


def _too_long(method: str, received: bytearray) -> NotJson:
    return NotJson(
        method=method,
        expected=f"a line of at most {MAX_LINE} bytes",
        came="a longer one",
        offending=jsonrpc.shown(received),
    )


def _too_late(method: str, seconds: float, received: bytearray, *, sent: bool) -> TimedOut:
    if not sent:
        came = "a harness that does not read its input"
    elif received:
        came = "a line without end"
    else:
        came = "nothing"
    return TimedOut(
        method=method, expected=f"an answer within {seconds:g} s", came=came, offending=jsonrpc.shown(received)
    )

"""One process, run to its end by a deadline: what goes into it, how it ended, and what it wrote."""

import contextlib
import os
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fencepost.adapters import any_ip
from fencepost.adapters.contract.faults import Crashed, NotStarted, TimedOut, shorten
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.declared.texts import filled
from fencepost.adapters.processes import ProcessGroup, Tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How one process ended: its status (below 0: the signal that killed it) and what it wrote."""

    status: int
    stdout: bytes
    stderr: bytes

    def shown(self) -> str:
        """The same as text, for a fault or for the eye."""
        how = f"exit status {self.status}" if self.status >= 0 else f"killed by {_signal(-self.status)}"
        named = ((name, getattr(self, name).decode("utf-8", "backslashreplace")) for name in ("stdout", "stderr"))
        return "\n".join([how, *(f"{name}: {shorten(text.rstrip(), 1000)}" for name, text in named if text.strip())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process that is to be run: what goes into it."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    stdin: bytes = b""
    own: Mapping[str, str]

    def shown(self) -> str:
        """A line to paste into a shell."""
        named = "".join(f"{name}={shlex.quote(value)} " for name, value in self.own.items())
        line = f"{named}{shlex.join(self.command)}"
        if not self.stdin:
            return line
        text = self.stdin.decode("utf-8", "backslashreplace")
        return f"printf '%s' {shlex.quote(shorten(text, 400))} | {line}"

    def output(self, deadline: float, hear: Callable[[bytes], None] = lambda _: None) -> Output:
        """Run it to its end; `Broken` where it cannot be started or has not ended by the deadline.

        `hear` is given what it writes to stdout, as it comes.
        """
        process = start(
            self.command, self.environment, self.folder, stdin=subprocess.PIPE if self.stdin else _no_input()
        )
        try:
            stdout, stderr = _outputs(process, self.stdin, deadline, hear)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise Broken(
                expected="the end of the command in time", came="nothing", offending=self.shown(), kind=TimedOut
            ) from None
        except BaseException:
            _kill(process)
            raise
        return Output(status=process.returncode, stdout=stdout, stderr=stderr)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment here, with the folders of administrators' programs in its PATH, and what is `own`."""
    return {**os.environ, "PATH": any_ip.search_path(), **own}


def start(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, *, stdin: int
) -> "subprocess.Popen[bytes]":
    """A process in a group of its own, its outputs pipes; `Broken` where it cannot be started."""
    try:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
            process_group=0,
        )
    except OSError as error:
        raise Broken(
            expected=f"to start {shlex.join(command)}", came=error.strerror or str(error), kind=NotStarted
        ) from None


def started(
    command: Sequence[str], env: Mapping[str, str], folder: str, values: Mapping[str, str], log: Tail
) -> ProcessGroup:
    """The process that a section of the file means, its placeholders filled in; `Broken` where it cannot be started."""
    words = [filled(part, values) for part in command]
    own = {name: filled(text, values) for name, text in env.items()}
    try:
        return ProcessGroup(words, log, environment=environment(own), folder=Path(filled(folder, values)))
    except OSError as error:
        came = error.strerror or str(error)
        raise Broken(expected=f"to start {' '.join(words)}", came=came, kind=NotStarted) from None


def _outputs(
    process: "subprocess.Popen[bytes]", given: bytes, deadline: float, hear: Callable[[bytes], None]
) -> tuple[bytes, bytes]:
    """What a process with this input writes, until it has ended; `subprocess.TimeoutExpired` at the deadline.

    `communicate` with a time-out does the same, but sleeps between looks at whether the process has ended.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    written: dict[int, bytearray] = {stream.fileno(): bytearray() for stream in (process.stdout, process.stderr)}
    unsent, heard = memoryview(given), process.stdout.fileno()
    with process.stdin or contextlib.nullcontext(), process.stdout, process.stderr:
        poll, still_open = select.poll(), set(written)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            still_open.add(process.stdin.fileno())
        for descriptor in still_open:
            poll.register(descriptor, select.POLLIN if descriptor in written else select.POLLOUT)
        while still_open:
            for descriptor, _ in _ready(poll, process, deadline):
                if descriptor in written:
                    chunk = os.read(descriptor, 65536)
                    written[descriptor] += chunk
                    is_done = not chunk
                    if descriptor == heard:
                        hear(chunk)
                else:
                    unsent = unsent[_taken(descriptor, unsent) :]
                    is_done = not unsent
                if is_done:
                    poll.unregister(descriptor)
                    still_open.remove(descriptor)
                    if process.stdin is not None and descriptor not in written:
                        process.stdin.close()
        _await_end(process, deadline)
        stdout, stderr = written.values()
    return bytes(stdout), bytes(stderr)


def _taken(descriptor: int, text: memoryview) -> int:
    """How many bytes of it the process takes now: all where it reads no more."""
    try:
        return os.write(descriptor, text)
    except BrokenPipeError:
        return len(text)


def _await_end(process: "subprocess.Popen[bytes]", deadline: float) -> None:
    """Reap the process once it has ended."""
    if hasattr(os, "pidfd_open"):
        ended = os.pidfd_open(process.pid)
        try:
            poll = select.poll()
            poll.register(ended, select.POLLIN)
            _ready(poll, process, deadline)
        finally:
            os.close(ended)
        process.wait()
    else:
        process.wait(max(0.0, deadline - time.monotonic()))


def _ready(poll: "select.poll", process: "subprocess.Popen[bytes]", deadline: float) -> list[tuple[int, int]]:
    left = deadline - time.monotonic()
    ready = poll.poll(max(0.0, left) * 1000)
    if not ready:
        raise subprocess.TimeoutExpired(process.args, left)
    return ready


@cache
def _no_input() -> int:
    """An input with nothing in it, opened once for all processes."""
    return os.open(os.devnull, os.O_RDONLY)


def ended_by_signal(output: Output, run: Run) -> None:
    """`Broken` where a signal ended the process: no mapping may take that for an answer."""
    if output.status < 0:
        raise Broken(
            expected="an exit status",
            came=f"a process killed by {_signal(-output.status)}",
            offending=f"{run.shown()}\n{output.shown()}",
            kind=Crashed,
        )


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

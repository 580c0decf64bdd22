"""A child process whose own children end with it, and the bounded end of its log.

The child is in a group of its own. On Linux a small process stands before it and ends what has left the group, too. It
also ends everything when this process has ended, however that came about.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

TAIL = 16 * 1024
"""The number of bytes of a log that are kept."""

_SAID = 2000
"""The most characters of the log that one process is quoted with."""
_TERM_GRACE, _REAPER_GRACE = 0.5, 3.0
_REAPER = Path(__file__).with_name("reaper.py")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.02


class Tail:
    """The last `TAIL` bytes of a stream; any thread may add to it. `added` is how many bytes have been added."""

    __slots__ = ("_bytes", "_lock", "added")

    def __init__(self) -> None:
        self.added = 0
        self._bytes = bytearray()
        self._lock = threading.Lock()

    def add(self, chunk: bytes) -> None:
        """Append the chunk, and drop what exceeds the bound."""
        with self._lock:
            self.added += len(chunk)
            self._bytes += chunk
            del self._bytes[:-TAIL]

    def text(self, *, since: int = 0) -> str:
        """The kept bytes as text, without the first `since` that were added; bytes that are not UTF-8 are escaped."""
        with self._lock:
            place = max(0, since - (self.added - len(self._bytes)))
            return self._bytes[place:].decode("utf-8", errors="backslashreplace")


class ProcessGroup:
    """One command, started in its own session: `stdin` and `stdout` are unbuffered pipes, stderr runs into the tail.

    Raises `OSError` if the command cannot be started. `pid` is that of the group, `command_pid` that of the command.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Tail,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._has_reaper = sys.platform == "linux"
        self._log, self._log_before = log, log.added
        reading, writing = os.pipe()
        lifeline, held = os.pipe()
        self._lifeline = os.fdopen(held, "wb")
        passed = (writing, lifeline) if self._has_reaper else ()
        before = (sys.executable, "-I", "-S", str(_REAPER), *map(str, passed)) if self._has_reaper else ()
        try:
            self._process = subprocess.Popen(
                [*before, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=environment,
                cwd=folder,
                start_new_session=True,
                pass_fds=passed,
            )
        except OSError:
            os.close(reading)
            self._lifeline.close()
            raise
        finally:
            os.close(writing)
            os.close(lifeline)
        with open(reading, encoding="ascii") as failures:  # noqa: PTH123 - a descriptor
            report = failures.read() if self._has_reaper else ""
        if not self._has_reaper:
            log.add(b"(on this system the kit cannot see processes that the harness leaves behind)\n")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.stdin: IO[bytes] = self._process.stdin
        self._input = self.stdin.fileno()
        self.stdout: IO[bytes] = self._process.stdout
        self.pid = self._process.pid
        self.command_pid = int(report) if report.startswith("+") else self.pid
        self._drain = threading.Thread(
            target=_drain, args=(self._process.stderr, log), name=f"stderr of {self.pid}", daemon=True
        )
        self._drain.start()
        if report and not report.startswith("+"):
            self.end()
            raise OSError(int(report), os.strerror(int(report)))

    def said(self) -> str:
        """The end of what has been added to the log since the command was started."""
        return self._log.text(since=self._log_before)[-_SAID:]

    def wait(self, seconds: float) -> bool:
        """Whether the process has ended within so many seconds. It is not reaped yet, so its number is not reused."""
        deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE
        while not self._has_ended():
            if (left := deadline - time.monotonic()) <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return True

    def _has_ended(self) -> bool:
        if self._process.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # Another part of this program has reaped it.
            return True

    def end(self) -> None:
        """End the whole group (SIGTERM, after half a second SIGKILL), reap the child, close the pipes. Idempotent.

        On Linux what has left the group ends with it.
        """
        if self._process.returncode is None:
            if not self._has_ended():
                self._signal(signal.SIGTERM)
                if not self.wait(_TERM_GRACE) and self._has_reaper:
                    self._process.send_signal(signal.SIGUSR1)
                    self.wait(_REAPER_GRACE)
            # Even if the child has ended, its children may live on in the group, whose number is still in use.
            self._signal(signal.SIGKILL)
            self._process.wait()
        self.close_stdin()
        self.stdout.close()
        self._lifeline.close()
        # A process that left the group may hold stderr open; it is not waited for.
        self._drain.join(1.0)

    def write(self, unsent: memoryview) -> memoryview:
        """The bytes that the child's input does not accept now; empty if it is closed, since reading tells the reason.

        The pipe does not block.
        """
        try:
            return unsent[os.write(self._input, unsent) :]
        except BlockingIOError:
            return unsent
        except BrokenPipeError:
            return unsent[:0]

    def close_stdin(self) -> None:
        """Close the child's input."""
        with contextlib.suppress(OSError):
            self.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def exit_story(self) -> str:
        """How the process ended, in words; valid after `end`."""
        code = self._process.returncode
        if code is None:
            return "still running"
        if code >= 0:
            return f"exit status {code}"
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"


def _drain(stream: IO[bytes], log: Tail) -> None:
    with stream:
        while chunk := stream.read(65536):
            log.add(chunk)

"""A small process between the kit and a harness, on Linux: it ends what the harness leaves running.

Run as a program: `reaper.py DESCRIPTOR LIFELINE COMMAND ARGS…`. It adopts the processes that the harness leaves, such
as a daemon in a session of its own. It passes the exit status on, and holds none of the harness's pipes. To the
descriptor it writes `+` and the harness's number, or the error's number where the harness cannot be started. SIGUSR1
ends everything at once. When the kit has ended, even by a kill, the pipe `LIFELINE` is at its end: the harness gets
SIGTERM, and half a second later SIGUSR1 follows.
"""

import _thread
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_SET_CHILD_SUBREAPER = 36
_SECONDS, _PAUSE, _GRACE = 2.0, 0.01, 0.5


def main(descriptor: int, lifeline: int, command: list[str]) -> int:
    """Run the command; its exit status, 127 if it cannot be started."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stay)
    signal.signal(signal.SIGUSR1, _end_at_once)
    try:
        harness = subprocess.Popen(command)
    except OSError as error:
        os.write(descriptor, str(error.errno).encode("ascii"))
        return 127
    os.write(descriptor, f"+{harness.pid}".encode("ascii"))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(descriptor)
    _thread.start_new_thread(_watch, (lifeline, _thread.get_ident()))
    ended, status = os.wait()
    while ended != harness.pid:
        ended, status = os.wait()
    _sweep()
    if os.WIFSIGNALED(status):
        ended_by = os.WTERMSIG(status)
        if ended_by != signal.SIGKILL:
            signal.signal(ended_by, signal.SIG_DFL)
        os.kill(os.getpid(), ended_by)
    return os.waitstatus_to_exitcode(status)


def _stay(_: int, __: FrameType | None) -> None:
    """Go on: the harness has got the signal too, and is waited for."""


def _watch(lifeline: int, main_thread: int) -> None:
    """End the harness once the kit has ended: nothing is ever written to the pipe."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGTERM)
    time.sleep(_GRACE)
    signal.pthread_kill(main_thread, signal.SIGUSR1)


def _end_at_once(_: int, __: FrameType | None) -> None:
    for child in _children():
        os.kill(child, signal.SIGKILL)


def _sweep() -> None:
    """End and reap every child, until there is none: what a child leaves becomes a child."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        for child in _children():
            os.kill(child, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return
        time.sleep(_PAUSE)


def _children() -> Iterator[int]:
    """The processes whose parent is this one; they are not reaped meanwhile, so their numbers are theirs."""
    here = os.getpid()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == here:
            yield int(path.parent.name)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))

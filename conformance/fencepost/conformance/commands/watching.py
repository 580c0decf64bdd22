"""A parent process for a command whose subject runs in the command's own process, which the subject may end."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_SET_PARENT_DEATH_SIGNAL = 1


def watched(run: Callable[[], object]) -> None:
    """Run this in a child process, and end with its exit status; with 2 if the child ends in any other way.

    A subject that ends its process, by `os._exit(0)` say, would otherwise end the run with a status that says *pass*. A
    child that a signal has ended ends this process by the same signal. `run` ends with `SystemExit`.
    """
    read, write = os.pipe()
    parent = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*_SIGNALS, signal.SIGCHLD})
    child = os.fork()
    if child:
        os.close(write)
        os.set_blocking(read, False)
        _end_like(_waited_for(child), read)
    os.close(read)
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it has ended meanwhile
        os._exit(2)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        run()
    except SystemExit as end:
        os.write(write, bytes([_status(end)]))
        raise


def _status(end: SystemExit) -> int:
    if end.code is None:
        return 0
    return end.code & 0xFF if isinstance(end.code, int) else 1


def _waited_for(child: int) -> int:
    """How the child has ended. It gets the signals that come here, but for those that a terminal sends to both."""
    while True:
        came = signal.sigwaitinfo({*_SIGNALS, signal.SIGCHLD})
        if came.si_signo == signal.SIGCHLD:
            found, how = os.waitpid(child, os.WNOHANG)
            if found:
                return how
        elif came.si_code <= 0:
            os.kill(child, came.si_signo)


def _end_like(how: int, read: int) -> None:
    try:
        stated = os.read(read, 1)
    except BlockingIOError:  # a process that the child has left behind holds the other end
        stated = b""
    if stated:
        sys.exit(stated[0])
    if os.WIFSIGNALED(how):
        number = os.WTERMSIG(how)
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.kill(os.getpid(), number)
    status = os.waitstatus_to_exitcode(how)
    sys.stderr.write(f"Error: the process ended with exit status {status} and without a result: its subject ended it\n")
    sys.exit(2)

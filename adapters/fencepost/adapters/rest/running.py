"""The service as a process: its files written, free ports found, started, waited for, ended with all it has started."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO

from fencepost.adapters.contract.faults import Crashed, TimedOut
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.processes import ProcessGroup, Tail

_PAUSE = 0.005


def free_ports(names: Sequence[str]) -> dict[str, str]:
    """A free TCP port of 127.0.0.1 for each name, as the placeholders `port.NAME`."""
    sockets = [socket.socket() for _ in names]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return {f"port.{name}": str(one.getsockname()[1]) for name, one in zip(names, sockets, strict=True)}
    finally:
        for one in sockets:
            one.close()


class Running:
    """One started service. What it writes to stdout and stderr goes to the log."""

    def __init__(self, group: ProcessGroup, log: Tail) -> None:
        self._group = group
        self._group.close_stdin()
        threading.Thread(target=_drain, args=(self._group.stdout, log), daemon=True).start()

    @property
    def pid(self) -> str:
        """The number of the process."""
        return str(self._group.command_pid)

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return not self._group.wait(0)

    def await_ready(self, is_ready: Callable[[], bool], deadline: float) -> None:
        """Poll until it is; `Broken` where it ends first, or the deadline comes first."""
        while True:
            is_up = is_ready()  # which somebody else on the same port may be
            if not self.is_alive():
                self._group.end()
                came = f"its end ({self._group.exit_story()})"
                raise Broken(expected="the service to come up", came=came, offending=self._group.said(), kind=Crashed)
            if is_up:
                return
            if time.monotonic() > deadline:
                expected = "an answer to start.ready in time"
                raise Broken(expected=expected, came="none that fits", offending=self._group.said(), kind=TimedOut)
            time.sleep(_PAUSE)

    def end(self) -> None:
        """End it and whatever it has started."""
        self._group.end()


def _drain(stream: IO[bytes], log: Tail) -> None:
    try:
        while chunk := stream.read(65536):
            log.add(chunk)
    except (OSError, ValueError):  # closed while it was read
        return

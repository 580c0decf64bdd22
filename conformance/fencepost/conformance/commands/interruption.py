"""Handles Ctrl-C and SIGTERM during a run: the first signal ends the run, and later signals are ignored."""

import signal
from types import FrameType, TracebackType
from typing import Self

from fencepost.conformance.run.plan import Listener, Progress

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # A terminal or a supervisor sends these; programs do not use them for other purposes.


class Interruption:
    """In this context the first signal raises `KeyboardInterrupt` once, and further signals do nothing.

    A second Ctrl-C therefore cannot cut off the end of the subject or the writing of the report, which take seconds. An
    interrupted program ignores the signals after the context too, and ends with its own exit status.
    """

    def __init__(self) -> None:
        self.has_come = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            after = signal.SIG_IGN if self.has_come else handler  # An interrupted program is about to end by itself.
            signal.signal(number, after)  # type: ignore[arg-type]  # what signal.signal itself has given back

    def _interrupt(self, _: int, __: FrameType | None) -> None:
        if not self.has_come:
            self.has_come = True
            raise KeyboardInterrupt

    def check(self) -> None:
        """Raise if a signal came and its exception was lost: in a finalizer Python only prints it."""
        if self.has_come:
            raise KeyboardInterrupt


def interruptible(listener: Listener, interruption: Interruption) -> Listener:
    """The listener, which first raises `KeyboardInterrupt` if a signal came and its exception was lost."""

    def listen(progress: Progress) -> None:
        interruption.check()
        listener(progress)

    return listen

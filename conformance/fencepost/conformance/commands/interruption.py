"""Ctrl-C and SIGTERM while a subject is asked: the first ends the run, what follows it is let finish."""

import signal
from types import FrameType, TracebackType
from typing import Self

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # what a terminal or a supervisor sends, and none of what a program may use for itself


class Interruption:
    """While this context is entered, the first signal raises `KeyboardInterrupt` once, and any further one does nothing.

    So the second Ctrl-C of an impatient person meets a run that is ending its subject and writing its report: both are a
    matter of seconds, and neither is cut in half. After the context, too, a program that was interrupted ignores them: it
    ends with the status that it has come to.
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
            after = signal.SIG_IGN if self.has_come else handler  # an interrupted program is about to end by itself
            signal.signal(number, after)  # type: ignore[arg-type]  # what signal.signal itself has given back

    def _interrupt(self, _: int, __: FrameType | None) -> None:
        if not self.has_come:
            self.has_come = True
            raise KeyboardInterrupt

    def check(self) -> None:
        """Raise where a signal has come and its exception was lost: in a finalizer, Python only prints it."""
        if self.has_come:
            raise KeyboardInterrupt

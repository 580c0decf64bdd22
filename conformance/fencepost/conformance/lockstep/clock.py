"""What time it is, for whatever a run's course depends on: the machine's clock, unless a certificate needs another.

A run that is recorded writes down each reading, and one that is checked against its record is told them again. So the
same answers lead the same way at any speed. Overlapping calls (STA-8) read the machine's clock: their threads
have no order that a record could keep.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CLOCK: ContextVar[Callable[[], float]] = ContextVar("clock", default=time.monotonic)


def now() -> float:
    """Seconds from some point on; they never go back."""
    return _CLOCK.get()()


@contextmanager
def told_by(clock: Callable[[], float]) -> Iterator[None]:
    """In this context, `now` is what the clock says."""
    token = _CLOCK.set(clock)
    try:
        yield
    finally:
        _CLOCK.reset(token)

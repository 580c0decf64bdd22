"""The time, for decisions that change a run's course: the machine's clock, or a certificate's recorded readings.

A recorded run stores each reading, and a check of the record replays the readings. So the same answers lead the same
way at any speed. Overlapping calls (STA-8) read the machine's clock: their threads have no order that a record could
keep.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CLOCK: ContextVar[Callable[[], float]] = ContextVar("clock", default=time.monotonic)


def now() -> float:
    """Seconds since some fixed moment; they never decrease."""
    return _CLOCK.get()()


@contextmanager
def using_clock(clock: Callable[[], float]) -> Iterator[None]:
    """Within this context, `now` reads the clock given."""
    token = _CLOCK.set(clock)
    try:
        yield
    finally:
        _CLOCK.reset(token)

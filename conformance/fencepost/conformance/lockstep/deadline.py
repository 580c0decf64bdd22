"""The end of a run's time: no call begins that would probably end later."""

from dataclasses import dataclass, field

from fencepost.adapters.contract import Connection, JsonObject, Shareable, TimedOut, Timeouts
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.lockstep.clock import now

_FOR_THE_END = 3.0
_SHORTEST = 0.05


class OutOfTime(Exception):
    """The run's time is used up."""


@dataclass(slots=True)
class Deadline:
    """A moment, and the longest time that each kind of call has taken so far: its estimate for the next call."""

    until: float
    slowest: dict[str, float] = field(default_factory=dict)

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The deadline in so many seconds, less a little for the report at the end."""
        return cls(until=now() + seconds - min(_FOR_THE_END, seconds / 10))

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return now() >= self.until

    def check(self, method: str) -> None:
        """`OutOfTime` where a call of this kind would end too late."""
        if now() + self.slowest.get(method, 0.0) >= self.until:
            raise OutOfTime

    def within(self, timeouts: Timeouts) -> Timeouts:
        """The same time-outs, each cut to end before the deadline."""
        return _Shortened(timeouts, self)

    def took(self, method: str, seconds: float) -> None:
        """Record how long a call took."""
        self.slowest[method] = max(seconds, self.slowest.get(method, 0.0))


class _Shortened(Timeouts):
    """Time-outs that shrink as the deadline comes near. Carriers read them before each call."""

    __slots__ = ("_deadline", "_timeouts")
    _deadline: Deadline
    _timeouts: Timeouts

    def __init__(self, timeouts: Timeouts, deadline: Deadline) -> None:
        object.__setattr__(self, "_timeouts", timeouts)
        object.__setattr__(self, "_deadline", deadline)

    @property
    def start(self) -> float:
        """The time-out given, or the time left."""
        return self._shortened(self._timeouts.start)

    @property
    def call(self) -> float:
        """The time-out given, or the time left."""
        return self._shortened(self._timeouts.call)

    def _shortened(self, seconds: float) -> float:
        return max(_SHORTEST, min(seconds, self._deadline.until - now()))


def timed(connection: Connection, deadline: Deadline) -> Connection:
    """The connection without calls that would end after the deadline; `Shareable` if it was."""
    return (
        _TimedShareable(connection, deadline)
        if isinstance(connection, Shareable)
        else _DeadlineConnection(connection, deadline)
    )


class _DeadlineConnection(Relay):
    """Each call is timed; `OutOfTime` in place of one that would end too late."""

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        super().__init__(connection)
        self._deadline = deadline

    def call(self, method: str, params: JsonObject) -> object:
        """Pass the call on if there is time. `describe` is always passed on, since a report needs a statement."""
        if method != "describe":
            self._deadline.check(method)
        began = now()
        try:
            return self.inner.call(method, params)
        except TimedOut:
            if self._deadline.is_over and method != "describe":  # the run's time was over, the subject is not to blame
                raise OutOfTime from None
            raise
        finally:
            self._deadline.took(method, now() - began)


class _TimedShareable(_DeadlineConnection):
    """A deadline connection for calls from several threads at once."""

    def another(self) -> Connection:
        """A connection to the same subject, with the same deadline."""
        assert isinstance(self.inner, Shareable)
        return _DeadlineConnection(self.inner.another(), self._deadline)

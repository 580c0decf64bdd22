"""The end of a run's time: no call begins that would probably end after it."""

from dataclasses import dataclass, field

from fencepost.adapters.contract import Connection, JsonObject, Shareable, TimedOut, Timeouts
from fencepost.conformance.lockstep.clock import now

_FOR_THE_END = 3.0
_SHORTEST = 0.05


class OutOfTime(Exception):
    """The time that the run was given is gone."""


@dataclass(slots=True)
class Deadline:
    """A moment, and how long each kind of call has taken at the most so far: as long as it is taken to take again."""

    until: float
    slowest: dict[str, float] = field(default_factory=dict)

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """So many seconds from now, less a little for what is told at the end."""
        return cls(until=now() + seconds - min(_FOR_THE_END, seconds / 10))

    @property
    def is_over(self) -> bool:
        """Whether it has come."""
        return now() >= self.until

    def check(self, method: str) -> None:
        """`OutOfTime` where a call of this kind would end too late."""
        if now() + self.slowest.get(method, 0.0) >= self.until:
            raise OutOfTime

    def within(self, timeouts: Timeouts) -> Timeouts:
        """The same time-outs, but that none of them lasts longer than this."""
        return _Shortened(timeouts, self)

    def took(self, method: str, seconds: float) -> None:
        """Take note of how long a call took."""
        self.slowest[method] = max(seconds, self.slowest.get(method, 0.0))


class _Shortened(Timeouts):
    """Time-outs that get shorter as the deadline comes near. Carriers look at them before each call."""

    __slots__ = ("_deadline", "_timeouts")
    _deadline: Deadline
    _timeouts: Timeouts

    def __init__(self, timeouts: Timeouts, deadline: Deadline) -> None:
        object.__setattr__(self, "_timeouts", timeouts)
        object.__setattr__(self, "_deadline", deadline)

    @property
    def start(self) -> float:
        """As given, or what is left."""
        return self._shortened(self._timeouts.start)

    @property
    def call(self) -> float:
        """As given, or what is left."""
        return self._shortened(self._timeouts.call)

    def _shortened(self, seconds: float) -> float:
        return max(_SHORTEST, min(seconds, self._deadline.until - now()))


def timed(connection: Connection, deadline: Deadline) -> Connection:
    """The connection, which no call goes over that would end after the deadline; `Shareable` where it was."""
    return (
        _TimedShareable(connection, deadline)
        if isinstance(connection, Shareable)
        else _DeadlineConnection(connection, deadline)
    )


class _DeadlineConnection:
    """Each call is timed; `OutOfTime` in place of one that would end too late."""

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    @property
    def exclusive(self) -> bool:
        """As the subject's own."""
        return self._connection.exclusive

    def call(self, method: str, params: JsonObject) -> object:
        """Hand the call on, if there is time for it; without a statement there is nothing to report."""
        if method != "describe":
            self._deadline.check(method)
        began = now()
        try:
            return self._connection.call(method, params)
        except TimedOut:
            if self._deadline.is_over and method != "describe":  # the run's time was over, the subject is not to blame
                raise OutOfTime from None
            raise
        finally:
            self._deadline.took(method, now() - began)

    def log(self) -> str:
        """The subject's own."""
        return self._connection.log()

    def close(self) -> None:
        """Close the subject's own."""
        self._connection.close()


class _TimedShareable(_DeadlineConnection):
    """One that can be asked from several threads at once."""

    def another(self) -> Connection:
        """A connection to the same subject, with the same deadline."""
        assert isinstance(self._connection, Shareable)
        return _DeadlineConnection(self._connection.another(), self._deadline)

"""The deadline: no call begins that would end after it, by the run's own clock."""

import pytest
from fencepost.adapters.contract import JsonObject, TimedOut, Timeouts
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.conformance.lockstep.deadline import Deadline, OutOfTime, timed


class Slow:
    """A connection whose every call takes its time, by its own clock."""

    exclusive = False

    def __init__(self, seconds: float) -> None:
        self.calls: list[str] = []
        self.now = 0.0
        self._seconds = seconds

    def call(self, method: str, params: JsonObject) -> object:
        self.calls.append(method)
        self.now += self._seconds
        return {}

    def log(self) -> str:
        return ""

    def close(self) -> None: ...


def test_a_call_begins_only_where_one_of_its_kind_would_end_in_time() -> None:
    slow = Slow(10)
    with using_clock(lambda: slow.now):
        connection = timed(slow, Deadline.after(35))
        for _ in range(3):
            connection.call("putRules", {})
        with pytest.raises(OutOfTime):
            connection.call("putRules", {})
    assert slow.calls == ["putRules"] * 3


def test_a_kind_of_call_that_was_never_made_is_tried_while_there_is_any_time() -> None:
    slow = Slow(30)
    with using_clock(lambda: slow.now):
        connection = timed(slow, Deadline.after(35))
        connection.call("putRules", {})
        connection.call("decide", {})
        with pytest.raises(OutOfTime):
            connection.call("reset", {})
    assert slow.calls == ["putRules", "decide"]


def test_the_statement_is_asked_for_whatever_the_time() -> None:
    slow = Slow(50)
    with using_clock(lambda: slow.now):
        connection = timed(slow, Deadline.after(35))
        connection.call("putRules", {})
        assert connection.call("describe", {}) == {}


def test_nobody_is_to_blame_for_a_silence_until_the_deadline() -> None:
    class Silent(Slow):
        def call(self, method: str, params: JsonObject) -> object:
            super().call(method, params)
            raise TimedOut(method=method, expected="an answer", came="nothing")

    silent = Silent(50)
    with using_clock(lambda: silent.now):
        connection = timed(silent, Deadline.after(35))
        with pytest.raises(OutOfTime):
            connection.call("decide", {})


def test_time_outs_get_shorter_as_the_deadline_comes_near() -> None:
    now = 0.0
    with using_clock(lambda: now):
        shortened = Deadline.after(60).within(Timeouts(start=30, call=10))
        assert (shortened.start, shortened.call) == (30, 10)
        now = 52.0
        assert (shortened.start, shortened.call) == (5, 5)
        now = 100.0
        assert 0 < shortened.call < 0.1

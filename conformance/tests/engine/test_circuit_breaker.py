"""The circuit breaker: waiting in vain is counted, by the run's own clock, and after enough of it nothing is asked."""

import pytest
from fencepost.adapters.contract import Client, Crashed, JsonObject, MalformedResult, RpcError, TimedOut
from fencepost.conformance.lockstep.circuit_breaker import with_circuit_breaker
from fencepost.conformance.lockstep.clock import using_clock


class Silent:
    """A connection that lets every call but `describe` wait for two seconds of its own clock."""

    exclusive = False

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.now = 0.0

    def call(self, method: str, params: JsonObject) -> object:
        self.calls.append(method)
        if method == "describe":
            return {"protocol": 1, "name": "silent", "version": "1", "profile": "keyvault", "features": []}
        self.now += 2
        raise TimedOut(method=method, expected="an answer within 2 s", came="nothing")

    def log(self) -> str:
        return ""

    def close(self) -> None: ...


def test_after_waiting_enough_a_harness_is_no_longer_asked() -> None:
    silent = Silent()
    with using_clock(lambda: silent.now):
        client = Client(with_circuit_breaker(silent, seconds=9))
        client.describe()
        for _ in range(20):
            with pytest.raises(TimedOut):
                client.reset(())
        assert silent.calls.count("reset") == 5
        with pytest.raises(TimedOut, match=r"waited for for 9 s in all: no longer asked"):
            client.describe()


def test_a_new_process_hears_describe_first() -> None:
    silent = Silent()
    with using_clock(lambda: silent.now):
        client = Client(with_circuit_breaker(silent, seconds=100))
        for _ in range(2):
            with pytest.raises(TimedOut):
                client.reset(())
    assert silent.calls == ["reset", "describe", "reset"]


def test_an_error_that_is_an_answer_is_no_waiting_and_no_new_process() -> None:
    class Refusing(Silent):
        def call(self, method: str, params: JsonObject) -> object:
            self.calls.append(method)
            self.now += 100
            raise RpcError(method=method, expected="a result", came="error -32042", code=-32042)

    refusing = Refusing()
    with using_clock(lambda: refusing.now):
        client = Client(with_circuit_breaker(refusing, seconds=9))
        for _ in range(3):
            with pytest.raises(RpcError):
                client.reset(())
    assert refusing.calls == ["reset"] * 3


def test_a_subject_that_describes_itself_otherwise_after_a_fault_is_not_asked_again() -> None:
    class Replaced(Silent):
        """Crashes at each `reset`; the second statement has another version, and the third the first version."""

        versions = iter("121")

        def call(self, method: str, params: JsonObject) -> object:
            if method == "describe":
                statement = super().call(method, params)
                assert isinstance(statement, dict)
                return {**statement, "version": next(self.versions)}
            self.calls.append(method)
            raise Crashed(method=method, expected="an answer", came="the end of its output")

    replaced = Replaced()
    client = Client(with_circuit_breaker(replaced, seconds=100))
    client.describe()
    with pytest.raises(Crashed):
        client.reset(())
    for _ in range(3):
        with pytest.raises(MalformedResult, match="another one after a fault: version"):
            client.reset(())
    with pytest.raises(MalformedResult):
        client.describe()
    assert replaced.calls == ["describe", "reset", "describe"]

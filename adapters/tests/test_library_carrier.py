"""The library carrier: a Python object cannot touch the kit's values, end the kit or hang it."""

import gc
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from fencepost.adapters.contract import (
    Connection,
    HarnessFault,
    MalformedResult,
    NotJson,
    NotStarted,
    RpcError,
    SubjectError,
    TimedOut,
    Timeouts,
    open_subject,
)
from fencepost.adapters.library import LibraryConnection, connect_factory

Opener = Callable[..., LibraryConnection]


@pytest.fixture
def implementation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """Opens an object of the module `implementations`, found in the current directory; all are closed in the end."""
    monkeypatch.chdir(Path(__file__).parent / "harnesses")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    opened: list[Connection] = []

    def open_object(name: str, *, start: float = 10.0, call: float = 10.0) -> LibraryConnection:
        connection = open_subject(f"library:implementations:{name}", timeouts=Timeouts(start=start, call=call))
        assert isinstance(connection, LibraryConnection)
        opened.append(connection)
        return connection

    yield open_object
    for connection in opened:
        connection.close()
    sys.modules.pop("implementations", None)


def name_of(connection: Connection) -> object:
    return cast("dict[str, object]", connection.call("describe", {"protocol": 1}))["name"]


def fault_of(connection: Connection, way: str) -> HarnessFault:
    with pytest.raises(HarnessFault) as caught:
        connection.call("reset", {"subnets": [way]})
    return caught.value


@pytest.mark.parametrize("name", ["Echo", "made_by_a_function", "ready_made", "Shelf.echo"])
def test_the_name_is_of_a_class_a_factory_or_an_object(implementation: Opener, name: str) -> None:
    assert str(name_of(implementation(name))).startswith("echo")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "not the name of a Python object"),
        ("implementations", "Write library:PACKAGE.MODULE:NAME"),
        ("implementations:", "not the name of a Python object"),
        ("imple mentations:Echo", "not the name of a Python object"),
        ("no_such_module.within:Echo", "there is no module 'no_such_module'"),
        ("implementations.within:Echo", "there is no module 'implementations.within'"),
        ("implementations.py:Echo", "no module 'implementations.py'. Did you mean 'library:implementations:Echo'"),
        ("implementations:Ecko", r"implementations has no 'Ecko'. Did you mean 'Echo'"),
        ("implementations:Shelf.echoes", "Shelf has no 'echoes'. Did you mean 'echo'"),
        ("fencepost.adapters:no-such-adapter", "no adapter is registered by this name"),
    ],
)
def test_a_name_that_leads_nowhere_is_a_subject_error(implementation: Opener, address: str, words: str) -> None:
    with pytest.raises(SubjectError, match=words):
        open_subject(f"library:{address}")


def test_an_object_that_answers_nothing_has_no_methods(implementation: Opener) -> None:
    with pytest.raises(RpcError, match="no method describe of dict"):
        implementation("not_an_implementation").call("describe", {"protocol": 1})


def test_an_object_that_cannot_be_made_is_the_fault_of_the_first_call(implementation: Opener) -> None:
    connection = implementation("Unmakeable")
    for _ in range(2):
        with pytest.raises(NotStarted, match="OSError: no disk"):
            connection.call("describe", {"protocol": 1})


def test_an_object_that_is_never_made_times_out(implementation: Opener) -> None:
    connection = implementation("Hanging", start=0.2)
    with pytest.raises(TimedOut, match=r"an implementation within 0.2 s"):
        connection.call("describe", {"protocol": 1})


def test_methods_and_members_are_in_snake_case(implementation: Opener) -> None:
    connection = implementation("Echo")
    subnet = {"id": "a", "serviceEndpoints": []}
    assert connection.call("setServiceEndpoints", {"subnet": "s", "serviceEndpoints": ["Microsoft.KeyVault"]}) == {
        "was": ["s", ["Microsoft.KeyVault"]]
    }
    assert connection.call("addVirtualNetworkRule", {"id": "a", "ignoreMissingVnetServiceEndpoint": True}) == {
        "accepted": True,
        "message": {"id": "a", "ignore_missing_vnet_service_endpoint": True},
    }
    answer = cast("dict[str, object]", connection.call("reset", {"subnets": [subnet]}))
    assert answer["subnets"] == [subnet]


def test_members_that_the_contract_does_not_know_are_left_out(implementation: Opener) -> None:
    assert implementation("Echo").call("decide", {"requests": [], "trace": True}) == {"decisions": []}


@pytest.mark.parametrize("method", ["getRules", "close", "__init__", "made", "seen"])
def test_a_method_that_is_not_there_or_not_of_the_contract_is_unknown(implementation: Opener, method: str) -> None:
    with pytest.raises(RpcError) as caught:
        implementation("Echo").call(method, {})
    assert caught.value.code == -32601


def test_the_object_gets_copies_and_gives_copies(implementation: Opener) -> None:
    connection = implementation("Meddling")
    acls = {"ipRules": ["mine"]}
    first = cast("dict[str, object]", connection.call("putRules", {"networkAcls": acls}))
    connection.call("putRules", {"networkAcls": acls})
    assert acls == {"ipRules": ["mine"]}
    assert first["message"] == [{"ipRules": ["mine", "meddled"]}]


@pytest.mark.parametrize("text", ["\x00", "\ud800", "é😀", "\u2028"])
def test_any_string_passes_both_ways(implementation: Opener, text: str) -> None:
    answer = implementation("Echo").call("putRules", {"networkAcls": {text: text}})
    assert cast("dict[str, object]", answer)["message"] == {text: text}


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("exit", "SystemExit: 7"),
        ("interrupt", "KeyboardInterrupt"),
        ("attribute", "no_such_attribute"),
        ("stairs", "LookupError: no such thing as stairs"),
    ],
)
def test_any_exception_is_an_error_with_its_traceback(implementation: Opener, way: str, words: str) -> None:
    connection = implementation("Failing")
    before = name_of(connection)
    caught = fault_of(connection, way)
    assert isinstance(caught, RpcError)
    assert caught.code == -32000
    assert words in str(caught)
    assert "implementations.py" in caught.traceback
    assert "calling.py" not in caught.traceback
    assert name_of(connection) == before


@pytest.mark.parametrize("way", ["set", "nan", "circle", "bytes", "deep"])
def test_a_result_that_is_not_json_is_malformed(implementation: Opener, way: str) -> None:
    assert isinstance(fault_of(implementation("Failing"), way), MalformedResult)


def test_a_result_over_the_bound_is_refused(implementation: Opener) -> None:
    assert isinstance(fault_of(implementation("Failing"), "long"), NotJson)


class _Wordy:
    """Gives one long code to each of many decisions."""

    def __init__(self, code: str) -> None:
        self._code = code

    def decide(self, *, requests: list[object]) -> dict[str, object]:
        return {"decisions": [{"outcome": "deny", "code": self._code} for _ in requests]}


@pytest.mark.parametrize("letter", ["x", "\0", "\u00e9", "\U0001f600"])
def test_a_result_over_the_bound_is_refused_without_its_json(letter: str) -> None:
    connection = connect_factory(lambda: _Wordy(letter * 3_000_000), timeouts=Timeouts())
    connection.open()
    tracemalloc.start()
    try:
        with pytest.raises(NotJson, match="at most 16777216 bytes, got more"):
            connection.call("decide", {"requests": [{}] * 20})
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
        connection.close()


def test_a_call_that_hangs_costs_its_time_and_the_object(implementation: Opener) -> None:
    connection = implementation("Failing", call=0.2)
    before = name_of(connection)
    assert isinstance(fault_of(connection, "hang"), TimedOut)
    assert name_of(connection) != before


@pytest.mark.parametrize("method", ["takeProfile", "close", "__init__"])
def test_a_method_that_the_contract_does_not_name_is_never_looked_for(implementation: Opener, method: str) -> None:
    with pytest.raises(RpcError) as caught:
        implementation("Failing").call(method, {"name": "keyvault"})
    assert caught.value.code == -32601


def test_a_factory_is_asked_at_the_first_call_and_after_a_time_out() -> None:
    made: list[int] = []

    class Slow:
        def describe(self, *, protocol: int) -> int:
            return protocol

        def reset(self, *, subnets: object) -> None:
            time.sleep(0.6)

    def factory() -> Slow:
        made.append(1)
        return Slow()

    connection = connect_factory(factory, timeouts=Timeouts(call=0.1))
    assert made == []
    assert connection.call("describe", {"protocol": 1}) == 1
    assert connection.call("describe", {"protocol": 1}) == 1
    assert made == [1]
    with pytest.raises(TimedOut):
        connection.call("reset", {"subnets": []})
    assert connection.call("describe", {"protocol": 1}) == 1
    assert made == [1, 1]
    connection.close()


def test_a_factory_may_say_that_the_subject_cannot_be_had() -> None:
    def factory() -> object:
        raise SubjectError(subject="cedar", reason="cedarpy is not installed")

    connection = connect_factory(factory, timeouts=Timeouts())
    assert connection.exclusive is False
    with pytest.raises(NotStarted, match="cedarpy is not installed"):
        connection.call("describe", {"protocol": 1})
    connection.close()


def test_the_object_says_whether_it_is_exclusive(
    implementation: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEAVING_BOOK", str(tmp_path / "book"))
    assert implementation("Leaving").exclusive is True
    assert implementation("Echo").exclusive is False


def test_close_shuts_the_object_down_once_and_ends_its_thread(
    implementation: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    monkeypatch.setenv("LEAVING_BOOK", str(book))
    before = set(threading.enumerate())
    connection = implementation("Leaving")
    connection.call("reset", {"subnets": []})
    connection.close()
    connection.close()
    assert book.read_text().count("left") == 1
    assert not set(threading.enumerate()) - before


def test_an_object_given_up_is_shut_down_when_its_thread_comes_back(
    implementation: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    monkeypatch.setenv("LEAVING_BOOK", str(book))
    connection = implementation("Leaving", call=0.1)
    assert isinstance(fault_of(connection, "slow"), TimedOut)
    assert not book.exists()
    deadline = time.monotonic() + 10
    while not book.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert book.exists()


def test_a_lost_connection_ends_its_thread(implementation: Opener) -> None:
    before = set(threading.enumerate())
    connection = connect_factory(dict, timeouts=Timeouts())
    with pytest.raises(RpcError):
        connection.call("describe", {"protocol": 1})
    assert len(set(threading.enumerate()) - before) == 1
    del connection
    gc.collect()
    assert not set(threading.enumerate()) - before


def test_another_connection_asks_the_same_object_at_the_same_time(implementation: Opener) -> None:
    connection = implementation("Meeting")
    other = connection.another()
    answers: list[object] = []
    beside = threading.Thread(target=lambda: answers.append(other.call("decide", {"requests": [1]})))
    beside.start()
    answers.append(connection.call("decide", {"requests": [1]}))
    beside.join()
    assert answers == [{"decisions": ["allow"]}] * 2
    assert name_of(other) == name_of(connection)
    other.close()
    assert name_of(connection)


def test_the_registered_adapter_gets_what_follows_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    from fencepost.adapters import naming

    point = EntryPoint(name="counter", value="collections:Counter", group="fencepost.adapters")
    monkeypatch.setattr(naming, "adapters", lambda: {"counter": point})
    assert naming.factory_of("fencepost.adapters:counter:a:b")() == {"a": 1, ":": 1, "b": 1}
    assert naming.factory_of("fencepost.adapters:counter")() == {}

"""The harness of any subject: any Python object over stdio or HTTP, answering as the contract says."""

import contextlib
import json
import shlex
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from fencepost.adapters.answering import answer
from fencepost.adapters.contract import Connection, MalformedResult, NotJson, RpcError, Timeouts, open_subject
from fencepost.adapters.http import HttpConnection

HARNESSES = Path(__file__).parent / "harnesses"
Serving = Callable[..., Connection]


def command(carrier: str, name: str, *options: str) -> list[str]:
    served = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "fencepost.adapters.harness",
        carrier,
        f"library:implementations:{name}",
    ]
    return [*served, *options]


@contextlib.contextmanager
def http_server(name: str, *options: str) -> Iterator[str]:
    with subprocess.Popen(command("http", name, *options), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
    assert process.returncode == 0


@pytest.fixture(params=["stdio", "http"])
def serving(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """Serves an object of the module `implementations` over the carrier, and connects to it."""
    monkeypatch.chdir(HARNESSES)
    with contextlib.ExitStack() as stack:

        def serve(name: str, *options: str) -> Connection:
            if request.param == "http":
                subject = stack.enter_context(http_server(name, *options))
            else:
                subject = f"stdio:{shlex.join(command('stdio', name, *options))}"
            return stack.enter_context(contextlib.closing(open_subject(subject, timeouts=Timeouts(start=20, call=20))))

        yield serve


def test_a_served_object_answers_as_it_does_in_process(serving: Serving) -> None:
    connection = serving("Echo")
    statement = cast("dict[str, object]", connection.call("describe", {"protocol": 1}))
    assert statement["profile"] == "keyvault"
    acls = {"ipRules": [{"value": "\x00\ud800é"}]}
    assert connection.call("putRules", {"networkAcls": acls}) == {"accepted": True, "message": acls}
    assert connection.call("decide", {"requests": [{}] * 4096}) == {"decisions": ["allow"] * 4096}


@pytest.mark.parametrize("method", ["getRules", "noSuchMethod", "__init__"])
def test_an_unknown_method_is_told_by_its_number(serving: Serving, method: str) -> None:
    with pytest.raises(RpcError) as caught:
        serving("Echo").call(method, {})
    assert caught.value.code == -32601


def test_an_exception_arrives_with_its_traceback_and_the_server_goes_on(serving: Serving) -> None:
    connection = serving("Failing")
    with pytest.raises(RpcError, match="no such thing as stairs") as caught:
        connection.call("reset", {"subnets": ["stairs"]})
    assert "implementations.py" in caught.value.traceback
    with pytest.raises(RpcError, match="plain JSON values"):
        connection.call("reset", {"subnets": ["set"]})
    with pytest.raises(RpcError, match="SystemExit"):
        connection.call("reset", {"subnets": ["exit"]})
    assert connection.call("decide", {"requests": []}) == {"decisions": []}


def test_what_the_object_prints_does_not_get_between_the_answers(serving: Serving) -> None:
    connection = serving("Printing")
    for _ in range(2):
        assert connection.call("decide", {"requests": [1]}) == {"decisions": ["allow"]}


def test_a_served_object_that_is_no_adapter_learns_of_no_profile(serving: Serving) -> None:
    connection = serving("Echo", "--profile", "keyvault-2018-preview")
    statement = cast("dict[str, object]", connection.call("describe", {"protocol": 1}))
    assert statement["profile"] == "keyvault"


def test_the_object_is_shut_down_when_its_server_ends_and_not_before(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    monkeypatch.setenv("LEAVING_BOOK", str(book))
    connection = serving("Leaving")
    connection.call("reset", {"subnets": []})
    assert connection.call("shutdown", {}) == {}
    assert not book.exists()


def test_a_server_that_is_ended_shuts_its_object_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    book = tmp_path / "book"
    monkeypatch.chdir(HARNESSES)
    monkeypatch.setenv("LEAVING_BOOK", str(book))
    with http_server("Leaving"):
        assert not book.exists()
    assert book.read_text().count("left") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stdio", "no-such-adapter"], "no carrier or adapter is called 'no-such-adapter'"),
        (["http", "library:implementations:Ecko"], "Did you mean 'Echo'"),
        (["http", "mutant:last-address-excluded", "--profile", "unheard-of"], "it has no profile 'unheard-of'"),
    ],
)
def test_what_cannot_be_served_is_said_and_exits_with_2(arguments: list[str], words: str) -> None:
    served = [sys.executable, "-W", "error", "-m", "fencepost.adapters.harness", *arguments]
    done = subprocess.run(served, cwd=HARNESSES, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_clients_of_an_isolated_object_are_served_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HARNESSES)
    with http_server("Meeting") as url, contextlib.closing(open_subject(url)) as one:
        other = cast("HttpConnection", one).another()
        answers: list[object] = []
        beside = threading.Thread(target=lambda: answers.append(other.call("decide", {"requests": [1]})))
        beside.start()
        answers.append(one.call("decide", {"requests": [1]}))
        beside.join()
        other.close()
    assert answers == [{"decisions": ["allow"]}] * 2


def test_a_get_and_a_message_over_the_bound_are_refused_by_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HARNESSES)
    with http_server("Echo") as url:
        with pytest.raises(urllib.error.HTTPError, match="501") as caught:
            urllib.request.urlopen(url, timeout=10)
        caught.value.close()
        with contextlib.closing(open_subject(url)) as connection, pytest.raises(NotJson, match="413"):
            connection.call("putRules", {"networkAcls": "x" * (17 * 1024 * 1024)})


@pytest.mark.parametrize(
    ("message", "call_id", "code"),
    [
        (b"{", None, -32700),
        (b"\xff", None, -32700),
        (b"[]", None, -32600),
        (b'"describe"', None, -32600),
        (b'{"id": 1, "method": 7}', None, -32600),
        (b'{"id": "x", "method": "decide", "params": []}', "x", -32602),
    ],
)
def test_a_message_that_is_no_call_is_an_error(message: bytes, call_id: object, code: int) -> None:
    answered = json.loads(answer(message, lambda method, params: {}) or b"")
    assert (answered["id"], answered["error"]["code"]) == (call_id, code)


def test_the_id_is_echoed_whatever_it_is() -> None:
    for call_id in ("x", 1.5, None, [1], {"a": "\ud800"}):
        message = json.dumps({"id": call_id, "method": "shutdown"}).encode()
        assert json.loads(answer(message, lambda method, params: {}) or b"")["id"] == call_id


def test_a_notification_gets_no_answer() -> None:
    called: list[str] = []
    assert answer(b'{"method": "reset"}', lambda method, params: called.append(method)) is None
    assert called == ["reset"]


def test_any_other_fault_of_the_subject_is_an_error_in_words() -> None:
    def failing(method: str, params: object) -> object:
        raise MalformedResult(method=method, expected="this", came="that")

    answered = json.loads(answer(b'{"id": 1, "method": "reset"}', failing) or b"")
    assert answered["error"] == {"code": -32000, "message": "reset: expected this, got that"}

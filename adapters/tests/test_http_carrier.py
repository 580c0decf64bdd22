"""The HTTP carrier: one deadline for a whole exchange, no write sent twice, no secret in any fault."""

import contextlib
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import cast

import pytest
from fencepost.adapters.contract import (
    Connection,
    Crashed,
    HarnessFault,
    MalformedResult,
    NotJson,
    NotStarted,
    RpcError,
    TimedOut,
    Timeouts,
    WrongId,
    open_subject,
)
from fencepost.adapters.http import HttpConnection
from fencepost.adapters.sockets import DeadlineSocket

PATIENT = Timeouts(start=20.0, call=20.0)
HASTY = Timeouts(start=0.5, call=0.5)


Behaviour = Callable[[socket.socket, bytes, bytes], None]


class Server(socketserver.ThreadingTCPServer):
    """Does with the head and the body of each request what the behaviour says, on the bare connection."""

    block_on_close = True

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[tuple[bytes, bytes]] = []
        self.connections: list[socket.socket] = []
        super().__init__(("127.0.0.1", 0), _Requests)
        self.port: int = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()

    @property
    def methods(self) -> list[str]:
        return [json.loads(body)["method"] for _, body in self.requests]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients leave in the middle of things here."""

    def close(self) -> None:
        self.shutdown()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Requests(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        self.server.connections.append(self.request)
        with self.request as connection, connection.makefile("rb") as incoming:
            while head := b"".join(takewhile(lambda line: line != b"\r\n", incoming)):
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                body = incoming.read(length)
                self.server.requests.append((head, body))
                self.server.behaviour(connection, head, body)


Serving = Callable[[Behaviour], Server]


@pytest.fixture
def serving() -> Iterator[Serving]:
    with contextlib.ExitStack() as servers:
        yield lambda behaviour: servers.enter_context(contextlib.closing(Server(behaviour)))


@contextlib.contextmanager
def opened(server: Server, *, timeouts: Timeouts = PATIENT, path: str = "/") -> Iterator[Connection]:
    with contextlib.closing(open_subject(f"http://127.0.0.1:{server.port}{path}", timeouts=timeouts)) as connection:
        yield connection


def http(body: bytes, *, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def answer_to(body: bytes, result: object = "fine") -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": json.loads(body)["id"], "result": result}).encode()


def sending(answer: bytes) -> Behaviour:
    return lambda connection, head, body: connection.sendall(answer)


def sound(connection: socket.socket, head: bytes, body: bytes) -> None:
    connection.sendall(http(answer_to(body, json.loads(body)["params"])))


def fault_of(connection: Connection) -> HarnessFault:
    with pytest.raises(HarnessFault) as caught:
        connection.call("describe", {"protocol": 1})
    return caught.value


def test_a_call_is_one_post_of_json_on_a_kept_connection(serving: Serving) -> None:
    server = serving(sound)
    with opened(server, path="/harness") as connection:
        assert connection.call("reset", {"subnets": []}) == {"subnets": []}
        assert connection.call("decide", {"requests": ["é\x00\ud800"]}) == {"requests": ["é\x00\ud800"]}
    head, body = server.requests[0]
    assert head.startswith(b"POST /harness HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port)
    assert b"Content-Type: application/json\r\n" in head
    assert json.loads(body) == {"jsonrpc": "2.0", "id": 1, "method": "reset", "params": {"subnets": []}}
    assert len(server.connections) == 1
    assert server.methods == ["reset", "decide", "shutdown"]


def test_a_chunked_answer_is_read(serving: Serving) -> None:
    def chunked(connection: socket.socket, head: bytes, body: bytes) -> None:
        answer = answer_to(body)
        halves = [answer[:9], answer[9:], b""]
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for half in halves:
            connection.sendall(b"%x\r\n%s\r\n" % (len(half), half))

    server = serving(chunked)
    with opened(server) as connection:
        assert connection.call("reset", {}) == "fine"
        assert connection.call("reset", {}) == "fine"
    assert len(server.connections) == 1


def test_an_answer_that_ends_with_its_connection_is_read(serving: Serving) -> None:
    def closing(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + answer_to(body))
        connection.shutdown(socket.SHUT_RDWR)

    server = serving(closing)
    with opened(server) as connection:
        assert [connection.call("reset", {}) for _ in range(3)] == ["fine"] * 3
    assert server.methods == ["reset", "reset", "reset", "shutdown"]


@pytest.mark.parametrize(
    ("answer", "fault", "words"),
    [
        (http(b"Hello"), NotJson, "Hello"),
        (http(b""), NotJson, "an empty line"),
        (http(b"\xff"), NotJson, "no UTF-8"),
        (http(b'{"id": 99, "result": {}}'), WrongId, "id 99"),
        (http(b'{"id": 1}'), MalformedResult, "neither"),
        (http(b'{"id": 1, "error": {"code": -32601, "message": "no"}}'), RpcError, "error -32601: no"),
        (http(b"<h1>Bad gateway</h1>", status="502 Bad Gateway"), NotJson, "HTTP status 502 and a page for browsers"),
        (http(b"\n<!DOCTYPE html>\n<p>Hello"), NotJson, "expected a harness at http://"),
        (http(b'{"id": 1, "result": {}}', status="404 Not Found"), NotJson, "404"),
        (http(b'{"id": 1, "error": {"code": 7}}', status="500 Oops"), RpcError, "HTTP status 500, error 7"),
        (http(b"", status="301 Moved", more="Location: /there\r\n"), NotJson, "301"),
        (http(b"", status="204 No Content"), NotJson, "204"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", NotJson, "SSH-2.0"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 17_000_000, NotJson, "a longer one"),
    ],
)
def test_each_answer_that_is_none_is_told_by_its_own_fault(
    serving: Serving, answer: bytes, fault: type[HarnessFault], words: str
) -> None:
    with opened(serving(sending(answer))) as connection:
        caught = fault_of(connection)
    assert type(caught) is fault
    assert words in str(caught)
    assert "<" not in str(caught)
    assert len(str(caught)) < 2000


@pytest.mark.parametrize("part", [b"", b"HTTP/1.1 2", b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id'])
def test_a_connection_that_ends_before_the_answer_is_a_fault_that_is_not_tried_again(
    serving: Serving, part: bytes
) -> None:
    def leaving(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(part)
        connection.shutdown(socket.SHUT_RDWR)

    server = serving(leaving)
    with opened(server) as connection:
        caught = fault_of(connection)
    assert isinstance(caught, NotJson if part == b"HTTP/1.1 2" else Crashed)
    assert ('{"id' in str(caught)) == part.endswith(b'{"id')
    assert server.methods == ["describe"]


def dripping(start: bytes) -> Behaviour:
    def drip(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(start)
        for _ in range(1000):
            connection.sendall(b"{")
            time.sleep(0.02)

    return drip


@pytest.mark.parametrize(
    ("behaviour", "came"),
    [
        (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), "half an answer: {{{"),
        (dripping(b"HTTP/1.1 200 OK\r\nX: "), "nothing"),
        (lambda connection, head, body: connection.recv(1), "nothing"),
    ],
)
def test_the_time_is_for_the_whole_exchange(serving: Serving, behaviour: Behaviour, came: str) -> None:
    with opened(serving(behaviour), timeouts=HASTY) as connection, pytest.raises(TimedOut, match=came):
        connection.call("describe", {"protocol": 1})


def test_a_server_that_does_not_read_cannot_block_a_long_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with contextlib.closing(open_subject(url, timeouts=HASTY)) as connection, pytest.raises(TimedOut):
            connection.call("putRules", {"networkAcls": {"ipRules": ["x" * 50_000_000]}})


def test_the_start_has_its_own_time(serving: Serving) -> None:
    def slow_at_first(connection: socket.socket, head: bytes, body: bytes) -> None:
        if len(server.requests) == 1:
            time.sleep(0.6)
        sound(connection, head, body)

    server = serving(slow_at_first)
    with opened(server, timeouts=Timeouts(start=20.0, call=0.3)) as connection:
        assert connection.call("reset", {}) == {}
        assert connection.call("reset", {}) == {}


def test_a_refused_connection_is_not_started_at_first_and_a_crash_later(serving: Serving) -> None:
    server = serving(sound)
    with opened(server) as connection:
        connection.call("reset", {})
        server.close()
        assert isinstance(fault_of(connection), Crashed)
    with opened(server) as connection:
        caught = fault_of(connection)
        assert isinstance(caught, NotStarted)
        assert f"a connection to http://127.0.0.1:{server.port}/" in str(caught)


def test_an_idle_connection_that_was_closed_is_replaced_before_the_request_goes_out(serving: Serving) -> None:
    def closing_afterwards(connection: socket.socket, head: bytes, body: bytes) -> None:
        sound(connection, head, body)
        connection.shutdown(socket.SHUT_RDWR)

    server = serving(closing_afterwards)
    with opened(server) as connection:
        for number in range(3):
            assert connection.call("addIpRule", {"value": number}) == {"value": number}
            until_closed(connection)
    sent = [json.loads(body) for _, body in server.requests]
    assert [message["params"].get("value") for message in sent] == [0, 1, 2, None]
    assert len(server.connections) == 4


def until_closed(connection: Connection) -> None:
    kept = cast("HttpConnection", connection)._socket
    deadline = time.monotonic() + 5
    while kept is not None and not kept.is_stale() and time.monotonic() < deadline:
        time.sleep(0.005)


def test_a_write_whose_connection_breaks_is_not_sent_again(serving: Serving) -> None:
    def breaking_the_second(connection: socket.socket, head: bytes, body: bytes) -> None:
        if len(server.requests) == 2:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            sound(connection, head, body)

    server = serving(breaking_the_second)
    with opened(server) as connection:
        connection.call("addIpRule", {"value": "one"})
        with pytest.raises(Crashed):
            connection.call("addIpRule", {"value": "two"})
        connection.call("addIpRule", {"value": "three"})
    sent = [json.loads(body)["params"].get("value") for _, body in server.requests]
    assert sent == ["one", "two", "three", None]


def test_no_secret_of_the_url_is_in_a_fault(serving: Serving) -> None:
    def telling(connection: socket.socket, head: bytes, body: bytes) -> None:
        connection.sendall(http(head + b" hunter 2 t0ken/9", status="403 Forbidden"))

    server = serving(telling)
    url = f"http://alice:hunter%202@127.0.0.1:{server.port}/harness?key=t0ken%2F9&v=1"
    with contextlib.closing(open_subject(url, timeouts=PATIENT)) as connection:
        caught = fault_of(connection)
    shown = f"{caught} {caught.offending} {caught!r}"
    assert "POST /harness" in shown
    for secret in ("hunter", "t0ken", "YWxpY2U6aHVudGVyIDI="):
        assert secret not in shown
    head = server.requests[0][0]
    assert b"POST /harness?key=t0ken%2F9&v=1 HTTP/1.1" in head
    assert b"Authorization: Basic YWxpY2U6aHVudGVyIDI=" in head


@pytest.mark.parametrize(
    "answer",
    [
        http(b'{"id": 1, "error": {"code": 7, "message": "hunter2?", "data": {"traceback": "hunter2!"}}}'),
        http(b'{"id": 1, "error": {"code": 7, "message": "no", "data": "hunter2"}}', status="500 Oops"),
        http(b'{"id": "hunter2", "result": {}}'),
        b"hunter2 hunter2\r\n\r\n",
    ],
)
def test_no_secret_is_in_a_fault_of_any_kind(serving: Serving, answer: bytes) -> None:
    server = serving(sending(answer))
    with contextlib.closing(open_subject(f"http://alice:hunter2@127.0.0.1:{server.port}/")) as connection:
        assert "hunter2" not in repr(vars(fault_of(connection)))


@pytest.mark.parametrize("start", range(2020, 2060, 3))
def test_a_long_answer_is_cut_after_its_secrets_are_out(serving: Serving, start: int) -> None:
    server = serving(sending(http(b"x" * start + b"correct-horse" + b"y" * 9000)))
    url = f"http://alice:correct-horse@127.0.0.1:{server.port}/"
    with contextlib.closing(open_subject(url, timeouts=PATIENT)) as connection:
        shown = fault_of(connection).offending
    assert "c" not in shown.replace("bytes", "")
    assert "h" not in shown


def test_proxies_of_the_environment_are_not_asked(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    with opened(serving(sound)) as connection:
        assert connection.call("reset", {}) == {}


def test_a_server_is_exclusive_and_another_connection_reaches_it_too(serving: Serving) -> None:
    server = serving(sound)
    with opened(server) as connection:
        assert connection.exclusive is True
        connection.call("reset", {})
        other = cast("HttpConnection", connection).another()
        assert other.call("reset", {}) == {}
        other.close()
        assert server.methods == ["reset", "reset"]
    assert len(server.connections) == 2


def test_close_says_nothing_to_a_server_that_was_never_asked_or_has_failed(serving: Serving) -> None:
    server = serving(sending(http(b"")))
    with opened(server):
        pass
    assert server.requests == []
    with opened(server) as connection:
        fault_of(connection)
        connection.close()
        connection.close()
    assert server.methods == ["describe"]


def test_every_receive_acknowledges_at_once_what_a_server_sends_in_parts(serving: Serving) -> None:
    made: list[tuple[int, int]] = []

    class Recording(socket.socket):
        def setsockopt(self, *option: object) -> None:
            made.append(cast("tuple[int, int]", option[:2]))
            super().setsockopt(*option)  # type: ignore[call-overload]

        def recv_into(self, *into: object) -> int:
            assert made.pop() == (socket.IPPROTO_TCP, socket.TCP_QUICKACK)
            return super().recv_into(*into)  # type: ignore[arg-type]

    def in_parts(connection: socket.socket, head: bytes, body: bytes) -> None:
        answer = answer_to(body)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer))
        connection.sendall(answer)

    server = serving(in_parts)
    with Recording() as plain:
        plain.connect(("127.0.0.1", server.port))
        incoming = DeadlineSocket(plain, time.monotonic() + 20.0)
        body = b'{"id": 1, "method": "describe"}'
        incoming.send(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        assert incoming.makefile("rb").read(38).startswith(b"HTTP/1.1 200 OK")

"""Answers of a service: their headers, and the loop beside which decisions are timed."""

import http.client
import socket
import threading
from collections.abc import Iterator, Sequence
from io import BytesIO

import pytest
from fencepost.adapters.rest.bare import bare_loop
from fencepost.adapters.rest.link import Way
from fencepost.adapters.rest.reply import Reply, head_of, plain_answer
from fencepost.adapters.rest.requests import Question
from fencepost.adapters.rest.urls import Sent, place_of


def read(text: bytes, method: str = "GET") -> Reply | None:
    answer = plain_answer(text, method)
    return None if answer is None else answer[0]


def test_a_header_is_the_first_of_its_name_in_any_case() -> None:
    reply = read(b"HTTP/1.1 200 OK\r\nX-SEEN: \t20.1.2.3\r\nx-seen: 9.9.9.9\r\nX-Se: \r\nContent-Length: 2\r\n\r\nin")
    assert reply is not None
    assert [reply.header(name) for name in ("x-Seen", "X-Se", "seen", "X-S")] == ["20.1.2.3", "", None, None]
    assert (reply.status, reply.reason, reply.text) == (200, "OK", "in")
    assert reply.shown().startswith("HTTP 200 OK\nX-SEEN: \t20.1.2.3\nx-seen: 9.9.9.9\n")


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\ni",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nin",
        b"HTTP/1.1 200 OK\r\n\r\nin",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Seen: 1\r\n 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Seen: 1 \r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\nX-Seen: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_answer_of_another_kind_takes_a_whole_client(text: bytes) -> None:
    assert read(text) is None


def test_a_header_of_several_lines_becomes_one() -> None:
    lines = BytesIO(b"X-Seen: 1\r\n 2\r\nX-Mark: \xe9\r\n\r\n")
    head = head_of(http.client.parse_headers(lines).items())
    assert head == b"\r\nX-Seen: 1 2\r\nX-Mark: \xe9\r\n"


class SlowService(threading.Thread):
    """Answers each request on one connection, head and body apart: 200, 403, 200 and so on."""

    def __init__(self, bodies: Sequence[Sequence[bytes]]) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._bodies = bodies

    def run(self) -> None:
        """Answer each request by so many pieces, each on its way before the next is sent."""
        connection, _ = self._listener.accept()
        with self._listener, connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number, pieces in enumerate(self._bodies):
                connection.recv(4096)
                status = (b"200 OK", b"403 Forbidden")[number % 2]
                for piece in (b"HTTP/1.1 " + status + b"\r\n", *pieces):
                    connection.sendall(piece)
                    threading.Event().wait(0.02)


@pytest.fixture
def slow() -> Iterator[SlowService]:
    service = SlowService(
        [
            (b"Content-Length: 4\r\n\r\n", b"ab", b"cd"),
            (b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n", b"0\r\n\r\n"),
            (b"X-Seen: 1\r\n\r\n",),
        ]
    )
    service.start()
    yield service
    service.join(5.0)


def test_the_bare_loop_reads_each_answer_to_its_end(slow: SlowService) -> None:
    place, path = place_of(f"http://127.0.0.1:{slow.port}/")
    question = Question(Sent(place=place, method="GET", path=path, headers=()), None)
    loop = bare_loop([question] * 3, Way(), 1)
    assert loop() == [b"200", b"403", b"200"]

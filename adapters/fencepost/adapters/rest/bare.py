"""Questions in a bare loop: what the kit's own part of a decision costs is timed beside it."""

import contextlib
import socket
import struct
from collections.abc import Callable, Sequence

from fencepost.adapters.rest.link import Way, proxy_header
from fencepost.adapters.rest.requests import Question

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_IP_BIND_ADDRESS_NO_PORT = 24
_LENGTH, _CHUNKED = b"\r\ncontent-length:", b"\r\ntransfer-encoding: chunked"


def bare_loop(questions: Sequence[Question], way: Way, concurrency: int) -> Callable[[], list[bytes]]:
    """A loop that sends the questions in waves of so many, and reads each answer to its end. No TLS.

    Where connections have addresses each question has a connection of its own, else connections are kept. Of the
    answers the loop gives the statuses, and looks at nothing else.
    """
    own = way.bound or way.proxy is not None
    prepared = [(question.address, _text(question, way)) for question in questions]
    is_whole = _has_head if questions[0].sent.method == "HEAD" else _is_whole
    server = (questions[0].sent.place.host, questions[0].sent.place.port)

    def loop() -> list[bytes]:
        statuses = []
        with contextlib.ExitStack() as kept:
            sockets: dict[int, socket.socket] = {}
            for start in range(0, len(prepared), concurrency):
                wave = prepared[start : start + concurrency]
                for slot, (address, text) in enumerate(wave):
                    if own or slot not in sockets:
                        sockets[slot] = _connected(address if way.bound else None, server)
                        if not own:
                            kept.push(sockets[slot])
                    sockets[slot].sendall(text)
                for slot in range(len(wave)):
                    statuses.append(_answer(sockets[slot], is_whole)[9:12])
                    if own:
                        sockets[slot].close()
        return statuses

    return loop


def _answer(connection: socket.socket, is_whole: Callable[[bytes], bool]) -> bytes:
    received = connection.recv(16384)
    while not is_whole(received) and (more := connection.recv(16384)):
        received += more
    return received


def _has_head(received: bytes) -> bool:
    return b"\r\n\r\n" in received


def _is_whole(received: bytes) -> bool:
    """Whether the answer has come to its end; without a length, that is the last chunk or the end of the head."""
    head, end, body = received.partition(b"\r\n\r\n")
    named = head.lower() + b"\r\n"
    at = named.find(_LENGTH)
    if not end or head[9:12] == b"304":
        return bool(end)
    if at >= 0:
        return len(body) >= int(named[at + len(_LENGTH) : named.find(b"\r\n", at + 2)])
    return _CHUNKED not in named or body.endswith(b"0\r\n\r\n")


def _text(question: Question, way: Way) -> bytes:
    request, place = question.sent.text, question.sent.place
    if way.proxy is None:
        return request
    return proxy_header(way.proxy, question.address or "127.0.0.1", place.port, question.tlvs) + request


def _connected(address: str | None, server: tuple[str, int]) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    if address is not None:
        one.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        one.bind((address, 0))
    one.connect(server)
    return one

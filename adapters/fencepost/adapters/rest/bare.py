"""Questions in a bare loop: what the kit's own part of a decision costs is timed beside it."""

import contextlib
import socket
import struct
from collections.abc import Callable, Sequence

from fencepost.adapters.rest.link import Way, proxy_header
from fencepost.adapters.rest.requests import Question

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_IP_BIND_ADDRESS_NO_PORT = 24


def bare_loop(questions: Sequence[Question], way: Way, concurrency: int) -> Callable[[], None]:
    """A loop that sends the questions in waves of so many, and reads of each answer what comes first. No TLS.

    Where connections have addresses each question has a connection of its own, else connections are kept.
    """
    own = way.bound or way.proxy is not None
    prepared = [(question.address, _text(question, way)) for question in questions]
    server = (questions[0].sent.place.host, questions[0].sent.place.port)

    def loop() -> None:
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
                    sockets[slot].recv(16384)
                    if own:
                        sockets[slot].close()

    return loop


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

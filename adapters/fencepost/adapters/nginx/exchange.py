"""A small HTTP client for the adapter: one connection for each address, and answers read in full."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from fencepost.adapters.nginx.configuration import GENERATION, PEER, WORKER
from fencepost.adapters.nginx.vantage import NotFromHere, Vantage

WAVE = 32
"""The number of open connections, so that the server works while the next request is written."""


@dataclass(kw_only=True, eq=False)
class NotHttp(ValueError):
    """The server closed the connection, or its answer is not HTTP with the adapter's headers."""

    came: bytes

    def __str__(self) -> str:
        """What came instead."""
        return f"expected an HTTP answer with {GENERATION}, {PEER} and {WORKER}, got {self.came[:400]!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request: the caller's address and the path."""

    address: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: its status, the caller's address that the server saw, the configuration and the process."""

    status: int
    peer: str
    generation: int
    worker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """A request that could not be sent from its address, and the reason."""

    reason: str


def ask(questions: Sequence[Question], vantage: Vantage) -> list[Reply | NotSent]:
    """One reply for each question, in order; every request is sent, and those of one address share a connection."""
    replies: dict[int, Reply | NotSent] = {}
    of_address: dict[str, list[int]] = {}
    for number, question in enumerate(questions):
        of_address.setdefault(question.address, []).append(number)
    addresses = list(of_address)
    for start in range(0, len(addresses), WAVE):
        with ExitStack() as stack:
            opened = []
            for address in addresses[start : start + WAVE]:
                numbers = of_address[address]
                try:
                    connection = stack.enter_context(vantage.connect(address))
                except NotFromHere as error:
                    replies |= dict.fromkeys(numbers, NotSent(reason=error.reason))
                else:
                    _send(connection, questions[numbers[0]])
                    opened.append((connection, numbers))
            for connection, (first, *others) in opened:
                replies[first] = _read(connection)
                for number in others:
                    _send(connection, questions[number])
                    replies[number] = _read(connection)
    return [replies[number] for number in range(len(questions))]


def _send(connection: socket.socket, question: Question) -> None:
    connection.sendall(f"GET {question.path} HTTP/1.1\r\nHost: vault\r\n\r\n".encode("ascii"))


def _read(connection: socket.socket) -> Reply:
    came = b""
    while b"\r\n\r\n" not in came:
        came += _more(connection, came)
    head, _, body = came.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    try:
        missing = int(headers["Content-Length"]) - len(body)
        reply = Reply(
            status=int(status.split(" ")[1]),
            peer=headers[PEER],
            generation=int(headers[GENERATION]),
            worker=int(headers[WORKER]),
        )
    except (LookupError, ValueError):
        raise NotHttp(came=came) from None
    while missing > 0:
        missing -= len(_more(connection, came))
    return reply


def _more(connection: socket.socket, came: bytes) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise NotHttp(came=came)
    return part

"""A connected socket with a deadline for a whole exchange, not for each read."""

import contextlib
import io
import select
import socket
import ssl
import sys
import time

from fencepost.adapters import any_ip
from fencepost.adapters.urls import Target


class DeadlineSocket:
    """A TCP (or TLS) connection; past the deadline every read and write is a `TimeoutError`.

    It has the one method of a socket that `http.client.HTTPResponse` uses, `makefile`. Raises `OSError` if it cannot
    connect.
    """

    __slots__ = ("_ahead", "_blocks", "_limit", "_socket", "deadline")

    def __init__(self, connected: socket.socket, deadline: float, *, limit: float = 0.0) -> None:
        """A connected socket that blocks has a time `limit` of the kernel's (`any_ip.set_time_limit`)."""
        self.deadline = deadline
        self._socket = connected
        self._ahead = b""
        self._blocks = connected.gettimeout() is None
        self._limit = limit

    @classmethod
    def to(cls, target: Target, deadline: float) -> "DeadlineSocket":
        """A new connection, its certificate checked against the system's authorities where it is TLS."""
        made = cls(socket.create_connection((target.host, target.port), _until(deadline)), deadline)
        try:
            made._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.secure:
                made.secure(ssl.create_default_context(), target.host)
        except BaseException:
            made.close()
            raise
        return made

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on."""
        self._blocks = False
        self._limit_calls()
        self._socket = context.wrap_socket(self._socket, server_hostname=host)

    def is_stale(self) -> bool:
        """Whether the other side has closed or sent unrequested data: such a connection takes no more requests."""
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        return bool(poller.poll(0))

    def send(self, data: bytes) -> None:
        """Send all of it before the deadline."""
        try:
            while data:
                self._limit_calls()
                data = data[self._socket.send(data) :]
        except BlockingIOError:
            raise _late() from None

    def receive(self) -> bytes:
        """The bytes that have come, at the latest at the deadline."""
        self._limit_calls()
        try:
            return self._socket.recv(16384)
        except BlockingIOError:
            raise _late() from None

    def push_back(self, data: bytes) -> None:
        """Have these bytes received again, before any other."""
        self._ahead = data

    def receive_into(self, buffer: memoryview) -> int:
        """Receive what is there, before the deadline."""
        if self._ahead:
            part, self._ahead = self._ahead[: len(buffer)], self._ahead[len(buffer) :]
            buffer[: len(part)] = part
            return len(part)
        self._limit_calls()
        # A server that sends head and body apart waits for the acknowledgement of the head before it sends the body
        # (Nagle's algorithm), and the kernel delays that for 40 ms. The option holds for one receive alone.
        if sys.platform == "linux":
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        try:
            return self._socket.recv_into(buffer)
        except BlockingIOError:
            raise _late() from None

    def makefile(self, mode: str) -> io.BufferedReader:
        """The incoming bytes as a file; closing it leaves the socket open."""
        assert mode == "rb"
        return io.BufferedReader(_Incoming(self), 65536)

    def _limit_calls(self) -> None:
        """End the next call by the deadline. A limit that is set stays while it is right to a twentieth."""
        left = self.deadline - time.monotonic()
        if left <= self._limit <= 1.05 * left:
            return
        self._limit = left = _until(self.deadline)
        if self._blocks:
            any_ip.set_time_limit(self._socket, left)
        else:
            self._socket.settimeout(left)

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._socket.close()


def _late() -> TimeoutError:
    return TimeoutError("the deadline has passed")


def _until(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _late()
    return left


class _Incoming(io.RawIOBase):
    def __init__(self, connection: DeadlineSocket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub's Buffer is 3.12's
        return self._connection.receive_into(buffer)

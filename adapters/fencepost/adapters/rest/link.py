"""A connection to the service: where it comes from, what it says before anything else, requests out, answers in."""

import contextlib
import http.client
import re
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

from fencepost.adapters import any_ip
from fencepost.adapters.contract.faults import Crashed, NotJson, NotStarted, TimedOut
from fencepost.adapters.contract.vocabulary import MAX_LINE
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.proxy_header import write_header
from fencepost.adapters.rest.reply import Reply, head_of, plain_answer
from fencepost.adapters.rest.urls import Place, Sent
from fencepost.adapters.sockets import DeadlineSocket

_CHUNK = 65536
_TLVS = {"authority": (0x02, 255), "unique-id": (0x05, 128)}
"""The types of the values that a PROXY header may have, and how long each may be, in bytes."""

_HERE, _FROM_PORT = "127.0.0.1", 40000
_BLOCKS = sys.platform == "linux"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How links are made: a source address to bind, a PROXY header to begin with, a TLS context."""

    context: ssl.SSLContext | None = None
    proxy: Literal["v1", "v2"] | None = None
    bound: bool = False


class Link:
    """One connection, over which one request after another goes, each exchange by its own deadline."""

    __slots__ = ("_before", "_place", "_socket", "used")

    def __init__(
        self, place: Place, way: Way, address: str | None, deadline: float, tlvs: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Connect; `any_ip.NotFromHere` where that cannot be done from the address, `Broken` where there is nobody."""
        self._place = place
        self._before = b"" if way.proxy is None else proxy_header(way.proxy, address or _HERE, place.port, tlvs)
        self._socket = _connected(place, way, address, deadline)
        self.used = False
        if place.secure:
            self._secure(way.context or ssl.create_default_context())

    def _secure(self, context: ssl.SSLContext) -> None:
        try:
            self._socket.send(self._before)
            self._before = b""
            self._socket.secure(context, self._place.host)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                raise _nobody(self._place, error) from None
            raise

    def is_stale(self) -> bool:
        """Whether the service has closed it in the meantime."""
        return self._socket.is_stale()

    def send(self, sent: Sent, deadline: float) -> None:
        """Send a request."""
        self._socket.deadline = deadline
        text = sent.text
        if self._before:
            text, self._before = self._before + text, b""
        try:
            self._socket.send(text)
        except OSError as error:
            raise _fault(self._place, "to take the request", error) from None

    def receive(self, method: str, deadline: float) -> tuple[Reply, bool]:
        """The answer, and whether the link takes another request."""
        self._socket.deadline = deadline
        try:
            received = self._socket.receive()
            self.used = True
            plain = plain_answer(received, method)
            if plain is not None:
                return plain
            self._socket.push_back(received)
            return self._whole_answer(method)
        except (OSError, http.client.HTTPException) as error:
            raise _fault(self._place, "an answer", error) from None

    def _whole_answer(self, method: str) -> tuple[Reply, bool]:
        body = bytearray()
        response = http.client.HTTPResponse(cast("socket.socket", self._socket), method=method)
        with contextlib.closing(response):
            response.begin()
            while chunk := response.read(_CHUNK):
                body += chunk
                if len(body) > MAX_LINE:
                    raise Broken(expected=f"an answer of at most {MAX_LINE} bytes", came="a longer one", kind=NotJson)
            head = head_of(response.headers.items())
            reply = Reply(status=response.status, reason=response.reason, head=head, body=bytes(body))
            return reply, not response.will_close

    def close(self) -> None:
        """Close it."""
        self._socket.close()


def _connected(place: Place, way: Way, address: str | None, deadline: float) -> DeadlineSocket:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    try:
        if _BLOCKS and _is_ipv4(place.host):
            made = any_ip.connect_from(address if way.bound else None, (place.host, place.port), seconds=seconds)
        else:
            made = socket.create_connection((place.host, place.port), seconds)
        if address is None:  # a caller's requests are small and go one by one
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except TimeoutError:
        raise Broken(expected=f"a connection to {place.url} in time", came="none", kind=TimedOut) from None
    except OSError as error:
        raise _nobody(place, error) from None
    return DeadlineSocket(made, deadline, limit=seconds)


@lru_cache(maxsize=64)
def _is_ipv4(host: str) -> bool:
    return re.fullmatch(r"[0-9.]+", host) is not None


def _nobody(place: Place, error: OSError) -> Broken:
    came = getattr(error, "verify_message", "") or error.strerror or str(error)
    return Broken(expected=f"a connection to {place.url}", came=came, kind=NotStarted)


def proxy_header(version: str, address: str, port: int, tlvs: Sequence[tuple[str, str]]) -> bytes:
    """The header that a proxy sends for its client; `any_ip.NotFromHere` where a value is too long."""
    if version == "v1":
        return f"PROXY TCP4 {address} {any_ip.HOST} {_FROM_PORT} {port}\r\n".encode("ascii")
    values = {}
    for name, text in tlvs:
        kind, longest = _TLVS[name]
        values[kind] = text.encode("utf-8")
        length = len(values[kind])
        if length > longest:
            raise any_ip.NotFromHere(f"the {name} has {length} bytes; a PROXY header holds {longest}")
    return write_header(address, values)


def _fault(place: Place, expected: str, error: OSError | http.client.HTTPException) -> Broken:
    if isinstance(error, TimeoutError):
        return Broken(expected=f"{expected} of {place.url} in time", came="nothing", kind=TimedOut)
    if isinstance(error, OSError | http.client.IncompleteRead):
        came = "the end of the connection" if isinstance(error, http.client.HTTPException) else error.strerror
        return Broken(expected=f"{expected} of {place.url}", came=came or "no connection", kind=Crashed)
    came = f"{type(error).__name__} {error}".strip()
    return Broken(expected=f"an HTTP answer of {place.url}", came=came, kind=NotJson)

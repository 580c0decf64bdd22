"""The carriers `http://…` and `https://…`: one POST for each call, on a kept connection."""

import contextlib
import http.client
import socket
import time
from itertools import count
from typing import cast

from fencepost.adapters import jsonrpc
from fencepost.adapters.contract.faults import Crashed, HarnessFault, NotJson, NotStarted, RpcError, TimedOut
from fencepost.adapters.contract.protocol import Connection, JsonObject, Timeouts
from fencepost.adapters.contract.vocabulary import MAX_LINE
from fencepost.adapters.sockets import DeadlineSocket
from fencepost.adapters.urls import Target, target_of

_CHUNK = 65536
_LEAVE = 2.0
_OK = 200


def connect(address: str, *, timeouts: Timeouts) -> Connection:
    """A connection to the server at this URL, opened by the first call; proxies of the environment are not used."""
    return HttpConnection(target_of(address), timeouts=timeouts)


def connect_secure(address: str, *, timeouts: Timeouts) -> Connection:
    """A connection over TLS, checked against the system's certificate authorities (or `SSL_CERT_FILE`)."""
    return connect(address, timeouts=timeouts)


class HttpConnection:
    """A harness that is an HTTP server; several connections share it.

    A request is sent once. If the server has closed a kept connection, it is replaced before the request goes out. A
    failure after that is a fault, since the write may have been carried out. Not for several threads at once: each
    takes `another()`.
    """

    exclusive = True

    def __init__(self, target: Target, *, timeouts: Timeouts, leaves: str | None = "shutdown") -> None:
        self._target = target
        self._timeouts = timeouts
        self._leaves = leaves
        self._ids = count(1)
        self._socket: DeadlineSocket | None = None
        self._reached = False
        self._sound = False

    def call(self, method: str, params: JsonObject) -> object:
        """Send one call and wait for its result. Until the server's first answer the time limit is `timeouts.start`."""
        return self._call(method, params, self._timeouts.call if self._reached else self._timeouts.start)

    def another(self) -> "HttpConnection":
        """A second connection to the same server; closing it does not send `shutdown`."""
        return HttpConnection(self._target, timeouts=self._timeouts, leaves=None)

    def log(self) -> str:
        """The empty text: the server keeps its log."""
        return ""

    def close(self) -> None:
        """Send `shutdown`, unless the last call failed; close the socket."""
        if self._sound and self._leaves is not None:
            with contextlib.suppress(HarnessFault):
                self._call(self._leaves, {}, _LEAVE)
        self._drop()

    def _call(self, method: str, params: JsonObject, seconds: float) -> object:
        call_id = next(self._ids)
        body = jsonrpc.request(call_id, method, params)
        try:
            status, answer = self._exchange(method, body, seconds)
            result = self._result(method, call_id, status, answer)
        except HarnessFault as fault:
            if not isinstance(fault, RpcError):
                self._drop()
            raise self._redacted(fault) from None
        except BaseException:  # An interrupt: the answer is still to come.
            self._drop()
            raise
        self._sound = True
        return result

    def _exchange(self, method: str, body: bytes, seconds: float) -> tuple[int, bytes]:
        deadline = time.monotonic() + seconds
        received = bytearray()
        try:
            connection = self._connected(method, deadline)
            sent = self._send(connection, body)
            status = self._receive(method, connection, received)
            if not sent:
                self._drop()
        except TimeoutError:
            came = "half an answer" if received else "nothing"
            raise TimedOut(
                method=method,
                expected=f"an answer within {seconds:g} s",
                came=came,
                offending=self._shown(received),
            ) from None
        except (OSError, http.client.RemoteDisconnected, http.client.IncompleteRead) as error:
            raise Crashed(
                method=method, expected="an answer", came=_in_words(error), offending=self._shown(received)
            ) from None
        except http.client.HTTPException as error:
            raise NotJson(
                method=method, expected="an HTTP answer", came=type(error).__name__, offending=str(error)
            ) from None
        self._reached = True
        return status, bytes(received)

    def _connected(self, method: str, deadline: float) -> DeadlineSocket:
        if self._socket is not None and self._socket.is_stale():
            self._drop()
        if self._socket is None:
            try:
                self._socket = DeadlineSocket.to(self._target, deadline)
            except TimeoutError:
                raise
            except OSError as error:
                fault = Crashed if self._reached else NotStarted
                raise fault(
                    method=method, expected=f"a connection to {self._target.shown}", came=_in_words(error)
                ) from None
        self._socket.deadline = deadline
        return self._socket

    def _send(self, connection: DeadlineSocket, body: bytes) -> bool:
        try:
            connection.send(b"%sContent-Length: %d\r\n\r\n%s" % (self._target.head, len(body), body))
        except ConnectionError:  # A server that refuses the rest of a request may have answered before it closed.
            return False
        return True

    def _receive(self, method: str, connection: DeadlineSocket, received: bytearray) -> int:
        # HTTPResponse uses no method of a socket but `makefile`.
        response = http.client.HTTPResponse(cast("socket.socket", connection), method="POST")
        with contextlib.closing(response):
            response.begin()
            while chunk := response.read1(_CHUNK):
                received += chunk
                if len(received) > MAX_LINE:
                    raise NotJson(
                        method=method,
                        expected=f"an answer of at most {MAX_LINE} bytes",
                        came="a longer one",
                        offending=self._shown(received),
                    )
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
            if response.will_close:
                self._drop()
            return response.status

    def _result(self, method: str, call_id: int, status: int, answer: bytes) -> object:
        if answer.lstrip()[:1] == b"<":
            raise NotJson(
                method=method,
                expected=f"a harness at {self._target.shown} that answers a JSON-RPC request by POST",
                came=f"HTTP status {status} and a page for browsers",
            )
        if status == _OK:
            return jsonrpc.result_of(answer, call_id=call_id, method=method, show=self._shown)
        try:
            jsonrpc.result_of(answer, call_id=call_id, method=method, show=self._shown)
        except RpcError as fault:
            fault.came = f"HTTP status {status}, {fault.came}"
            raise
        except HarnessFault:
            pass
        raise NotJson(
            method=method,
            expected=f"HTTP status {_OK} of {self._target.shown}",
            came=f"{status}",
            offending=self._shown(answer),
        )

    def _shown(self, answer: bytes | bytearray) -> str:
        # Secrets are removed before the text is cut: a cut through a secret would leave its ends.
        text = answer.decode("utf-8", errors="backslashreplace")
        return jsonrpc.shown(self._target.redact(text).encode("utf-8"))

    def _redacted(self, fault: HarnessFault) -> HarnessFault:
        for name in ("expected", "came", "offending", "traceback"):
            if hasattr(fault, name):
                setattr(fault, name, self._target.redact(getattr(fault, name)))
        return fault

    def _drop(self) -> None:
        self._sound = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _in_words(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return "the end of the connection in the middle of an answer"
    if isinstance(error, http.client.RemoteDisconnected):
        return "the end of the connection"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__

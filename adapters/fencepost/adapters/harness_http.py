"""A subject served over HTTP on the loopback interface: JSON-RPC by POST, with a thread for each connection."""

import contextlib
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fencepost.adapters.answering import Call, answer
from fencepost.adapters.contract.faults import HarnessFault
from fencepost.adapters.contract.protocol import Connection, JsonObject, Shareable
from fencepost.adapters.contract.vocabulary import MAX_LINE, PROTOCOL


class ContractServer(ThreadingHTTPServer):
    """Serves the subject at `url` until `shutdown()`; the port 0 takes any free port.

    Calls are carried out one at a time, except for a subject that declares `snapshot-isolation`, which every client
    calls at once.
    """

    daemon_threads = True

    def __init__(self, connection: Connection, *, port: int = 0) -> None:
        self._connection = connection
        self._one_at_a_time = threading.Lock()
        self._isolated = _declares_isolation(connection)
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """The URL of the subject."""
        return f"http://127.0.0.1:{self.server_port}/"

    @contextlib.contextmanager
    def client(self) -> Iterator[Call]:
        """A function that carries out the calls of one client."""
        if self._isolated and isinstance(self._connection, Shareable):
            with contextlib.closing(self._connection.another()) as own:
                yield own.call
        else:
            yield self._call_alone

    def _call_alone(self, method: str, params: JsonObject) -> object:
        with self._one_at_a_time:
            return self._connection.call(method, params)


def _declares_isolation(connection: Connection) -> bool:
    try:
        statement = connection.call("describe", {"protocol": PROTOCOL})
    except HarnessFault:
        return False
    features = statement.get("features") if isinstance(statement, dict) else None
    return isinstance(features, list) and "snapshot-isolation" in features


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: ContractServer

    def handle(self) -> None:
        with self.server.client() as self._call, contextlib.suppress(ConnectionError):
            super().handle()

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MAX_LINE:
            self._discard(int(length))  # A client that is still sending would not read the refusal.
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._send(answer(self.rfile.read(int(length)), self._call))

    def _send(self, body: bytes | None) -> None:
        self.send_response(HTTPStatus.NO_CONTENT if body is None else HTTPStatus.OK)
        if body is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body or b"")

    def _discard(self, length: int) -> None:
        while length > 0 and (chunk := self.rfile.read1(min(length, 65536))):
            length -= len(chunk)

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self.send_error(status)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Log nothing: logging the calls is the client's task."""

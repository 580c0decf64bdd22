"""A listener in front of uvicorn's protocol: it reads the PROXY protocol header before TLS, and shapes its own 400s."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import Callable
from typing import Any

from fencepost.adapters.azure_server.calling import Origin
from fencepost.adapters.proxy_header import BadHeader, read_header
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

SLOWEST = 10.0
"""Seconds that a client may take for the PROXY header, for the handshake, and for the head of a request."""

_BACKLOG = 1024
_CONNECTIONS = 4096


def configuration(app: Callable[..., Any]) -> Config:
    """Uvicorn's own configuration for the application: no log, no headers of its own, connections that are kept."""
    config = Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=600,
    )
    config.load()
    return config


class AzureProtocol(H11Protocol):
    """uvicorn's protocol with a bound on the time that a request's head may take, and 400s of Azure's kind."""

    _overdue: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, log: Callable[[str], None], **settings: Any) -> None:
        """The protocol, whose own answers are lines in the log."""
        super().__init__(*arguments, **settings)
        self._log = log

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect the first head."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Take what has come; a head that has begun must end in time."""
        if (self.cycle is None or self.cycle.response_complete) and self._overdue is None:
            self._expect()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete and self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        if self._overdue is not None:
            self._overdue.cancel()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._overdue = self.loop.call_later(SLOWEST, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self._say(408, "Request Timeout", "RequestTimeout", "The head of the request did not come in time.")

    def send_400_response(self, msg: str) -> None:
        """Answer a request that h11 cannot read: two Hosts, a broken head, a broken chunk."""
        self._say(400, "Bad Request", "BadRequest", f"The request could not be read: {msg}")

    def _say(self, status: int, phrase: str, code: str, message: str) -> None:
        body = json.dumps({"error": {"code": code, "message": message}}).encode()
        self._log(f"a request from {self.app_state['origin'].address}: {status} {code}")
        head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
        self.transport.close()


class Listener:
    """One port. `port` is known from the start; connections are taken once `start()` was awaited."""

    def __init__(
        self,
        config: Config,
        *,
        address: str,
        port: int,
        context: ssl.SSLContext | None,
        reads_proxy_header: bool,
        log: Callable[[str], None],
    ) -> None:
        self._config = config
        self._log = log
        self._context = context
        self._reads_proxy_header = reads_proxy_header
        self._state = ServerState()
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((address, port))
            self._socket.listen(_BACKLOG)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)  # noqa: FBT003 - the name of the standard library
        self.port: int = self._socket.getsockname()[1]

    def start(self) -> None:
        """Take connections from now on, in the running loop."""
        self._spawn(self._accept())

    async def close(self) -> None:
        """Take no more connections, let requests that are under way end, close the rest."""
        for task in tuple(self._tasks):
            task.cancel()
        self._socket.close()
        for connection in tuple(self._state.connections):
            connection.shutdown()
        for _ in range(100):
            if not self._state.tasks:
                break
            await asyncio.sleep(0.01)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(self._socket)
            except OSError:  # out of descriptors, or the peer has gone already
                await asyncio.sleep(0.05)
                continue
            if len(self._state.connections) >= _CONNECTIONS:
                connection.close()
                continue
            connection.setblocking(False)  # noqa: FBT003 - the name of the standard library
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._spawn(self._admit(connection, peer[0]))

    async def _admit(self, connection: socket.socket, peer: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            origin = Origin(address=peer)
            if self._reads_proxy_header:
                async with asyncio.timeout(SLOWEST):
                    header = await read_header(lambda size: _exactly(connection, size))
                if header.address is not None:
                    origin = Origin(address=header.address, values=header.values)
            await loop.connect_accepted_socket(
                lambda: AzureProtocol(self._config, self._state, {"origin": origin}, _loop=loop, log=self._log),
                connection,
                ssl=self._context,
                ssl_handshake_timeout=SLOWEST if self._context else None,
            )
        except (OSError, BadHeader, EOFError, TimeoutError, ssl.SSLError):
            connection.close()
        except BaseException:
            with contextlib.suppress(OSError):
                connection.close()
            raise


async def _exactly(connection: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    received = b""
    while len(received) < size:
        chunk = await loop.sock_recv(connection, size - len(received))
        if not chunk:
            raise EOFError
        received += chunk
    return received

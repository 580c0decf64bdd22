"""How a call reaches the endpoint as the caller that it is made for: headers, a bound socket, or a PROXY header."""

import asyncio
import contextlib
import errno
import re
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport
from fencepost.adapters.azure.target import CallerTable
from fencepost.adapters.proxy_header import SERVICE, SUBNET, TRUSTED, write_header

_NOT_FROM_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EINVAL, errno.EACCES, errno.EPERM, errno.ENETUNREACH})
_BIND_ADDRESS_NO_PORT = 24
_IDLE = 4.0
"""Seconds that an idle connection of one caller is kept: less than any server keeps it."""

_SEEN = "x-ms-keyvault-network-info"
_ADDRESS = re.compile(r"(?:^|;)addr=([0-9.]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conveyed:
    """Whom a call is made for; `is_last` where no further call of this caller follows on the same connection."""

    address: str
    subnet: str | None = None
    service: str | None = None
    trusted: bool | None = None
    is_authenticated: bool = True
    is_last: bool = False

    @property
    def source(self) -> tuple[str, str | None, str | None, bool | None]:
        """The caller whose calls may share a connection."""
        return self.address, self.subnet, self.service, self.trusted


CALLER: ContextVar[Conveyed | None] = ContextVar("CALLER", default=None)
"""The caller of the present call; None for our own calls."""


class NotFromHere(Exception):
    """The call cannot be made from this address."""


class ConveyingTransport(AioHttpTransport):
    """The SDK's own transport: it adds what the headers convey, and takes the token from a caller that has none."""

    def __init__(self, session: aiohttp.ClientSession, table: CallerTable) -> None:
        super().__init__(session=session, session_owner=False)
        self._headers = table.headers
        self._by_header = table.address == "header"

    async def send(self, request: Any, **config: Any) -> Any:
        """Send the request as its caller would."""
        caller = CALLER.get()
        if caller is not None:
            names = self._headers
            trusted = None if caller.trusted is None else str(caller.trusted).lower()
            conveyed = (
                (names.address if self._by_header else None, caller.address),
                (names.subnet, caller.subnet),
                (names.service, caller.service),
                (names.trusted, trusted),
            )
            for name, value in conveyed:
                if name is not None and value is not None:
                    request.headers[name] = quote(value)
            if not caller.is_authenticated:
                request.headers.pop("Authorization", None)
            if caller.is_last and not self._by_header:
                request.headers["Connection"] = "close"
        response = await super().send(request, **config)
        seen = _ADDRESS.search(response.headers.get(_SEEN, ""))
        if caller is not None and seen is not None and seen[1] != caller.address:
            raise NotFromHere(f"the endpoint saw {seen[1]} instead of {caller.address}")
        return response


class BlockingResolver(aiohttp.abc.AbstractResolver):
    """Names are looked up without a thread: at the program's end, when a run is taken away, no thread can be begun."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[Any]:
        """Every address of the name."""
        found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        return [
            {
                "hostname": host,
                "host": address[0],
                "port": address[1],
                "family": kind,
                "proto": protocol,
                "flags": socket.AI_NUMERICHOST,
            }
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


class OfOneCaller(aiohttp.ClientRequest):
    """A request that takes no other caller's connection."""

    @property
    def connection_key(self) -> Any:
        """The key by which connections are kept, with the caller in the field for a proxy's headers."""
        caller = CALLER.get()
        return super().connection_key._replace(proxy_headers_hash=None if caller is None else caller.source)


class BoundConnector(aiohttp.TCPConnector):
    """Connections of one caller each, bound to the caller's address."""

    async def _wrap_create_connection(self, *args: Any, addr_infos: Any, req: Any, timeout: Any, **kwargs: Any) -> Any:
        kwargs.pop("client_error", None)
        connection = socket.socket()
        try:
            connection.setblocking(False)  # noqa: FBT003 - the name of the standard library
            self._prepare(connection)
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(timeout.sock_connect or 10.0):
                await loop.sock_connect(connection, addr_infos[0][4])
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._announce(connection)
            return await loop.create_connection(*args, sock=connection, **kwargs)
        except OSError as error:
            connection.close()
            raise aiohttp.ClientConnectorError(req.connection_key, error) from error
        except BaseException:
            connection.close()
            raise

    def _prepare(self, connection: socket.socket) -> None:
        caller = CALLER.get()
        if caller is None:
            return
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        try:
            connection.bind((caller.address, 0))
        except OSError as error:
            if error.errno in _NOT_FROM_HERE:
                raise NotFromHere(f"cannot send from {caller.address}: {error.strerror}") from None
            raise

    async def _announce(self, connection: socket.socket) -> None:
        """Say nothing: the address is the connection's own."""


class ProxyConnector(BoundConnector):
    """Connections of one caller each, with a PROXY protocol header in front of it."""

    def __init__(self, *, conveys_values: bool, **options: Any) -> None:
        super().__init__(**options)
        self._conveys_values = conveys_values

    def _prepare(self, connection: socket.socket) -> None:
        """Bind nothing."""

    async def _announce(self, connection: socket.socket) -> None:
        caller = CALLER.get() or Conveyed(address="127.0.0.1")
        conveyed = {SUBNET: caller.subnet, SERVICE: caller.service}
        values = {
            kind: value.encode() for kind, value in conveyed.items() if value is not None and self._conveys_values
        }
        if caller.trusted is not None and self._conveys_values:
            values[TRUSTED] = str(caller.trusted).lower().encode()
        await asyncio.get_running_loop().sock_sendall(connection, write_header(caller.address, values))


def connector(table: CallerTable, context: ssl.SSLContext) -> aiohttp.TCPConnector:
    """The connector of the target file's way; callers share connections only where a header has the address."""
    options: dict[str, Any] = {"ssl": context, "limit": 64, "keepalive_timeout": _IDLE, "resolver": BlockingResolver()}
    match table.address:
        case "header":
            return kept_connector(context)
        case "bound":
            return BoundConnector(**options)
        case "proxy-v2":
            return ProxyConnector(conveys_values=table.proxy_values, **options)


def kept_connector(context: ssl.SSLContext) -> aiohttp.TCPConnector:
    """A connector that keeps its connections, and binds and announces nothing."""
    return aiohttp.TCPConnector(ssl=context, limit=64, keepalive_timeout=300, resolver=BlockingResolver())

"""How requests get their source: an address in a network namespace, or a PROXY protocol header on a local socket."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fencepost.adapters import any_ip
from fencepost.adapters.any_ip import NotFromHere, search_path
from fencepost.adapters.proxy_header import write_header

SERVER = (any_ip.HOST, 8080)
"""Where the server listens inside the namespace; every other address is as local there as this one."""

TIMEOUT = 5.0
"""Time limit, in seconds, for a server to answer or refuse."""

_LONGEST_SOCKET_PATH = 103


@dataclass(kw_only=True, eq=False)
class NoVantage(OSError):
    """The vantage is not available on this machine: what is missing, and what to do about it."""

    reason: str
    try_instead: str

    def __str__(self) -> str:
        """The reason and the advice."""
        return f"{self.reason}. {self.try_instead}"


class Vantage(Protocol):
    """A way to make the server see a caller's address."""

    @property
    def label(self) -> str:
        """The name of the vantage in the statement."""
        ...

    @property
    def listen(self) -> str:
        """The nginx directives by which the server accepts requests from here."""
        ...

    def enter(self) -> None:
        """Move the calling thread and its later child processes to this vantage; `NoVantage` if that fails."""
        ...

    def connect(self, address: str) -> socket.socket:
        """A connection that the server sees as coming from the address; `NotFromHere` if that is impossible."""
        ...


class AnyIp:
    """A new network namespace in which every IPv4 address is local and no packet can leave.

    It lives as long as the thread that entered it and the processes that this thread has started, so it needs no
    clean-up, even after a crash.
    """

    label = "any source address in a network namespace"
    listen = f"listen {SERVER[0]}:{SERVER[1]};"

    def enter(self) -> None:
        """Leave the machine's network for a new one; needs root, Linux and the `ip` of iproute2."""
        try:
            any_ip.enter()
        except any_ip.NoNamespace as error:
            advice = (
                f"{error.try_instead.removesuffix('.')}, or 'nginx:proxy'."
                if error.try_instead
                else "Try 'nginx:proxy'."
            )
            raise NoVantage(reason=error.reason, try_instead=advice) from None

    def connect(self, address: str) -> socket.socket:
        """A TCP connection bound to the address. Closing it resets it, so that no port stays in use."""
        return any_ip.connect_from(address, SERVER, seconds=TIMEOUT)


class ProxyProtocol:
    """A Unix socket in the server's own folder, with a PROXY protocol (version 2) header on each connection."""

    label = "PROXY protocol"
    listen = "listen unix:socket proxy_protocol; set_real_ip_from unix:; real_ip_header proxy_protocol;"

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "socket")

    def enter(self) -> None:
        """Do nothing but check the socket's path, which must not be too long."""
        if len(os.fsencode(self._socket)) > _LONGEST_SOCKET_PATH:
            raise NoVantage(
                reason=f"the path {self._socket} is too long for a socket",
                try_instead="Try with the environment variable TMPDIR set to a shorter path.",
            )

    def connect(self, address: str) -> socket.socket:
        """A connection that states that it is forwarded for the address."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(TIMEOUT)
            connection.connect(self._socket)
            connection.sendall(write_header(address, {}))
        except BaseException:
            connection.close()
            raise
        return connection


__all__ = ["SERVER", "AnyIp", "NoVantage", "NotFromHere", "ProxyProtocol", "Vantage", "search_path"]

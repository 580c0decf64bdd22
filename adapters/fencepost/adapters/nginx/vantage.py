"""How requests get their source: an address in a network namespace, or a PROXY protocol header on a local socket."""

import ctypes
import errno
import os
import shutil
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SERVER = ("20.0.0.1", 8080)
"""The server's address inside the namespace; every other address is equally local there."""

TIMEOUT = 5.0
"""Time limit, in seconds, for a server to answer or refuse."""

_CLONE_NEWNET = 0x40000000
_IP_BIND_ADDRESS_NO_PORT = 24
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_LONGEST_SOCKET_PATH = 103
_PROXY_V2_TCP4 = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"
_PROXY_PORTS = struct.pack("!HH", 40000, 80)
_NOT_FROM_HERE = frozenset(
    {errno.EADDRNOTAVAIL, errno.EADDRINUSE, errno.EINVAL, errno.EACCES, errno.EPERM, errno.ENETUNREACH}
)


@dataclass(kw_only=True, eq=False)
class NotFromHere(Exception):
    """A request cannot be sent from the requested address."""

    reason: str

    def __str__(self) -> str:
        """The reason."""
        return self.reason


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
        if sys.platform != "linux":
            raise NoVantage(reason="network namespaces need Linux", try_instead="Try 'nginx:proxy'.")
        program = shutil.which("ip", path=search_path())
        if program is None:
            raise NoVantage(
                reason="the program ip is not installed", try_instead="Try: apt-get install iproute2, or 'nginx:proxy'."
            )
        if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
            why = os.strerror(ctypes.get_errno())
            raise NoVantage(
                reason=f"a network namespace cannot be made ({why}); that needs root and the right CAP_SYS_ADMIN",
                try_instead="Try it as root, or 'nginx:proxy'.",
            )
        for command in ("link set lo up", "route add local 0.0.0.0/0 dev lo", f"addr add {SERVER[0]}/32 dev lo"):
            done = subprocess.run([program, *command.split()], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise NoVantage(reason=f"ip {command}: {done.stderr.strip()}", try_instead="Try 'nginx:proxy'.")

    def connect(self, address: str) -> socket.socket:
        """A TCP connection bound to the address. Closing it resets it, so that no port stays in use."""
        connection = socket.socket()
        try:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            connection.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
            connection.settimeout(TIMEOUT)
            connection.bind((address, 0))
            connection.connect(SERVER)
        except OSError as error:
            connection.close()
            if error.errno in _NOT_FROM_HERE:
                raise NotFromHere(reason=f"cannot send from {address}: {error.strerror}") from None
            raise
        except BaseException:
            connection.close()
            raise
        return connection


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
        header = _PROXY_V2_TCP4 + socket.inet_aton(address) + socket.inet_aton(SERVER[0]) + _PROXY_PORTS
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(TIMEOUT)
            connection.connect(self._socket)
            connection.sendall(header)
        except BaseException:
            connection.close()
            raise
        return connection


def search_path() -> str:
    """The folders to search for programs: the user's path, and the administrators' folders."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])

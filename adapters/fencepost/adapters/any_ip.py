"""A network namespace in which every IPv4 address is local, so that requests really come from any of them."""

import ctypes
import errno
import math
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

HOST = "20.0.0.1"
"""An address for daemons that enumerate interfaces; every other address is as local as this one."""

_COMMANDS = (
    "link set lo up",
    "route add local 0.0.0.0/0 dev lo",
    f"addr add {HOST}/32 dev lo",
    "route del broadcast 127.255.255.255 dev lo table local",  # else the kernel puts another address in its place
)
_CLONE_NEWNET = 0x40000000
_IP_BIND_ADDRESS_NO_PORT = 24
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_REPLACED, _MULTICAST = (bytes(4), b"\xff" * 4), 224 >> 4
_NOT_FROM_HERE = frozenset(
    {errno.EADDRNOTAVAIL, errno.EADDRINUSE, errno.EINVAL, errno.EACCES, errno.EPERM, errno.ENETUNREACH}
)


class NotFromHere(Exception):
    """A request cannot be sent from the address that was asked for."""


@dataclass(kw_only=True, eq=False)
class NoNamespace(OSError):
    """A namespace cannot be had on this machine: what is missing, and what would help."""

    reason: str
    try_instead: str = ""

    def __str__(self) -> str:
        """The reason and the advice."""
        return f"{self.reason}. {self.try_instead}".strip()


def enter() -> None:
    """Move the calling thread, and what it starts from now on, into a new namespace of this kind.

    The namespace has no name. It lives as long as the thread and the processes that this thread has started: there is
    nothing to remove. `NoNamespace` without root, Linux or the `ip` of iproute2.
    """
    enter_empty()
    run_ip(_COMMANDS)


def enter_empty() -> None:
    """The same, with a namespace in which no address is local yet."""
    if sys.platform != "linux":
        raise NoNamespace(reason="network namespaces need Linux")
    if shutil.which("ip", path=search_path()) is None:
        raise NoNamespace(reason="the program ip is not installed", try_instead="Try: apt-get install iproute2.")
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        why = os.strerror(ctypes.get_errno())
        reason = f"a network namespace cannot be made ({why}); that needs root and the right CAP_SYS_ADMIN"
        raise NoNamespace(reason=reason, try_instead="Try it as root.")


def run_ip(commands: Sequence[str]) -> None:
    """Run commands of iproute2 in the namespace of this thread; `NoNamespace` where they fail."""
    program = shutil.which("ip", path=search_path()) or "ip"
    done = subprocess.run(
        [program, "-batch", "-"], input="\n".join(commands), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NoNamespace(reason=f"ip: {' '.join(done.stderr.split())}")


def what_is_missing() -> NoNamespace | None:
    """What keeps a namespace from being made here; None where nothing does."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        error = thread.submit(enter).exception()
    if error is None or isinstance(error, NoNamespace):
        return error
    raise error


def is_replaced(address: str) -> bool:
    """Whether the kernel replaces this address when it sends, although a socket can be bound to it."""
    packed = socket.inet_pton(socket.AF_INET, address)
    return packed[0] >> 4 == _MULTICAST or packed in _REPLACED


def connect_from(
    address: str | None, server: tuple[str, int], *, seconds: float, interface: str | None = None
) -> socket.socket:
    """A TCP connection bound to the address, if there is one; `NotFromHere` where that is none to send from.

    It leaves by the interface, if there is one.

    It blocks, and the kernel ends each call after so many seconds. Closing it resets it, so that no port stays in use.
    """
    if address is not None and is_replaced(address):
        raise NotFromHere(f"cannot send from {address}: the kernel puts another address in its place")
    connection = socket.socket()
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        set_time_limit(connection, seconds)
        if interface is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode("ascii"))
        if address is not None:
            connection.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
            connection.bind((address, 0))
        connection.connect(server)
    except OSError as error:
        connection.close()
        if isinstance(error, BlockingIOError):
            raise TimeoutError(f"no connection within {seconds:g} s") from None
        if address is not None and error.errno in _NOT_FROM_HERE:
            raise NotFromHere(f"cannot send from {address}: {error.strerror}") from None
        raise
    return connection


def set_time_limit(connection: socket.socket, seconds: float) -> None:
    """Have the kernel end each call on a socket that blocks: it then raises `BlockingIOError`.

    Python's own time limit costs a further call of the kernel before each.
    """
    limit = _timeval(math.ceil(seconds * 50))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)


@lru_cache(maxsize=64)
def _timeval(fiftieths: int) -> bytes:
    return struct.pack("ll", fiftieths // 50, fiftieths % 50 * 20_000)


def search_path() -> str:
    """Where programs are looked for: the user's path, and where administrators' programs are."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])

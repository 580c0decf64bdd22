"""The PROXY protocol header, version 2: written in front of a connection, and read before anything else of it."""

import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
SUBNET, SERVICE, TRUSTED = 0xE0, 0xE1, 0xE2
"""Types of the values, of those that the protocol leaves to its users, that convey a caller beside its address."""

_FIXED = struct.Struct("!12sBBH")
_LOCAL, _PROXY = 0x20, 0x21
_TCP4 = 0x11
_ADDRESSES = struct.Struct("!4s4sHH")
_HERE = socket.inet_aton("127.0.0.1")


class BadHeader(ValueError):
    """What came in front of the connection is no PROXY protocol header that can be used here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyHeader:
    """Whom the connection is made for: None where the proxy speaks for itself; `values` are the TLVs by type."""

    address: str | None
    values: Mapping[int, bytes] = field(default_factory=lambda: MappingProxyType({}))


def write_header(address: str, values: Mapping[int, bytes]) -> bytes:
    """The header for a connection made for the IPv4 address, to be sent before the first byte of TLS."""
    tlvs = b"".join([struct.pack("!BH", kind, len(value)) + value for kind, value in values.items()])
    fixed = _FIXED.pack(SIGNATURE, _PROXY, _TCP4, _ADDRESSES.size + len(tlvs))
    return fixed + _ADDRESSES.pack(socket.inet_aton(address), _HERE, 40000, 443) + tlvs


async def read_header(read_exactly: Callable[[int], Awaitable[bytes]]) -> ProxyHeader:
    """The header, and no byte more. `BadHeader` if there is none, or a header of anything but TCP over IPv4."""
    signature, command, family, length = _FIXED.unpack(await read_exactly(_FIXED.size))
    if signature != SIGNATURE or command not in (_LOCAL, _PROXY):
        raise BadHeader("expected a PROXY protocol header of version 2")
    rest = await read_exactly(length)
    if command == _LOCAL:
        return ProxyHeader(address=None)
    if family != _TCP4 or length < _ADDRESSES.size:
        raise BadHeader(f"expected TCP over IPv4 (0x11), got 0x{family:02x} with {length} bytes")
    source, _, _, _ = _ADDRESSES.unpack_from(rest)
    return ProxyHeader(address=socket.inet_ntoa(source), values=_values(rest[_ADDRESSES.size :]))


def _values(rest: bytes) -> Mapping[int, bytes]:
    values = {}
    while rest:
        if len(rest) < 3:
            raise BadHeader("a value is cut off")
        kind, length = struct.unpack_from("!BH", rest)
        if len(rest) < 3 + length:
            raise BadHeader("a value is cut off")
        values[kind] = rest[3 : 3 + length]
        rest = rest[3 + length :]
    return MappingProxyType(values)

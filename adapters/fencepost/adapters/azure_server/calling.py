"""Who is calling: the connection's origin, and what a request's headers add to it where they are trusted."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from fencepost.adapters.azure_server.errors import bad_request
from fencepost.adapters.proxy_header import SERVICE, SUBNET, TRUSTED

HEADERS = {
    "address": "x-fencepost-address",
    "subnet": "x-fencepost-subnet",
    "service": "x-fencepost-service",
    "trusted": "x-fencepost-trusted",
}
"""The headers that convey a caller, believed only with `--trust-test-headers`; their values are percent-encoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The origin of a connection: the peer's address, or the address in a PROXY protocol header."""

    address: str
    values: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller, as far as the network shows it: an IPv4 address, a subnet, a Microsoft service."""

    address: str
    subnet: str | None = None
    service: str | None = None
    trusted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Convoy:
    """What is believed: test headers and values of the PROXY header; the last `hops` entries of X-Forwarded-For."""

    trusts_test_headers: bool = False
    hops: int = 0

    def caller(self, origin: Origin, headers: Mapping[str, str]) -> Caller:
        """The caller; a 400 where what is believed cannot be read."""
        address = _forwarded(headers.get("x-forwarded-for", ""), self.hops) or origin.address
        if not self.trusts_test_headers:
            return Caller(address=address)
        conveyed = {name: _unquoted(headers.get(header)) for name, header in HEADERS.items()}
        conveyed["subnet"] = conveyed["subnet"] or _text(origin, SUBNET)
        conveyed["service"] = conveyed["service"] or _text(origin, SERVICE)
        trusted = conveyed["trusted"] or _text(origin, TRUSTED)
        return Caller(
            address=_ipv4(conveyed["address"], HEADERS["address"]) if conveyed["address"] else address,
            subnet=conveyed["subnet"],
            service=conveyed["service"],
            trusted=None if trusted is None else trusted == "true",
        )


def _unquoted(value: str | None) -> str | None:
    return None if value is None else unquote(value)


def _text(origin: Origin, kind: int) -> str | None:
    value = origin.values.get(kind)
    return None if value is None else value.decode("utf-8", errors="replace")


def _forwarded(chain: str, hops: int) -> str | None:
    """The address that the outermost of so many trusted proxies has seen."""
    seen = [part.strip() for part in chain.split(",") if part.strip()]
    if not hops or not seen:
        return None
    return _ipv4(seen[-min(hops, len(seen))], "x-forwarded-for")


def _ipv4(text: str, header: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise bad_request(f"{header}: expected an IPv4 address, got {text[:80]!r}") from None

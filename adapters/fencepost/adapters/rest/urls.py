"""A server and a URL there, and a request as it goes on the wire and as a line of curl."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import quote, urlsplit

from fencepost.adapters.declared.reading import Broken

_SAFE = "/%:@!$&'()*+,;=~?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server: what a connection is made to."""

    secure: bool
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as a header has them."""
        named = f"[{self.host}]" if ":" in self.host else self.host
        return named if self.port == (443 if self.secure else 80) else f"{named}:{self.port}"

    @property
    def url(self) -> str:
        """The beginning of each URL there."""
        return f"{'https' if self.secure else 'http'}://{self.authority}"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request: where it goes, what it says."""

    place: Place
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None = None

    @cached_property
    def text(self) -> bytes:
        """The request as it goes on the wire; `Broken` where a header would become two."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {self.place.authority}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        head = "\r\n".join(lines)
        if head.count("\r\n") != len(lines) - 1 or head.count("\n") != len(lines) - 1:
            raise Broken(expected="headers of one line each", came="a line break in one", offending=head)
        return f"{head}\r\n\r\n".encode("utf-8", errors="surrogateescape") + (self.body or b"")

    def as_curl(self, how: Sequence[str] = ()) -> str:
        """A line to paste; `how` are options that say how the source address is conveyed."""
        words = ["curl", "-sS", "-i", *how]
        if self.method != "GET":
            words += ["-X", self.method]
        for name, value in self.headers:
            words += ["-H", f"{name}: {value}"]
        if self.body is not None:
            words += ["--data-binary", self.body.decode("utf-8", errors="backslashreplace")]
        return shlex.join([*words, f"{self.place.url}{self.path}"])


def place_of(url: str) -> tuple[Place, str]:
    """The server that a URL names, and its path with the query; `ValueError` where it is no such URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected http://HOST… or https://HOST…")
    if parts.username is not None or parts.password is not None:
        raise ValueError('no user and password here: write headers = { Authorization = "Basic ${env.NAME}" }')
    secure = parts.scheme == "https"
    port = parts.port if parts.port is not None else 443 if secure else 80
    asked = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return Place(secure=secure, host=parts.hostname, port=port), quoted(asked)


@lru_cache(maxsize=1024)
def quoted(path: str) -> str:
    """The path and query with everything escaped that no URL may hold."""
    return quote(path, safe=_SAFE)

"""The parsed address of an HTTP harness, with its secrets kept out of every fault."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from fencepost.adapters.contract.faults import SubjectError

_HIDDEN = "…"
_UNRESERVED_IN_PATHS = "/%:@!$&'()*+,;=~"
_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The target of the calls: URL without secrets, host and port, head of each request, and the secrets."""

    shown: str
    host: str
    port: int
    secure: bool
    head: bytes
    secrets: tuple[str, ...]

    def redact(self, text: str) -> str:
        """The text with every secret of the URL in it masked; a server may send them back."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return text


def target_of(url: str) -> Target:
    """The parsed URL; `SubjectError`, which shows no secret either, if it names no server."""
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:
        raise _unusable(url, "not a URL") from None
    if not host or any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise _unusable(url, "it has blanks or control characters in it" if host else "no host is named")
    named = f"[{host}]" if ":" in host else host
    standard = port == (443 if parts.scheme == "https" else 80)
    authority = named if standard else f"{named}:{port}"
    path = quote(parts.path, safe=_UNRESERVED_IN_PATHS) or "/"
    asked = f"{path}?{quote(parts.query, safe=_UNRESERVED_IN_PATHS + '?')}" if parts.query else path
    lines = [
        f"POST {asked} HTTP/1.1",
        f"Host: {authority}",
        "Content-Type: application/json",
        "Accept: application/json",
    ]
    basic = _basic(parts)
    if basic:
        lines.append(f"Authorization: Basic {basic}")
    return Target(
        shown=f"{parts.scheme}://{authority}{path}",
        host=host,
        port=port,
        secure=parts.scheme == "https",
        head="".join(f"{line}\r\n" for line in lines).encode("ascii"),
        secrets=tuple(sorted({*_secrets(parts), *([basic] if basic else [])}, key=len, reverse=True)),
    )


def _basic(parts: SplitResult) -> str:
    if parts.username is None and parts.password is None:
        return ""
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return base64.b64encode(pair.encode()).decode("ascii")


def _secrets(parts: SplitResult) -> Iterable[str]:
    """Each secret, encoded and decoded: the password (or a user without one), the query and its values."""
    values = [value for _, value in parse_qsl(parts.query) if len(value) >= _SHORTEST_SECRET]
    for secret in (parts.password or parts.username, parts.query, *values):
        if secret:
            yield from (secret, unquote(secret), quote(secret, safe=""))


def _unusable(url: str, reason: str) -> SubjectError:
    scheme, _, rest = url.partition("://")
    shown = f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"
    return SubjectError(subject=shown, reason=reason, try_instead="Write http://HOST:PORT/PATH or https://….")

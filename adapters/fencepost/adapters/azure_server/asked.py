"""One request as the application has read it: path, query, headers, body, and who is calling."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from fencepost.adapters.azure_server.calling import Caller
from fencepost.adapters.azure_server.errors import bad_request, refusal
from fencepost.adapters.jsonrpc import from_json

LONGEST_BODY = 4 * 1024 * 1024
"""The longest body that Resource Manager takes, in bytes."""

_LONGEST_TO_DISCARD = 64 * 1024 * 1024
SLOWEST_BODY = 10.0
_LONGEST_PATH = 2048

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request; `segments` are the parts of the path, `headers` have names in lower case."""

    method: str
    path: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    caller: Caller
    port: int

    @property
    def bearer(self) -> str | None:
        """The token that came along."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    def json(self) -> dict[str, object]:
        """The body, which must be a JSON object; an empty body is an object without members."""
        if not self.body.strip():
            return {}
        try:
            value = from_json(self.body)
        except ValueError as error:
            raise refusal(
                400,
                "InvalidRequestContent",
                f"The request content was invalid and could not be deserialized: '{str(error)[:200]}'.",
            ) from None
        if not isinstance(value, dict):
            raise refusal(400, "InvalidRequestContent", "The request content was invalid: expected an object.")
        return value


def path_segments(path: str) -> tuple[str, ...]:
    """The parts of the path; a 400 for a path that no client means to send: traversal, control characters, too long."""
    parts = tuple(part for part in path.split("/") if part)
    if (
        len(path) > _LONGEST_PATH
        or any(part in (".", "..") or "\\" in part for part in parts)
        or any(ord(letter) < 32 or ord(letter) == 127 for letter in path)
    ):
        raise bad_request("The path of the request is not one of a resource.")
    return parts


@cache
def path_pattern(path: str) -> re.Pattern[str]:
    """What the paths of a template match, in any letter case.

    >>> path_pattern("/subscriptions/{subscription}/resources").fullmatch("/Subscriptions/one/Resources").groupdict()
    {'subscription': 'one'}
    """
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


def query_of(raw: bytes) -> dict[str, str]:
    """The query's members, names in lower case, the last of each."""
    return {name.lower(): value for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True)}


async def read_body(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """The whole body; a 413 for too long a body, a 408 for a body that does not come."""
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > LONGEST_BODY:
        raise _too_long()
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise refusal(400, "BadRequest", "The client has gone.")
                body += message.get("body", b"")
                if len(body) > LONGEST_BODY:
                    raise _too_long()
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise refusal(408, "RequestTimeout", "The body of the request did not come in time.") from None


async def discard_body(receive: Receive) -> None:
    """Read the rest of a body that is too long: a client that is still sending would not see the answer."""
    left, more = _LONGEST_TO_DISCARD, True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SLOWEST_BODY):
            while more and left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                more = message.get("more_body", False)


def _too_long() -> Exception:
    return refusal(
        413,
        "RequestContentTooLarge",
        f"The request content exceeded the maximum allowed size of '{LONGEST_BODY}' bytes.",
    )

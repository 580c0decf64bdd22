"""One answer of a service."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from fencepost.adapters.contract.faults import shorten

_FIELDS = re.compile(r"\r\n([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Status, headers and body of an answer."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @cached_property
    def named(self) -> Mapping[str, str]:
        """The first header of each name, by its name in lower case."""
        return {name.lower(): value for name, value in reversed(self.headers)}

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; None where there is none."""
        return self.named.get(name.lower())

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="backslashreplace")

    def shown(self) -> str:
        """The same as text, for a fault or for the eye."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return f"HTTP {self.status} {self.reason}\n{shorten(head, 800)}\n\n{shorten(self.text.rstrip(), 800)}".rstrip()


def plain_answer(received: bytes, method: str) -> tuple[Reply, bool] | None:
    """The answer that these bytes are, and whether another may follow it; None where that takes a whole HTTP client.

    Nearly every answer is of this kind: one head, and just the body whose length it names.
    """
    head, end, body = received.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    headers = tuple(_FIELDS.findall(text))
    lines = len(headers)
    is_plain = end and text[:9] == "HTTP/1.1 " and text[9] in "2345" and text.count("\n") == text.count("\r") == lines
    if not is_plain or " \r" in text or "\t\r" in text or not text[9:12].isdigit():
        return None
    reply = Reply(status=int(text[9:12]), reason=text[13 : text.find("\r")], headers=headers, body=body)
    named = reply.named
    length = "0" if method == "HEAD" or reply.status in (204, 304) else named.get("content-length")
    if length != str(len(body)) or "transfer-encoding" in named or text[12:13] not in (" ", "\r"):
        return None
    return reply, "close" not in named.get("connection", "").lower()

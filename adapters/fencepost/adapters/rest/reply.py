"""One answer of a service."""

import re
from collections.abc import Iterable
from functools import lru_cache

from fencepost.adapters.contract.faults import shorten

_PLAIN = re.compile(
    rb"HTTP/1\.1 ([2-5]\d\d)(?: ([^\r\n]*))?"
    rb"((?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*(?:[^\r\n]*[^\r\n \t])?)*\r\n)\r\n"
)
"""A status line, and headers of one line each without blanks at their ends."""

_NO_LINE_ENDS = str.maketrans("", "", "\r\n")


class Reply:
    """Status, headers and body of an answer. `head` has the headers as they came, a line end before and after each."""

    __slots__ = ("_lowered", "body", "head", "reason", "status")

    def __init__(self, *, status: int, reason: str, head: bytes, body: bytes) -> None:
        self.status = status
        self.reason = reason
        self.head = head
        self.body = body
        self._lowered = head.lower()

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; None where there is none."""
        key = _key(name)
        found = self._lowered.find(key)
        if found < 0:
            return None
        start = found + len(key)
        return self.head[start : self.head.find(b"\r\n", start)].strip(b" \t").decode("latin-1")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="backslashreplace")

    def shown(self) -> str:
        """The same as text, for a fault or for the eye."""
        head = self.head.decode("latin-1").strip().replace("\r\n", "\n")
        return f"HTTP {self.status} {self.reason}\n{shorten(head, 800)}\n\n{shorten(self.text.rstrip(), 800)}".rstrip()


@lru_cache(maxsize=256)
def _key(name: str) -> bytes:
    return f"\r\n{name.lower()}:".encode("latin-1")


def head_of(headers: Iterable[tuple[str, str]]) -> bytes:
    """The headers as a reply has them; a header of several lines becomes one."""
    lines = (f"{name}: {value.translate(_NO_LINE_ENDS)}" for name, value in headers)
    return "\r\n".join(["", *lines, ""]).encode("latin-1")


def plain_answer(received: bytes, method: str) -> tuple[Reply, bool] | None:
    """The answer that these bytes are, and whether another may follow it; None where that takes a whole HTTP client.

    Nearly every answer is of this kind: one head, and just the body whose length it names.
    """
    found = _PLAIN.match(received)
    if found is None:
        return None
    status, reason, head = found.groups(b"")
    reply = Reply(status=int(status), reason=reason.decode("latin-1"), head=head, body=received[found.end() :])
    length = "0" if method == "HEAD" or reply.status in (204, 304) else reply.header("Content-Length")
    if length != str(len(reply.body)) or reply.header("Transfer-Encoding") is not None:
        return None
    return reply, "close" not in (reply.header("Connection") or "").lower()

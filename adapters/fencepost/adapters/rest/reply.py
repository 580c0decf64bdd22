"""One answer of a service."""

import re
from dataclasses import dataclass

from fencepost.adapters.contract.faults import shorten

_STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9][0-9])(?: (.*))?")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status, headers and body of an answer."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; None where there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="backslashreplace")

    def shown(self) -> str:
        """The same as text, for a fault or for the eye."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return f"HTTP {self.status} {self.reason}\n{shorten(head, 800)}\n\n{shorten(self.text.rstrip(), 800)}".rstrip()


def plain_answer(came: bytes, method: str) -> tuple[Reply, bool] | None:
    """The answer that these bytes are, and whether another may follow it; None where that takes a whole HTTP client.

    Nearly every answer is of this kind: one head, and just the body whose length it names.
    """
    head, end, body = came.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    begun, fields = _STATUS.fullmatch(status), [_FIELD.fullmatch(line) for line in lines]
    if not end or begun is None:
        return None
    headers = tuple((field[1], field[2]) for field in fields if field is not None)
    reply = Reply(status=int(begun[1]), reason=begun[2] or "", headers=headers, body=body)
    length = "0" if method == "HEAD" or reply.status in (204, 304) else reply.header("Content-Length")
    if len(headers) != len(lines) or length != str(len(body)) or reply.header("Transfer-Encoding") is not None:
        return None
    return reply, "close" not in (reply.header("Connection") or "").lower()

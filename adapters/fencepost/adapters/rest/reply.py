"""One answer of a service."""

from dataclasses import dataclass

from fencepost.adapters.contract.faults import shorten


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

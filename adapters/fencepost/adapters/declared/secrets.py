"""The values of environment variables that a file names, made unreadable wherever they would be shown."""

import base64
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

_HIDDEN = "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Texts that must not be shown, the longest first."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, variables: Iterable[str]) -> "Secrets":
        """The values of these variables: as they are, as in a URL, as in JSON, as in Basic credentials."""
        forms: set[str] = set()
        for value in filter(None, (os.environ.get(name) for name in variables)):
            encoded = base64.b64encode(value.encode()).decode().rstrip("=")
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            forms |= {value, quote(value, safe=""), encoded, escaped}
        return cls(texts=tuple(sorted(forms, key=lambda text: (-len(text), text))))

    def hide(self, text: str) -> str:
        """The text without them.

        >>> Secrets(texts=("hunter2",)).hide("Bearer hunter2")
        'Bearer ***'
        """
        for secret in self.texts:
            text = text.replace(secret, _HIDDEN)
        return text

    def hidden(self, value: object) -> object:
        """A JSON value without them in any of its texts."""
        if not self.texts:
            return value
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, Mapping):
            return {name: self.hidden(entry) for name, entry in value.items()}
        if isinstance(value, list):
            return [self.hidden(entry) for entry in value]
        return value

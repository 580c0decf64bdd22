"""Reads TOML that others may have written, without the time that a key of many parts takes."""

import tomllib
from typing import Any

_MOST = 100_000_000
"""The most dots of a text, the square of each line's number added up: the parser's time and memory grow so."""


def toml_from(text: str) -> dict[str, Any]:
    """The document of the text, byte order marks passed over; `ValueError` if it is no TOML, or has too long keys."""
    if sum(line.count(".") ** 2 for line in text.splitlines()) > _MOST:
        raise ValueError("a line has too many dots: keys of so many parts are not read")
    return tomllib.loads(text.lstrip("\ufeff"))

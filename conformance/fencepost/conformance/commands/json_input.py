"""Reads a JSON file; if it is not JSON, the error gives the line, the column and the reason."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

STDIN = "-"
LARGEST = 64 * 1024 * 1024
"""The largest size of a file, in bytes."""


@dataclass(kw_only=True, eq=False)
class UnreadableInput(ValueError):
    """A file that cannot be used: its name, and every reason with its place (a line and column, or a JSON path)."""

    name: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """One line for each reason, after the name of the file."""
        return "\n".join(f"{self.name}: {reason}" for reason in self.reasons)


def read_json(path: str) -> object:
    """The JSON value in the file, `-` being stdin; `UnreadableInput` if there is none.

    Stricter than Python's reader: no repeated members, no NaN, no Infinity. A byte order mark is skipped.
    """
    name = "stdin" if path == STDIN else path
    try:
        data = _bytes(path)
        if len(data) > LARGEST:
            raise ValueError(f"larger than {LARGEST >> 20} MiB, which no file of this kind is")
        text = data.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_no_constant)
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1}: not UTF-8"
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
    except RecursionError:
        reason = "not JSON that can be read: nested too deep"
    except ValueError as error:
        reason = str(error)
    raise UnreadableInput(name=name, reasons=(reason,))


def _bytes(path: str) -> bytes:
    """The bytes of the file, at most one more than the largest size."""
    if path == STDIN:
        return sys.stdin.buffer.read(LARGEST + 1)
    with Path(path).open("rb") as file:
        return file.read(LARGEST + 1)


def _without_repetition(members: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in members:
        if key in found:
            raise ValueError(f"the member {key!r} occurs twice in one object")
        found[key] = value
    return found


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")

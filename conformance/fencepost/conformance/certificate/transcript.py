"""The transcript of a run: every call and its answer, one JSON object a line, gzipped.

Rule sets are written in full. The requests of a `decide` are not: the seed makes them again, and a digest shows that
they are equal. Each answer is one letter, with a table of the letters' meanings, so that a run of two million decisions
takes a few megabytes. Between the calls stand the readings of the run's clock.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

import msgspec
from fencepost.adapters.contract import (
    Crashed,
    HarnessFault,
    JsonObject,
    MalformedResult,
    NotJson,
    NotStarted,
    RpcError,
    TimedOut,
    WrongId,
)

FORMAT = "fencepost-transcript"
VERSION = 1

DIGEST = re.compile(r"[0-9a-f]{32}", re.ASCII)
"""The form of a call's digest."""

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_FAULTS: dict[str, type[HarnessFault]] = {
    "not-started": NotStarted,
    "crashed": Crashed,
    "timed-out": TimedOut,
    "not-json": NotJson,
    "wrong-id": WrongId,
    "malformed-result": MalformedResult,
}


def line_of(value: object) -> bytes:
    """One line of the transcript; `ValueError` or `TypeError` if the value is no JSON."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def call_digest(method: str, params: JsonObject) -> str:
    """The first 32 hexadecimal digits of the SHA-256 of a call as JSON."""
    try:
        encoded = msgspec.json.encode([method, params])
    except UnicodeEncodeError:  # JSON can carry a lone surrogate only as an escape.
        encoded = line_of([method, params])
    return hashlib.sha256(encoded).hexdigest()[:32]


def tabled(decisions: Sequence[object]) -> tuple[list[object], list[int]]:
    """The different decisions in the order of their first occurrence, and for each decision its index among them."""
    known: dict[str, int] = {}
    table: list[object] = []
    places = []
    for one in decisions:
        place = known.setdefault(repr(one), len(table))
        if place == len(table):
            table.append(one)
        places.append(place)
    return table, places


def written_decisions(table: list[object], places: Sequence[int]) -> dict[str, object]:
    """Decisions as a table `k` and a string `o` of letters, or of numbers if there are too few letters."""
    if len(table) <= len(_LETTERS):
        return {"k": table, "o": "".join(_LETTERS[place] for place in places)}
    return {"k": table, "o": list(places)}


def read_decisions(record: Mapping[str, object]) -> list[object]:
    """The decisions that `written_decisions` wrote; `ValueError` if the record holds none in exactly that form."""
    table, order = record.get("k"), record.get("o")
    if not isinstance(table, list) or not isinstance(order, str if len(table) <= len(_LETTERS) else list):
        raise ValueError("decisions without their table")
    places = (_LETTERS.find(one) for one in order) if isinstance(order, str) else order
    found, used = [], 0
    for place in places:
        if type(place) is not int or not 0 <= place < len(table):
            raise ValueError("a decision that is not in its table")
        if place > used:
            raise ValueError("a table that is not in the order of the decisions")
        used += place == used
        found.append(table[place])
    if used != len(table):
        raise ValueError("a table with decisions that were not given")
    return found


def written_fault(fault: HarnessFault) -> dict[str, object]:
    """A harness fault as JSON."""
    members: dict[str, object] = {
        "kind": fault.kind,
        "expected": fault.expected,
        "came": fault.came,
        "offending": fault.offending,
    }
    if isinstance(fault, RpcError):
        members |= {"code": fault.code, "traceback": fault.traceback}
    return members


def read_fault(method: str, stored: object) -> HarnessFault:
    """The fault that `written_fault` wrote; `ValueError` if the value is none in exactly that form."""
    if not isinstance(stored, dict):
        raise ValueError("a fault that is no object")
    kind, code, texts = stored.get("kind"), stored.get("code"), {}
    for name in ("expected", "came", "offending"):
        texts[name] = str(stored.get(name))
    if kind == RpcError.kind:
        fault: HarnessFault = RpcError(
            method=method,
            **texts,
            code=code if isinstance(code, int) else 0,
            traceback=str(stored.get("traceback")),
        )
    elif isinstance(kind, str) and kind in _FAULTS:
        fault = _FAULTS[kind](method=method, **texts)
    else:
        raise ValueError(f"a fault of no known kind: {kind!r:.100}")
    if line_of(written_fault(fault)) != line_of(stored):
        raise ValueError("a fault in another form than fencepost writes")
    return fault

"""The measured strength of the shipped vectors: data, which holds of just the tests that were measured."""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import msgspec
from fencepost.conformance.regression.vector_file import Strength, digest_of
from msgspec import Struct

FILE_NAME = "vector_strength.json"


class Measured(Struct, frozen=True, kw_only=True):
    """A strength, and the digest of the tests that have it."""

    digest: str
    strength: Strength


def strength_of(profile: str, ids: Iterable[str]) -> Strength | None:
    """The measured strength of these tests of the profile; None where other tests were measured."""
    found = _read((files("fencepost.conformance.regression") / FILE_NAME).read_bytes()).get(profile)
    return found.strength if found is not None and found.digest == digest_of(ids) else None


def updated(path: Path, profile: str, measured: Measured) -> None:
    """Write what was measured of the profile's tests into the file of the data; of the other profiles it stays."""
    data = {**_read(path.read_bytes()), profile: measured}
    path.write_bytes(msgspec.json.format(msgspec.json.encode(data, order="sorted"), indent=2) + b"\n")


def _read(data: bytes) -> dict[str, Measured]:
    return msgspec.json.decode(data, type=dict[str, Measured])

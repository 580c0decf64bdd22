"""Which clauses each mutant of the catalogue fails, as measured last, and which mutants one clause alone kills."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

STORED = "kills.json"


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """Mutants that were measured on one day by one version of the suite, each in a whole quick run with seed 0.

    `kills` has for each mutant the clauses that failed and the open points whose declared choice was broken.
    """

    measured: str
    suite: str
    catalogue: str
    kills: Mapping[str, tuple[str, ...]]


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """What kills a mutant, and when and by which version of the suite that was measured."""

    by: tuple[str, ...]
    measured: str
    suite: str


@cache
def stored() -> Mapping[str, Kill]:
    """What kills each mutant, by the file beside this module."""
    found = decoded(files("fencepost.conformance.strength").joinpath(STORED).read_bytes())
    return {
        mutant: Kill(by=by, measured=one.measured, suite=one.suite) for one in found for mutant, by in one.kills.items()
    }


def alone(clause_id: str) -> Mapping[str, Kill]:
    """The mutants that this clause alone kills: without it they would survive."""
    return {mutant: kill for mutant, kill in stored().items() if kill.by == (clause_id,)}


def decoded(content: bytes) -> tuple[Measurement, ...]:
    """The measurements of a file."""
    return msgspec.json.decode(content, type=tuple[Measurement, ...])

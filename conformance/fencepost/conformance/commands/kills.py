"""Measures which clauses each mutant fails: `python -m fencepost.conformance.commands.kills [STRENGTH.json]`.

It writes strength/kills.json of the clone, for the pages of the clauses. Mutants that the file has stay as they are.
The others are measured, a whole quick run each, and the file is written after each run: an interrupted measurement
goes on where it was, and a part of it has mutants of every clause. Without the file every mutant is measured.
STRENGTH.json, which `fencepost strength --json` has written, replaces what it holds, and nothing is measured.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.strength import kills
from fencepost.conformance.strength.mutant_run import run_mutant
from fencepost.conformance.strength.pool import default_processes, spread
from fencepost.conformance.strength.study import Design, whole_runs

Found = Mapping[str, tuple[str, ...]]
"""Mutants, each with the clauses that it failed and the choices that it broke."""

_FILE = Path(kills.__file__).with_name(kills.STORED)


@dataclass(frozen=True, slots=True)
class _Study:
    """What is read of a file of `fencepost strength --json`."""

    kills: dict[str, tuple[str, ...]]


def renew(file: Path, parts: Iterable[Found], *, today: str) -> None:
    """Write each part into the file as it comes; mutants that the catalogue no longer has leave the file."""
    for part in parts:
        now = kills.Measurement(measured=today, suite=version("fencepost"), catalogue=catalogue().version, kills=part)
        encoded = msgspec.json.encode(tuple(_merged((*_stored(file), now))))
        file.write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")


def missing(file: Path) -> list[str]:
    """The mutants of the catalogue that the file does not have: first one of each clause, then a second of each."""
    known = {mutant for one in _stored(file) for mutant in one.kills}
    places, number = dict[str, int](), Counter[str]()
    for mutant, entry in CATALOGUE.items():
        places[mutant] = number[entry.clause]
        number[entry.clause] += 1
    return sorted(CATALOGUE.keys() - known, key=lambda mutant: (places[mutant], mutant))


def _stored(file: Path) -> tuple[kills.Measurement, ...]:
    return kills.decoded(file.read_bytes()) if file.exists() else ()


def _merged(measurements: Iterable[kills.Measurement]) -> Iterator[kills.Measurement]:
    """The measurements, one of each day and version, each mutant in the last that has it."""
    last = {mutant: (one, by) for one in measurements for mutant, by in one.kills.items() if mutant in CATALOGUE}
    of_stamp = dict[tuple[str, str, str], dict[str, tuple[str, ...]]]()
    for mutant, (one, by) in sorted(last.items()):
        of_stamp.setdefault((one.measured, one.suite, one.catalogue), {})[mutant] = by
    for (day, suite, clauses), found in sorted(of_stamp.items()):
        yield kills.Measurement(measured=day, suite=suite, catalogue=clauses, kills=found)


def measured(mutants: Iterable[str]) -> Iterator[Found]:
    """What each of the mutants fails, as the runs end; progress goes to stderr."""
    tasks = whole_runs(Design(mutants=tuple(mutants)))
    for done, (_, run) in enumerate(spread(run_mutant, tasks, processes=default_processes()), start=1):
        sys.stderr.write(f"{done} of {len(tasks)}: {run.task.mutant} {' '.join(run.failed)}{run.trouble}\n")
        yield {run.task.mutant: run.failed}


if __name__ == "__main__":
    given = [msgspec.json.decode(Path(name).read_bytes(), type=_Study).kills for name in sys.argv[1:]]
    renew(_FILE, given or measured(missing(_FILE)), today=datetime.now(UTC).date().isoformat())

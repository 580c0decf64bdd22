"""The journal of a run: its progress, written at once, so that a killed run can be resumed.

One JSON object a line: the plan and what the subject is, then a checkpoint after each scenario. Each line ends with a
digest of itself and the digest before it. A scenario starts from a `reset` with random numbers of its own, so what is
in the journal need not be asked again. Secrets are masked as they are in a report. The digests show a line that was
altered, moved or left out. They do not show who wrote a journal, so a report says that its run was resumed.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
from fencepost.conformance.bench.state import BenchState
from fencepost.conformance.judging.tally import Tally
from fencepost.reports.files import bytes_of
from fencepost.reports.model import Counterexample
from fencepost.reports.secrets import Mask
from msgspec import structs

FILE_NAME = "journal.ndjson"
"""The journal's name in the report's folder; the file exists while there is something to resume."""

_FORM = 5
_BEGINNING = b'{"journal":'
"""How each journal begins: of another file no more is read."""

_LARGEST = 1 << 30
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a run and its resumption have in common: `plan`, the options; `subject`, the statement and open points."""

    plan: Mapping[str, object]
    subject: Mapping[str, object] = field(default_factory=dict)

    def differences(self, other: "Circumstances") -> Iterator[str]:
        """The values that differ between this run and the other, a line each; secrets are not compared."""
        ours, theirs = self.masked(), other.masked()
        for mine, others in ((ours.plan, theirs.plan), (ours.subject, theirs.subject)):
            for key in mine.keys() & others.keys():
                if mine[key] != others[key]:
                    yield f"{key}: {_shown(mine[key])} then, {_shown(others[key])} now"

    def masked(self) -> "Circumstances":
        """The same with secrets masked, as in the journal."""
        mask = Mask.of_here()
        return Circumstances(plan=mask.apply(dict(self.plan)), subject=mask.apply(dict(self.subject)))


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where a run is: this many scenarios of the last exploration have ended, and all those of the others.

    `tally` is everything found so far, but for the counterexamples in the file, where each stands once.
    """

    explored: tuple[str, ...]
    done: int
    tally: Tally
    bench: BenchState


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A journal that was read: the circumstances, the last checkpoint if there is one, the last digest."""

    circumstances: Circumstances
    checkpoint: Checkpoint | None
    last: str


@dataclass(kw_only=True, eq=False)
class CannotResume(ValueError):
    """The folder has nothing that this run could resume: what was found, or what differs."""

    folder: Path
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """The folder and the reasons, a line each."""
        return "\n".join((f"the run in {self.folder} cannot be resumed:", *self.reasons))


class Journal:
    """The journal of a run in progress. A line is on the disk before the run goes on; `OSError` where it cannot be."""

    def __init__(self, file: BinaryIO, path: Path, *, last: str = "", known: Tally | None = None) -> None:
        self._file = file
        self._last = last
        self._path = path
        known = known or Tally()
        self._failed = set(known.failures)
        self._kinds = set(known.not_put.answered_kinds)
        self._sizes = dict(known.call_sizes.seen)
        self._mask = Mask.of_here()

    @classmethod
    def begin(cls, folder: Path, circumstances: Circumstances) -> "Journal":
        """A new journal in the folder, which is made if missing; an old journal is removed."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE_NAME
        if path.is_symlink() or path.is_fifo():
            path.unlink()
        journal = cls(path.open("wb", buffering=0), path)
        masked = circumstances.masked()
        journal._write({"journal": _FORM, "plan": masked.plan, "subject": masked.subject})
        return journal

    @classmethod
    def resume(cls, folder: Path, recorded: Recorded) -> "Journal":
        """The journal in the folder, to be continued; an incomplete last line is cut off."""
        path = folder / FILE_NAME
        file = path.open("r+b", buffering=0)
        file.truncate(path.read_bytes().rfind(b"\n") + 1)
        file.seek(0, os.SEEK_END)
        checkpoint = recorded.checkpoint
        return cls(file, path, last=recorded.last, known=checkpoint.tally if checkpoint is not None else None)

    def add(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; counterexamples and kinds of requests that stand in the file already are left out."""
        tally = checkpoint.tally
        kinds = tally.not_put.answered_kinds - self._kinds
        self._kinds |= kinds
        records = dict(tally.records)
        records |= {clause: structs.replace(records[clause], failures=[]) for clause in self._failed & records.keys()}
        self._failed |= tally.failures.keys()
        sizes = {kind: size for kind, size in tally.call_sizes.seen.items() if self._sizes.get(kind) != size}
        self._sizes |= sizes
        members = {each.name: getattr(tally, each.name) for each in fields(tally)} | {"records": records}
        members["not_put"] = replace(tally.not_put, answered_kinds=kinds)
        members["call_sizes"] = replace(tally.call_sizes, seen=sizes)
        self._write(_plain(replace(checkpoint, tally=Tally(**self._mask.apply(members)))))

    def close(self) -> None:
        """Close the file and keep it for a resumption."""
        self._file.close()

    def remove(self) -> None:
        """Remove the file: the run has ended, and there is nothing to resume."""
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    def _write(self, line: object) -> None:
        # The standard library writes what msgspec cannot: half a surrogate pair, as a value under test may hold.
        data = json.dumps(line, separators=(",", ":")).encode("ascii")
        self._last = _digest(self._last, data)
        self._file.write(data[:-1] + _ending(self._last) + b"\n")
        os.fsync(self._file.fileno())


def _plain(checkpoint: Checkpoint) -> dict[str, dict[str, dict[str, object]]]:
    plain: dict[str, dict[str, dict[str, object]]] = msgspec.to_builtins(checkpoint)
    return plain


def read_journal(folder: Path) -> Recorded:
    """The journal in the folder; `CannotResume` if there is none or it is invalid. An incomplete line is ignored."""
    try:
        begins = bytes_of(folder / FILE_NAME, most=len(_BEGINNING))
        data = bytes_of(folder / FILE_NAME, most=_LARGEST) if begins.startswith(_BEGINNING) else b""
    except OSError as error:
        why = f"{folder / FILE_NAME}: {error.strerror or error}"
        reasons = (why, "A run that is through has left its report.json and no journal.")
        raise CannotResume(folder=folder, reasons=reasons) from None
    try:
        if b"\n" not in data:
            raise ValueError(f"no whole line in it begins with {_BEGINNING.decode('ascii')}")
        first, *others = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]
        if (form := json.loads(first)["journal"]) != _FORM:
            raise ValueError(f"its form is {form!r:.40}, this version's is {_FORM}")
        bodies, last = _chained((first, *others))
        head = _value(bodies[0], _Head)
        circumstances = Circumstances(plan=head.plan, subject=head.subject)
        checkpoint = None
        failures: dict[str, list[Counterexample]] = {}
        kinds: set[str] = set()
        sizes: dict[str, str] = {}
        for body in bodies[1:]:
            checkpoint = _value(body, Checkpoint)
            failures |= checkpoint.tally.failures
            kinds |= checkpoint.tally.not_put.answered_kinds
            sizes |= checkpoint.tally.call_sizes.seen
        if checkpoint is not None:
            for clause, found in failures.items():
                checkpoint.tally[clause].failures = found
            checkpoint.tally.not_put.answered_kinds |= kinds
            checkpoint.tally.call_sizes.seen |= sizes
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = f"{folder / FILE_NAME} is no journal of this version ({type(error).__name__}: {error!s:.200})"
        raise CannotResume(folder=folder, reasons=(why,)) from None
    return Recorded(circumstances=circumstances, checkpoint=checkpoint, last=last)


def _chained(lines: Sequence[bytes]) -> tuple[list[object], str]:
    """The content of the lines without digests, and the last digest; `ValueError` if a digest is wrong."""
    bodies: list[object] = []
    last = ""
    for number, line in enumerate(lines, start=1):
        data = line[: -len(_ending(last))] + b"}"
        last = _digest(last, data)
        if line != data[:-1] + _ending(last):
            raise ValueError(f"the digest of line {number} is wrong: the journal was altered")
        bodies.append(json.loads(data))
    return bodies, last


def _digest(before: str, line: bytes) -> str:
    """The SHA-256 in hexadecimal digits of a line, and of the digest before it."""
    return hashlib.sha256(f"{before:64}".encode("ascii") + line).hexdigest()


def _ending(digest: str) -> bytes:
    """The end of a line, with its digest."""
    return b',"digest":"%b"}' % f"{digest:64}".encode("ascii")


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    """The first line of a journal."""

    journal: int
    plan: dict[str, object]
    subject: dict[str, object]


def _value(line: object, kind: type[_T]) -> _T:
    return msgspec.convert(line, kind)

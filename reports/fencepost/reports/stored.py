"""Reads a stored run back, strictly: a run that is cut short, repeated, miscounted or of another version is refused."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from fencepost.reports.events import (
    KINDS,
    Began,
    Controlled,
    Ended,
    Environment,
    Event,
    Found,
    Judged,
    Logged,
    Settled,
    assembled,
    body_line,
    transcript_digest,
)
from fencepost.reports.files import LARGEST, bytes_of
from fencepost.reports.model import SCHEMA_VERSION, Clause, Counterexample, Decoy, LedgerEntry, Report, report_from_json
from fencepost.reports.visible import abridged, visible
from msgspec.structs import replace

RUN_FILE, REPORT_FILE = "run.ndjson", "report.json"


@dataclass(kw_only=True, eq=False)
class RunRefused(ValueError):
    """The data is no whole stored run: the place (`line 7`, `$.clauses[3]`; empty for the whole) and the reason."""

    place: str
    reason: str

    def __str__(self) -> str:
        """The place, then the reason, with unprintable characters escaped."""
        return visible(f"{self.place}: {self.reason}" if self.place else self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A stored run: the report, and where the run took place (None if the stored form does not say)."""

    report: Report
    environment: Environment | None = None


def stored_run(path: Path) -> StoredRun:
    """The run in a file, or in a folder that `check --report` wrote; `RunRefused`, or `OSError` if it cannot be read.

    The content decides whether a file is an event stream or a `report.json`, not its name.
    """
    if path.is_dir():
        names = [name for name in (RUN_FILE, REPORT_FILE) if (path / name).is_file()]
        if not names:
            raise RunRefused(place="", reason=f"holds neither {RUN_FILE} nor {REPORT_FILE}")
        path = path / names[0]
    return run_from(bytes_of(path))


def run_from(data: bytes) -> StoredRun:
    """The run in these bytes, in either stored form; `RunRefused` if they hold none."""
    if len(data) > LARGEST:
        raise RunRefused(place="", reason=f"is larger than {LARGEST >> 20} MiB, the limit of a stored run")
    if not data.strip():
        raise RunRefused(place="", reason="is empty")
    if _is_stream(data):
        return _Reading().run(data)
    return StoredRun(report=_from_json(data))


def report_from_events(data: bytes) -> Report:
    """The report in the lines of an event stream; `RunRefused` names the line at fault, and the reason."""
    return _Reading().run(data).report


def _is_stream(data: bytes) -> bool:
    """Whether the bytes are a stream.

    A `report.json` begins with a single brace, or has no top-level member `event`.
    """
    line, _, rest = data.partition(b"\n")
    try:
        members = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line.lstrip().startswith(b'{"event"')
    return "event" in members or bool(rest.strip())


def _from_json(data: bytes) -> Report:
    try:
        version = msgspec.json.decode(data, type=_Versioned).schema_version
        _known_version(version, place="$.schemaVersion")
        report = report_from_json(data)
    except RecursionError:
        raise RunRefused(place="", reason="is nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RunRefused(place="", reason=f"is no stored run: {error}") from None
    _only_once((clause.id for clause in report.clauses), "clause", "$.clauses")
    _only_once((entry.key for entry in report.ledger), "entry", "$.ledger")
    _only_once((decoy.id for decoy in report.sensitivity), "decoy", "$.sensitivity")
    return report


class _Versioned(msgspec.Struct, rename="camel"):
    schema_version: str = SCHEMA_VERSION


def _known_version(version: str, *, place: str) -> None:
    if version != SCHEMA_VERSION:
        shown = abridged(version)
        raise RunRefused(place=place, reason=f"schema version {shown!r}; this fencepost reads {SCHEMA_VERSION!r}")


def _only_once(keys: Iterable[str], kind: str, place: str) -> None:
    for key, times in Counter(keys).items():
        if times > 1:
            raise RunRefused(place=place, reason=f"the {kind} {key!r} occurs {times} times")


@dataclass(slots=True)
class _Reading:
    """The part of a stream that has been read."""

    clauses: list[Clause] = field(default_factory=list)
    found: list[Counterexample] = field(default_factory=list)
    ledger: list[LedgerEntry] = field(default_factory=list)
    sensitivity: list[Decoy] = field(default_factory=list)
    log: str | None = None
    announced: int = 0
    met: set[tuple[str, str]] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def run(self, data: bytes) -> StoredRun:
        """The whole stream, or `RunRefused`."""
        lines = _lines(data)
        header = _event(lines[0], 1)
        if not isinstance(header, Began):
            raise RunRefused(place="line 1", reason="the first event is not the header `run`")
        digest = hashlib.sha256(body_line(lines[0]))
        self.counts["run"] = 1
        footer = None
        for number, line in enumerate(lines[1:], start=2):
            event = _event(line, number)
            try:
                if footer is not None:
                    raise _Unfit("an event after the footer `end`")
                if isinstance(event, Ended):
                    self._end_clause()
                    footer = event
                    self._check(footer, f"sha256:{digest.hexdigest()}")
                    continue
                self._take(event)
            except _Unfit as unfit:
                raise RunRefused(place=f"line {number}", reason=str(unfit)) from None
            digest.update(line + b"\n")
            self.counts[str(event.__struct_config__.tag)] += 1
        if footer is None:
            raise RunRefused(place=f"line {len(lines)}", reason="the stream is cut short: there is no footer `end`")
        return StoredRun(report=self._report(header, footer, len(lines)), environment=header.environment)

    def _take(self, event: Event) -> None:
        if not isinstance(event, Found):
            self._end_clause()
        match event:
            case Began():
                raise _Unfit("a second header `run`")
            case Judged(clause=clause):
                if clause.counterexamples:
                    raise _Unfit("the clause carries counterexamples; they have lines of their own")
                self._meet("clause", clause.id)
                self.clauses.append(clause)
                self.announced = event.counterexamples
            case Found(counterexample=one, transcript=transcript):
                if not self.clauses or self.clauses[-1].id != one.clause:
                    raise _Unfit(f"a counterexample of {one.clause!r} that does not follow its clause")
                if len(self.found) == self.announced:
                    raise _Unfit(f"more counterexamples of {one.clause!r} than the {self.announced} announced")
                if transcript != transcript_digest(one):
                    raise _Unfit(f"its calls and answer have the digest {transcript_digest(one)}, not {transcript}")
                self.found.append(one)
            case Settled(entry=entry):
                self._meet("ledger entry", entry.key)
                self.ledger.append(entry)
            case Controlled(decoy=decoy):
                self._meet("decoy", decoy.id)
                self.sensitivity.append(decoy)
            case Logged(text=text):
                if self.log is not None:
                    raise _Unfit("a second log")
                self.log = text

    def _meet(self, kind: str, key: str) -> None:
        if (kind, key) in self.met:
            raise _Unfit(f"the {kind} {key!r} a second time")
        self.met.add((kind, key))

    def _end_clause(self) -> None:
        """Attach the counterexamples read since the last clause to that clause."""
        if len(self.found) != self.announced:
            message = f"{self.announced} counterexamples of {self.clauses[-1].id!r} announced, {len(self.found)} there"
            raise _Unfit(message)
        if self.found:
            self.clauses[-1] = replace(self.clauses[-1], counterexamples=tuple(self.found))
        self.found, self.announced = [], 0

    def _check(self, footer: Ended, digest: str) -> None:
        if footer.counts != dict(self.counts):
            kinds = sorted(footer.counts.keys() | self.counts.keys())
            wrong = [kind for kind in kinds if footer.counts.get(kind, 0) != self.counts.get(kind, 0)]
            differences = [f"{footer.counts.get(kind, 0)} {kind}, counted {self.counts.get(kind, 0)}" for kind in wrong]
            raise _Unfit(f"the footer's counts are wrong: {'; '.join(differences)}")
        if footer.digest != digest:
            raise _Unfit(f"the lines before the footer have the digest {digest}, the footer says {footer.digest}")

    def _report(self, header: Began, footer: Ended, number: int) -> Report:
        try:
            return assembled(
                header,
                footer,
                clauses=tuple(self.clauses),
                ledger=tuple(self.ledger),
                sensitivity=tuple(self.sensitivity),
                log=self.log or "",
            )
        except (msgspec.ValidationError, UnicodeEncodeError) as error:  # half a surrogate pair
            raise RunRefused(place=f"line {number}", reason=f"the footer's `more`: {error}") from None


class _Unfit(Exception):
    """Why an event does not fit in its place."""


class _Kind(msgspec.Struct, rename="camel"):
    event: str
    schema_version: str = SCHEMA_VERSION


def _lines(data: bytes) -> Sequence[bytes]:
    lines = data.split(b"\n")
    if lines.pop():
        raise RunRefused(place=f"line {len(lines) + 1}", reason="the stream is cut short: the line has no end")
    return lines or [b""]


def _event(line: bytes, number: int) -> Event:
    """The event of a line. The version is checked first: a line of another version may have any form."""
    place = f"line {number}"
    try:
        kind = msgspec.json.decode(line, type=_Kind)
        if number == 1 and kind.event == "run":
            _known_version(kind.schema_version, place=place)
        if kind.event not in KINDS:
            raise RunRefused(place=place, reason=f"unknown event {abridged(kind.event)!r}; known: {', '.join(KINDS)}")
        event: Event = msgspec.json.decode(line, type=Event)
        return event
    except RecursionError:
        raise RunRefused(place=place, reason="is nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RunRefused(place=place, reason=f"is no event: {error}") from None

"""The stored run as a stream of events, one JSON object a line, from which the whole report can be read again."""

import hashlib
import platform
from collections import Counter
from collections.abc import Iterator
from inspect import cleandoc

import msgspec
from fencepost.reports.model import (
    SCHEMA_VERSION,
    Clause,
    Counterexample,
    Decoy,
    FirstFailure,
    LedgerEntry,
    Report,
    Result,
    Subject,
    Totals,
    encoded,
    without_bidirectional,
)
from fencepost.reports.page import Page
from msgspec import Struct
from msgspec.structs import asdict, replace

NOT_OF_THE_BODY = ("environment",)
"""The header's members that are neither compared nor in the digest: they say where a run took place."""


class _Event(Struct, frozen=True, kw_only=True, rename="camel", tag_field="event"):
    """One line of the stream; the member `event` is its kind."""


class Environment(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where and when the run took place, without host, absolute path or environment variables.

    `source` is the file of the user's repository that is or names the subject. `clause_seconds` is how long the run
    took for each clause: a share of the time by the number of answers that count for the clause.
    """

    python: str
    platform: str
    began: str = ""
    seconds: float | None = None
    source: str = ""
    clause_seconds: dict[str, float] = {}

    @classmethod
    def here(cls, page: Page) -> "Environment":
        """The version of the running Python, the name of its operating system, and what the page says of the run."""
        return cls(
            python=platform.python_version(),
            platform=platform.system(),
            began=page.began,
            seconds=page.seconds,
            source=page.source,
            clause_seconds=dict(page.clause_seconds),
        )


class Began(_Event, frozen=True, kw_only=True, tag="run"):
    """The header, always the first line. `environment` is not part of the comparable body."""

    schema_version: str
    kit_version: str
    catalogue_version: str
    profile: str
    profile_is_override: bool = False
    effort: str
    seed: int
    selected: tuple[str, ...] = ()
    suite_version: str = ""
    subject: Subject
    environment: Environment | None = None


class Judged(_Event, frozen=True, kw_only=True, tag="clause"):
    """One clause's result without its counterexamples, which follow directly as lines `counterexample`."""

    clause: Clause
    counterexamples: int = 0


class Found(_Event, frozen=True, kw_only=True, tag="counterexample"):
    """One counterexample of the clause in the last line `clause`.

    `transcript` is `sha256:` and the SHA-256, in hexadecimal, of its `calls` as they stand in the line, a line end, and
    the subject's answer to the last call, `got`.
    """

    counterexample: Counterexample
    transcript: str


class Settled(_Event, frozen=True, kw_only=True, tag="ledger"):
    """One open point."""

    entry: LedgerEntry


class Controlled(_Event, frozen=True, kw_only=True, tag="sensitivity"):
    """One fault that the run itself injected into the subject's answers, and whether the run noticed it."""

    decoy: Decoy


class Logged(_Event, frozen=True, kw_only=True, tag="log"):
    """The end of what the subject wrote to its own log; at most one line of this kind."""

    text: str


class Ended(_Event, frozen=True, kw_only=True, tag="end"):
    """The footer, always the last line: the result of the run, and the counts and digest of the lines before it.

    `counts` is the number of lines of each other kind. `digest` is `sha256:` and the SHA-256, in hexadecimal, of all
    lines before this one with their line ends, the header without the members that are not of the body. `more` holds
    further members of a report of the same schema version.
    """

    result: Result
    exit_status: int
    level: str | None = None
    notes: tuple[str, ...] = ()
    totals: Totals
    first_failure: FirstFailure | None = None
    more: dict[str, object] = {}
    counts: dict[str, int]
    digest: str


Event = Began | Judged | Found | Settled | Controlled | Logged | Ended
KINDS = ("run", "clause", "counterexample", "ledger", "sensitivity", "log", "end")

_IN_HEADER = frozenset(Began.__struct_fields__) - {"environment"}
_IN_FOOTER = frozenset({"result", "exit_status", "level", "notes", "totals", "first_failure"})
_IN_LINES = frozenset({"clauses", "ledger", "sensitivity", "log"})


def report_to_events(report: Report, *, environment: Environment | None = None) -> Iterator[bytes]:
    """The lines of the stream, each with its line end.

    A lone surrogate, which UTF-8 cannot carry, becomes its escape.
    """
    header = Began(**{name: getattr(report, name) for name in _IN_HEADER}, environment=environment)
    digest = hashlib.sha256(body_line(encoded(header)))
    counts = Counter[str](run=1)
    yield encoded(header) + b"\n"
    for event in _between(report):
        line = encoded(event) + b"\n"
        digest.update(line)
        counts[str(event.__struct_config__.tag)] += 1
        yield line
    footer = Ended(
        **{name: getattr(report, name) for name in _IN_FOOTER},
        more=_more(report),
        counts=dict(sorted(counts.items())),
        digest=f"sha256:{digest.hexdigest()}",
    )
    yield encoded(footer) + b"\n"


def transcript_digest(one: Counterexample) -> str:
    """The digest of a counterexample's transcript: its calls, and the answer to the last call."""
    content = (
        b"[" + b",".join(encoded(call) for call in one.calls) + b"]\n" + one.got.encode("utf-8", "backslashreplace")
    )
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def body_line(header: bytes) -> bytes:
    """The header for the digest: without the members that are not of the body, and with its line end."""
    members = msgspec.json.decode(header, type=dict[str, object])
    body = msgspec.json.encode({key: one for key, one in members.items() if key not in NOT_OF_THE_BODY})
    return without_bidirectional(body) + b"\n"


def _between(report: Report) -> Iterator[Judged | Found | Settled | Controlled | Logged]:
    for clause in report.clauses:
        yield Judged(clause=replace(clause, counterexamples=()), counterexamples=len(clause.counterexamples))
        for one in clause.counterexamples:
            yield Found(counterexample=one, transcript=transcript_digest(one))
    for entry in report.ledger:
        yield Settled(entry=entry)
    for decoy in report.sensitivity:
        yield Controlled(decoy=decoy)
    if report.log:
        yield Logged(text=report.log)


def _more(report: Report) -> dict[str, object]:
    """The further members of the report, by their names in the stored form."""
    known = _IN_HEADER | _IN_FOOTER | _IN_LINES
    others = [field for field in msgspec.structs.fields(Report) if field.name not in known]
    return {field.encode_name: msgspec.to_builtins(getattr(report, field.name)) for field in others}


def assembled(
    header: Began,
    footer: Ended,
    *,
    clauses: tuple[Clause, ...],
    ledger: tuple[LedgerEntry, ...],
    sensitivity: tuple[Decoy, ...],
    log: str,
) -> Report:
    """The report that the events describe; `msgspec.ValidationError` if `more` does not fit the model."""
    members = {name: one for name, one in asdict(header).items() if name in _IN_HEADER}
    members |= {name: one for name, one in asdict(footer).items() if name in _IN_FOOTER}
    for field in msgspec.structs.fields(Report):
        if field.encode_name in footer.more and field.name not in members.keys() | _IN_LINES:
            members[field.name] = msgspec.convert(footer.more[field.encode_name], type=field.type)
    return Report(**members, clauses=clauses, ledger=ledger, sensitivity=sensitivity, log=log)


def run_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of one line of the stream, generated from these classes."""
    schema = msgspec.json.schema(Event, schema_hook=lambda _: {"description": "any JSON value"})
    for definition in schema["$defs"].values():
        # Python 3.13 removes the indentation from docstrings, earlier versions do not.
        definition["description"] = cleandoc(definition["description"])
    schema["$defs"]["Began"]["properties"]["schemaVersion"]["const"] = SCHEMA_VERSION
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "one line of run.ndjson", **schema}

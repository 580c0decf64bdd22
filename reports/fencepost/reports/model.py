"""The results of a run as plain frozen values, which every renderer reads. A leaf of the kit."""

import re
from inspect import cleandoc
from typing import Literal

import msgspec
from msgspec import Struct

SCHEMA_VERSION = "1"
"""The version of the stored report; it changes when a reader of the old form would misread the new one."""

Verdict = Literal["pass", "fail", "inconclusive", "error", "vacuous", "not applicable"]
Result = Literal["pass", "partial", "fail", "error", "inconclusive", "vacuous"]
Standing = Literal["known", "unexpected success", "another failure", "expired", "unmatched"]
Ending = Literal["", "first failure", "interruption", "harness faults"]


class _Value(Struct, frozen=True, kw_only=True, rename="camel"):
    """A JSON object of the report: camelCase, members in the order of the class."""


class Subject(_Value, frozen=True, kw_only=True):
    """What was judged: the subject string and the subject's statement."""

    subject: str
    name: str = ""
    version: str = ""
    homepage: str | None = None
    profile: str = ""
    features: tuple[str, ...] = ()
    unknown_features: tuple[str, ...] = ()
    choices: dict[str, object] = {}
    settle_seconds: float = 0.0


class Call(_Value, frozen=True, kw_only=True):
    """One contract call: the method and its parameters, as on the wire."""

    method: str
    params: dict[str, object]


class Counterexample(_Value, frozen=True, kw_only=True):
    """The smallest case found: calls in order, of which the last got the wrong answer.

    `rules` is the `networkAcls` in force at that call (None if the case is a write), `request` the request or the
    written value, `why` the deciding clause in words, `replay` a command line that shows the failure again.
    """

    clause: str
    calls: tuple[Call, ...]
    rules: dict[str, object] | None
    request: dict[str, object]
    expected: str
    got: str
    deciding_clause: str
    deciding_rule: str | None
    why: str
    replay: str
    calls_to_shrink: int = 0


class Clause(_Value, frozen=True, kw_only=True):
    """One clause's result. `asked` counts decisions, `decisive` the answers that this clause alone decided.

    `text` is the promise; `note` says what is asked and what is not; `basis` and `source` say where the promise comes
    from. `known` is true where the clause fails in known ways and in no other: then its failure counts for nothing.
    `needs` are the abilities that the subject does not offer, so that the clause does not apply. `not_asked` is true
    where the run ended before the clause was through. `shown_under` names the failed clauses under which the wrong
    answers to this clause's questions are shown; such a clause neither holds nor fails by itself.
    """

    id: str
    level: str
    group: str
    text: str
    note: str = ""
    basis: str = ""
    source: str = ""
    verdict: Verdict
    asked: int = 0
    decisive: int = 0
    required: int = 0
    allowed: int = 0
    denied: int = 0
    inconclusive: int = 0
    known: bool = False
    not_asked: bool = False
    needs: tuple[str, ...] = ()
    shown_under: tuple[str, ...] = ()
    detail: str = ""
    limit_found: str | None = None
    counterexamples: tuple[Counterexample, ...] = ()


OBSERVED = "observed, not judged"
"""The detail of an entry that no clause and no choice is about: what the harness has found out beside the clauses."""


class LedgerEntry(_Value, frozen=True, kw_only=True):
    """One open point: the declared answer, the answer that a probe found, and whether a declared choice is broken.

    An observation is such an entry, too, with `OBSERVED` as its detail.
    """

    key: str
    declared: str | None
    found: str | None
    broken: bool = False
    detail: str = ""

    @property
    def is_observation(self) -> bool:
        """Whether the harness has found this out beside the clauses."""
        return self.detail == OBSERVED


class Decoy(_Value, frozen=True, kw_only=True):
    """One fault that the run itself injected into the subject's answers, and whether the run noticed it.

    `text` describes the fault, `clause` is the clause that it breaks, `decisions` the number of decisions asked.
    """

    id: str
    clause: str
    text: str
    caught: bool
    decisions: int = 0


class FirstFailure(_Value, frozen=True, kw_only=True):
    """The cost of the run up to the first failure. An example is a scenario, from one `reset` to the next."""

    examples: int = 0
    writes: int = 0
    configurations: int = 0
    decisions: int = 0


class KnownFailure(_Value, frozen=True, kw_only=True):
    """One entry of the list of known failures and its standing; every standing but *known* fails the run.

    `explanation`, on the wire `told`, is why the standing is so. `reason`, `issue` and `expires` (a date) come from the
    list.
    """

    id: str
    clause: str
    standing: Standing
    explanation: str = msgspec.field(name="told")
    reason: str
    issue: str
    expires: str


class Totals(_Value, frozen=True, kw_only=True):
    """The cost of the run: calls by kind, decisions by outcome. The cost of counterexamples is counted apart."""

    resets: int = 0
    writes: int = 0
    decisions: int = 0
    allowed: int = 0
    denied: int = 0
    inconclusive: int = 0
    inconclusive_writes: int = 0
    shrink_calls: int = 0
    shrink_writes: int = 0
    shrink_decisions: int = 0
    faults: int = 0


CAMPAIGN = "campaign "
"""The beginning of the note in a report that was merged from the shards of a campaign."""


class Report(_Value, frozen=True, kw_only=True):
    """A whole run. Nothing in it depends on the clock or the machine: same seed, subject and version, same report.

    `scope` says in a sentence what the profile covers and what it leaves out. `ended` says what ended the run before
    its end; it is empty if nothing did. `suite_version` is the earlier version of the suite whose clauses alone were
    asked; it is empty if none was left out so. `resumed` is true where a part of the results comes from a journal.
    `bounds` are the options that bounded the run, and `options` the further ones that change questions or verdicts.
    `further_failures` are the failures that neither a clause nor an entry of the ledger shows, in a few words each.
    """

    schema_version: str = SCHEMA_VERSION
    kit_version: str
    catalogue_version: str
    profile: str
    profile_is_override: bool = False
    scope: str = ""
    effort: str
    seed: int
    selected: tuple[str, ...] = ()
    suite_version: str = ""
    bounds: str = ""
    options: str = ""
    subject: Subject
    result: Result
    exit_status: int
    level: str | None = None
    ended: Ending = ""
    resumed: bool = False
    further_failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    sensitivity: tuple[Decoy, ...] = ()
    known_failures: tuple[KnownFailure, ...] = ()
    first_failure: FirstFailure | None = None
    totals: Totals = Totals()
    log: str = ""


def report_to_json(report: Report) -> bytes:
    """The report as indented UTF-8 JSON; lone surrogates and bidirectional controls are written as their escapes."""
    return msgspec.json.format(encoded(report), indent=2)


def encoded(value: Struct) -> bytes:
    """The value as one line of UTF-8 JSON; lone surrogates and bidirectional controls are written as their escapes."""
    try:
        line = msgspec.json.encode(value)
    except UnicodeEncodeError:
        line = msgspec.json.encode(_encodable(msgspec.to_builtins(value)))
    return without_bidirectional(line)


def without_bidirectional(line: bytes) -> bytes:
    r"""The JSON with each control that changes the order in which text is shown as its escape.

    >>> without_bidirectional('"a\u202eb"'.encode())
    b'"a\\u202eb"'
    """
    return _BIDIRECTIONAL.sub(lambda one: f"\\u{ord(one[0].decode('utf-8')):04x}".encode("ascii"), line)


_BIDIRECTIONAL = re.compile(
    "|".join("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069").encode()
)
"""The bidirectional controls in UTF-8; in JSON they stand within strings only."""


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(one) for one in value]
    return value


def report_from_json(data: bytes) -> Report:
    """The report that JSON holds; `msgspec.ValidationError` names the path of what does not fit."""
    return msgspec.json.decode(data, type=Report)


def report_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of the stored report, generated from these classes."""
    schema = msgspec.json.schema(Report, schema_hook=lambda _: {"description": "any JSON value"})
    for definition in schema["$defs"].values():
        # Python 3.13 removes the indentation from docstrings, earlier versions do not.
        definition["description"] = cleandoc(definition["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "fencepost report", **schema}

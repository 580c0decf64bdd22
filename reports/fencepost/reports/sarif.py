"""`results.sarif`: the failures in SARIF 2.1.0, the form that code-scanning services read.

A rule is a clause, a result a cause. The location of a result is the line of `run.ndjson` with its counterexample,
since an implementation under test need not have a source that the service knows.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping

from fencepost.reports.causes import Cause, causes
from fencepost.reports.counterexample import explanation
from fencepost.reports.model import Clause, Counterexample, LedgerEntry, Report
from fencepost.reports.renderer import FileRenderer
from fencepost.reports.summary import reproduce
from fencepost.reports.visible import abridged, as_json, visible

_RUN_FILE = "run.ndjson"
_CAUSES = 1000
"""The most causes that become results; code-scanning services refuse very large files."""
_LEVELS = {"error": "error", "inconclusive": "warning", "vacuous": "warning"}
_Json = dict[str, object]


def _write(report: Report) -> str:
    return json.dumps(_log(report), indent=2, ensure_ascii=True) + "\n"


def _log(report: Report) -> _Json:
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "fencepost",
                        "semanticVersion": report.kit_version,
                        "rules": [*map(_rule, report.clauses), *map(_choice_rule, _broken(report))],
                    }
                },
                "automationDetails": {"id": f"fencepost/{visible(report.profile)}/"},
                "invocations": [_invocation(report)],
                "columnKind": "unicodeCodePoints",
                "results": [*_results(report)],
                "properties": {
                    "subject": visible(report.subject.subject),
                    "implementation": visible(f"{report.subject.name} {report.subject.version}".strip()),
                    "profile": visible(report.profile),
                    "scope": visible(report.scope),
                    "effort": report.effort,
                    "seed": str(report.seed),
                    "result": report.result,
                },
            }
        ],
    }


def _broken(report: Report) -> list[LedgerEntry]:
    return [entry for entry in report.ledger if entry.broken]


def _rule(clause: Clause) -> _Json:
    return {
        "id": visible(clause.id),
        "shortDescription": _message(f"{clause.id}, {clause.group}"),
        "fullDescription": _message(clause.text),
        "help": _message("\n\n".join(filter(None, (clause.text, clause.note, _source(clause))))),
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security", visible(clause.group), visible(clause.level)], "security-severity": "8.0"},
    }


def _source(clause: Clause) -> str:
    return f"{clause.basis}: {clause.source}" if clause.source else ""


def _choice_rule(entry: LedgerEntry) -> _Json:
    told = _message(f"The implementation keeps its declared choice for {entry.key}")
    return {"id": _choice_id(entry), "shortDescription": told, "help": told, "defaultConfiguration": {"level": "error"}}


def _choice_id(entry: LedgerEntry) -> str:
    return f"choice/{visible(entry.key)}"


def _invocation(report: Report) -> _Json:
    """A clause that could not be judged is no result of a rule but a notice about the run."""
    notices = [
        {
            "level": _LEVELS[clause.verdict],
            "message": _message(f"{clause.id} {clause.verdict}: {clause.detail}"),
            "associatedRule": {"id": visible(clause.id), "index": index},
        }
        for index, clause in enumerate(report.clauses)
        if clause.verdict in _LEVELS
    ]
    return {
        "executionSuccessful": not any(clause.verdict == "error" for clause in report.clauses),
        "exitCode": report.exit_status,
        "commandLine": visible(reproduce(report)),
        "toolExecutionNotifications": notices,
    }


def _results(report: Report) -> Iterator[_Json]:
    indices = {clause.id: index for index, clause in enumerate(report.clauses)}
    texts = {clause.id: clause.text for clause in report.clauses}
    lines = _lines(report)
    for cause in causes(report)[:_CAUSES]:
        yield _result(cause, texts, index=indices[cause.clause.id], line=lines[id(cause.smallest)])
    for index, entry in enumerate(_broken(report), start=len(report.clauses)):
        told = f"{entry.key}: declared {entry.declared}, found {entry.found}. {entry.detail}".strip()
        yield {
            "ruleId": _choice_id(entry),
            "ruleIndex": index,
            "level": "error",
            "message": _message(told),
            "locations": [_location(1, entry.key)],
            "partialFingerprints": {"fencepostChoice/v1": _digest("choice", entry.key)},
        }


def _lines(report: Report) -> Mapping[int, int]:
    """The line of the stream for each counterexample, by the counterexample's identity."""
    lines, line = {}, 1
    for clause in report.clauses:
        line += 1
        for one in clause.counterexamples:
            line += 1
            lines[id(one)] = line
    return lines


def _result(cause: Cause, texts: Mapping[str, str], *, index: int, line: int) -> _Json:
    one, times = cause.smallest, len(cause.counterexamples)
    mistake = f"It {cause.mistake}. " if cause.mistake else ""
    told = f"{mistake}Expected {abridged(one.expected)}, got {abridged(one.got)}. {explanation(one, texts)}"
    return {
        "ruleId": visible(cause.clause.id),
        "ruleIndex": index,
        "level": "error",
        "message": _message(f"{told} To see it again: {one.replay}"),
        "locations": [_location(line, cause.clause.id)],
        "codeFlows": [{"threadFlows": [{"locations": [*_steps(one, line)]}]}],
        "partialFingerprints": {"fencepostCause/v1": _digest(cause.clause.id, cause.expected, cause.got)},
        "occurrenceCount": times,
        **_suppressed(cause.clause),
        "properties": {
            "rules": as_json(abridged(one.rules)),
            "request": as_json(abridged(one.request)),
            "replay": visible(one.replay),
        },
    }


def _suppressed(clause: Clause) -> _Json:
    """A suppression if the clause has known failures and no others."""
    known: _Json = {"kind": "external", "status": "accepted", "justification": visible(clause.detail)}
    return {"suppressions": [known]} if clause.known else {}


def _location(line: int, clause: str) -> _Json:
    return {
        "physicalLocation": {"artifactLocation": {"uri": _RUN_FILE}, "region": {"startLine": line}},
        "logicalLocations": [{"fullyQualifiedName": visible(clause), "kind": "clause"}],
    }


def _steps(one: Counterexample, line: int) -> Iterator[_Json]:
    for number, call in enumerate(one.calls, start=1):
        location = {**_location(line, one.clause), "message": _message(f"{number} {call.method}")}
        yield {"location": location, "properties": {"params": as_json(abridged(call.params))}}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(visible(part) for part in parts).encode("utf-8")).hexdigest()


def _message(text: str) -> _Json:
    """A message with exactly this text: brackets would become a link, braces a placeholder."""
    shown = visible(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return {"text": shown.replace("{", "{{").replace("}", "}}")}


render = FileRenderer(file_name="results.sarif", write=_write)
"""The renderer of the entry point `sarif`."""

"""`results.sarif`: the failures in SARIF 2.1.0, the form that code-scanning services read.

A rule is a clause, a result a cause. Further results are broken choices, known failures that are not as listed, and the
run itself where its exit status is 1 or 3 and there is no other result. The location of a result is the file of the
user's repository that is or names the subject, since code-scanning services show only files of the repository. A
related location is the line of `run.ndjson` with the counterexample; it takes the place of the file where there is
none.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from urllib.parse import quote

from fencepost.reports.causes import Cause, causes
from fencepost.reports.counterexample import explanation
from fencepost.reports.headline import headline, not_judged, standing
from fencepost.reports.model import Clause, Counterexample, LedgerEntry, Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import TimedRenderer
from fencepost.reports.summary import cause_in_words, findings, own_log, reproduce, sentence
from fencepost.reports.visible import abridged, as_json, visible

_RUN_FILE = "run.ndjson"
_CAUSES = 1000
"""The most causes that become results; code-scanning services refuse very large files."""
_LEVELS = {"error": "error", "inconclusive": "warning", "vacuous": "warning"}
_NOT_JUDGED = (2, 3)
"""The exit statuses of a run that has come to no verdict."""
_LOG_LINES = 40
_TOP = "%SRCROOT%"
"""The base of the file's path: the top of the user's repository."""
_Json = dict[str, object]


def _write(report: Report, page: Page) -> str:
    return json.dumps(_log(report, page.source), indent=2, ensure_ascii=True) + "\n"


def _log(report: Report, file: str) -> _Json:
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "fencepost",
                        "semanticVersion": report.kit_version,
                        **_home(),
                        "rules": [*map(_rule, report.clauses), *_further_rules(report)],
                    }
                },
                "automationDetails": {"id": f"fencepost/{visible(report.profile)}/"},
                "invocations": [_invocation(report)],
                "columnKind": "unicodeCodePoints",
                **_base(file),
                "results": [*_results(report, file)],
                "properties": {
                    "subject": visible(report.subject.subject),
                    "implementation": visible(f"{report.subject.name} {report.subject.version}".strip()),
                    "profile": visible(report.profile),
                    "scope": visible(report.scope),
                    "effort": report.effort,
                    "seed": str(report.seed),
                    "result": report.result,
                    "headline": headline(report),
                },
            }
        ],
    }


def _home() -> _Json:
    """The address of the kit's own page, if its package names one."""
    try:
        urls = metadata("fencepost").get_all("Project-URL") or []
    except PackageNotFoundError:
        return {}
    return {"informationUri": urls[0].partition(",")[2].strip()} if urls else {}


def _base(file: str) -> _Json:
    described = _message("The top of the repository, or the folder in which the run was begun")
    return {"originalUriBaseIds": {_TOP: {"description": described}}} if file else {}


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


def _further_rules(report: Report) -> Iterator[_Json]:
    """The rules that no clause is: one for each result beside the causes."""
    for rule, text, _ in _further(report):
        message = _message(text)
        yield {
            "id": rule,
            "shortDescription": message,
            "help": message,
            "defaultConfiguration": {"level": "error"},
        }


def _further(report: Report) -> Iterator[tuple[str, str, str]]:
    """The results beside the causes: the id of the rule, its text, and the message of the result."""
    for entry in _broken(report):
        message = f"{entry.key}: declared {entry.declared}, found {entry.found}. {entry.detail}".strip()
        yield _choice_id(entry), f"The implementation keeps its declared choice for {entry.key}", message
    stale = [one for one in report.known_failures if one.standing != "known"]
    for one in stale:
        message = f"known failure {one.id}: {one.standing}: {one.explanation}"
        yield f"known/{visible(one.id)}", f"The known failure {one.id} is as listed", message
    has_failed = bool(stale or _broken(report)) or any(not cause.clause.known for cause in causes(report))
    if report.exit_status in (1, 3) and not has_failed:
        yield "run/result", "The run passes", cause_in_words(report)


def _choice_id(entry: LedgerEntry) -> str:
    return f"choice/{visible(entry.key)}"


def _invocation(report: Report) -> _Json:
    """A clause that could not be judged is no result of a rule but a notice about the run."""
    found = findings(report.clauses)
    notices: list[_Json] = [{"level": "note", "message": _message(f"not judged: {one}")} for one in not_judged(report)]
    notices += [{"level": "note", "message": _message(note)} for note in report.notes]
    notices += [
        {
            "level": _LEVELS[clause.verdict],
            "message": _message(f"{clause.id} {standing(clause)}: {found[clause.id]}"),
            "associatedRule": {"id": visible(clause.id), "index": index},
        }
        for index, clause in enumerate(report.clauses)
        if clause.verdict in _LEVELS
    ]
    if report.exit_status in _NOT_JUDGED:
        notices.append({"level": "error", "message": _message(f"{headline(report)}: {sentence(report)}")})
    if lines := own_log(report, _LOG_LINES):
        message = _message("\n".join(["The end of the subject's own log:", *lines]))
        notices.append({"level": "note", "message": message})
    return {
        "executionSuccessful": report.exit_status not in _NOT_JUDGED
        and not any(clause.verdict == "error" for clause in report.clauses),
        "exitCode": report.exit_status,
        "commandLine": visible(reproduce(report)),
        "toolExecutionNotifications": notices,
    }


def _results(report: Report, file: str) -> Iterator[_Json]:
    indices = {clause.id: index for index, clause in enumerate(report.clauses)}
    texts = {clause.id: clause.text for clause in report.clauses}
    lines = _lines(report)
    for cause in causes(report)[:_CAUSES]:
        yield _result(cause, texts, file, index=indices[cause.clause.id], line=lines[id(cause.smallest)])
    for index, (rule, _, message) in enumerate(_further(report), start=len(report.clauses)):
        kind, _, key = rule.partition("/")
        yield {
            "ruleId": rule,
            "ruleIndex": index,
            "level": "error",
            "message": _message(message),
            "locations": [_location(key, file=file)],
            "partialFingerprints": {f"fencepost{kind.capitalize()}/v1": _digest(kind, key)},
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


def _result(cause: Cause, texts: Mapping[str, str], file: str, *, index: int, line: int) -> _Json:
    one, times = cause.smallest, len(cause.counterexamples)
    mistake = f"It {cause.mistake}. " if cause.mistake else ""
    message = f"{mistake}Expected {abridged(one.expected)}, got {abridged(one.got)}. {explanation(one, texts)}"
    return {
        "ruleId": visible(cause.clause.id),
        "ruleIndex": index,
        "level": "error",
        "message": _message(f"{message} To see it again: {one.replay}"),
        "locations": [_location(cause.clause.id, file=file, line=line)],
        "relatedLocations": [_location(cause.clause.id, line=line)],
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


def _location(clause: str, *, file: str = "", line: int = 1) -> _Json:
    """The file of the repository; the line of the stored run without one."""
    place = {"uri": quote(file), "uriBaseId": _TOP} if file else {"uri": _RUN_FILE}
    return {
        "physicalLocation": {"artifactLocation": place, "region": {"startLine": 1 if file else line}},
        "logicalLocations": [{"fullyQualifiedName": visible(clause), "kind": "clause"}],
    }


def _steps(one: Counterexample, line: int) -> Iterator[_Json]:
    for number, call in enumerate(one.calls, start=1):
        location = {**_location(one.clause, line=line), "message": _message(f"{number} {call.method}")}
        yield {"location": location, "properties": {"params": as_json(abridged(call.params))}}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(visible(part) for part in parts).encode("utf-8")).hexdigest()


def _message(text: str) -> _Json:
    """A message with exactly this text: brackets would become a link, braces a placeholder."""
    shown = visible(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return {"text": shown.replace("{", "{{").replace("}", "}}")}


render = TimedRenderer(file_name="results.sarif", write=_write)
"""The renderer of the entry point `sarif`."""

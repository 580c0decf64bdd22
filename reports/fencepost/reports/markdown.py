"""`summary.md`: the run as short Markdown, for the summary of a CI step or a comment, with foreign text escaped."""

import re
from collections.abc import Iterator, Mapping

from fencepost.reports.causes import Cause, causes
from fencepost.reports.counted import counted
from fencepost.reports.counterexample import explanation
from fencepost.reports.headline import colour_of, headline, not_judged, not_judged_in_short, standing
from fencepost.reports.markdown_text import plain
from fencepost.reports.model import Counterexample, Report
from fencepost.reports.renderer import FileRenderer
from fencepost.reports.summary import controlled, findings, in_words, known, named, own_log, reproduce, sentence
from fencepost.reports.visible import abridged, as_json, visible

_CAUSES = 25
_SIGNS = {"green": "✅", "yellow": "🟡", "red": "❌", "grey": "⚠️"}
_LOG_LINES = 40


def _write(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    found = causes(report)
    yield f"## {_SIGNS[colour_of(report)]} {headline(report)}: {plain(named(report))}"
    yield ""
    if left_out := not_judged_in_short(report):
        yield "Not judged:"
        yield ""
        yield from (f"- {plain(one)}" for one in left_out)
        yield ""
    yield plain(sentence(report))
    if found:
        yield plain(in_words(found))
    if report.scope:
        yield ""
        yield plain(report.scope)
    yield ""
    if report.notes:
        yield from (f"- {plain(note)}" for note in report.notes)
        yield ""
    yield from _fenced(reproduce(report))
    yield from _unjudged(report)
    yield from _own_log(report)
    texts = {clause.id: clause.text for clause in report.clauses}
    for cause in found[:_CAUSES]:
        yield from _cause(cause, texts)
    if len(found) > _CAUSES:
        yield f"{len(found) - _CAUSES:,} further causes are in the full report."
        yield ""
    yield from _known(report)
    yield from _ledger(report)
    if control := controlled(report):
        yield plain(f"Sensitivity: {control}.")
        yield ""
    yield from _left_out(report)
    totals = report.totals
    yield plain(
        f"{counted(totals.decisions, 'decision')}, {counted(totals.writes, 'write')}; profile {report.profile}, "
        f"effort {report.effort}, seed {report.seed}, level {report.level or 'none'}, fencepost {report.kit_version}"
    )


def _fenced(*lines: str) -> Iterator[str]:
    """The lines as code, between fences that none of them can close."""
    shown = [visible(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}text"
    yield from shown
    yield fence
    yield ""


def _unjudged(report: Report) -> Iterator[str]:
    rows = [clause for clause in report.clauses if standing(clause) in ("error", "inconclusive", "vacuous")]
    found = findings(report.clauses)
    if rows:
        yield "| clause | verdict | why |"
        yield "| --- | --- | --- |"
        yield from (f"| {plain(one.id)} | {one.verdict} | {plain(str(abridged(found[one.id])))} |" for one in rows)
        yield ""
    left = [clause.id for clause in report.clauses if clause.not_asked]
    if left:
        yield plain(f"Not asked: {', '.join(left)}.")
        yield ""


def _own_log(report: Report) -> Iterator[str]:
    """The end of the subject's own log, if a clause ended in error that does not show it."""
    if lines := own_log(report, _LOG_LINES):
        yield "The end of the subject's own log:"
        yield ""
        yield from _fenced(*lines)


def _cause(cause: Cause, texts: Mapping[str, str]) -> Iterator[str]:
    one, times = cause.smallest, len(cause.counterexamples)
    title = plain(f": it {cause.title}")
    yield f"### {plain(cause.clause.id)}{title}{f' ({times:,} times)' if times > 1 else ''}"
    yield ""
    yield plain(cause.clause.text)
    if cause.clause.source:
        yield ""
        yield plain(f"{cause.clause.basis}: {cause.clause.source}")
    yield ""
    yield from _fenced(*_in_lines(one, texts))


def _in_lines(one: Counterexample, texts: Mapping[str, str]) -> Iterator[str]:
    if one.rules is not None:
        yield f"rules     {as_json(abridged(one.rules))}"
    if one.request:
        yield f"{'request ' if one.rules is not None else 'written '}  {as_json(abridged(one.request))}"
    yield f"expected  {abridged(one.expected)}"
    yield f"got       {abridged(one.got)}"
    yield f"why       {explanation(one, texts)}"
    if _has_a_history(one):
        for number, call in enumerate(one.calls, start=1):
            yield f"{'calls' if number == 1 else '':<9} {number} {call.method} {as_json(abridged(call.params))}"
    yield f"replay    {one.replay}"


def _has_a_history(one: Counterexample) -> bool:
    """Whether the case takes more than the rules and the request: other calls, or other requests in the last call."""
    requests = one.calls[-1].params.get("requests") if one.calls else None
    return len(one.calls) > 3 or (isinstance(requests, list) and len(requests) > 1)


def _left_out(report: Report) -> Iterator[str]:
    """The clauses that were not judged, by their reasons."""
    if rows := [one for one in not_judged(report) if one.clauses]:
        yield "The clauses that were not judged:"
        yield ""
        yield from (f"- {plain(str(one))}" for one in rows)
        yield ""


def _known(report: Report) -> Iterator[str]:
    rows = known(report)
    if rows:
        yield "| known failure | stands | |"
        yield "| --- | --- | --- |"
        for entry, standing, text in rows:
            yield f"| {plain(entry)} | {plain(standing)} | {plain(text)} |"
        yield ""


def _ledger(report: Report) -> Iterator[str]:
    broken = [entry for entry in report.ledger if entry.broken]
    if broken:
        yield "| open point | declared | found |"
        yield "| --- | --- | --- |"
        for entry in broken:
            yield f"| {plain(entry.key)} | {plain(entry.declared or '–')} | {plain(entry.found or '–')} |"
        yield ""


render = FileRenderer(file_name="summary.md", write=_write)
"""The renderer of the entry point `markdown`."""

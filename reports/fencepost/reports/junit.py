"""`junit.xml`: one test case a clause, for programs that read JUnit's form.

Further test cases are the broken choices, the known failures that are not as listed, and the run itself where no other
case shows what its exit status says. The form fits all published schemas; one of them gives `skipped` no attribute, so
its reason is its text. A clause with known failures only is skipped, and so is a clause whose wrong answers are shown
under another clause. The time of the suite is that of the whole run. A clause's time is its share: the time of each
scenario, shared out by the number of answers that count for each clause. Where no time is known, times are zero and the
time stamp is a constant.
"""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fencepost.reports.causes import causes_of
from fencepost.reports.headline import HEADLINES, headline, not_judged
from fencepost.reports.model import Clause, Counterexample, KnownFailure, LedgerEntry, Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import TimedRenderer
from fencepost.reports.summary import cause_in_words, findings, sentence
from fencepost.reports.visible import abridged, as_json, visible, visible_lines

_ELEMENT_OF = {
    "fail": "failure",
    "error": "error",
    "inconclusive": "error",
    "vacuous": "error",
    "not applicable": "skipped",
}
_CAUSES = 20
"""The most causes of one clause in the file."""

_NO_TIME = "1970-01-01T00:00:00"
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _write(report: Report, page: Page) -> str:
    suites = Element("testsuites")
    cases = [*_clause_cases(report)]
    for clause, case in zip(report.clauses, cases, strict=True):
        case.set("time", _seconds(page.clause_seconds.get(clause.id, 0)))
    cases += [_choice_case(entry) for entry in report.ledger if entry.broken]
    cases += [_known_case(entry) for entry in report.known_failures if entry.standing != "known"]
    cases += _run_case(report, cases)
    suite = _suite(suites, report, cases)
    suite.set("timestamp", page.began or _NO_TIME)
    suite.set("time", _seconds(page.seconds or 0))
    SubElement(suite, "system-out").text = "\n".join(visible(note) for note in report.notes)
    SubElement(suite, "system-err").text = "\n".join(visible_lines(report.log))
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _seconds(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")


def _suite(suites: Element, report: Report, cases: Sequence[Element]) -> Element:
    suite = SubElement(
        suites,
        "testsuite",
        {
            "name": "fencepost",
            "package": "fencepost",
            "id": "0",
            "hostname": "localhost",
            "timestamp": "",
            "time": "",
            "tests": str(len(cases)),
            **{key: str(sum(case.find(tag) is not None for case in cases)) for key, tag in _COUNTED.items()},
        },
    )
    properties = SubElement(suite, "properties")
    for key, value in _properties(report):
        SubElement(properties, "property", {"name": key, "value": visible(value)})
    suite.extend(cases)
    return suite


def _properties(report: Report) -> Iterable[tuple[str, str]]:
    for one in not_judged(report):
        yield "not judged", str(one)
    yield "subject", report.subject.subject
    yield "implementation", f"{report.subject.name} {report.subject.version}".strip()
    yield "features", " ".join(report.subject.features)
    yield "profile", report.profile
    yield "scope", report.scope
    yield "effort", report.effort
    yield "seed", str(report.seed)
    yield "result", report.result
    yield "headline", headline(report)
    yield "level", report.level or "none"
    yield "fencepost", report.kit_version
    yield "catalogue", report.catalogue_version


def _case(group: str, name: str) -> Element:
    return Element("testcase", {"classname": visible(f"fencepost.{group}"), "name": visible(name), "time": "0"})


def _clause_cases(report: Report) -> Iterable[Element]:
    found = findings(report.clauses)
    for clause in report.clauses:
        detail = "not asked: the notes of the run say why" if clause.not_asked else found[clause.id]
        yield _clause_case(clause, detail)


def _clause_case(clause: Clause, found: str) -> Element:
    case = _case(clause.group, clause.id)
    is_skipped = clause.known or (clause.shown_under and clause.verdict != "fail")
    tag = "skipped" if is_skipped else _ELEMENT_OF.get(clause.verdict)
    if tag is not None:
        message = visible(found or (clause.counterexamples[0].why if clause.counterexamples else clause.text))
        text = [f"{clause.id} ({clause.level}): {visible(clause.text)}", *_source(clause), *_counterexamples(clause)]
        if tag == "skipped":
            SubElement(case, tag).text = "\n".join([message, *text])
        else:
            SubElement(case, tag, {"message": message, "type": clause.verdict}).text = "\n".join(text)
    return case


def _source(clause: Clause) -> Iterable[str]:
    if clause.source:
        yield visible(f"{clause.basis}: {clause.source}")


def _counterexamples(clause: Clause) -> Iterable[str]:
    """The smallest counterexample of each cause, and the number of similar ones."""
    found = causes_of(clause)
    for cause in found[:_CAUSES]:
        yield ""
        yield from _counterexample(cause.smallest)
        if len(cause.counterexamples) > 1:
            yield f"and {len(cause.counterexamples) - 1:,} more of this kind"
    if len(found) > _CAUSES:
        yield f"and {len(found) - _CAUSES:,} further causes"


def _counterexample(one: Counterexample) -> Iterable[str]:
    if one.rules is not None:
        yield f"rules: {as_json(abridged(one.rules))}"
    if one.request:
        yield f"request: {as_json(abridged(one.request))}"
    yield f"expected: {visible(str(abridged(one.expected)))}"
    yield f"got: {visible(str(abridged(one.got)))}"
    yield f"why: {visible(one.why)}"
    for call in one.calls:
        yield f"call: {visible(call.method)} {as_json(abridged(call.params))}"
    yield f"replay: {visible(one.replay)}"


def _choice_case(entry: LedgerEntry) -> Element:
    case = _case("choices", entry.key)
    message = f"declared {entry.declared}, found {entry.found}"
    failure = SubElement(case, "failure", {"message": visible(message), "type": "broken choice"})
    failure.text = visible(entry.detail) or message
    return case


def _known_case(entry: KnownFailure) -> Element:
    case = _case("known", entry.id)
    failure = SubElement(
        case, "failure", {"message": visible(f"{entry.standing}: {entry.explanation}"), "type": entry.standing}
    )
    failure.text = visible(f"{entry.clause}: {entry.reason}, until {entry.expires}, {entry.issue}")
    return case


def _run_case(report: Report, cases: Iterable[Element]) -> Iterable[Element]:
    """A test case for the run as a whole, where its exit status needs a failure or an error that no case has."""
    tag = HEADLINES[headline(report)].entry
    if tag and all(case.find(tag) is None for case in cases):
        case = _case("run", "result")
        entry = SubElement(case, tag, {"message": visible(cause_in_words(report)), "type": report.result})
        entry.text = visible(sentence(report))
        yield case


render = TimedRenderer(file_name="junit.xml", write=_write)
"""The renderer of the entry point `junit`."""

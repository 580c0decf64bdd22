"""Runs beside runs: `diff` says what changed and whether it is for the worse, `matrix` shows them in one table."""

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.commands import main
from fencepost.conformance.comparison.difference import difference
from fencepost.conformance.comparison.markdown import difference_as_markdown, matrix_as_markdown
from fencepost.conformance.comparison.matrix import matrix
from fencepost.conformance.comparison.page import matrix_as_html
from fencepost.reports.model import (
    Call,
    Clause,
    Counterexample,
    LedgerEntry,
    Report,
    Subject,
    Verdict,
    report_to_json,
)
from msgspec import structs

HOSTILE = "<img src=x onerror=alert(1)>|`*_[a](https://example.org)\x1b[31m\n# x"


def _counterexample(clause: str, address: str = "20.0.0.1") -> Counterexample:
    return Counterexample(
        clause=clause,
        calls=(Call(method="reset", params={"subnets": []}), Call(method="decide", params={"requests": [address]})),
        rules=None,
        request={},
        expected="allow",
        got="deny",
        deciding_clause=clause,
        deciding_rule=None,
        why="",
        replay=f"fencepost check vault --clause {clause}",
    )


def _row(clause: str, verdict: Verdict = "pass", *, limit: str | None = None, address: str = "20.0.0.1") -> Clause:
    found = (_counterexample(clause, address),) if verdict == "fail" else ()
    return Clause(
        id=clause,
        level="core",
        group="decisions",
        text="a promise",
        verdict=verdict,
        limit_found=limit,
        counterexamples=found,
    )


def _report(*rows: Clause, ledger: tuple[LedgerEntry, ...] = (), name: str = "Vault", **more: object) -> Report:
    said = {
        "kit_version": "1",
        "catalogue_version": "1",
        "profile": "keyvault",
        "effort": "quick",
        "seed": 0,
        "result": "pass",
        "exit_status": 0,
        **more,
    }
    subject = Subject(subject="x", name=name, version="1")
    return Report(subject=subject, clauses=rows, ledger=ledger, **said)  # type: ignore[arg-type]


def _written(report: Report, folder: Path) -> str:
    folder.mkdir()
    (folder / "report.json").write_bytes(report_to_json(report))
    return str(folder)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def test_a_run_compared_with_itself_has_no_difference() -> None:
    report = _report(
        _row("DEC-1"), _row("DEC-2", "fail"), ledger=(LedgerEntry(key="prefix-0", declared=None, found="x"),)
    )
    found = difference(report, report)
    assert not found.is_worse
    assert not found.is_any
    assert found.caveats == ()
    assert [change.kind for change in found.changes] == ["still failing"]


@pytest.mark.parametrize(
    ("before", "after", "kind", "worse"),
    [
        ("pass", "fail", "new failure", True),
        ("error", "fail", "new failure", True),
        ("fail", "pass", "fixed", False),
        ("fail", "fail", "still failing", False),
        ("pass", "vacuous", "verdict changed", True),
        ("pass", "not applicable", "verdict changed", True),
        ("not applicable", "pass", "verdict changed", False),
        ("fail", "error", "verdict changed", False),
    ],
)
def test_what_became_of_a_verdict_has_its_kind(before: Verdict, after: Verdict, kind: str, worse: bool) -> None:
    found = difference(_report(_row("DEC-1", before)), _report(_row("DEC-1", after)))
    assert [(change.kind, change.is_worse) for change in found.changes] == [(kind, worse)]


def test_changes_are_counted_in_the_singular_and_in_the_plural(tmp_path: Path) -> None:
    passed = _report(_row("DEC-1"), _row("DEC-2"), _row("DEC-3"), _row("DEC-4"))
    one = _report(_row("DEC-1", "fail"), _row("DEC-2", "vacuous"), _row("DEC-3", "vacuous"), _row("DEC-4"))
    two = _report(_row("DEC-1", "fail"), _row("DEC-2", "fail"), _row("DEC-3", "vacuous"), _row("DEC-4"))
    before = _written(passed, tmp_path / "a")
    first, second = (
        _run("diff", before, _written(report, tmp_path / name)) for name, report in (("b", one), ("c", two))
    )
    assert first.stdout.splitlines()[-1] == "1 new failure, 2 verdicts changed: worse than before"
    assert second.stdout.splitlines()[-1] == "2 new failures, 1 verdict changed: worse than before"


def test_a_clause_whose_wrong_answers_are_shown_under_another_is_neither_fixed_nor_passed() -> None:
    shown = structs.replace(_row("DEC-5"), shown_under=("DEC-4",), detail="5 of 9 answers were wrong")
    (fixed,) = difference(_report(_row("DEC-5", "fail")), _report(shown)).changes
    assert (fixed.kind, fixed.after) == ("verdict changed", "shown under DEC-4")
    (lost,) = difference(_report(_row("DEC-5")), _report(shown)).changes
    assert (lost.kind, lost.before, lost.is_worse) == ("verdict changed", "pass", True)


def test_a_clause_that_was_not_asked_is_no_error_of_the_harness() -> None:
    cut = structs.replace(_row("DEC-5", "error"), not_asked=True, detail="not asked: the run was interrupted")
    (change,) = difference(_report(_row("DEC-5")), _report(cut)).changes
    assert (change.after, change.detail, change.is_worse) == ("not asked", "the run was interrupted", True)


def test_a_clause_that_fails_by_another_case_is_told_so() -> None:
    found = difference(_report(_row("DEC-1", "fail")), _report(_row("DEC-1", "fail", address="20.0.0.9")))
    assert found.changes[0].detail == "by another case"
    assert found.is_any
    assert not found.is_worse


@pytest.mark.parametrize("less", [{"selected": ("DEC-1",)}, {"suite_version": "0.0.9"}])
def test_a_passed_clause_that_the_later_run_did_not_ask_is_a_lost_pass(less: Mapping[str, Any]) -> None:
    found = difference(_report(_row("DEC-1"), _row("DEC-2"), _row("DEC-3", "vacuous")), _report(_row("DEC-1"), **less))
    assert [(change.after, change.detail, change.is_worse) for change in found.changes] == [
        ("not in the run", "a pass is lost", True),
        ("not in the run", "", False),
    ]
    assert not difference(_report(_row("DEC-1"), **less), _report(_row("DEC-1"), _row("DEC-2"))).is_worse


def test_a_failure_outside_the_selection_is_compared_like_any_other() -> None:
    green = _report(_row("DEC-3"), selected=("DEC-3",))
    red = structs.replace(green, further_failures=("DEC-5 failed outside the selection",), result="fail", exit_status=1)
    every = _report(_row("DEC-3"), _row("DEC-5", "fail"), result="fail", exit_status=1)
    (change,) = difference(green, red).changes
    assert (change.kind, change.key, change.is_worse) == ("new failure", "DEC-5", True)
    assert (change.before, change.after) == ("not in the run", "fail outside the selection")
    assert not difference(red, red).is_any
    assert [one.kind for one in difference(red, every).changes] == ["still failing"]
    assert [one.kind for one in difference(every, red).changes] == ["still failing"]
    assert [one.kind for one in difference(red, _report(_row("DEC-3"), _row("DEC-5"))).changes] == ["fixed"]
    assert [(one.kind, one.is_worse) for one in difference(red, green).changes] == [("verdict changed", False)]


def test_a_failure_of_no_clause_is_compared_too() -> None:
    text = "describe is answered otherwise at the end of the run"
    steady, moved = _report(_row("DEC-1")), _report(_row("DEC-1"), further_failures=(text,), exit_status=1)
    (change,) = difference(steady, moved).changes
    assert (change.kind, change.key, change.after, change.is_worse) == ("new failure", "the run", text, True)
    assert not difference(moved, moved).is_any
    assert not difference(moved, steady).is_worse


def test_a_run_that_no_longer_ends_with_0_is_for_the_worse_whatever_the_reason() -> None:
    unseen = _report(_row("DEC-1"), result="vacuous", exit_status=3, notes=("it did not notice a decoy",))
    (change,) = difference(_report(_row("DEC-1")), unseen).changes
    assert (change.key, change.before, change.after) == ("the run", "PASS", "VACUOUS")
    assert (change.detail, change.is_worse) == ("it did not notice a decoy", True)


def test_a_passed_clause_that_is_gone_without_a_selection_is_for_the_worse() -> None:
    assert difference(_report(_row("DEC-1"), _row("DEC-2")), _report(_row("DEC-1"))).is_worse


def test_a_changed_limit_is_told_with_both_numbers() -> None:
    found = difference(_report(_row("LIM-1", limit="1,000")), _report(_row("LIM-1", limit="999")))
    assert [(one.kind, one.before, one.after) for one in found.changes] == [("limit changed", "1,000", "999")]


def test_a_newly_broken_choice_is_for_the_worse_and_another_answer_is_not() -> None:
    whole = LedgerEntry(key="prefix-0", declared="reject", found="reject")
    broken = LedgerEntry(key="prefix-0", declared="reject", found="accept", broken=True)
    other = LedgerEntry(key="prefix-0", declared="accept", found="accept")
    assert difference(_report(ledger=(whole,)), _report(ledger=(broken,))).is_worse
    assert not difference(_report(ledger=(broken,)), _report(ledger=(broken,))).is_any
    changed = difference(_report(ledger=(whole,)), _report(ledger=(other,)))
    assert [change.kind for change in changed.changes] == ["ledger changed"]
    assert not changed.is_worse


def test_runs_on_other_terms_say_so() -> None:
    found = difference(_report(), _report(seed=7, profile="keyvault-2018-preview"))
    assert found.caveats == ("profile: keyvault before, keyvault-2018-preview now", "seed: 0 before, 7 now")
    merged = _report(notes=("campaign 5eed: 12 tasks in 3 shards, 2 seeds; a replay has the seed of its task",))
    found = difference(_report(bounds="--max-seconds 9"), merged)
    assert found.caveats == (
        "bounds: --max-seconds 9 before, none now",
        "asked in: a single run before, campaign 5eed: 12 tasks in 3 shards, 2 seeds now",
    )


@pytest.mark.parametrize(
    ("verdict", "options", "status"),
    [("fail", [], 1), ("pass", [], 0), ("pass", ["--strict"], 0), ("fail", ["--format", "json"], 1)],
)
def test_the_exit_status_is_for_ci(tmp_path: Path, verdict: Verdict, options: list[str], status: int) -> None:
    before = _written(_report(_row("DEC-1")), tmp_path / "a")
    after = _written(_report(_row("DEC-1", verdict)), tmp_path / "b")
    assert _run("diff", before, after, *options).exit_code == status


def test_strict_counts_a_fixed_clause_as_a_difference(tmp_path: Path) -> None:
    before = _written(_report(_row("DEC-1", "fail")), tmp_path / "a")
    after = _written(_report(_row("DEC-1")), tmp_path / "b")
    assert _run("diff", before, after).exit_code == 0
    assert _run("diff", before, after, "--strict").exit_code == 1


def test_the_differences_are_to_be_had_as_json(tmp_path: Path) -> None:
    before = _written(_report(_row("DEC-1")), tmp_path / "a")
    after = _written(_report(_row("DEC-1", "fail")), tmp_path / "b")
    document = json.loads(_run("diff", before, after, "--format", "json").stdout)
    assert document["worse"] is True
    assert document["changes"][0]["kind"] == "new failure"


@pytest.mark.parametrize("content", [b"", b"{", b'{"schemaVersion": "99"}', b'{"a": 1}\n{"b": 2}'])
@pytest.mark.parametrize("command", ["diff", "matrix"])
def test_what_is_no_stored_run_is_bad_usage_and_named(tmp_path: Path, content: bytes, command: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    result = _run(command, str(path), *([str(path)] if command == "diff" else []))
    assert result.exit_code == 2
    assert "report.json" in result.stderr


def test_the_matrix_has_a_row_a_clause_and_a_column_a_run() -> None:
    first = _report(_row("DEC-1"), _row("LIM-1", limit="127"), name="One")
    second = _report(_row("DEC-1", "fail"), name="Two", ledger=(LedgerEntry(key="prefix-0", declared=None, found="x"),))
    text = matrix_as_markdown(matrix([first, second]))
    assert "| clause | level | One 1 | Two 1 | what it promises |" in text
    assert "| DEC-1 | core | pass | **FAIL** |" in text
    assert "| LIM-1 | core | pass | – |" in text
    assert "| LIM-1 | 127 | – |" in text
    assert "| prefix-0 | – | x |" in text


def test_a_hostile_name_breaks_no_table() -> None:
    text = matrix_as_markdown(matrix([_report(_row("DEC-1"), name=HOSTILE)]))
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {3, 5}
    assert "\x1b" not in text
    assert "<img" not in text.replace("\\<img", "")
    changed = difference(_report(name="One"), _report(name=HOSTILE))
    assert "\\<img" in difference_as_markdown(changed)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        led = [value for name, value in attrs if name.startswith("on") or name in ("src", "href")]
        assert led == (["data:,"] if tag == "link" else []), tag
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_runs_and_loads_nothing_and_shows_hostile_names_as_text() -> None:
    html = matrix_as_html(matrix([_report(_row("DEC-1", "fail"), name=HOSTILE), _report(_row("DEC-1"), name="Two")]))
    page = _Page()
    page.feed(html)
    assert not {"script", "img", "iframe"} & set(page.tags)
    assert "default-src 'none'" in html
    assert "<img src=x onerror=alert(1)>" in page.text
    assert {"main", "h1", "thead", "tbody"} <= set(page.tags)


def test_the_page_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    run = _written(_report(_row("DEC-1")), tmp_path / "a")
    out = tmp_path / "matrix.html"
    assert _run("matrix", run, run, "--format", "html", "--out", str(out)).exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_new_failure_comes_with_its_smallest_case_and_the_line_that_replays_it(tmp_path: Path) -> None:
    before, after = _report(_row("DEC-1")), _report(_row("DEC-1", "fail"))
    (change,) = difference(before, after).changes
    assert change.case == ("expected allow, got deny", "replay   fencepost check vault --clause DEC-1")
    runs = _written(before, tmp_path / "a"), _written(after, tmp_path / "b")
    for form in ("text", "markdown", "json"):
        assert "fencepost check vault --clause DEC-1" in _run("diff", *runs, "--format", form).stdout
    assert difference(after, after).changes[0].case == ()


def test_the_matrix_marks_the_level_of_each_clause_and_breaks_no_id() -> None:
    extended = structs.replace(_row("DEC-8"), level="extended")
    found = matrix([_report(_row("DEC-1"), extended)])
    assert "| DEC-8 | extended | pass |" in matrix_as_markdown(found)
    page = matrix_as_html(found)
    assert "th.clause{white-space:nowrap}" in page
    assert '<th scope="row" class="clause">DEC-8</th>' in page
    assert "<td>extended</td>" in page


def test_two_runs_of_one_version_are_told_apart() -> None:
    runs = [_report(_row("DEC-1"), seed=1), _report(_row("DEC-1"), seed=2), _report(_row("DEC-1"), seed=2)]
    labels = [column.run for column in matrix(runs).columns]
    assert labels == ["seed 1", "seed 2, run 1", "seed 2, run 2"]
    assert matrix(runs[:1]).columns[0].run == ""
    named = matrix(runs, names=("run0", "run1", "run2"))
    assert [column.run for column in named.columns] == ["seed 1", "seed 2, run1", "seed 2, run2"]
    for shown in (matrix_as_markdown(matrix(runs)), matrix_as_html(matrix(runs))):
        assert "(seed 2, run 2)" in shown.replace("\\", "")

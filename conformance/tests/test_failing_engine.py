"""A real engine that fails, as the examples show it: its stored run is true, and its page names the faults."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands import main
from fencepost.reports.causes import causes, causes_of
from fencepost.reports.model import Report
from fencepost.reports.stored import stored_run
from fencepost.reports.summary import in_words, sentence

FOLDER = Path(__file__).parents[1] / "examples" / "python"
STORED = FOLDER / "careless_cedar.ndjson"
SUBJECT = "library:careless_cedar:CarelessCedar"
SEED = ("--seed", "1")


def _failed(report: Report) -> dict[str, tuple[str, ...]]:
    """The clauses that fail, each with what the engine does wrong."""
    return {row.id: tuple(cause.mistake for cause in causes_of(row)) for row in report.clauses if row.counterexamples}


@pytest.mark.slow
@pytest.mark.engine("cedar")
def test_the_stored_run_is_what_the_engine_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    result = CliRunner().invoke(main, ["check", SUBJECT, *SEED, "--report", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 1
    assert _failed(stored_run(tmp_path).report) == _failed(stored_run(STORED).report), (
        f"from {FOLDER.name}: fencepost check {SUBJECT} --seed 1 --report DIR, then keep its run.ndjson"
    )


def test_the_stored_run_is_of_the_catalogue_of_today_and_judged_every_clause_that_applies() -> None:
    report = stored_run(STORED).report
    assert [(row.id, row.text) for row in report.clauses] == [(one.id, one.text) for one in catalogue().clauses]
    assert report.catalogue_version == catalogue().version
    assert {row.verdict for row in report.clauses if not row.shown_under} == {"pass", "fail", "not applicable"}


def test_the_three_mistakes_of_the_engine_are_found_and_told_apart() -> None:
    found = _failed(stored_run(STORED).report)
    assert found["DEC-2"] == ("keeps out callers that must be let in",)
    assert found["DEC-3"] == found["DEC-7"] == ("lets in callers that must be kept out",)


def test_its_page_says_at_the_top_what_is_wrong_in_words_that_take_no_table(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = CliRunner().invoke(main, ["report", str(STORED), "--format", "html", "--out", str(page)])
    assert result.exit_code == 0
    shown = page.read_text(encoding="utf-8")
    top, cards = (
        shown[: shown.index('id="failures"')],
        shown[shown.index('id="failures"') : shown.index('id="clauses"')],
    )
    report = stored_run(STORED).report
    assert in_words(causes(report)) in top
    assert sentence(report) in top
    assert cards.count('<article class="failure"') == cards.count("<figure>") == len(_failed(report))
    assert "nothing in the rules lets this caller in" in cards
    (kept_out,) = (row.counterexamples[0] for row in report.clauses if row.id == "DEC-2")
    assert f"the rule {kept_out.deciding_rule} lets this caller in" in cards

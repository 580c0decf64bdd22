"""A real engine that fails, as the examples have it: its stored run is what it does, and its page says what is wrong."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import main
from fencepost.reports.causes import causes
from fencepost.reports.model import Report
from fencepost.reports.stored import stored_run

FOLDER = Path(__file__).parents[1] / "examples" / "python"
STORED = FOLDER / "careless_cedar.ndjson"
SUBJECT = "library:careless_cedar:CarelessCedar"


def _found(report: Report) -> list[tuple[object, ...]]:
    return [(row.id, row.verdict, tuple(one.calls for one in row.counterexamples)) for row in report.clauses]


@pytest.mark.engine("cedar")
def test_the_stored_run_is_what_the_engine_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    result = CliRunner().invoke(main, ["check", SUBJECT, "--report", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 1
    assert _found(stored_run(tmp_path).report) == _found(stored_run(STORED).report), (
        f"from {FOLDER.name}: fencepost check {SUBJECT} --report DIR, then keep its run.ndjson"
    )


def test_the_three_mistakes_of_the_engine_are_found_and_told_apart() -> None:
    found = {cause.clause.id: cause.mistake for cause in causes(stored_run(STORED).report)}
    assert found == {
        "DEC-2": "keeps out what must be let in",
        "DEC-3": "lets in what must be kept out",
        "DEC-7": "lets in what must be kept out",
        "LIM-3": "lets in what must be kept out",
    }


def test_its_page_says_at_the_top_what_is_wrong_in_words_that_take_no_table(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = CliRunner().invoke(main, ["report", str(STORED), "--format", "html", "--out", str(page)])
    assert result.exit_code == 0
    shown = page.read_text(encoding="utf-8")
    top, cards = (
        shown[: shown.index('id="failures"')],
        shown[shown.index('id="failures"') : shown.index('id="clauses"')],
    )
    assert "It lets in what must be kept out (3), keeps out what must be let in (1)." in top
    assert "28 of 32 clauses that could be judged hold; 4 are broken" in top
    assert cards.count('<article class="failure"') == cards.count("<figure>") == 4
    assert "nothing in the rules lets this caller in" in cards
    assert "the rule 128.0.0.0/3 lets this caller in" in cards

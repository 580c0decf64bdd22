"""The word for a run is true and goes with its exit status; what was not judged is named with its reason."""

import pytest
from fencepost.reports.headline import counts, headline, not_judged, standing_in_words
from fencepost.reports.html.page import render as html
from fencepost.reports.junit import render as junit
from fencepost.reports.markdown import render as markdown
from fencepost.reports.model import Clause, Ending, KnownFailure, Report, Result, Standing
from fencepost.reports.page import Page
from fencepost.reports.summary import sentence
from fencepost.reports.terminal import render as terminal
from msgspec.structs import replace

FORMS = (html, junit, markdown, terminal)


def _entry(standing: Standing) -> KnownFailure:
    return KnownFailure(
        id="DEC-4-0123456789ab",
        clause="DEC-4",
        standing=standing,
        explanation="the answer is right now; to take the entry off: fencepost baseline prune known.json vault",
        reason="the old engine",
        issue="https://issues.example/1",
        expires="2027-03-31",
    )


@pytest.mark.parametrize(
    ("result", "status", "ended", "word"),
    [
        ("pass", 0, "", "PASS"),
        ("fail", 0, "", "KNOWN FAILURES ONLY"),
        ("fail", 1, "", "FAIL"),
        ("fail", 1, "first failure", "STOPPED AT FIRST FAILURE"),
        ("fail", 1, "interruption", "FAIL"),
        ("error", 2, "", "ERROR"),
        ("error", 2, "harness faults", "ERROR"),
        ("error", 2, "interruption", "INTERRUPTED"),
        ("inconclusive", 2, "", "INCONCLUSIVE"),
        ("vacuous", 3, "", "VACUOUS"),
    ],
)
def test_the_headline_of_a_run_says_what_its_exit_status_says(
    report: Report, result: Result, status: int, ended: Ending, word: str
) -> None:
    changed = replace(report, result=result, exit_status=status, ended=ended)
    assert headline(changed) == word
    assert f"{word}: my vault 2.0" in markdown(changed, page=Page())
    assert f"\n{word}  1 passes" in terminal(changed, page=Page(width=200))
    assert f" {word}</span> my vault 2.0</h1>" in html(changed, page=Page())


def test_a_run_whose_known_failures_are_gone_is_fixed_and_names_the_command(report: Report) -> None:
    passed = replace(report, clauses=report.clauses[:1], ledger=(), known_failures=(_entry("unexpected success"),))
    assert headline(passed) == "FIXED"
    for form in (html, markdown, terminal):
        shown = form(replace(passed, notes=(passed.known_failures[0].explanation,)), page=Page(width=400))
        assert "FIXED" in shown
        assert "fencepost baseline prune known.json vault" in shown
    assert headline(replace(passed, clauses=report.clauses)) == "FAIL"
    assert headline(replace(passed, known_failures=(*passed.known_failures, _entry("expired")))) == "FAIL"


def test_a_pass_is_partial_if_core_clauses_features_or_a_selection_leave_something_out(report: Report) -> None:
    passed = replace(report, result="pass", exit_status=0, clauses=(report.clauses[0], report.clauses[2]), ledger=())
    assert headline(passed) == "PASS"
    core = replace(report.clauses[2], level="core")
    assert headline(replace(passed, clauses=(report.clauses[0], core))) == "PARTIAL"
    assert headline(replace(passed, selected=("DEC",))) == "PARTIAL"
    restricted = replace(passed, subject=replace(report.subject, features=("decisions-only",)))
    assert headline(restricted) == "PARTIAL"
    assert "🟡 PARTIAL" in markdown(restricted, page=Page())
    assert 'class="banner yellow"' in html(restricted, page=Page())


def test_every_form_names_first_what_was_not_judged_and_the_declaration_behind_it(report: Report) -> None:
    subnets = replace(report.clauses[0], id="DEC-6", verdict="not applicable", needs=("virtual-networks",))
    codes = replace(report.clauses[2], needs=("decision-codes",))
    subject = replace(report.subject, features=("ip-rules-only", "decisions-only"))
    changed = replace(report, subject=subject, selected=("DEC",), clauses=(*report.clauses[:2], subnets, codes))
    lines = [str(one) for one in not_judged(changed)]
    assert lines == [
        "only DEC was selected, no other clause",
        "ip-rules-only is declared: 1 clause (DEC-6)",
        "decision-codes is not declared: 1 clause (CRED-4)",
        "decisions-only is declared",
    ]
    for form in FORMS:
        shown = form(changed, page=Page(width=400))
        places = [shown.index(line) for line in lines]
        assert max(places) < shown.index("A range holds both"), form


def _shown_elsewhere(report: Report) -> Report:
    """A run in which the wrong answers of one clause are shown under another."""
    other = replace(report.clauses[0], shown_under=("DEC-4",), detail="641 of 7,996 answers were wrong")
    return replace(report, clauses=(other, report.clauses[1]), ledger=())


def test_a_clause_with_wrong_answers_that_are_shown_elsewhere_neither_holds_nor_fails(report: Report) -> None:
    found = _shown_elsewhere(report)
    assert standing_in_words(found.clauses[0]) == "shown under DEC-4"
    assert [words for _, words in counts(found.clauses)] == ["1 fails", "1 shown under it"]
    assert sentence(found) == "0 of 2 clauses that could be judged hold; 1 fails, 1 shown under it."
    assert "  DEC-3    shown under DEC-4" in terminal(found, page=Page(width=200))
    assert "shown under DEC-4" in html(found, page=Page())


def test_clauses_that_were_not_reached_are_called_not_asked_and_the_cause_stands_once(report: Report) -> None:
    cause = "not asked: three harness faults in a row, the last one: decide: expected an answer, got a closed socket"
    left = tuple(replace(row, verdict="error", not_asked=True, detail=cause) for row in report.clauses[2:])
    changed = replace(
        report, clauses=(report.clauses[0], *left), ledger=(), result="error", exit_status=2, notes=(cause,)
    )
    assert sentence(changed) == "1 of 1 clause that could be judged holds; 4 not asked."
    for form in FORMS:
        shown = form(changed, page=Page(width=400))
        assert shown.count(cause) == 1, form
        assert "not asked" in shown.replace(cause, "")


def test_one_cause_of_many_errors_stands_once_in_every_form(report: Report) -> None:
    cause = "decide: expected an answer, got the end of its output, and nothing came after that either"
    rows = tuple(
        Clause(id=f"X-{n}", level="core", group="decisions", text="a promise", verdict="error", detail=cause)
        for n in range(9)
    )
    for form in FORMS:
        assert form(replace(report, clauses=rows), page=Page(width=400)).count(cause) == 1, form

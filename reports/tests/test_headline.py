"""The word for a run is true and goes with its exit status; what was not judged is named with its reason."""

import json
from xml.etree.ElementTree import fromstring

import pytest
from fencepost.reports.badge import render_endpoint as endpoint
from fencepost.reports.headline import HEADLINES, counts, headline, not_judged, not_judged_in_short, standing_in_words
from fencepost.reports.html.page import render as html
from fencepost.reports.json_file import render as json_file
from fencepost.reports.junit import render as junit
from fencepost.reports.markdown import render as markdown
from fencepost.reports.model import Clause, Ending, KnownFailure, Report, Result, Standing
from fencepost.reports.page import Page
from fencepost.reports.sarif import render as sarif
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
    assert headline(replace(passed, further_failures=("STA-7 failed outside the selection",))) == "FAIL"
    assert headline(replace(passed, known_failures=(*passed.known_failures, _entry("expired")))) == "FAIL"


def _ended(report: Report, word: str) -> Report:
    """A run with this headline in which no clause, by itself, shows why."""
    passed = replace(report, clauses=report.clauses[:1], ledger=(), notes=("DEC-9 failed too",), exit_status=1)
    known = replace(report.clauses[1], known=True, detail="known failure DEC-4-0123456789ab")
    return {
        "PASS": replace(passed, result="pass", exit_status=0),
        "PARTIAL": replace(passed, result="partial", exit_status=0),
        "KNOWN FAILURES ONLY": replace(
            passed, exit_status=0, clauses=(report.clauses[0], known), known_failures=(_entry("known"),)
        ),
        "FAIL": passed,
        "STOPPED AT FIRST FAILURE": replace(passed, ended="first failure"),
        "FIXED": replace(passed, known_failures=(_entry("unexpected success"),)),
        "ERROR": replace(passed, result="error", exit_status=2, ended="harness faults"),
        "INCONCLUSIVE": replace(passed, result="inconclusive", exit_status=2),
        "INTERRUPTED": replace(passed, result="error", exit_status=2, ended="interruption"),
        "VACUOUS": replace(passed, result="vacuous", exit_status=3),
    }[word]


@pytest.mark.parametrize("word", HEADLINES)
def test_every_form_agrees_with_the_exit_status_whatever_the_headline(report: Report, word: str) -> None:
    run, page = _ended(report, word), Page(width=400)
    status = run.exit_status
    assert headline(run) == word
    assert f"\n{word}  " in terminal(run, page=page)
    assert terminal(run, page=page).endswith(f"; exit status {status}")
    assert f" {word}: my vault" in markdown(run, page=page)
    assert f" {word}</span>" in html(run, page=page)
    assert json.loads(json_file(run, page=page))["exitStatus"] == status
    colour = json.loads(endpoint(run, page=page))["color"]
    assert (colour == "brightgreen") == (word == "PASS")
    assert (colour == "red") == (status == 1 and word != "FIXED")

    suite = fromstring(junit(run, page=page))[0]
    assert (suite.get("failures") != "0") == (status == 1)
    assert (suite.get("errors") != "0") == (status in (2, 3))
    shown = [f"{entry.get('message')}" for tag in ("failure", "error") for entry in suite.iter(tag)]
    assert all("DEC-9 failed too" in one or "the answer is right now" in one for one in shown), shown

    (checked,) = json.loads(sarif(run, page=page))["runs"]
    (invocation,) = checked["invocations"]
    results = [one for one in checked["results"] if not one.get("suppressions")]
    assert bool(results) == (status in (1, 3))
    assert all(checked["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] for one in results)
    assert invocation["exitCode"] == status
    assert invocation["executionSuccessful"] == (status in (0, 1))
    notices = [one["message"]["text"] for one in invocation["toolExecutionNotifications"] if one["level"] == "error"]
    assert [one.partition(":")[0] for one in notices] == ([word] if status in (2, 3) else [])


def test_a_file_for_other_programs_shows_a_failure_of_the_run_once(report: Report) -> None:
    for changed in (report, _ended(report, "FIXED"), replace(report, clauses=report.clauses[:1])):
        assert "fencepost.run" not in junit(changed, page=Page())
        assert "run/result" not in sarif(changed, page=Page())


def test_harness_faults_that_ended_the_run_stand_in_the_sentence_and_in_the_last_line(report: Report) -> None:
    run = _ended(report, "ERROR")
    assert sentence(run) == "1 of 1 clause that could be judged holds; harness faults ended the run."
    assert terminal(run, page=Page()).endswith("ERROR  1 passes, harness faults ended the run; exit status 2")
    assert sentence(_ended(report, "INTERRUPTED")).endswith("; the run was interrupted.")
    assert terminal(_ended(report, "FIXED"), page=Page()).endswith(
        "FIXED  1 passes, 1 known failure is not as listed; exit status 1"
    )


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
    several = not_judged(replace(changed, selected=("DEC-4", "STA-1")))
    assert str(several[0]) == "only DEC-4, STA-1 were selected, no other clause"
    for form in (*FORMS, _verbose):
        shown = form(changed, page=Page(width=400))
        first = lines if form in (junit, _verbose) else not_judged_in_short(changed)
        places = [shown.index(line) for line in first]
        assert max(places) < shown.index("A range holds both"), form


def _verbose(report: Report, *, page: Page) -> str:
    return terminal(report, page=Page(width=page.width, is_verbose=True))


def test_the_head_sums_up_what_was_not_judged_by_what_is_declared_and_by_what_is_not(report: Report) -> None:
    needs = {
        "DEC-6": ("virtual-networks",),
        "DEC-7": ("virtual-networks", "service-endpoints"),
        "VAL-4": ("refused-writes",),
        "WIRE-1": ("read-back", "azure-wire"),
        "STA-5": ("read-back",),
        "STA-9": ("settle-time",),
        "VAL-8": ("recordings-of-today",),
    }
    rows = [replace(report.clauses[0], id=key, verdict="not applicable", needs=one) for key, one in needs.items()]
    subject = replace(report.subject, features=("ip-rules-only", "decisions-only", "always-deny"))
    changed = replace(report, subject=subject, clauses=(*report.clauses[:2], *rows))
    short = (
        "3 clauses for what is declared: ip-rules-only (2), decisions-only (1), always-deny",
        "3 clauses for what is not declared: read-back, azure-wire, a settle time",
        "1 clause: the edition has few recordings",
    )
    assert not_judged_in_short(changed) == short
    for form in (html, markdown, terminal):
        shown = form(changed, page=Page(width=200))
        head = shown[: shown.index("A range holds both")]
        assert all(line in head for line in short), form
    assert "(DEC-6, DEC-7)" not in terminal(changed, page=Page(width=200))
    assert "-v names the clauses of each reason" in terminal(changed, page=Page(width=200))
    assert "(DEC-6, DEC-7)" in _verbose(changed, page=Page(width=200))
    assert "(DEC-6, DEC-7)" in markdown(changed, page=Page()).partition("The clauses that were not judged:")[2]
    alone = replace(changed, subject=replace(report.subject, features=("ip-rules-only",)), clauses=tuple(rows[:2]))
    assert not_judged_in_short(alone) == ("2 clauses for what is declared: ip-rules-only",)
    selected = replace(changed, clauses=report.clauses[:1], selected=(report.clauses[0].id,))
    assert not_judged_in_short(selected)[1:] == ("declared: ip-rules-only, decisions-only, always-deny",)
    old = [replace(one, needs=(), detail=f"needs {one.id}") for one in rows]
    assert not_judged_in_short(replace(report, clauses=tuple(old))) == ("7 clauses for 7 other reasons",)


def _shown_elsewhere(report: Report) -> Report:
    """A run in which the wrong answers of one clause are shown under another."""
    other = replace(report.clauses[0], shown_under=("DEC-4",), detail="641 of 7,996 answers were wrong")
    return replace(report, clauses=(other, report.clauses[1]), ledger=())


def test_a_clause_with_wrong_answers_that_are_shown_elsewhere_neither_holds_nor_fails(report: Report) -> None:
    found = _shown_elsewhere(report)
    assert standing_in_words(found.clauses[0]) == "shown under DEC-4"
    assert [words for _, words in counts(found.clauses)] == ["1 fails", "1 shown under it"]
    assert sentence(found) == "0 of 2 clauses that could be judged hold; 1 fails, 1 shown under it."
    alone = replace(found.clauses[0], shown_under=("DEC-4", "LIM-1", "STA-1", "VAL-1"))
    assert counts([alone]) == [("shown under another", "1 shown under DEC-4, LIM-1, STA-1 …")]
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

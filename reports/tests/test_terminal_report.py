"""The report for a person: everything that was found is on the page, and nothing that a subject says can spoil it."""

import re
from dataclasses import replace as replace_page

import pytest
from fencepost.reports.counterexample import explanation
from fencepost.reports.model import Call, Clause, LedgerEntry, Report
from fencepost.reports.page import Page
from fencepost.reports.terminal import render
from msgspec.structs import replace

NARROW, WIDE = Page(width=80), Page(width=140)
SCREEN = Page(width=80, is_screen=True)
EVERYTHING = Page(width=140, is_verbose=True)
HOSTILE = "[bold]x[/bold] [/nothing] \x1b[2J\x1b]0;title\x07 \u202egnitrid \x85 \ud800 :smile:"


@pytest.mark.parametrize("page", [NARROW, WIDE])
def test_every_clause_has_a_row_with_verdict_asked_and_decisive(report: Report, page: Page) -> None:
    shown = render(report, page=page)
    assert re.search(r"^  DEC-3 +pass +12,345 +4,321 +While it is Deny", shown, re.MULTILINE)
    assert re.search(r"^  DEC-4 +FAIL +100 +50", shown, re.MULTILINE)
    assert re.search(r"^  LIM-2 +inconclusive +limit found: 1000$", shown, re.MULTILINE)


@pytest.mark.parametrize("page", [NARROW, WIDE])
def test_no_line_but_the_replay_line_is_wider_than_the_page(report: Report, page: Page) -> None:
    lines = render(report, page=page).splitlines()
    assert [line for line in lines if len(line) > page.width and "replay" not in line] == []


def test_the_replay_line_is_one_line_on_a_narrow_page(report: Report) -> None:
    lines = render(report, page=NARROW).splitlines()
    replay = report.clauses[1].counterexamples[0].replay
    assert f"  replay    {replay}" in lines


def test_a_failure_is_told_in_full(report: Report) -> None:
    shown = render(report, page=WIDE)
    found = shown[shown.index("FAIL DEC-4") :]
    for part in (
        'ipRules (1): [{"value": "20.1.2.0/24"}]',
        '"source": {"address": "20.1.3.0"}',
        "expected  deny",
        "got       allow",
        "DEC-3: While it is Deny, a caller that no rule, subnet or bypass covers is denied: no rule holds 20.1.3.0",
        '1 reset {"subnets": []}',
        "2 putRules",
        "3 decide",
    ):
        assert part in found


def test_what_is_left_out_of_a_long_list_is_told_in_plain_characters(report: Report) -> None:
    rules: dict[str, object] = {"ipRules": [{"value": f"20.0.{number}.0/24"} for number in range(40)]}
    row = replace(report.clauses[1], counterexamples=(replace(report.clauses[1].counterexamples[0], rules=rules),))
    shown = render(replace(report, clauses=(row,)), page=Page(width=400))
    assert '"… 34 more …"' in shown
    assert "u2026" not in shown


def test_the_ledger_shows_broken_choices_and_names_the_silent_ones(report: Report) -> None:
    for page in (NARROW, EVERYTHING):
        shown = render(report, page=page)
        assert re.search(r"^host-bits +reject +mask +BROKEN 20.1.2.3/24 was taken$", shown, re.MULTILINE)
    assert "open, not declared, and no probe could tell: enum-case" in shown
    assert re.search(r"^prefix-0 +– +accept$", shown, re.MULTILINE)


def test_open_points_without_a_fault_share_a_line_until_all_is_to_be_shown(report: Report) -> None:
    shown = render(report, page=WIDE)
    assert "3 open points: 1 broken, 1 found, not declared, 1 open (-v shows each)" in shown.splitlines()
    assert not re.search("^prefix-0", shown, re.MULTILINE)


def test_what_does_not_apply_shares_a_line_until_all_is_to_be_shown(report: Report) -> None:
    assert not re.search(r"^  CRED-4", render(report, page=WIDE), re.MULTILINE)
    assert re.search(r"^  CRED-4 +not applicable +needs decision-codes", render(report, page=EVERYTHING), re.MULTILINE)
    why = "needs decision-codes, which the statement does not offer"
    assert f"not judged  1 clause: {why}" in render(report, page=WIDE).splitlines()
    assert f"not judged  {why}: 1 clause (CRED-4)" in render(report, page=EVERYTHING).splitlines()


def test_a_clauses_text_is_cut_on_a_narrow_screen_and_nowhere_else(report: Report) -> None:
    text = "A range holds both its first and its last address, and neither neighbour"
    assert "A range holds both its first and it…" in render(report, page=SCREEN).partition("FAIL DEC-4")[0]
    for page in (NARROW, replace_page(SCREEN, is_verbose=True), Page(width=140, is_screen=True)):
        table = render(report, page=page).partition("FAIL DEC-4")[0]
        assert text in " ".join(table.split())


def test_one_cause_is_told_once_however_many_clauses_it_keeps_from_being_judged(report: Report) -> None:
    cause = "decide: expected an answer, got the end of its output, of a service that is not there any more"
    down = tuple(replace(row, verdict="error", detail=cause, counterexamples=()) for row in report.clauses)
    shown = render(replace(report, clauses=down), page=Page(width=400))
    assert shown.count(cause) == 1
    assert shown.count("as DEC-3") == 5


def test_the_last_line_says_the_result_and_the_exit_status(report: Report) -> None:
    last = render(report, page=WIDE).splitlines()[-1]
    assert last.startswith("FAIL  1 passes, 1 fails, 1 in error")
    assert last.endswith("1 declared choice is not kept; exit status 1")


def test_the_decisions_that_count_for_no_clause_are_named_beside_the_others(report: Report) -> None:
    assert "56,789 decisions (1,000 allowed, 55,789 denied), 1,234 writes" in render(report, page=WIDE)
    totals = replace(report.totals, decisions=56_791 + 41, inconclusive=2)
    shown = render(replace(report, totals=totals), page=WIDE)
    assert "55,789 denied, 2 inconclusive, 41 not counted for a clause: open points, decoys, replays)" in shown


def test_a_passing_run_names_its_level(report: Report) -> None:
    passed = replace(report, result="pass", exit_status=0, level="core", clauses=report.clauses[:1], ledger=())
    assert render(passed, page=WIDE).splitlines()[-1] == "PASS  1 passes; level: core; exit status 0"


def test_the_log_of_the_subject_is_shown_with_an_error_and_not_without(report: Report) -> None:
    assert "Traceback (most recent call last):" in render(report, page=NARROW)
    without = replace(report, clauses=report.clauses[:2])
    assert "Traceback" not in render(without, page=NARROW)


def test_a_page_without_colours_has_no_escape_sequences(report: Report) -> None:
    assert "\x1b" not in render(report, page=NARROW)
    assert "\x1b[" in render(report, page=Page(width=80, colour=True))


def test_foreign_text_is_neither_markup_nor_control(report: Report) -> None:
    shown = render(_hostile(report), page=Page(width=400))
    assert "[bold]x[/bold] [/nothing] \\x1b[2J\\x1b]0;title\\x07 \\u202egnitrid \\x85 \\ud800 :smile:" in shown
    assert set(shown) & set("\x1b\x07\u202e\x85\ud800") == set()
    shown.encode("utf-8")


def test_a_thousand_rules_are_cut_in_the_middle(report: Report) -> None:
    rules: dict[str, object] = {"ipRules": [{"value": f"20.0.{n // 256}.{n % 256}"} for n in range(1001)]}
    one = replace(
        report.clauses[1].counterexamples[0],
        rules=rules,
        calls=(Call(method="putRules", params={"networkAcls": rules}),),
        request={"value": "9" * 100_000},
    )
    shown = render(replace(report, clauses=(replace(report.clauses[1], counterexamples=(one,)),)), page=NARROW)
    assert "ipRules (1001)" in shown
    assert "995 more" in shown
    assert len(shown) < 6000


def _hostile(report: Report) -> Report:
    clause = report.clauses[1]
    one = replace(clause.counterexamples[0], got=HOSTILE, why=HOSTILE, replay=HOSTILE, request={HOSTILE: HOSTILE})
    return replace(
        report,
        subject=replace(report.subject, subject=HOSTILE, name=HOSTILE, version=HOSTILE, features=(HOSTILE,)),
        clauses=(
            replace(clause, detail=HOSTILE, limit_found=HOSTILE, counterexamples=(one,)),
            Clause(id="X", level="core", group=HOSTILE, text=HOSTILE, verdict="error", detail=HOSTILE),
        ),
        ledger=(LedgerEntry(key=HOSTILE, declared=HOSTILE, found=HOSTILE, detail=HOSTILE, broken=True),),
        notes=(HOSTILE,),
        log=HOSTILE,
    )


def test_the_text_of_the_broken_clause_stands_in_the_heading_alone(report: Report) -> None:
    clause = report.clauses[1]
    text = clause.text
    why = f"DEC-4: {text}. The reference decides by DEC-3: {report.clauses[0].text}."
    one = replace(clause.counterexamples[0], why=why)
    shown = render(replace(report, clauses=(report.clauses[0], replace(clause, counterexamples=(one,)))), page=WIDE)
    assert shown[shown.index("FAIL DEC-4") :].count(text) == 1
    assert "why       The reference decides by DEC-3: While it is Deny" in shown


@pytest.mark.parametrize(
    ("clause", "expected", "rule", "message"),
    [
        ("DEC-4", "allow", "20.0.0.0/8", "the rule 20.0.0.0/8 lets this caller in"),
        ("DEC-4", "deny", None, "nothing in the rules lets this caller in"),
        ("CRED-1", "deny", None, "by this clause itself"),
        ("VAL-4", "refused", "$.ipRules[3]", "by this clause itself (rule: $.ipRules[3])"),
    ],
)
def test_a_clause_that_decides_itself_says_so_in_plain_words(
    report: Report, clause: str, expected: str, rule: str | None, message: str
) -> None:
    row = replace(report.clauses[1], id=clause)
    one = replace(
        row.counterexamples[0],
        clause=clause,
        why=f"{clause}: {row.text}.",
        deciding_clause=clause,
        expected=expected,
        deciding_rule=rule,
    )
    shown = render(replace(report, clauses=(replace(row, counterexamples=(one,)),)), page=WIDE)
    assert f"why       {message}\n" in re.sub(" +\n", "\n", shown)


def test_of_many_failures_of_one_kind_the_smallest_is_shown_and_the_others_are_counted(report: Report) -> None:
    clause = report.clauses[1]
    (one,) = clause.counterexamples
    longer = tuple(replace(one, calls=(*one.calls, one.calls[-1]), got=f"allow ({number})") for number in range(9))
    shown = render(replace(report, clauses=(replace(clause, counterexamples=(*longer, one)),)), page=WIDE)
    assert shown.count("FAIL DEC-4") == 1
    assert "  and 9 more of this kind" in shown.splitlines()
    ways = tuple(replace(one, got=f"answer {chr(97 + number)}") for number in range(26))
    shown = render(replace(report, clauses=(replace(clause, counterexamples=ways),)), page=WIDE)
    assert "DEC-4 fails in 6 more ways" in shown.splitlines()


def test_words_that_an_accepted_write_spells_otherwise_are_explained(report: Report) -> None:
    acls = {"bypass": "none", "defaultAction": "Deny", "ipRules": []}
    one = replace(
        report.clauses[1].counterexamples[0],
        calls=(Call(method="putRules", params={"networkAcls": acls}),),
        rules={"bypass": "None", "defaultAction": "Deny"},
    )
    assert explanation(one, {}).endswith("; the write was accepted, so 'none' means None")
    assert "the write was accepted" not in explanation(replace(one, rules={**acls}), {})
    updated = Call(method="putRules", params={"networkAcls": {**acls, "bypass": "AzureServices"}})  # None came later
    assert "the write was accepted" not in explanation(replace(one, calls=(updated,)), {})


def test_a_path_that_the_reason_names_is_not_named_again(report: Report) -> None:
    one = replace(report.clauses[1].counterexamples[0], why="Wrong in it: $.bypass: no word", deciding_rule="$.bypass")
    assert explanation(one, {}).count("$.bypass") == 1
    assert explanation(replace(one, deciding_rule="20.0.0.0/7"), {}).endswith("(rule: 20.0.0.0/7)")

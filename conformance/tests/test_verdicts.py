"""From counts to verdicts, and from verdicts to the exit status: nothing passes by having been asked too little."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from fencepost.adapters.contract import Statement
from fencepost.adapters.contract.vocabulary import FEATURES
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.judging.verdicts import DECISIVE, UNSEEN, Summary, results, summed_up
from fencepost.reference import load_profile
from fencepost.reports.model import Clause as Row
from fencepost.reports.model import Counterexample, Decoy, LedgerEntry
from msgspec import structs

PROFILE = load_profile("keyvault")
CLAUSE = catalogue()["DEC-4"]
COUNTEREXAMPLE = Counterexample(
    clause="DEC-4",
    calls=(),
    rules=None,
    request={},
    expected="allow",
    got="deny",
    deciding_clause="DEC-2",
    deciding_rule=None,
    why="",
    replay="",
)


def capabilities(*features: str) -> Capabilities:
    statement = Statement(protocol=1, name="", version="", profile="keyvault", features=list(features))
    return Capabilities.from_statement(statement, PROFILE)


ALL = capabilities(*(feature for feature in FEATURES if not feature.endswith("-only") and feature != "always-deny"))


def asked(clause: str, *, right: int, wrong: int = 0, inconclusive: int = 0) -> Tally:
    tally = Tally()
    for outcome, is_right, times in (
        ("allow", True, right),
        ("deny", False, wrong),
        ("inconclusive", True, inconclusive),
    ):
        for _ in range(times):
            tally.decision((clause,), outcome, is_right=is_right)
    return tally


def row(
    tally: Tally, what: Capabilities = ALL, *, clause: str = "DEC-4", unfinished: str = "", explored: bool = True
) -> Row:
    (found,) = results(
        [catalogue()[clause]],
        what,
        tally,
        explored=frozenset({clause} if explored else ()),
        unfinished=unfinished,
    )
    return found


def test_a_clause_that_was_decisive_often_enough_passes() -> None:
    assert row(asked("DEC-4", right=DECISIVE)).verdict == "pass"


@pytest.mark.parametrize("right", [0, 1, DECISIVE - 1])
def test_a_clause_that_was_decisive_too_seldom_is_vacuous(right: int) -> None:
    found = row(asked("DEC-4", right=right))
    assert found.verdict == "vacuous"
    assert f"{right} times of the {DECISIVE}" in found.detail


@pytest.mark.parametrize(("right", "wrong"), [(0, 1), (0, 100), (DECISIVE - 1, 1), (10 * DECISIVE, 100)])
def test_a_clause_with_many_wrong_answers_that_are_told_elsewhere_does_not_pass(right: int, wrong: int) -> None:
    tally = asked("DEC-4", right=right, wrong=wrong)
    tally["DEC-2"].failures.append(COUNTEREXAMPLE)
    found = row(tally)
    assert found.verdict == "inconclusive"
    assert found.detail == f"{wrong} of {right + wrong} answers were wrong, shown under DEC-2"


def test_a_clause_with_few_wrong_answers_that_are_told_elsewhere_passes_and_says_so() -> None:
    tally = asked("DEC-4", right=297, wrong=3)
    tally["DEC-2"].failures.append(COUNTEREXAMPLE)
    found = row(tally)
    assert (found.verdict, found.detail) == ("pass", "3 of 300 answers were wrong, shown under DEC-2")


def test_a_clause_whose_wrong_answers_nothing_tells_does_not_pass() -> None:
    found = row(asked("DEC-4", right=100, wrong=1))
    assert (found.verdict, found.detail) == ("inconclusive", "1 of 101 answers were wrong, and not repeatable")


def test_a_clause_of_writes_whose_decisions_are_all_inconclusive_does_not_pass() -> None:
    tally = asked("STA-4", right=0, inconclusive=50)
    for _ in range(100):
        tally.answer(("STA-4",))
    assert row(tally, clause="STA-4").verdict == "inconclusive"


@pytest.mark.parametrize(("clause", "required"), [("STA-5", 15), ("LIM-7", 4), ("LIM-8", 12), ("LIM-9", 8)])
def test_a_clause_that_few_requests_can_decide_has_a_floor_of_its_own(clause: str, required: int) -> None:
    assert row(asked(clause, right=required), clause=clause).verdict == "pass"
    assert row(asked(clause, right=required - 1), clause=clause).verdict == "vacuous"


def test_a_clause_whose_requests_are_put_under_some_rules_only_does_not_pass() -> None:
    tally = asked("DEC-4", right=100)
    tally["DEC-4"].depends = "answered when it was put again"
    assert (row(tally).verdict, row(tally).detail) == ("inconclusive", "answered when it was put again")


def test_a_clause_of_a_kind_of_write_that_was_never_put_does_not_pass() -> None:
    tally = asked("LIM-7", right=100)
    tally.inconclusive_write(("addIpRule",), ("LIM-7",))
    assert row(tally, clause="LIM-7").verdict == "inconclusive"
    tally.write("addIpRule", ())
    assert row(tally, clause="LIM-7").verdict == "pass"


def test_a_failure_outweighs_everything_else() -> None:
    tally = asked("DEC-4", right=100)
    tally["DEC-4"].failures.append(COUNTEREXAMPLE)
    tally["DEC-4"].error = "crashed"
    tally["DEC-4"].unstable = "now this, now that"
    assert row(tally).verdict == "fail"
    assert row(tally, unfinished="interrupted").counterexamples == (COUNTEREXAMPLE,)


def test_a_clause_that_needs_what_is_not_offered_does_not_apply_and_says_what() -> None:
    found = row(Tally(), capabilities("decisions-only", "ip-rules-only"), clause="LIM-7")
    assert (found.verdict, found.required) == ("not applicable", 0)
    assert found.detail == "needs refused-writes, incremental-rules"


def test_a_harness_fault_is_an_error_even_of_a_clause_that_would_pass() -> None:
    tally = asked("DEC-4", right=100)
    tally["DEC-4"].error = "the stream was closed"
    assert (row(tally).verdict, row(tally).detail) == ("error", "the stream was closed")


def test_each_verdict_outranks_those_below_it() -> None:
    """What speaks for each row of the table is added from the last row to the first, and nothing is taken away."""
    tally = asked("LIM-7", right=2)
    what, options = ALL, {"unfinished": "", "has_ended_at_failure": False}

    def judged() -> tuple[str, str]:
        clauses = [catalogue()["LIM-7"]]
        (found,) = results(clauses, what, tally, explored=frozenset(), **options)  # type: ignore[arg-type]
        return found.verdict, found.detail

    assert judged()[0] == "vacuous"
    tally.decision(("LIM-7",), "deny", is_right=False)
    assert judged() == ("inconclusive", "1 of 3 answers were wrong, and not repeatable")
    tally["DEC-1"].error = "crashed"
    assert judged() == ("error", "asked too little, for want of a harness that answers (DEC-1: crashed)")
    tally["LIM-7"].hindered = "a time-out on the way"
    assert judged() == ("error", "a time-out on the way")
    tally.decision(("LIM-7",), "inconclusive", is_right=True)
    assert judged() == ("inconclusive", "1 of 4 requests could not be put as asked")
    options["unfinished"] = "interrupted"
    assert judged() == ("error", "interrupted")
    options["has_ended_at_failure"] = True
    assert judged() == ("inconclusive", "interrupted")
    tally["DEC-1"].unstable = "now this, now that"
    assert judged()[0] == "inconclusive"
    assert "does not answer the same calls alike" in judged()[1]
    tally["LIM-7"].unstable = "now that, now this"
    assert judged() == ("inconclusive", "now that, now this")
    tally["LIM-7"].unconfirmed = "no time"
    assert judged() == ("inconclusive", "no time")
    tally["LIM-7"].error = "nonsense"
    assert judged() == ("error", "nonsense")
    tally["LIM-7"].left_out = "takes too many rules"
    assert judged() == ("not applicable", "takes too many rules")
    what = capabilities("decisions-only", "ip-rules-only")
    assert judged() == ("not applicable", "needs refused-writes, incremental-rules")
    tally["LIM-7"].unsteady.append(COUNTEREXAMPLE)
    assert judged()[0] == "fail"
    assert "not every time" in judged()[1]
    tally["LIM-7"].failures.append(COUNTEREXAMPLE)
    assert judged() == ("fail", "")


def test_an_unstable_clause_is_inconclusive() -> None:
    tally = asked("DEC-4", right=100)
    tally["DEC-4"].unstable = "the same calls got different answers"
    assert row(tally).verdict == "inconclusive"


def test_a_wrong_answer_that_did_not_come_again_fails_its_clause_and_counts_outside_a_selection() -> None:
    tally = asked("DEC-4", right=100, wrong=1)
    tally["DEC-4"].unstable = "the same calls got different answers"
    tally["DEC-4"].unsteady = [COUNTEREXAMPLE]
    found = row(tally)
    assert (found.verdict, found.counterexamples) == ("fail", (COUNTEREXAMPLE,))
    assert "not every time" in found.detail
    tally["DEC-17"].unsteady = [COUNTEREXAMPLE]
    result = summary([found], tally, selected=True)
    assert (result.result, result.exit_status, result.notes) == (
        "fail",
        1,
        ("DEC-17 failed too, outside the selection: --clause DEC-17 shows its case",),
    )


def test_a_clause_whose_requests_could_not_be_put_is_inconclusive_and_not_vacuous() -> None:
    found = row(asked("DEC-4", right=3, inconclusive=50))
    assert found.verdict == "inconclusive"
    assert "50 of 53" in found.detail


def test_some_inconclusive_answers_do_not_matter_beside_enough_others() -> None:
    assert row(asked("DEC-4", right=DECISIVE, inconclusive=50)).verdict == "pass"


def test_what_an_unfinished_run_has_not_asked_is_an_error_and_no_pass() -> None:
    assert row(asked("DEC-4", right=3), unfinished="interrupted").detail == "interrupted"
    assert row(asked("DEC-4", right=100), unfinished="interrupted", explored=False).verdict == "error"
    assert row(asked("DEC-4", right=100), unfinished="interrupted").verdict == "pass"


def test_the_outcomes_of_a_clause_are_counted_apart() -> None:
    tally = asked("DEC-4", right=30, wrong=2, inconclusive=1)
    tally.decision(("DEC-4",), "deny", is_right=True)
    found = row(tally)
    assert (found.asked, found.decisive, found.allowed, found.denied, found.inconclusive) == (34, 31, 30, 1, 1)
    assert (tally.allowed, tally.denied, tally.inconclusive) == (30, 3, 1)


def rows(*verdicts: str, level: str = "core") -> list[Row]:
    plain = row(asked("DEC-4", right=100))
    return [structs.replace(plain, verdict=verdict, level=level) for verdict in verdicts]


def plenty() -> Tally:
    tally = Tally()
    tally.allowed = tally.denied = 1000
    return tally


def summary(
    found: Sequence[Row], tally: Tally | None = None, ledger: Sequence[LedgerEntry] = (), *, selected: bool = False
) -> Summary:
    return summed_up(found, ledger, tally or plenty(), selected=selected)


@pytest.mark.parametrize(
    ("verdicts", "result", "status"),
    [
        (("pass", "pass"), "pass", 0),
        (("pass", "not applicable"), "partial", 0),
        (("pass", "vacuous"), "vacuous", 3),
        (("vacuous", "inconclusive"), "inconclusive", 2),
        (("inconclusive", "error"), "error", 2),
        (("pass", "vacuous", "inconclusive", "error", "fail"), "fail", 1),
        (("not applicable", "not applicable"), "vacuous", 3),
        (("pass", "not applicable", "fail"), "fail", 1),
    ],
)
def test_the_exit_status_is_that_of_the_first_that_holds(verdicts: tuple[str, ...], result: str, status: int) -> None:
    found = summary(rows(*verdicts))
    assert (found.result, found.exit_status) == (result, status)


def test_each_result_outranks_those_below_it() -> None:
    """What speaks for each row of the table is added from the last row to the first, and nothing is taken away."""
    assert summary(rows("pass")).result == "pass"
    assert summary(rows("pass", "not applicable")).result == "partial"
    little = Tally(allowed=10, denied=10)
    assert summary(rows("pass", "not applicable"), little).result == "vacuous"
    assert summary(rows("pass", "not applicable", "inconclusive"), little).result == "inconclusive"
    found = rows("pass", "not applicable", "inconclusive")
    ended = summed_up(found, (), little, selected=False, unfinished="interrupted")
    assert (ended.result, ended.exit_status, ended.notes) == ("error", 2, ("interrupted",))
    little["VAL-5"].failures.append(COUNTEREXAMPLE)
    failed = summed_up(found, (), little, selected=False, unfinished="interrupted")
    assert (failed.result, failed.exit_status) == ("fail", 1)


def test_an_extended_clause_that_fails_is_not_softened_by_its_level() -> None:
    assert summary([*rows("pass"), *rows("fail", level="extended")]).exit_status == 1


def test_a_broken_choice_is_a_failure_whatever_else_happened() -> None:
    broken = LedgerEntry(key="host-bits", declared="reject", found="mask", broken=True)
    found = summary(rows("pass"), ledger=[broken])
    assert (found.result, found.exit_status) == ("fail", 1)
    assert found.notes == ("host-bits: declared reject, found mask",)


def test_a_failure_outside_the_selection_is_a_failure_and_named() -> None:
    tally = plenty()
    tally["VAL-5"].failures.append(COUNTEREXAMPLE)
    found = summary(rows("pass"), tally, selected=True)
    assert found.exit_status == 1
    assert found.notes == ("VAL-5 failed too, outside the selection: --clause VAL-5 shows its case",)
    assert found.further_failures == ("VAL-5 failed outside the selection",)


@pytest.mark.parametrize(("allowed", "denied"), [(200, 200), (10_000, 10), (10, 10_000), (0, 0)])
def test_a_run_of_all_clauses_that_saw_too_little_is_vacuous(allowed: int, denied: int) -> None:
    tally = Tally(allowed=allowed, denied=denied)
    found = summary(rows("pass"), tally)
    assert (found.result, found.exit_status, found.level) == ("vacuous", 3, None)
    assert found.notes
    assert summary(rows("pass"), tally, selected=True).exit_status == 0


def test_a_run_that_misses_a_decoy_is_vacuous_and_names_it() -> None:
    decoys = [
        Decoy(id=str(caught), clause="DEC-4", text=f"errs and is noticed: {caught}", caught=caught)
        for caught in (True, False)
    ]
    found = summed_up(rows("pass"), (), plenty(), decoys, selected=False)
    assert (found.result, found.exit_status, found.level) == ("vacuous", 3, None)
    assert found.notes == (
        "the run would not have noticed a subject that errs and is noticed: False (DEC-4): its pass says nothing",
    )
    assert summed_up(rows("pass"), (), plenty(), decoys[:1], selected=False).exit_status == 0


def test_the_level_names_what_has_passed_and_only_where_all_was_asked() -> None:
    assert summary(rows("pass")).level == "core+extended"
    assert summary([*rows("pass"), *rows("not applicable", level="extended")]).level == "core"
    assert summary(rows("pass", "not applicable")).level == "partial"
    assert summary(rows("pass"), selected=True).level is None
    assert summary(rows("pass", "fail")).level is None


def test_a_decisions_only_subject_is_asked_three_tenths() -> None:
    quick = EFFORTS["quick"].for_decisions_only()
    assert (quick.writes, quick.decisions) == (450, 30_000)
    assert replace(EFFORTS["quick"], writes=450, decisions=30_000) == quick
    assert (EFFORTS["quick"].writes, EFFORTS["quick"].decisions) == (1_500, 100_000)
    assert [EFFORTS[name].scale for name in ("quick", "standard", "thorough")] == [1, 5, 20]


def test_a_row_that_does_not_apply_names_the_abilities_that_it_lacks() -> None:
    found = row(Tally(), capabilities("decisions-only"), clause="LIM-7")
    assert found.needs == ("refused-writes", "incremental-rules")


def test_wrong_answers_beside_a_failure_or_a_known_failure_name_where_they_are_shown() -> None:
    tally = asked("DEC-4", right=297, wrong=3)
    tally["DEC-2"].failures.append(COUNTEREXAMPLE)
    assert row(tally).shown_under == ("DEC-2",)
    (covered,) = results(
        [CLAUSE],
        ALL,
        asked("DEC-4", right=297, wrong=3),
        explored=frozenset({"DEC-4"}),
        unfinished="",
        known_failures=("DEC-2",),
    )
    assert (covered.verdict, covered.shown_under) == ("pass", ("DEC-2",))
    assert row(asked("DEC-4", right=300)).shown_under == ()


def test_what_an_unfinished_run_has_not_reached_is_marked_as_not_asked() -> None:
    assert row(Tally(), unfinished="interrupted").not_asked
    assert not row(asked("DEC-4", right=300), unfinished="interrupted").not_asked


def test_the_cause_of_an_early_end_is_a_note_of_the_run() -> None:
    (found,) = results([CLAUSE], ALL, Tally(), explored=frozenset(), unfinished="three faults")
    assert summed_up([found], (), Tally(), selected=False, unfinished="three faults").notes == ("three faults",)


def test_a_pass_is_partial_where_core_clauses_features_or_a_selection_leave_something_out() -> None:
    extended = [structs.replace(one, level="extended") for one in rows("pass", "not applicable")]
    assert summary(extended).result == "pass"
    assert summary(rows("pass", "not applicable")).result == "partial"
    assert summary(rows("pass"), selected=True).result == "partial"
    assert summed_up(rows("pass"), (), plenty(), selected=False, is_restricted=True).result == "partial"


def test_an_answer_to_an_open_point_that_no_statement_can_declare_is_a_note_and_no_failure() -> None:
    ledger = [
        LedgerEntry(key="leading-zeros", declared=None, found="hexadecimal"),
        LedgerEntry(key="duplicates", declared=None, found=UNSEEN),
    ]
    found = summary(rows("pass"), ledger=ledger)
    assert (found.result, found.exit_status) == ("pass", 0)
    assert found.notes == ("the open point leading-zeros has an answer that no statement can declare: hexadecimal",)

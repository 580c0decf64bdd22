"""The suite under pytest-xdist: each worker has a subject of its own, and one place is asked by one worker only."""

import json
import re
import sys
from collections import defaultdict
from contextlib import closing

import pytest
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.pytest import session
from fencepost.conformance.pytest.distribution import group_of, homes
from fencepost.conformance.pytest.session import Options, SubjectSession
from fencepost.conformance.run.order import EXPLORATIONS

pytest_plugins = ["pytester"]

SUITE = "fencepost.conformance.suite"
CLAUSES = "VAL-3,VAL-4,VAL-6,DEC-10,STA-5,STA-10"

VAULTS = """
    import os
    from pathlib import Path
    from fencepost.conformance.peers import StdlibVault

    class Vault(StdlibVault):
        def reset(self, *, subnets):
            Path(f"asked-by-{os.getpid()}").touch()
            return super().reset(subnets=subnets)

    class OnePlace(Vault):
        exclusive = True
"""


def workers(result: pytest.RunResult) -> dict[str, set[str]]:
    """The clauses that each worker has judged, by the names of the tests."""
    found = defaultdict(set)
    for line in result.outlines:
        shown = re.match(r"\[(gw\d+)\].*(?:PASSED|ERROR|FAILED|SKIPPED).*::test_([a-z]+)_(\d+)_", line)
        if shown is not None:
            found[shown[1]].add(f"{shown[2].upper()}-{shown[3]}")
    return dict(found)


@pytest.mark.slow
def test_plain_n_2_gives_each_worker_its_own_subject_and_whole_explorations(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(vaults=VAULTS)
    arguments = ("--iut", "library:vaults:Vault", "--iut-clause", CLAUSES, "-n", "2", "-v")
    result = pytester.runpytest_subprocess("--pyargs", SUITE, *arguments)
    result.assert_outcomes(passed=6)
    judged = workers(result)
    assert len(judged) == len(list(pytester.path.glob("asked-by-*"))) == 2
    assert {frozenset({"VAL-3", "VAL-4", "VAL-6"}) & clauses for clauses in judged.values()} == {
        frozenset({"VAL-3", "VAL-4", "VAL-6"}),
        frozenset[str](),
    }


@pytest.mark.slow
def test_a_subject_that_is_one_place_is_asked_by_one_worker_only(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(vaults=VAULTS)
    arguments = ("--iut", "library:vaults:OnePlace", "--iut-clause", CLAUSES, "-n", "2", "-v")
    result = pytester.runpytest_subprocess("--pyargs", SUITE, *arguments)
    result.assert_outcomes(passed=6)
    assert [len(clauses) for clauses in workers(result).values()] == [6]
    assert len(list(pytester.path.glob("asked-by-*"))) == 1


@pytest.mark.slow
def test_one_place_is_not_asked_where_the_tests_are_spread_otherwise(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        vaults=VAULTS,
        test_vault="""
        from fencepost.conformance import conformance_suite
        from vaults import OnePlace

        TestVault = conformance_suite(OnePlace, clauses=["STA-5", "DEC-10"])
        """,
    )
    result = pytester.runpytest_subprocess("-n", "2")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*OneWorkerOnly: *can be asked by one worker only*--dist loadscope*"])
    result = pytester.runpytest_subprocess("-n", "2", "--dist", "loadscope")
    result.assert_outcomes(passed=2)


def test_a_subject_that_names_nothing_is_bad_usage_here_too(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--pyargs", SUITE, "--iut", "referense", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Did you mean 'reference'?" in result.stdout.str() + result.stderr.str()


@pytest.mark.slow
def test_a_subject_that_cannot_be_asked_is_one_error_of_all_workers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(harness="raise SystemExit('no vault here')")
    arguments = ("--iut", f"stdio:{sys.executable} harness.py", "--iut-clause", CLAUSES, "-n", "2")
    result = pytester.runpytest_subprocess("--pyargs", SUITE, *arguments)
    outcomes = result.parseoutcomes()
    assert outcomes.get("errors", 0) + outcomes.get("error", 0) == 1
    assert outcomes["deselected"] == 5


def test_every_clause_has_a_home_where_an_exploration_asks_it() -> None:
    assert homes().keys() == {clause.id for clause in catalogue().clauses}
    serves = {one.name: one.serves for one in EXPLORATIONS}
    assert all(clause in serves[home] for clause, home in homes().items())


def test_tests_of_others_and_classes_of_the_suite_are_grouped_by_their_names() -> None:
    name = "test_lim_2_one_ip_rule_more_is_refused"
    assert group_of("tests/test_ours.py::test_ours", is_one_place=True) is None
    assert group_of(f"test_limits.py::{name}", is_one_place=True) == "fencepost"
    assert group_of(f"tests/test_ours.py::TestVault::{name}", is_one_place=False) == "tests/test_ours.py::TestVault"
    ledger = "test_ledger.py::test_a_declared_choice_is_held_to[host-bits]"
    assert group_of(ledger, is_one_place=False) == "fencepost ledger"


@pytest.mark.slow
def test_a_failure_of_a_class_spread_over_workers_is_told_by_its_own_test_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite

        TestVault = conformance_suite("mutant:last-address-excluded", clauses=["DEC"])
    """)
    result = pytester.runpytest_subprocess("-n", "2")
    outcomes = result.parseoutcomes()
    assert (outcomes["failed"], outcomes.get("errors", 0) + outcomes.get("error", 0)) == (1, 0)


def test_a_failure_that_its_own_test_finds_on_another_worker_is_told_there_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(SubjectSession("mutant:last-address-excluded", Options(), shared=("DEC-4", "STA-8"))) as worker:
        assert worker.clause("STA-8").verdict == "pass"
        assert not worker.unreported()
        monkeypatch.setattr(session, "explorations_for", lambda *_: ())  # the own test finds nothing
        assert [str(one)[:5] for one in worker.unreported()] == ["DEC-4"]


@pytest.mark.slow
def test_what_no_selected_test_tells_is_told_once_by_all_workers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite

        TestVault = conformance_suite("mutant:octets-up-to-256", clauses=["VAL-3", "VAL-4", "VAL-6", "VAL-7"])
    """)
    result = pytester.runpytest_subprocess("-n", "2")
    assert result.stdout.str().count("FoundBeside: also found") >= 1
    outcomes = result.parseoutcomes()
    assert outcomes.get("errors", 0) + outcomes.get("error", 0) == 1


@pytest.mark.slow
def test_a_report_of_the_suite_is_one_report_of_all_clauses(pytester: pytest.Pytester) -> None:
    arguments = ["--iut", "mutant:last-address-excluded", "--iut-clause", "DEC-4,VAL-1", "--iut-report", "out"]
    result = pytester.runpytest_subprocess("-n", "2", "--pyargs", SUITE, *arguments)
    assert (result.parseoutcomes()["failed"], result.parseoutcomes()["passed"]) == (1, 1)
    report = json.loads((pytester.path / "out" / "report.json").read_text(encoding="utf-8"))
    verdicts = {row["id"]: row["verdict"] for row in report["clauses"]}
    assert (verdicts["DEC-4"], verdicts["VAL-1"]) == ("fail", "pass")


def test_a_class_spread_over_workers_names_a_stored_case_that_is_not_judged_once(pytester: pytest.Pytester) -> None:
    calls = [
        {"method": "reset", "params": {"subnets": []}},
        {"method": "putRules", "params": {"networkAcls": {"defaultAction": "Allow"}}},
    ]
    case = {"format": "fencepost-regression", "version": 1, "clause": "VAL-1", "profile": "keyvault", "calls": calls}
    (pytester.path / "kept").mkdir()
    (pytester.path / "kept" / "one.json").write_text(json.dumps(case))
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite

        TestVault = conformance_suite(
            "reference:keyvault-2018-preview", clauses=["VAL-1", "VAL-2", "VAL-3"], regressions="kept", report="out"
        )
    """)
    result = pytester.runpytest_subprocess("-n", "2")
    assert (result.parseoutcomes()["passed"], result.parseoutcomes()["warnings"]) == (3, 1)
    assert sorted(path.name for path in (pytester.path / "out").iterdir()) == ["gw0", "gw1"]

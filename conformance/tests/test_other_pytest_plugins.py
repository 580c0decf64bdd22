"""The plugin beside what pytest's users have: several subjects, reruns, time limits, another order, coverage, JUnit."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from suite_size import SUITE_TESTS

pytest_plugins = ["pytester"]

SUITE = "fencepost.conformance.suite"
VAULTS = """
    import pathlib, time
    from fencepost.conformance.commands.demo_vaults import FlawedVault, RightVault

    class Slow(RightVault):
        def decide(self, *, requests):
            time.sleep(0.5)
            return super().decide(requests=requests)

    class FirstFlawed(FlawedVault):
        '''Flawed, if it is the first of its kind that is asked.'''

        is_right = None

        def decide(self, *, requests):
            if self.is_right is None:
                marker = pathlib.Path("was-asked")
                self.is_right = marker.exists()
                marker.touch()
            return super().decide(requests=requests)

        def covers(self, rule, address):
            return RightVault.covers(self, rule, address) if self.is_right else super().covers(rule, address)
"""
SHUFFLE = """
    import random

    def pytest_collection_modifyitems(items):
        random.Random({seed}).shuffle(items)

    def pytest_runtest_setup(item):
        random.seed(0)
"""


def _run(pytester: pytest.Pytester, *subjects: str, clauses: str, options: tuple[str, ...] = ()) -> pytest.RunResult:
    pytester.makepyfile(vaults=VAULTS)
    given = [part for subject in subjects for part in ("--iut", f"library:vaults:{subject}")]
    return pytester.runpytest_subprocess("--pyargs", SUITE, *given, "--iut-clause", clauses, *options)


def _verdicts(folder: Path) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in json.loads((folder / "report.json").read_bytes())["clauses"]}


def test_several_subjects_are_judged_each_and_summed_up_clause_by_clause(pytester: pytest.Pytester) -> None:
    result = _run(pytester, "RightVault", "FlawedVault", clauses="DEC-1,DEC-4", options=("--iut-report", "out"))
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "iut: library:vaults:RightVault and library:vaults:FlawedVault, *",
            "library:vaults:RightVault: 2 pass",
            "library:vaults:FlawedVault: 1 fail, 1 pass",
            "  fail DEC-4: asked *, decisive *",
            "FAILED *test_dec_4_*library:vaults:FlawedVault*",
        ]
    )
    assert _verdicts(pytester.path / "out" / "1")["DEC-4"] == "pass"
    assert _verdicts(pytester.path / "out" / "2")["DEC-4"] == "fail"


@pytest.mark.slow
def test_one_subject_keeps_its_folder_and_the_names_of_its_tests(pytester: pytest.Pytester) -> None:
    options = ("--iut", "library:vaults:RightVault", "--iut-report", "out", "-v")  # the same, named twice
    result = _run(pytester, "RightVault", clauses="DEC-1", options=options)
    result.assert_outcomes(passed=1)
    assert "[library" not in result.stdout.str()
    assert _verdicts(pytester.path / "out")["DEC-1"] == "pass"


@pytest.mark.slow
def test_several_subjects_are_judged_under_xdist(pytester: pytest.Pytester) -> None:
    result = _run(pytester, "RightVault", "FlawedVault", clauses="DEC-1,DEC-4,VAL-4", options=("-n", "2"))
    result.assert_outcomes(passed=3, failed=1)


@pytest.mark.parametrize("reruns", [("--reruns", "2"), pytest.param(("--force-reruns", "2"), marks=pytest.mark.slow)])
def test_a_rerun_turns_no_failure_into_a_pass(pytester: pytest.Pytester, reruns: tuple[str, ...]) -> None:
    result = _run(pytester, "FirstFlawed", clauses="DEC-4", options=reruns)
    outcomes = result.parseoutcomes()
    assert outcomes.get("failed") == 1, result.stdout.str()
    assert outcomes.get("rerun") == 2
    assert "passed" not in outcomes
    result.stdout.fnmatch_lines(["*it has failed in this session, and a rerun does not ask again:*"])


@pytest.mark.slow
def test_the_last_failed_and_stepwise_find_the_failure_again(pytester: pytest.Pytester) -> None:
    clauses = "DEC-1,DEC-4,DEC-5"
    first = _run(pytester, "FlawedVault", clauses=clauses, options=("--sw",))
    assert first.parseoutcomes()["failed"] == 1
    again = _run(pytester, "FlawedVault", clauses=clauses, options=("--lf",))
    assert again.parseoutcomes() == {"failed": 1, "deselected": SUITE_TESTS - 1}
    mended = _run(pytester, "RightVault", clauses=clauses, options=("--lf",))
    mended.assert_outcomes(passed=1, deselected=SUITE_TESTS - 1)


def test_a_time_limit_of_a_test_makes_no_clause_pass(pytester: pytest.Pytester) -> None:
    result = _run(pytester, "Slow", clauses="DEC-1,DEC-4,DEC-5", options=("--timeout", "2"))
    outcomes = result.parseoutcomes()
    assert "passed" not in outcomes, result.stdout.str()
    assert outcomes["errors"] == 3
    result.stdout.fnmatch_lines(["*not asked: a test was ended in the middle: *"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_another_order_gives_the_same_verdicts(pytester: pytest.Pytester, seed: int) -> None:
    pytester.makeconftest(SHUFFLE.format(seed=seed))
    result = _run(pytester, "FlawedVault", clauses="DEC,VAL-4,LIM", options=("--iut-report", "out"))
    assert result.parseoutcomes()["failed"] == 1
    assert {clause for clause, verdict in _verdicts(pytester.path / "out").items() if verdict == "fail"} == {"DEC-4"}


@pytest.mark.slow
def test_coverage_of_the_subject_is_measured(pytester: pytest.Pytester) -> None:
    options = ("--cov", "vaults", "--cov-report", "json")
    _run(pytester, "FirstFlawed", clauses="DEC-4", options=options).assert_outcomes(failed=1)
    measured = json.loads((pytester.path / "coverage.json").read_bytes())
    lines = (pytester.path / "vaults.py").read_text(encoding="utf-8").splitlines()
    asked = next(number for number, line in enumerate(lines, start=1) if "marker.touch()" in line)
    assert asked in measured["files"]["vaults.py"]["executed_lines"], "more than the import is measured"


def test_a_property_of_the_same_name_is_no_clause(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_of_its_own(record_property): record_property('verdict', 'pass')")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*clauses*")


def test_junit_has_the_properties_of_each_clause(pytester: pytest.Pytester) -> None:
    _run(pytester, "FlawedVault", clauses="DEC-1,DEC-4", options=("--junitxml", "junit.xml"))
    found = {}
    for case in ET.parse(pytester.path / "junit.xml").getroot().iter("testcase"):
        properties = {one.get("name"): one.get("value") for one in case.iter("property")}
        found[properties["clause"]] = properties
        assert re.fullmatch(r"\d+", properties["asked"] or "")
    assert {clause: one["verdict"] for clause, one in found.items()} == {"DEC-1": "pass", "DEC-4": "fail"}
    assert {one["subject"] for one in found.values()} == {"library:vaults:FlawedVault"}

"""A faulty vault whose harness hides what it would answer wrongly: no run of such a subject ends with status 0."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import main
from fencepost.reports.model import Report, report_from_json

DISHONEST = Path(__file__).parent / "harnesses" / "dishonest.py"


def _checked(folder: Path, fault: str, when: str, clauses: str, *options: str) -> Report:
    """The report of `fencepost check`, whose exit status is the report's."""
    harness = shlex.join([sys.executable, str(DISHONEST), fault, when, str(folder / "processes")])
    arguments = ["check", f"stdio:{harness}", "--clause", clauses, "--report", str(folder / "report"), *options]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    report = report_from_json((folder / "report" / "report.json").read_bytes())
    assert result.exit_code == report.exit_status
    return report


def _verdicts(report: Report) -> set[str]:
    return {row.verdict for row in report.clauses}


@pytest.mark.slow
@pytest.mark.parametrize("clauses", ["DEC", "DEC-4"])
@pytest.mark.parametrize(
    "fault",
    [
        *("hang", "drip", "exit_at_once", "segfault", "abort", "crash", "rpc_error", "close_stdout", "wrong_id"),
        *("too_many_decisions", "too_few_decisions", "true_for_an_outcome", "number_for_an_answer"),
    ],
)
def test_a_harness_that_fails_only_where_its_vault_would_be_wrong_is_in_error(
    tmp_path: Path, fault: str, clauses: str
) -> None:
    options = ("--call-timeout", "0.4" if fault in ("hang", "drip") else "30")
    report = _checked(tmp_path, fault, "wrong", clauses, *options)
    assert (report.result, report.exit_status) == ("error", 2)
    assert "error" in _verdicts(report)
    assert "fail" not in _verdicts(report)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hang", "exit_at_once", "one_for_accepted", "refused_in_words"])
def test_a_harness_that_fails_only_at_writes_that_its_vault_would_accept_wrongly_is_in_error(
    tmp_path: Path, fault: str
) -> None:
    report = _checked(tmp_path, fault, "wrong-write", "VAL", "--call-timeout", "0.4" if fault == "hang" else "30")
    assert {row.id: row.verdict for row in report.clauses if row.verdict != "pass"} == {"VAL-3": "error"}
    assert report.exit_status == 2


def test_a_write_that_is_not_put_only_where_the_vault_would_accept_it_wrongly_is_inconclusive(tmp_path: Path) -> None:
    report = _checked(tmp_path, "not_put", "wrong-write", "VAL-3")
    (row,) = report.clauses
    assert (row.verdict, report.exit_status) == ("inconclusive", 2)
    assert re.match(r"no write of this kind could be put as asked: (putRules|addIpRule) VAL-3 172\.", row.detail)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["new", "late", "after:20", "after:120"])
def test_a_vault_that_is_sound_at_a_replay_or_at_first_is_found(tmp_path: Path, when: str) -> None:
    report = _checked(tmp_path, "blind_at_the_end", when, "DEC,CRED,CTL")
    assert (report.result, report.exit_status) == ("fail", 1)
    assert next(row for row in report.clauses if row.id == "DEC-4").verdict == "fail"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["another_version", "another_choice", "fewer_features"])
def test_a_statement_that_is_another_at_the_end_fails_the_run(tmp_path: Path, fault: str) -> None:
    report = _checked(tmp_path, fault, "after:2", "DEC-3")
    assert (report.result, report.exit_status) == ("fail", 1)
    assert _verdicts(report) == {"pass"}


@pytest.mark.slow
def test_a_process_that_states_another_version_after_a_crash_is_not_asked_though_the_last_one_states_the_first(
    tmp_path: Path,
) -> None:
    report = _checked(tmp_path, "crash_and_change", "always", "DEC-3")
    assert (report.result, report.exit_status) == ("error", 2)

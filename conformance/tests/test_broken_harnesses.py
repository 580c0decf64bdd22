"""Broken harnesses, each with one fault: the run ends in bounded time, names the fault, and judges what it can."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fencepost.reports.model import Clause, Report, report_from_json

BROKEN = Path(__file__).parent / "harnesses" / "broken.py"
SILENT = frozenset({"hang", "half_a_line", "drip"})
"""The faults that show only in a call that is waited for in vain; of the others every call has time enough."""

COMMAND = (sys.executable, "-c", "from fencepost.conformance.commands import main; main()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run of `fencepost check` that is over: what it said and wrote, and the harness's processes."""

    status: int
    stdout: str
    stderr: str
    pids: tuple[int, ...]
    report: Report | None

    @property
    def rows(self) -> tuple[Clause, ...]:
        assert self.report is not None, self.stderr
        return self.report.clauses

    def row(self, clause: str) -> Clause:
        return next(row for row in self.rows if row.id == clause)


Check = Callable[..., Ended]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Runs the command as a user would, against the harness with one fault; nothing that it started is left over."""

    def run(fault: str, when: str, clauses: str, *options: str, call_timeout: float | None = None) -> Ended:
        folder, book = tmp_path / "report", tmp_path / "pids"
        patience = call_timeout or (0.6 if fault in SILENT else 30)
        harness = shlex.join([sys.executable, str(BROKEN), fault, when, str(book)])
        arguments = ["check", f"stdio:{harness}", "--clause", clauses, "--report", str(folder), *options]
        ended = subprocess.run(
            [*COMMAND, *arguments, "--call-timeout", str(patience), "--start-timeout", "5"],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        pids = tuple(map(int, book.read_text().split())) if book.exists() else ()
        assert all(has_ended(pid) for pid in pids), "an orphan is left"
        assert "Traceback (most recent call last)" not in ended.stderr.replace("\\n", "\n").partition("own log")[0]
        return Ended(
            status=ended.returncode,
            stdout=ended.stdout,
            stderr=ended.stderr,
            pids=pids,
            report=_read(folder) if (folder / "report.json").exists() else None,
        )

    return run


def _read(folder: Path) -> Report:
    """The report, its two files agreeing with each other."""
    report = report_from_json((folder / "report.json").read_bytes())
    cases = [case.get("name") for case in ET.parse(folder / "junit.xml").getroot().iter("testcase")]
    assert cases[: len(report.clauses)] == [clause.id for clause in report.clauses]
    return report


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Where nothing reaps what a dead process has left, it stays a zombie.
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


AT_READING = (
    ("crash", "the end of its output (exit status 3)"),
    ("crash", "the disk is on fire"),
    ("crash_hard", "the end of its output (killed by SIGKILL)"),
    ("exit_quietly", "the end of its output (exit status 0)"),
    ("hang", "expected an answer within 0.6 s, got nothing"),
    ("half_a_line", 'got a line without end: {"jsonrpc": "2.0", "id"'),
    ("half_a_line_and_out", '(exit status 0) after \'{"jsonrpc": "2.0", "id"\''),
    ("drip", "got a line without end: xxx"),
    ("wrong_id", "got id 4711"),
    ("no_id", "got an answer without id"),
    ("answer_of_another_call", "getRules: expected id "),
    ("neither_result_nor_error", "expected an answer with result or error, got neither"),
    ("number_for_an_answer", "Expected `object`, got `int`: 42"),
    ("not_utf8", "got no UTF-8"),
    ("line_over_16_mib", "expected a line of at most 16777216 bytes, got a longer one: xxx"),
    ("log_line", "got no JSON (Expecting value: line 1 column 1 (char 0)): INFO  vault: request received"),
    ("stack_trace", "Traceback (most recent call last)"),
    ("empty_line", "got an empty line"),
    ("rpc_error", "error -32042: the disk is full"),
    ("no_such_method", "error -32601: no such method"),
    ("close_stdout", "the end of its output (the process went on running)"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "message"), AT_READING)
def test_a_fault_in_one_method_is_named_at_its_clause_and_spoils_no_other(
    check: Check, fault: str, message: str
) -> None:
    ended = check(fault, "getRules", "STA-5,VAL-4")
    row = ended.row("STA-5")
    assert (ended.status, row.verdict) == (2, "error")
    assert row.detail.startswith("getRules: expected")
    assert message in row.detail
    assert ended.row("VAL-4").verdict == "pass"
    assert ended.report is not None
    assert ended.report.totals.faults >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("crash", "the disk is on fire"),
        ("hang", "expected an answer within"),
    ],
)
def test_a_fault_at_control_plane_requests_spoils_no_clause_of_the_data_plane(
    check: Check, fault: str, message: str
) -> None:
    ended = check(fault, "control", "DEC,CRED-1,CTL")
    assert ended.status == 2
    for clause in ("CTL-1", "CTL-2", "CTL-4", "CTL-5"):
        assert ended.row(clause).verdict == "error", clause
        assert message in ended.row(clause).detail
    assert ended.report is not None
    others = {row.id: row.verdict for row in ended.rows if not row.id.startswith("CTL")}
    assert set(others.values()) == {"pass"}, others
    assert ended.row("CTL-3").verdict == "pass", "it is about data-plane requests"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("hang", "decide: expected an answer within 0.6 s, got nothing"),
        ("crash", "decide: expected an answer, got the end of its output (exit status 3)"),
        ("too_many_decisions", "decisions, got "),
        ("too_few_decisions", "decisions, got "),
        ("unknown_outcome", "Invalid enum value 'perhaps'"),
        ("wrong_id", "got id 4711"),
        ("rpc_error", "error -32042: the disk is full"),
    ],
)
def test_a_harness_that_never_decides_is_given_up_with_every_clause_in_error_that_takes_a_decision(
    check: Check, fault: str, message: str
) -> None:
    ended = check(fault, "decide", "DEC,VAL,STA-1")
    assert ended.status == 2
    assert ended.report is not None
    refused = [row for row in ended.rows if row.verdict == "pass"]
    assert all(row.id.startswith("VAL") and row.decisive == row.asked > 0 for row in refused), "by writes alone"
    others = [row for row in ended.rows if row not in refused]
    assert len(others) > len(refused)
    assert {row.verdict for row in others} <= {"error", "not applicable"}
    assert sum(message in row.detail for row in others) > 0, "once, and then where it stands"
    assert all(message in row.detail or "shown under" in row.detail for row in others if row.verdict == "error")
    unasked = [row for row in others if row.detail.startswith("not asked: three harness faults in a row")]
    assert len(unasked) >= len(others) - 3, "but for those at hand when it did not answer"
    assert len(ended.pids) <= 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "when", "message"),
    [
        ("crash", "start", "the disk is on fire"),
        ("exit_quietly", "start", "describe: expected an answer, got the end of its output (exit status 0)"),
        ("hang", "describe", "describe: expected an answer within 5 s, got nothing"),
        ("log_line", "describe", "INFO  vault: request received"),
        ("rpc_error", "describe", "error -32042: the disk is full"),
        ("no_statement", "describe", "Expected `object`, got `array`"),
        ("no_profile", "describe", "'keyvolt'"),
        ("other_protocol", "describe", "this kit speaks protocol 1, the implementation 2"),
        ("unknown_choice", "describe", "did you mean 'host-bits'?"),
        ("contradictory_features", "describe", "'ip-rules-only' and 'service-endpoints' contradict each other"),
    ],
)
def test_a_subject_that_does_not_describe_itself_is_bad_usage(
    check: Check, fault: str, when: str, message: str
) -> None:
    ended = check(fault, when, "DEC-1")
    assert (ended.status, ended.stdout, ended.report) == (2, "", None)
    assert message in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["dawdle", "ignore_shutdown", "leave_a_child", "leak", "chatter"])
def test_a_bad_habit_that_answers_no_call_wrongly_costs_no_verdict(check: Check, fault: str) -> None:
    ended = check(fault, "always", "STA-5")
    assert ended.row("STA-5").verdict == "pass"
    assert (ended.status, ended.report is not None and ended.report.result) == (0, "partial")


def test_an_implementation_that_refuses_every_rule_set_fails_and_is_no_broken_harness(check: Check) -> None:
    ended = check("refuse", "putRules", "VAL-1,DEC-2")
    assert (ended.status, ended.row("VAL-1").verdict) == (1, "fail")
    single = ended.row("DEC-2")  # single rules are still taken, at some seeds too few for a pass
    assert (single.decisive > 9, single.verdict in ("pass", "vacuous")) == (True, True)
    assert ended.row("VAL-1").counterexamples[0].got == "refused (409 no rules today)"


def test_a_harness_without_reset_is_given_up_at_once(check: Check) -> None:
    ended = check("rpc_error", "reset", "DEC,STA")
    assert ended.status == 2
    assert any("reset: expected a result, got error -32042" in row.detail for row in ended.rows)
    assert len(ended.pids) <= 3


def test_a_method_of_a_feature_that_does_not_work_costs_the_clauses_that_need_it(check: Check) -> None:
    ended = check("rpc_error", "updateRules", "STA-1,STA-3,STA-4,DEC-15")
    assert {row.id: row.verdict for row in ended.rows} == {
        "DEC-15": "pass",
        "STA-1": "pass",
        "STA-3": "error",
        "STA-4": "error",
    }
    assert "updateRules: expected a result, got error -32042: the disk is full" in ended.row("STA-4").detail


@pytest.mark.parametrize("when", ["at:60", pytest.param("at:130", marks=pytest.mark.slow)])
def test_a_crash_on_the_nth_call_is_an_error_and_the_run_goes_on(check: Check, when: str) -> None:
    ended = check("crash", when, "DEC")
    assert ended.status == 2
    verdicts = [row.verdict for row in ended.rows]
    assert set(verdicts) <= {"pass", "error"}
    assert verdicts.count("pass") >= 8
    assert any("the disk is on fire" in row.detail for row in ended.rows if row.verdict == "error")


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "when"), [("hang", "after:2"), ("hang", "after:40"), ("close_stdin", "after:25")])
def test_the_waiting_for_a_harness_that_falls_silent_is_bounded(check: Check, fault: str, when: str) -> None:
    ended = check(fault, when, "DEC,STA,VAL", call_timeout=0.5)
    assert ended.status == 2
    # A process that was waited for in vain is ended: so many processes, so many time-outs.
    assert len(ended.pids) <= 9

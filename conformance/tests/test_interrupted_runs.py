"""Runs ended early by Ctrl-C, SIGTERM or SIGKILL: findings are kept, and a resumption asks the rest."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.commands import main
from fencepost.conformance.run.journal import FILE_NAME, CannotResume, read_journal
from fencepost.conformance.run.reporting import RESUMED
from fencepost.reports.model import Report, report_from_json

pytestmark = pytest.mark.xdist_group("interrupted runs")

BROKEN = Path(__file__).parent / "harnesses" / "broken.py"
COMMAND = (sys.executable, "-c", "from fencepost.conformance.commands import main; main()")
CLAUSES = "DEC,STA-1,VAL-4"
HANGS = 120.0
"""So many seconds are waited before a program that does not go on is given up, on the slowest of machines."""


class Run:
    """A run of `fencepost check` that is on."""

    def __init__(self, folder: Path, book: Path, process: "subprocess.Popen[str]") -> None:
        self.folder = folder
        self.process = process
        self._book = book

    def until_through(self, scenarios: int) -> None:
        """Wait until so many scenarios are in the journal."""
        journal = self.folder / FILE_NAME
        deadline = time.monotonic() + HANGS
        while not journal.exists() or len(journal.read_bytes().splitlines()) < scenarios + 1:
            assert self.process.poll() is None, "the run has ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def until_up(self) -> None:
        deadline = time.monotonic() + HANGS
        while not self._book.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def end(self, *signals: signal.Signals) -> tuple[int, str]:
        """Send the signals, half a second between them; the exit status and stderr."""
        for number in signals:
            self.process.send_signal(number)
            _wait(self.process, 0.3)
        _, stderr = self.process.communicate(timeout=HANGS)
        return self.process.returncode, stderr

    def report(self) -> Report:
        report = report_from_json((self.folder / "report.json").read_bytes())
        assert ET.parse(self.folder / "junit.xml").getroot().find("testsuite") is not None
        return report

    def leaves_nothing_behind(self) -> bool:
        pids = map(int, self._book.read_text().split())
        deadline = time.monotonic() + HANGS
        while any(not _has_ended(pid) for pid in pids):
            if time.monotonic() > deadline:
                return False
        return True


def _wait(process: "subprocess.Popen[str]", seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


Start = Callable[..., Run]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started = []

    def begin(fault: str, when: str, *options: str, clauses: str = CLAUSES) -> Run:
        folder, book = tmp_path / "report", tmp_path / "pids"
        where = [] if "--resume" in options else ["--report", str(folder)]
        process = subprocess.Popen(
            [*COMMAND, "check", _subject(fault, when, book), "--clause", clauses, *where, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return Run(folder, book, process)

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def _subject(fault: str, when: str, book: Path) -> str:
    return f"stdio:{shlex.join([sys.executable, str(BROKEN), fault, when, str(book)])}"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_reports_what_it_has_found_and_says_what_it_has_not_asked(
    start: Start, number: signal.Signals
) -> None:
    run = start("dawdle", "always")
    run.until_through(3)
    status, stderr = run.end(number)
    report = run.report()
    assert (status, report.exit_status, report.result) == (2, 2, "error")
    assert "Traceback" not in stderr
    assert {row.detail for row in report.clauses if row.verdict == "error"} == {"not asked: the run was interrupted"}
    assert report.totals.decisions > 0
    assert run.leaves_nothing_behind()


def test_an_interrupted_run_that_has_found_a_failure_is_a_failed_one(start: Start) -> None:
    run = start("blind_at_the_end", "always")
    run.until_through(10)
    status, _ = run.end(signal.SIGINT)
    assert status == 1
    assert next(row for row in run.report().clauses if row.id == "DEC-4").verdict == "fail"


def test_a_second_and_a_third_interrupt_lose_nothing(start: Start) -> None:
    run = start("ignore_shutdown", "always")
    run.until_through(2)
    status, stderr = run.end(signal.SIGINT, signal.SIGINT, signal.SIGTERM)
    assert status == 2
    assert "Traceback" not in stderr
    assert run.report().totals.decisions > 0
    assert run.leaves_nothing_behind()


def test_an_interrupt_while_the_harness_hangs_ends_the_run(start: Start) -> None:
    run = start("hang", "after:3")
    run.until_up()
    status, _ = run.end(signal.SIGINT)
    assert status == 2
    assert run.leaves_nothing_behind()


def test_an_interrupt_before_the_subject_has_described_itself_says_so(start: Start) -> None:
    run = start("hang", "describe")
    run.until_up()
    status, stderr = run.end(signal.SIGINT)
    assert status == 2
    assert "had described itself" in stderr
    assert not (run.folder / "report.json").exists()
    assert run.leaves_nothing_behind()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Report]:
    """The report of the same run, left to its end, by the harness's fault."""
    reports: dict[str, Report] = {}

    def report(fault: str) -> Report:
        if fault not in reports:
            folder = tmp_path_factory.mktemp(fault)
            ended = _check(_subject(fault, "always", folder / "pids"), "--report", str(folder))
            assert ended.exit_code in (0, 1), ended.stderr
            assert not (folder / FILE_NAME).exists(), "there is nothing to resume"
            reports[fault] = report_from_json((folder / "report.json").read_bytes())
        return reports[fault]

    return report


def _check(*arguments: str, clauses: str = CLAUSES) -> Result:
    return CliRunner().invoke(main, ["check", *arguments, "--clause", clauses], catch_exceptions=False)


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "scenarios"), [("sound", 2), ("blind_at_the_end", 6)])
def test_a_run_that_was_killed_is_resumed_and_ends_as_if_it_had_not_been(
    start: Start, uninterrupted: Callable[[str], Report], tmp_path: Path, fault: str, scenarios: int
) -> None:
    run = start(fault, "always")
    run.until_through(scenarios)
    run.end(signal.SIGKILL)
    assert not (run.folder / "report.json").exists()
    before = read_journal(run.folder).checkpoint
    assert before is not None
    ended = _check(_subject(fault, "always", tmp_path / "pids"), "--resume", str(run.folder))
    whole = uninterrupted(fault)
    assert ended.exit_code == whole.exit_status, ended.stderr
    resumed = run.report()
    assert _rows(resumed) == _rows(whole)
    assert (resumed.totals, resumed.ledger) == (whole.totals, whole.ledger)
    assert (resumed.resumed, whole.resumed) == (True, False)
    assert resumed.notes == (*whole.notes, RESUMED)
    assert all(RESUMED in (run.folder / form).read_text() for form in ("summary.md", "junit.xml", "results.sarif"))
    assert RESUMED in ended.stdout.replace("\n", " ")
    assert not (run.folder / FILE_NAME).exists()


def _rows(report: Report) -> list[tuple[object, ...]]:
    """Every row, counterexamples included, but for the paths in a replay line."""
    return [
        (
            *(row.id, row.verdict, row.asked, row.decisive, row.allowed, row.denied, row.detail, row.limit_found),
            *((one.calls, one.expected, one.got, one.calls_to_shrink) for one in row.counterexamples),
        )
        for row in report.clauses
    ]


@pytest.mark.slow
def test_an_interrupted_run_can_be_resumed_too(
    start: Start, uninterrupted: Callable[[str], Report], tmp_path: Path
) -> None:
    run = start("sound", "always")
    run.until_through(4)
    _, stderr = run.end(signal.SIGINT)
    assert f"--resume {run.folder}" in stderr
    ended = _check(_subject("sound", "always", tmp_path / "pids"), "--resume", str(run.folder))
    assert (ended.exit_code, _rows(run.report())) == (0, _rows(uninterrupted("sound")))


@pytest.mark.slow
def test_half_a_line_at_the_end_of_a_journal_is_no_hindrance(start: Start, tmp_path: Path) -> None:
    run = start("sound", "always")
    run.until_through(5)
    run.end(signal.SIGKILL)
    journal = run.folder / FILE_NAME
    journal.write_bytes(journal.read_bytes() + b'{"explored": ["deci')
    ended = _check(_subject("sound", "always", tmp_path / "pids"), "--resume", str(run.folder))
    assert ended.exit_code == 0


def test_only_the_same_run_can_be_resumed(start: Start, tmp_path: Path) -> None:
    run = start("sound", "always")
    run.until_through(1)
    run.end(signal.SIGKILL)
    subject, resume = _subject("sound", "always", tmp_path / "pids"), ("--resume", str(run.folder))
    other = _check(subject, *resume, "--seed", "7", "--effort", "standard")
    assert other.exit_code == 2
    assert "seed: 0 then, 7 now" in other.stderr
    assert 'effort: "quick" then, "standard" now' in other.stderr
    renamed = _check(subject.replace("sound", "dawdle"), *resume)
    assert (renamed.exit_code, "subject: " in renamed.stderr) == (2, True)
    narrower = _check(subject, *resume, clauses="DEC-1")
    assert (narrower.exit_code, "clause: " in narrower.stderr) == (2, True)
    both = _check(subject, *resume, "--report", str(tmp_path / "elsewhere"))
    assert (both.exit_code, "leave --report out" in both.stderr) == (2, True)


def test_where_there_is_no_journal_there_is_nothing_to_resume(tmp_path: Path) -> None:
    ended = _check("reference", "--resume", str(tmp_path))
    assert ended.exit_code == 2
    assert "cannot be resumed" in ended.stderr
    assert "journal.ndjson" in ended.stderr
    (tmp_path / FILE_NAME).write_text("[]\n")
    with pytest.raises(CannotResume, match="is no journal of this version"):
        read_journal(tmp_path)


def test_of_a_file_that_does_not_begin_as_a_journal_no_more_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).symlink_to("/dev/zero")
    with pytest.raises(CannotResume, match="no whole line in it begins with"):
        read_journal(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).write_text("", encoding="utf-8")
    with pytest.raises(CannotResume, match="no whole line in it begins with"):
        read_journal(tmp_path)


def test_a_journal_of_which_a_line_was_altered_taken_away_or_moved_is_not_resumed(start: Start, tmp_path: Path) -> None:
    run = start("sound", "always")
    run.until_through(5)
    run.end(signal.SIGKILL)
    path = run.folder / FILE_NAME
    first, second, third, *others = path.read_bytes().splitlines(keepends=True)
    altered = second.replace(b'"done":1', b'"done":2')
    assert altered != second
    last = path.read_bytes().splitlines(keepends=True)[-1]
    other = last.replace(b'"done":', b'"done":1')
    assert other != last
    for lines in (
        *([first, altered, third, *others], [first, third, *others], [first, third, second, *others]),
        *([altered, third, *others], [third, *others], [first, second, third, *others[:-1], other]),
        *([first.replace(b'"seed":0', b'"seed":1')], [first[:-2] + b"\n"], [b'{"journal":3}\n']),
    ):
        path.write_bytes(b"".join(lines))
        ended = _check(_subject("sound", "always", tmp_path / "pids"), "--resume", str(run.folder))
        assert ended.exit_code == 2
        assert "is no journal of this version" in " ".join(ended.stderr.split())

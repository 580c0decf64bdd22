"""Live progress: lines in a log, events for tools, and a report that holds nothing of either."""

import io
import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.commands import main
from fencepost.conformance.commands.live_events import progress_schema
from fencepost.conformance.commands.progress import Pace, live_progress
from fencepost.conformance.run.order import DECISIONS_OF, in_waves, share_through
from fencepost.conformance.run.plan import Progress
from fencepost.reports.stored import report_from_events

AT = Progress(
    exploration="decisions",
    wave="wave 1 of 5",
    done=3,
    total=9,
    decisions=1_200,
    failed=("DEC-4",),
    settled=7,
    clauses=54,
)
LINE = re.compile(
    r"after [\d hmins]+: decisions 3/9, wave 1 of 5, 1,200 decisions \([\d,]+/s\), 7 of 54 clauses settled, "
    r"failed: DEC-4, [\d hmins]+ left"
)


def _check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], env={"COLUMNS": "160"}, catch_exceptions=False)


def test_a_log_has_a_line_now_and_then_while_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setenv("COLUMNS", "200")
    with live_progress(budget=3_600, every=0.01) as listener:
        _wait_for(log, "the open points")
        listener(AT)
        _wait_for(log, "left")
    lines = log.getvalue().splitlines()
    assert "decisions: wave 1 of 5, 1,200 decisions, failed: DEC-4" in lines
    assert any(LINE.fullmatch(line) for line in lines), lines
    assert not log.getvalue().endswith("left"), "a line is whole"


def _wait_for(log: io.StringIO, text: str) -> None:
    until = time.monotonic() + 30
    while text not in log.getvalue() and time.monotonic() < until:
        time.sleep(0.005)


def test_the_pace_has_time_left_only_under_a_budget() -> None:
    assert Pace().left is None
    assert Pace(budget=10, began=time.monotonic() - 60).left == 0
    assert Pace(began=time.monotonic() - 10).rate(1_000) == pytest.approx(100, rel=0.1)


def test_the_time_that_the_rest_takes_is_told_at_the_pace_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setenv("COLUMNS", "200")
    with live_progress(every=0.01) as listener:
        listener(replace(AT, share=0.5))
        _wait_for(log, "left at this pace")
    assert re.search(r"failed: DEC-4, about \d+ s left at this pace\n", log.getvalue())
    began = time.monotonic() - 60
    assert Pace(began=began).expected(0.25) == pytest.approx(180, rel=0.1)
    assert Pace(began=began).expected(0.01) is None, "a guess"


def test_a_run_knows_about_which_share_of_it_is_through() -> None:
    order = in_waves(EFFORTS["standard"])
    shares = [share_through(order, one, 0.5) for one in order]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.001
    assert share_through(order, order[-1], 1.0) == 1
    assert {one.title for one in order} >= DECISIONS_OF.keys()


def test_the_events_are_progress_and_then_the_stored_run(tmp_path: Path) -> None:
    events, folder = tmp_path / "events.ndjson", tmp_path / "report"
    result = _check(
        "mutant:last-address-excluded", "--clause", "DEC-4", "--events", str(events), "--report", str(folder)
    )
    assert result.exit_code == 1
    lines = events.read_bytes().splitlines(keepends=True)
    progress = [one for one in map(json.loads, lines) if one["event"] == "progress"]
    for one in progress:
        jsonschema.validate(one, progress_schema())
    assert len(progress) > 3
    assert progress[-1]["failed"] == ["DEC-4"]
    assert progress[-1]["settled"] == progress[-1]["clauses"] == 1
    assert progress[-1]["secondsLeft"] is None
    assert [one["decisions"] for one in progress] == sorted(one["decisions"] for one in progress)
    rest = b"".join(line for line in lines if json.loads(line)["event"] != "progress")
    header, *body = (folder / "run.ndjson").read_bytes().splitlines(keepends=True)
    assert rest.splitlines(keepends=True)[1:] == body
    assert json.loads(header)["environment"].keys() >= {"began", "seconds"}  # the stream cannot know them
    assert report_from_events(rest).exit_status == 1


@pytest.mark.slow
def test_events_on_stdout_leave_the_report_to_stderr() -> None:
    result = _check("reference", "--clause", "STA-5", "--events", "-", "--budget", "1h", "--max-configurations", "20")
    kinds = [json.loads(line) for line in result.stdout.splitlines()]
    assert kinds[0]["event"] == "progress"
    assert 0 < kinds[0]["secondsLeft"] <= 3_600
    assert kinds[-1]["event"] == "end"
    assert "exit status" in result.stderr


def test_events_that_cannot_be_written_are_bad_usage(tmp_path: Path) -> None:
    result = _check("reference", "--events", str(tmp_path / "none" / "events.ndjson"))
    assert result.exit_code == 2
    assert "--events" in result.stderr
    assert "No such file" in result.stderr


def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "project.md").read_text(encoding="utf-8")
    commands = "".join(re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))
    bin_folder = Path(sys.executable).parent
    script = f'set -e; PATH="{bin_folder}:$PATH"; {commands}'
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "STA-5" in done.stdout


def test_the_line_of_the_page_is_a_line_of_the_log() -> None:
    page = (Path(__file__).parents[2] / "docs" / "project.md").read_text(encoding="utf-8")
    pattern = LINE.pattern.replace("3/9", r"\d+/\d+").replace("1,200", r"[\d,]+").replace("7 of", r"\d+ of")
    assert re.search(pattern, page)

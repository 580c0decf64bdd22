"""What a subject says when it ends is shown once, however often it was started."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.adapters.contract import Crashed, Timeouts, open_subject
from fencepost.conformance.commands import main
from fencepost.reports.summary import stands_in

LAST_WORDS = "FATAL: the database is locked"
STATEMENT = {"protocol": 1, "name": "a service", "version": "1", "profile": "keyvault", "features": ["ip-rules-only"]}
PROGRAM = f"""
import json, sys
if sys.argv[1] == "describe":
    sys.exit({LAST_WORDS!r})
call = json.loads(input())
if call["method"] == "describe":
    print(json.dumps({{"jsonrpc": "2.0", "id": call["id"], "result": {STATEMENT!r}}}), flush=True)
    input()
sys.exit({LAST_WORDS!r})
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    file = tmp_path / "service.py"
    file.write_text(PROGRAM)
    return f"stdio:{shlex.join([sys.executable, str(file)])}"


def _shown(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments, env={"COLUMNS": "400"})
    assert result.exit_code == 2
    return result.stdout + result.stderr


@pytest.mark.parametrize("command", ["smoke", "check"])
@pytest.mark.parametrize("ends_in", ["describe", "reset"])
def test_the_last_words_of_a_service_that_is_down_stand_once_in_an_output(
    program: str, command: str, ends_in: str
) -> None:
    effort = ["--effort", "quick"] if command == "check" else []
    shown = _shown(command, f"{program} {ends_in}", *effort)
    assert shown.count(LAST_WORDS) == 1, shown
    if (command, ends_in) == ("smoke", "reset"):
        assert "contract violation in putRules (crashed), as in reset" in shown


def test_the_forms_of_a_report_show_them_once(program: str, tmp_path: Path) -> None:
    _shown("check", f"{program} reset", "--effort", "quick", "--report", str(tmp_path / "report"))
    assert (tmp_path / "report" / "summary.md").read_text().count(LAST_WORDS) == 1
    (run,) = json.loads((tmp_path / "report" / "results.sarif").read_text())["runs"]
    assert json.dumps(run["invocations"]).count(LAST_WORDS) == 1
    row = json.loads((tmp_path / "report" / "report.json").read_text())["notes"][0]
    assert row == "not asked: three harness faults in a row, the last one: shown under DEC-2"


def test_a_fault_of_a_clause_that_the_run_does_not_show_is_named_in_full(program: str, tmp_path: Path) -> None:
    shown = _shown("check", f"{program} reset", "--clause", "DEC-4", "--report", str(tmp_path / "report"))
    (note,) = json.loads((tmp_path / "report" / "report.json").read_text())["notes"]
    assert note.startswith("not asked: three harness faults in a row, the last one: reset: expected an answer, got the")
    assert note in shown
    assert "ERROR  1 not asked, harness faults ended the run; exit status 2" in shown
    assert "; harness faults ended the run" in (tmp_path / "report" / "summary.md").read_text()


def test_a_crash_is_told_with_the_words_of_the_process_that_crashed(program: str) -> None:
    connection = open_subject(f"{program} describe", timeouts=Timeouts())
    found = []
    for _ in range(3):
        with pytest.raises(Crashed) as caught:
            connection.call("describe", {"protocol": 1})
        found.append(caught.value.offending.strip())
    assert found == [LAST_WORDS] * 3
    assert connection.log().count(LAST_WORDS) == 3


def test_a_log_that_says_more_than_the_errors_is_shown() -> None:
    assert stands_in("", [])
    assert stands_in("b\na\n", ["a", "b"])
    assert not stands_in("a\nmore\n", ["a"])

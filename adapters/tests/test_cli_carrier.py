"""The carrier `cli:`: three ways of asking, every answer read by a mapping or an error, and nothing made up."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from cli_files import GREP, HEAD, LISTED, ONE, PROGRAM, STAYS, Opening, openings
from declared_calls import ask, put
from fencepost.adapters.contract import (
    Crashed,
    MalformedResult,
    NotStarted,
    RpcError,
    ShowsMappings,
    TimedOut,
)


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    yield from openings(tmp_path)


def test_a_process_a_decision_is_read_by_its_status_and_output(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, ONE)
    connection.call("reset", {"subnets": []})
    assert ask(connection, "1.2.3.4") == ["allow"]
    assert put(connection, "1.2.3.4") == {"accepted": True}
    assert ask(connection, "1.2.3.4", "1.2.3.5", "1.2.3.4") == ["allow", "deny", "allow"]


def test_processes_run_side_by_side_as_many_as_the_file_says(opening: Opening, tmp_path: Path) -> None:
    meet = (
        f"d={tmp_path}/met; mkdir -p $d; : >$d/$$; "
        "for i in $(seq 200); do [ $(ls $d | wc -l) -ge 3 ] && echo in && exit 0; sleep 0.05; done; exit 3"
    )
    one = f"[decide]\nrun = ['sh', '-c', '''{meet}''', '${{rules_file}}', '${{address}}']\nparallel = 3\n"
    connection = opening(HEAD, LISTED, one, "allow = { exit = 0, stdout = 'in' }\ndeny = { exit = 4 }\n")
    assert ask(connection, "1.1.1.1", "2.2.2.2", "3.3.3.3") == ["allow"] * 3


@pytest.mark.parametrize("ending", ["exit 2", "exit 1", "exit 0", "echo perhaps; exit 1", "exit 139"])
def test_whatever_no_mapping_fits_is_an_error_and_no_denial(opening: Opening, ending: str) -> None:
    connection = opening(HEAD, LISTED, ONE.replace(GREP, ending))
    with pytest.raises(MalformedResult, match=r"decide\.allow or decide\.deny"):
        ask(connection, "1.2.3.4")


def test_what_two_mappings_fit_is_an_error(opening: Opening) -> None:
    both = ONE.replace("stdout = '^in$'", "stdout = 'o'").replace("exit = 1,", "exit = 0,").replace(GREP, "echo out")
    with pytest.raises(MalformedResult, match="allow and deny fit"):
        ask(opening(HEAD, LISTED, both), "1.2.3.4")


def test_a_process_that_a_signal_ends_is_an_error(opening: Opening) -> None:
    with pytest.raises(Crashed, match="SIGSEGV"):
        ask(opening(HEAD, LISTED, ONE.replace(GREP, "kill -SEGV $$")), "1.2.3.4")


def test_a_program_that_is_not_there_is_an_error_that_names_it(opening: Opening) -> None:
    with pytest.raises(NotStarted, match="no-such-program"):
        ask(opening(HEAD, LISTED, ONE.replace('"sh", "-c"', '"no-such-program", "-c"')), "1.2.3.4")


def test_a_process_that_hangs_is_ended_with_what_it_started(opening: Opening, tmp_path: Path) -> None:
    connection = opening(HEAD, LISTED, ONE.replace(GREP, f"sleep 60 & echo $! >{tmp_path}/pid; wait"), call=1.0)
    connection.call("describe", {"protocol": 1})
    with pytest.raises(TimedOut):
        ask(connection, "1.2.3.4")
    started = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    for _ in range(500):
        if not started.exists() or started.read_text().split()[2] == "Z":
            return
        time.sleep(0.01)
    pytest.fail("what the process had started lives on")


def test_an_answer_may_be_json(opening: Opening) -> None:
    changed = ONE.replace(
        GREP, 'echo "{\\"verdict\\": {\\"allowed\\": $(grep -qxF "$2" "$1" && echo true || echo false)}}"'
    )
    changed = changed.replace("exit = 0, stdout = '^in$'", "json = { '$.verdict.allowed' = true }")
    changed = changed.replace("exit = 1, stdout = '^out$'", "json = { '$.verdict.allowed' = false }")
    connection = opening(HEAD, LISTED, changed)
    put(connection, "1.2.3.4")
    assert ask(connection, "1.2.3.4", "1.2.3.5") == ["allow", "deny"]


def test_an_answer_may_be_mapped_to_inconclusive(opening: Opening) -> None:
    unsure = ONE.replace(GREP, "exit 9") + "inconclusive = { exit = 9 }\n"
    assert ask(opening(HEAD, LISTED, unsure), "1.2.3.4") == ["inconclusive"]


def test_an_address_that_cannot_be_sent_is_inconclusive_and_the_others_are_asked(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, '[language]\nunsendable = ["224.0.0.0/4"]\n', ONE)
    put(connection, "1.2.3.4")
    assert ask(connection, "224.0.0.1", "1.2.3.4", "239.9.9.9", "1.1.1.1") == [
        "inconclusive", "allow", "inconclusive", "deny",
    ]  # fmt: skip


def test_the_version_may_be_what_a_command_prints(opening: Opening) -> None:
    printed = HEAD.replace('"1.0"', "{ run = ['echo', 'tool 2.7.1 (of today)'] }", 1)
    statement = cast("dict[str, str]", opening(printed, LISTED, ONE).call("describe", {"protocol": 1}))
    assert statement["version"] == "2.7.1"


def test_a_secret_of_the_environment_reaches_the_tool_and_is_never_shown(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENCEPOST_TEST_WORD", "abracadabra")
    word = ONE.replace("[decide]", '[decide]\nenv = { WORD = "${env.FENCEPOST_TEST_WORD}" }')
    opened = opening(HEAD, LISTED, word.replace(GREP, '[ "$WORD" = abracadabra ] && echo in && exit 0; exit 3'))
    assert ask(opened, "1.2.3.4") == ["allow"]
    assert isinstance(opened, ShowsMappings)
    assert all("abracadabra" not in one.request + one.output for one in opened.mappings())
    broken = opening(HEAD, LISTED, word.replace(GREP, 'echo "no such word: $WORD"; exit 3'))
    with pytest.raises(MalformedResult) as fault:
        ask(broken, "1.2.3.4")
    assert "***" in fault.value.offending
    assert "abracadabra" not in str(fault.value)


def test_for_each_mapping_there_is_a_line_that_can_be_pasted(opening: Opening) -> None:
    connection = opening(HEAD, LISTED, ONE)
    put(connection, "1.2.3.4")
    ask(connection, "1.2.3.4", "1.1.1.1")
    assert isinstance(connection, ShowsMappings)
    shown = {one.mapping: one for one in connection.mappings()}
    assert set(shown) == {"decide.allow", "decide.deny"}
    pasted = subprocess.run(
        ["sh", "-c", shown["decide.deny"].request], capture_output=True, text=True, check=False
    ).stdout
    assert pasted == "out\n"
    assert "exit status 1" in shown["decide.deny"].output


def test_a_method_that_the_file_has_not_is_refused_as_one(opening: Opening) -> None:
    with pytest.raises(RpcError) as fault:
        opening(HEAD, LISTED, ONE).call("getRules", {})
    assert fault.value.code == -32601


def test_nothing_is_left_behind(opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder := tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))  # other processes have folders of these names, too
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM + "\nopen('left', 'w')\n"))
    put(connection, "1.2.3.4")
    assert list(folder.glob("fencepost-cli-*"))
    connection.close()
    connection.close()
    assert not list(folder.iterdir())


def test_this_python_and_the_folders_are_known_where_they_are_needed(opening: Opening) -> None:
    program = "import sys; words = open(sys.argv[1]).read().split(); sys.exit(3 if words == 2 * [sys.argv[2]] else 4)"
    rules = LISTED.replace("file = ", "form = 'jinja'\ntemplate = '{{ tmp }} {{ tmp }}'\nfile = ")
    decide = f"[decide]\nrun = ['${{python}}', '-c', '{program}', '${{rules_file}}', '${{tmp}}', '${{address}}']\n"
    connection = opening(HEAD, rules, decide, "allow = { exit = 3 }\ndeny = { exit = 4 }\n")
    assert ask(connection, "1.2.3.4") == ["allow"]

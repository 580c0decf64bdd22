"""`cli:`, way = "stays": a tool that answers line by line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_files import HEAD, LISTED, PROGRAM, STAYS, Opening, openings
from declared_calls import ask, put
from fencepost.adapters.contract import (
    Crashed,
    MalformedResult,
    TimedOut,
)


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    yield from openings(tmp_path)


def test_a_tool_that_stays_has_its_old_rules_again_after_a_refusal_that_came_late(opening: Opening) -> None:
    apply = 'apply = { run = ["sh", "-c", "case $1 in *8*) exit 3; esac", "sh", "${rules}"], refused = { exit = 3 } }\n'
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM).replace("[default", f"{apply}[default"))
    put(connection, "1.2.3.4")
    assert put(connection, "8.8.8.8")["accepted"] is False
    assert ask(connection, "1.2.3.4", "8.8.8.8") == ["allow", "deny"]


def test_a_tool_that_stays_takes_rules_and_answers_lines(opening: Opening) -> None:
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM))
    connection.call("reset", {"subnets": []})
    assert ask(connection, "1.1.1.1") == ["allow"]
    put(connection, "1.2.3.4")
    assert ask(connection, *["1.2.3.4", "1.1.1.1"] * 2000) == ["allow", "deny"] * 2000
    assert put(connection, "9.9.9.9") == {"accepted": False, "message": "refused: not nine"}
    assert ask(connection, "1.2.3.4", "9.9.9.9") == ["allow", "deny"]


def test_a_tool_that_dies_is_an_error_and_is_started_anew_with_its_rules(opening: Opening) -> None:
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM))
    put(connection, "1.2.3.4")
    with pytest.raises(Crashed, match=r"exit status 7.*a last word"):
        ask(connection, "1.2.3.4", "6.6.6.6")
    assert ask(connection, "1.2.3.4", "1.1.1.1") == ["allow", "deny"]
    assert "a last word" in connection.log()


def test_after_an_answer_that_nothing_maps_the_lines_are_in_step_again(opening: Opening) -> None:
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM))
    put(connection, "1.2.3.4")
    with pytest.raises(MalformedResult, match=r"to 'ask 5\.5\.5\.5': perhaps"):
        ask(connection, "5.5.5.5", "1.1.1.1", "1.2.3.4")
    assert ask(connection, "1.2.3.4", "1.1.1.1") == ["allow", "deny"]


def test_a_tool_that_stays_silent_is_given_up_and_started_anew(opening: Opening) -> None:
    connection = opening(HEAD, STAYS.replace("PROGRAM", PROGRAM), call=1.5)
    put(connection, "1.2.3.4")
    with pytest.raises(TimedOut):
        ask(connection, "4.4.4.4")
    assert ask(connection, "1.2.3.4") == ["allow"]


def test_without_a_line_for_rules_the_tool_is_started_anew_with_each_rule_set(opening: Opening) -> None:
    script = """
import sys
print("loading"); print("ready")
rules = open(sys.argv[1]).read().split()
for line in sys.stdin: print("yes" if line.strip() in rules else "no")
"""
    decide = f"""
[decide]
way = "stays"
run = ["python3", "-u", "-c", '''{script}''', "${{rules_file}}"]
ready = 'ready'
each = "${{address}}"
allow = {{ line = 'yes' }}
deny = {{ line = 'no' }}
"""
    connection = opening(HEAD, LISTED, decide)
    for address in ("1.2.3.4", "1.2.3.5"):
        put(connection, address)
        assert ask(connection, "1.2.3.4", "1.2.3.5") == [
            "allow" if one == address else "deny" for one in ("1.2.3.4", "1.2.3.5")
        ]

"""`cli:`, way = "batch": one process for many decisions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_files import HEAD, LISTED, Opening, openings
from declared_calls import ask, put
from fencepost.adapters.contract import (
    HarnessFault,
)


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    yield from openings(tmp_path)


BATCH = """
[decide]
way = "batch"
run = ["sh", "-c", '''SCRIPT''', "sh", "${rules_file}"]
each = "${address}"
"""
KEYED = BATCH + "allow = { line = '(?P<key>\\S+) yes' }\ndeny = { line = '(?P<key>\\S+) no' }\n"
IN_ORDER = BATCH + "allow = { line = 'yes' }\ndeny = { line = 'no' }\n"
MATCHED = BATCH + "allow = { line = '(?P<key>\\S+)' }\nabsent = 'deny'\ndone = { exit = [0, 1], stderr = '' }\n"
EACH = 'while read a; do grep -qxF $a $1 && echo "$${a}IN" || echo "$${a}OUT"; done'


@pytest.mark.parametrize(
    ("decide", "script"),
    [
        (KEYED, EACH.replace("IN", " yes").replace("OUT", " no") + " | sort -r"),
        (IN_ORDER, EACH.replace("$${a}IN", "yes").replace("$${a}OUT", "no")),
        (MATCHED, "grep -xF -f $1"),
        (MATCHED.replace("way =", "parallel = 2\nbatch-size = 2\nway ="), "grep -xF -f $1"),
    ],
    ids=["keyed", "in-order", "matched", "parallel"],
)
def test_a_batch_is_one_process(opening: Opening, decide: str, script: str) -> None:
    connection = opening(HEAD, LISTED, decide.replace("SCRIPT", script))
    put(connection, "1.2.3.4", "5.6.7.8")
    assert ask(connection, "5.6.7.8", "1.1.1.1", "1.2.3.4", "5.6.7.8", "2.2.2.2") == [
        "allow", "deny", "allow", "allow", "deny",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("decide", "script", "says"),
    [
        (MATCHED, "grep -xF -f $1; echo Traceback >&2; exit 1", "decide.done"),
        (MATCHED, "grep -xF -f $1; kill -KILL $$", "SIGKILL"),
        (MATCHED, "echo 8.8.8.8", "a line about '8.8.8.8'"),
        (KEYED, "read a; echo $a yes; echo $a no; cat >/dev/null", "two that differ"),
        (KEYED, "read a; echo $a yes; cat >/dev/null", "a line about '5.6.7.8', got none"),
        (KEYED, "cat >/dev/null; echo perhaps", "decide.allow or decide.deny"),
        (IN_ORDER, "read a; echo yes; cat >/dev/null", "2 lines, one for each request, got 1"),
        (IN_ORDER, "echo yes; echo no; echo no; cat >/dev/null", "2 lines, one for each request, got 3"),
    ],
)
def test_a_batch_that_goes_wrong_is_an_error_and_no_denial(
    opening: Opening, decide: str, script: str, says: str
) -> None:
    connection = opening(HEAD, LISTED, decide.replace("SCRIPT", script))
    put(connection, "1.2.3.4")
    with pytest.raises(HarnessFault) as fault:
        ask(connection, "1.2.3.4", "5.6.7.8")
    assert says in str(fault.value)

"""The stdio carrier: every way in which a child process can misbehave ends in the fault that names it, in time."""

import os
import shlex
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from fencepost.adapters.contract import (
    Connection,
    Crashed,
    HarnessFault,
    MalformedResult,
    NotJson,
    NotStarted,
    RpcError,
    SubjectError,
    TimedOut,
    Timeouts,
    WrongId,
    open_subject,
)

MISBEHAVING = Path(__file__).parent / "harnesses" / "misbehaving.py"
PATIENT = Timeouts(start=20.0, call=20.0)
HASTY = Timeouts(start=0.4, call=0.4)

Opener = Callable[..., Connection]


@pytest.fixture
def harness() -> Iterator[Opener]:
    """Opens the harness with the flaw of that name; all are closed in the end."""
    opened: list[Connection] = []

    def open_harness(flaw: str, *arguments: str, timeouts: Timeouts = PATIENT) -> Connection:
        command = shlex.join([sys.executable, str(MISBEHAVING), flaw, *arguments])
        opened.append(open_subject(f"stdio:{command}", timeouts=timeouts))
        return opened[-1]

    yield open_harness
    for connection in opened:
        connection.close()


def fault_of(connection: Connection) -> HarnessFault:
    with pytest.raises(HarnessFault) as caught:
        connection.call("describe", {"protocol": 1})
    return caught.value


def asked(connection: Connection, **params: object) -> dict[str, object]:
    return cast("dict[str, object]", connection.call("reset", params))


def pid_of(connection: Connection) -> int:
    return cast("int", asked(connection)["pid"])


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A child of a process that has gone is init's to reap; where nothing reaps it, it stays a zombie.
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize(
    ("flaw", "fault", "words"),
    [
        ("log_line", NotJson, "INFO ready to decide"),
        ("empty_line", NotJson, "an empty line"),
        ("not_utf8", NotJson, "no UTF-8"),
        ("no_object", NotJson, "JSON array"),
        ("nested", NotJson, "nested too deeply"),
        ("wrong_id", WrongId, "4711"),
        ("true_as_id", WrongId, "id True"),
        ("no_id", WrongId, "without id"),
        ("neither", MalformedResult, "neither"),
        ("error_with_neither", RpcError, "cannot read that"),
        ("error_without_id", RpcError, "what was that?"),
        ("crashing", Crashed, "exit status 3"),
        ("crashing_by_signal", Crashed, "killed by SIGKILL"),
        ("crashing_half_way", Crashed, '{"jsonrpc"'),
        ("closing_stdout", Crashed, "went on running"),
        ("too_long_with_end", NotJson, "a longer one"),
    ],
)
def test_each_flaw_is_told_by_its_own_fault(harness: Opener, flaw: str, fault: type[HarnessFault], words: str) -> None:
    caught = fault_of(harness(flaw))
    assert type(caught) is fault
    assert words in str(caught)


@pytest.mark.parametrize(
    ("flaw", "seconds", "words"),
    [
        ("silent", 0.3, "got nothing"),
        ("deaf", 0.3, "got nothing"),
        ("half_line", 2.0, 'a line without end: {"jsonrpc": "2.0", "id"'),
        ("dripping", 2.0, "a line without end: xx"),
    ],
)
def test_no_answer_in_time_is_a_time_out_that_shows_what_came(
    harness: Opener, flaw: str, seconds: float, words: str
) -> None:
    connection = harness(flaw, timeouts=Timeouts(start=seconds, call=0.3))
    caught = fault_of(connection)
    assert isinstance(caught, TimedOut)
    assert words in str(caught)


def test_a_harness_that_does_not_read_cannot_block_a_long_message(harness: Opener) -> None:
    connection = harness("deaf", timeouts=HASTY)
    with pytest.raises(TimedOut, match="does not read its input"):
        connection.call("putRules", {"networkAcls": {"ipRules": ["x" * 1_000_000]}})


def test_a_json_rpc_error_keeps_its_code_and_traceback_and_the_process(harness: Opener) -> None:
    connection = harness("rpc_error")
    first, second = fault_of(connection), fault_of(connection)
    assert isinstance(first, RpcError)
    assert isinstance(second, RpcError)
    assert (first.code, first.traceback) == (-32042, "at line 7")
    assert "the disk is full" in str(first)


def test_an_endless_line_is_refused_without_keeping_it(harness: Opener) -> None:
    connection = harness("too_long")
    tracemalloc.start()
    try:
        caught = fault_of(connection)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(caught, NotJson)
    assert "at most 16777216 bytes" in str(caught)
    assert len(str(caught)) < 2000
    assert peak < 48 * 1024 * 1024


def test_the_first_call_of_a_process_has_the_time_for_the_start(harness: Opener) -> None:
    assert pid_of(harness("slow_to_start", timeouts=Timeouts(start=20.0, call=0.4)))


def test_later_calls_have_the_time_for_a_call(harness: Opener) -> None:
    connection = harness("stubborn", timeouts=Timeouts(start=20.0, call=0.3))
    pid_of(connection)
    assert isinstance(fault_of(connection), TimedOut)


@pytest.mark.parametrize("flaw", ["log_line", "wrong_id", "crashing", "closing_stdout", "deaf"])
def test_after_a_fault_the_process_has_ended(harness: Opener, flaw: str) -> None:
    connection = harness(flaw, timeouts=Timeouts(start=3.0, call=3.0))
    fault_of(connection)
    pid = int(connection.log().split()[1])
    assert has_ended(pid)


def test_after_a_crash_the_next_call_starts_a_new_process(harness: Opener, tmp_path: Path) -> None:
    connection = harness("crashing_once", str(tmp_path / "remembered"))
    assert isinstance(fault_of(connection), Crashed)
    first = pid_of(connection)
    assert pid_of(connection) == first


def test_a_second_answer_is_not_taken_for_that_of_the_next_call(harness: Opener) -> None:
    connection = harness("answering_twice")
    first = pid_of(connection)
    assert isinstance(fault_of(connection), WrongId)
    assert pid_of(connection) != first


def test_a_process_killed_between_two_calls_is_a_crash_of_the_second(harness: Opener) -> None:
    connection = harness("sound")
    os.kill(pid_of(connection), signal.SIGKILL)
    assert isinstance(fault_of(connection), Crashed)
    assert pid_of(connection)


def test_a_command_that_does_not_exist_is_named(harness: Opener) -> None:
    connection = open_subject("stdio:./no-such-harness --flag", timeouts=PATIENT)
    with pytest.raises(NotStarted, match=r"to start ./no-such-harness --flag, got No such file or directory"):
        connection.call("describe", {"protocol": 1})
    connection.close()


@pytest.mark.parametrize("address", ["", "   ", "node 'harness.mjs", "a\0b"])
def test_an_address_that_is_no_command_is_a_subject_error(address: str) -> None:
    with pytest.raises(SubjectError, match="stdio:"):
        open_subject(f"stdio:{address}")


def test_the_command_is_not_given_to_a_shell(harness: Opener) -> None:
    connection = harness("sound", "$HOME", ";", "exit 3", "two words")
    assert pid_of(connection)


def test_the_log_is_kept_and_bounded(harness: Opener) -> None:
    connection = harness("chatty")
    pid_of(connection)
    assert until(lambda: "line 19999 of a long log" in connection.log())
    assert len(connection.log()) <= 16 * 1024


def test_the_log_of_a_crash_is_shown_and_kept(harness: Opener, tmp_path: Path) -> None:
    connection = harness("crashing_once", str(tmp_path / "remembered"))
    assert "about to fall over" in str(fault_of(connection))
    pid_of(connection)
    assert "about to fall over" in connection.log()


@pytest.mark.parametrize("text", ["\x00\x1f", "\u2028\u2029", "é ٣ 😀", "\ud800", "\udfff x", '"\\/', "a" * 300_000])
def test_any_string_passes_both_ways(harness: Opener, text: str) -> None:
    assert asked(harness("sound"), value=[text, {text: None}])["params"] == {"value": [text, {text: None}]}


def test_a_call_in_which_the_harness_dies_does_not_outlive_it(harness: Opener) -> None:
    connection = harness("crashing")
    assert isinstance(fault_of(connection), Crashed)
    connection.close()
    connection.close()


def test_close_says_shutdown_and_closes_the_stream(harness: Opener, tmp_path: Path) -> None:
    book = tmp_path / "book"
    connection = harness("taking_leave", str(book))
    pid = pid_of(connection)
    connection.close()
    assert has_ended(pid)
    assert book.read_text().splitlines() == ["reset", "shutdown", "end"]


def test_close_ends_what_the_harness_has_started(harness: Opener) -> None:
    connection = harness("with_children")
    child = cast("int", asked(connection)["child"])
    assert not has_ended(child)
    connection.close()
    assert until(lambda: has_ended(child))


def test_a_fault_ends_what_the_harness_has_started(harness: Opener) -> None:
    connection = harness("with_children")
    started = asked(connection)
    os.kill(cast("int", started["pid"]), signal.SIGKILL)
    caught = fault_of(connection)
    assert isinstance(caught, Crashed)
    assert "killed by SIGKILL" in str(caught)
    assert until(lambda: has_ended(cast("int", started["child"])))


def test_close_ends_a_harness_that_ignores_everything(harness: Opener) -> None:
    connection = harness("stubborn")
    pid = pid_of(connection)
    connection.close()
    assert has_ended(pid)


def test_a_lost_connection_ends_its_process(harness: Opener) -> None:
    connection = open_subject(f"stdio:{shlex.join([sys.executable, str(MISBEHAVING), 'sound'])}", timeouts=PATIENT)
    pid = pid_of(connection)
    del connection
    assert until(lambda: has_ended(pid))


LEFT_OPEN = """
import sys
from fencepost.adapters.contract import open_subject
connection = open_subject("stdio:" + sys.argv[1])
answer = connection.call("reset", {})
print(answer["pid"], answer["child"], flush=True)
if sys.argv[2] == "interrupted":
    import os, signal
    os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize("ending", ["finished", "interrupted"])
def test_an_exit_of_the_kit_leaves_no_orphan(ending: str) -> None:
    command = shlex.join([sys.executable, str(MISBEHAVING), "with_children"])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LEFT_OPEN, command, ending], capture_output=True, text=True, timeout=60
    )
    numbers = [int(word) for word in done.stdout.split()]
    assert len(numbers) == 2
    assert until(lambda: all(has_ended(number) for number in numbers))
    assert "ResourceWarning" not in done.stderr


DAEMON = """
import json, os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1], "w") as book:
            book.write(str(os.getpid()))
        null = os.open(os.devnull, os.O_RDWR)
        for one in (0, 1, 2):
            os.dup2(null, one)
        time.sleep(600)
    os._exit(0)
os.wait()
while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read():
    time.sleep(0.01)
for line in sys.stdin:
    call = json.loads(line)
    print(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": {}}), flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt what others leave behind")
@pytest.mark.parametrize("is_closed", [True, False])
def test_a_daemon_of_the_harness_in_a_session_of_its_own_ends_with_it(tmp_path: Path, *, is_closed: bool) -> None:
    book, program = tmp_path / "pid", tmp_path / "daemon.py"
    program.write_text(DAEMON if is_closed else DAEMON.replace("for line", "os._exit(3)\nfor line"), encoding="utf-8")
    connection = open_subject(f"stdio:{shlex.join([sys.executable, str(program), str(book)])}")
    if is_closed:
        connection.call("reset", {"subnets": []})
    else:
        with pytest.raises(Crashed, match="exit status 3"):
            connection.call("reset", {"subnets": []})
    connection.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(book.read_text(encoding="utf-8")), 0)

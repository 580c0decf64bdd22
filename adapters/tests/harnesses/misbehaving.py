"""A stdio harness with one flaw, named by its first argument: the carrier must tell each from the others."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_MEBIBYTE = 1024 * 1024


def say(line: str, *, end: str = "\n") -> None:
    sys.stdout.write(line + end)
    sys.stdout.flush()


def result(message: dict[str, object], value: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": value})


def sound(message: dict[str, object]) -> None:
    """Sends its own number and what it was sent."""
    say(result(message, {"pid": os.getpid(), "params": message["params"]}))


def log_line(message: dict[str, object]) -> None:
    say("INFO ready to decide")
    sound(message)


def answering_twice(message: dict[str, object]) -> None:
    sound(message)
    sound(message)


def empty_line(message: dict[str, object]) -> None:
    say("")


def not_utf8(message: dict[str, object]) -> None:
    sys.stdout.buffer.write(b'{"id": 1, "result": "\xff"}\n')
    sys.stdout.flush()


def no_object(message: dict[str, object]) -> None:
    say("[1, 2]")


def nested(message: dict[str, object]) -> None:
    say("[" * 100_000)


def half_line(message: dict[str, object]) -> None:
    say('{"jsonrpc": "2.0", "id"', end="")


def dripping(message: dict[str, object]) -> None:
    while True:
        say("x", end="")
        time.sleep(0.02)


def silent(message: dict[str, object]) -> None:
    pass


def wrong_id(message: dict[str, object]) -> None:
    say(json.dumps({"jsonrpc": "2.0", "id": 4711, "result": {}}))


def true_as_id(message: dict[str, object]) -> None:
    say(json.dumps({"jsonrpc": "2.0", "id": True, "result": {}}))


def no_id(message: dict[str, object]) -> None:
    say(json.dumps({"jsonrpc": "2.0", "result": {}}))


def neither(message: dict[str, object]) -> None:
    say(json.dumps({"jsonrpc": "2.0", "id": message["id"]}))


def rpc_error(message: dict[str, object]) -> None:
    error = {"code": -32042, "message": "the disk is full", "data": {"traceback": "at line 7", "pid": os.getpid()}}
    say(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}))


def error_without_id(message: dict[str, object]) -> None:
    say(json.dumps({"jsonrpc": "2.0", "id": None, "error": "what was that?"}))


def error_with_neither(message: dict[str, object]) -> None:
    say(json.dumps({"error": {"code": -32700, "message": "cannot read that"}}))


def too_long(message: dict[str, object]) -> None:
    for _ in range(200):
        say("x" * _MEBIBYTE, end="")


def too_long_with_end(message: dict[str, object]) -> None:
    say(result(message, "x" * (16 * _MEBIBYTE)))


def crashing(message: dict[str, object]) -> None:
    sys.stderr.write("about to fall over\n")
    sys.exit(3)


def crashing_by_signal(message: dict[str, object]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def crashing_half_way(message: dict[str, object]) -> None:
    say('{"jsonrpc"', end="")
    sys.exit(0)


def closing_stdout(message: dict[str, object]) -> None:
    os.close(1)
    time.sleep(60)


def chatty(message: dict[str, object]) -> None:
    """Logs far more than a pipe holds before it answers."""
    for number in range(20_000):
        sys.stderr.write(f"line {number} of a long log\n")
    sound(message)


def with_children(message: dict[str, object]) -> None:
    """Starts a process that would live on, and says its number."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    say(result(message, {"pid": os.getpid(), "child": child.pid}))


def stubborn(message: dict[str, object]) -> None:
    """Ignores the end of its input and SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sound(message)
    while True:
        time.sleep(60)


def crashing_once(message: dict[str, object]) -> None:
    """Falls over when it is first asked; the file that its second argument names remembers."""
    remembered = Path(sys.argv[2])
    if not remembered.exists():
        remembered.touch()
        crashing(message)
    sound(message)


def taking_leave(message: dict[str, object]) -> None:
    """Writes down each method in the file that its second argument names, and the end of the input as `end`."""
    with Path(sys.argv[2]).open("a") as book:
        book.write(f"{message['method']}\n")
    sound(message)


def deaf() -> None:
    """Reads nothing at all."""
    time.sleep(600)


def slow_to_start() -> None:
    """Takes its time before the first answer."""
    time.sleep(0.6)
    _answer(sound)


def _answer(behaviour: Callable[[dict[str, object]], None]) -> None:
    for line in sys.stdin:
        behaviour(json.loads(line))
    if behaviour is taking_leave:
        with Path(sys.argv[2]).open("a") as book:
            book.write("end\n")


if __name__ == "__main__":
    sys.stderr.write(f"pid {os.getpid()}\n")
    sys.stderr.flush()
    chosen = globals()[sys.argv[1]]
    if chosen in (deaf, slow_to_start):
        chosen()
    else:
        _answer(chosen)

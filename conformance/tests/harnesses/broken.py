"""A correct vault behind a broken harness: `broken.py FAULT WHEN` has one fault, and has it at one occasion only.

FAULT is a function of this file. WHEN is `start`, `always`, the name of a method, `control` (a `decide` with a
control-plane request in it), `at:N` (a process's Nth call) or `after:N` (each call from the Nth on). A third argument
names a file in which each process that starts writes its number down. The vault itself is `my_vault.py`, which knows
nothing of the kit; here it may also be unsound, in ways that depend on what it was asked before.
"""

import importlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "programs"))

my_vault = importlib.import_module("my_vault")
MEBIBYTE = 1024 * 1024
VAULT = my_vault.MyVault(my_vault.TODAY)


class Call:
    """One call: its number in this process, its message, and the vault's sound answer to it."""

    def __init__(self, number: int, line: bytes) -> None:
        self.number = number
        self.line = line
        self.message = json.loads(line)
        self.answer = my_vault.answer(VAULT, line)

    @property
    def method(self) -> str:
        return str(self.message["method"])

    def is_at(self, when: str) -> bool:
        """Whether this is the occasion."""
        kind, _, number = when.partition(":")
        match kind:
            case "always":
                return True
            case "at":
                return self.number == int(number)
            case "after":
                return self.number >= int(number)
            case "control":
                requests = self.message["params"].get("requests", ())
                return any(request["plane"] == "control" for request in requests)
            case _:
                return self.method == when

    def with_result(self, result: object) -> dict[str, object]:
        return {"jsonrpc": "2.0", "id": self.message["id"], "result": result}


def say(line: object, *, end: str = "\n") -> None:
    sys.stdout.write((line if isinstance(line, str) else json.dumps(line)) + end)
    sys.stdout.flush()


def sound(call: Call) -> None:
    """No fault at all."""
    say(call.answer)


def crash(call: Call) -> None:
    sys.stderr.write("the disk is on fire\n")
    sys.exit(3)


def crash_hard(call: Call) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def exit_quietly(call: Call) -> None:
    sys.exit(0)


def hang(call: Call) -> None:
    time.sleep(600)


def drip(call: Call) -> None:
    while True:
        say("x", end="")
        time.sleep(0.05)


def dawdle(call: Call) -> None:
    time.sleep(0.02)
    say(call.answer)


def half_a_line(call: Call) -> None:
    say('{"jsonrpc": "2.0", "id"', end="")
    time.sleep(600)


def half_a_line_and_out(call: Call) -> None:
    say('{"jsonrpc": "2.0", "id"', end="")
    sys.exit(0)


def wrong_id(call: Call) -> None:
    say({**call.answer, "id": 4711})


def no_id(call: Call) -> None:
    say({"jsonrpc": "2.0", "result": call.answer["result"]})


def answer_of_another_call(call: Call) -> None:
    """The answers of two calls change places: the later one's comes first."""
    say({**call.answer, "id": call.message["id"] + 1})
    say(call.answer)


def answer_twice(call: Call) -> None:
    say(call.answer)
    say(call.answer)


def neither_result_nor_error(call: Call) -> None:
    say({"jsonrpc": "2.0", "id": call.message["id"]})


def decisions(call: Call) -> list[dict[str, object]]:
    """The sound decisions of a `decide`."""
    found = VAULT.decide(call.message["params"])["decisions"]
    assert isinstance(found, list)
    return found


def too_many_decisions(call: Call) -> None:
    say(call.with_result({"decisions": [*decisions(call), "allow"]}))


def too_few_decisions(call: Call) -> None:
    say(call.with_result({"decisions": decisions(call)[:-1]}))


def unknown_outcome(call: Call) -> None:
    say(call.with_result({"decisions": ["perhaps" for _ in call.message["params"]["requests"]]}))


def number_for_an_answer(call: Call) -> None:
    say(call.with_result(42))


def not_utf8(call: Call) -> None:
    sys.stdout.buffer.write(b'{"jsonrpc": "2.0", "result": "caf\xe9"}\n')
    sys.stdout.flush()


def line_over_16_mib(call: Call) -> None:
    for _ in range(17):
        say("x" * MEBIBYTE, end="")
    say("")


def log_line(call: Call) -> None:
    say("INFO  vault: request received")
    say(call.answer)


def stack_trace(call: Call) -> None:
    say("Traceback (most recent call last):\n  File \"vault.py\", line 7, in handle\nKeyError: 'rules'")
    say(call.answer)


def empty_line(call: Call) -> None:
    say("")
    say(call.answer)


def rpc_error(call: Call) -> None:
    say({"jsonrpc": "2.0", "id": call.message["id"], "error": {"code": -32042, "message": "the disk is full"}})


def no_such_method(call: Call) -> None:
    say({"jsonrpc": "2.0", "id": call.message["id"], "error": {"code": -32601, "message": "no such method"}})


def close_stdin(call: Call) -> None:
    say(call.answer)
    os.close(0)
    time.sleep(600)


def close_stdout(call: Call) -> None:
    os.close(1)
    time.sleep(600)


def ignore_shutdown(call: Call) -> None:
    """Neither `shutdown` nor the end of its input nor SIGTERM ends it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if call.method != "shutdown":
        say(call.answer)
        return
    while True:
        time.sleep(600)


def leave_a_child(call: Call) -> None:
    """Starts a process that would live on."""
    if call.method == "describe":
        write_down(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid)
    say(call.answer)


def leak(call: Call) -> None:
    """Keeps a handle and some memory at each call, up to a bound that spares the machine."""
    if len(_LEAKED) < 150:
        _LEAKED.append((os.open(os.devnull, os.O_RDONLY), bytearray(MEBIBYTE // 4)))
    say(call.answer)


_LEAKED: list[tuple[int, bytearray]] = []


def chatter(call: Call) -> None:
    """Logs far more than a pipe holds."""
    for number in range(200):
        sys.stderr.write(f"call {call.number}, line {number} of a long log about {call.method}\n")
    say(call.answer)


def refuse(call: Call) -> None:
    say(call.with_result({"accepted": False, "status": 409, "message": "no rules today"}))


def no_statement(call: Call) -> None:
    say(call.with_result(["nothing", "of", "use"]))


def no_profile(call: Call) -> None:
    say(call.with_result({**VAULT.describe({}), "profile": "keyvolt"}))


def other_protocol(call: Call) -> None:
    say(call.with_result({**VAULT.describe({}), "protocol": 2}))


def unknown_choice(call: Call) -> None:
    say(call.with_result({**VAULT.describe({}), "choices": {"host-bit": "mask"}}))


def contradictory_features(call: Call) -> None:
    say(call.with_result({**VAULT.describe({}), "features": ["ip-rules-only", "service-endpoints"]}))


def coin_toss(call: Call) -> None:
    """Every decision by the toss of a coin."""
    say(call.with_result({"decisions": [_flipped(one) if random.random() < 0.5 else one for one in decisions(call)]}))


def coin_toss_for_everything(call: Call) -> None:
    """Writes, too, by the toss of a coin, and the vault does with the rules what it likes."""
    if call.method == "decide":
        coin_toss(call)
    elif "Rule" in call.method and call.method != "getRules":
        say(call.with_result({"accepted": random.random() < 0.5}))
    else:
        say(call.answer)


def seldom_wrong(call: Call) -> None:
    """One decision in five hundred is the opposite of what it should be."""
    say(call.with_result({"decisions": [_flipped(one) if random.random() < 0.002 else one for one in decisions(call)]}))


def mostly_wrong(call: Call) -> None:
    """Four decisions in five are the opposite of what they should be."""
    say(call.with_result({"decisions": [_flipped(one) if random.random() < 0.8 else one for one in decisions(call)]}))


def _flipped(decision: dict[str, object]) -> dict[str, object]:
    return {"outcome": "allow"} if decision["outcome"] == "deny" else DENIED


class History:
    """What was asked since the last `reset`."""

    def __init__(self) -> None:
        self.decided = 0
        self.denied = 0
        self.by_address: dict[str, dict[str, object]] = {}


def with_history(call: Call, decide: Callable[[dict[str, object], dict[str, object]], dict[str, object]]) -> None:
    """Answer by a function of each request and its sound decision, with a history from `reset` on."""
    if call.method == "reset":
        HISTORY.__init__()  # type: ignore[misc]  # as new
    if call.method != "decide":
        say(call.answer)
        return
    requests = call.message["params"]["requests"]
    say(call.with_result({"decisions": [decide(*pair) for pair in zip(requests, decisions(call), strict=True)]}))


HISTORY = History()
DENIED: dict[str, object] = {"outcome": "deny", "status": 403, "code": "ForbiddenByFirewall"}


def deny_every_hundredth(call: Call) -> None:
    def decide(_: dict[str, object], sound: dict[str, object]) -> dict[str, object]:
        HISTORY.decided += 1
        return DENIED if HISTORY.decided % 100 == 0 and sound["outcome"] == "allow" else sound

    with_history(call, decide)


def allow_after_three_denials(call: Call) -> None:
    def decide(_: dict[str, object], sound: dict[str, object]) -> dict[str, object]:
        HISTORY.denied += sound["outcome"] == "deny"
        return {"outcome": "allow"} if HISTORY.denied > 3 else sound

    with_history(call, decide)


def cache_by_address(call: Call) -> None:
    """The first answer to an address is the answer to that address, whoever asks and whatever the rules are by now."""

    def decide(request: dict[str, object], sound: dict[str, object]) -> dict[str, object]:
        source = request["source"]
        assert isinstance(source, dict)
        return HISTORY.by_address.setdefault(source["address"], sound)

    with_history(call, decide)


def blind_at_the_end(call: Call) -> None:
    """Sound in every way but one: the last address of a range of 256 is not in it."""
    if call.method != "decide":
        say(call.answer)
        return
    requests = call.message["params"]["requests"]
    found = decisions(call)
    for index, request in enumerate(requests):
        if request["source"]["address"].endswith(".255") and found[index]["outcome"] == "allow":
            found[index] = DENIED
    say(call.with_result({"decisions": found}))


def write_down(pid: int) -> None:
    if len(sys.argv) > 3:
        with Path(sys.argv[3]).open("a") as book:
            book.write(f"{pid}\n")


def main(fault: str, when: str) -> None:
    """Answer every line, by the fault where its occasion is."""
    write_down(os.getpid())
    sys.stderr.write("up\n")
    sys.stderr.flush()
    if when == "start":
        globals()[fault](None)
    for number, line in enumerate(sys.stdin.buffer, start=1):
        call = Call(number, line)
        (globals()[fault] if call.is_at(when) else sound)(call)


if __name__ == "__main__":
    main(*sys.argv[1:3])

"""A faulty vault behind a harness that hides the fault: `dishonest.py FAULT WHEN [FILE]`, in the manner of `broken.py`.

The vault's faults: the last address of a range of 256 is not in it, and a rule within 172.16.0.0/12 is accepted. FAULT
is a function of `broken.py` or of this file. More values of WHEN: `wrong` and `wrong-write` (a decision or a write that
the vault would answer wrongly), `new` (a call that this process has not had before), `late` (from two seconds after the
start on), and `second` (each call of the second process that FILE names).
"""

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).parent))
broken = importlib.import_module("broken")
Call: TypeAlias = Any
"""A `broken.Call`."""

BEGUN, SEEN = time.monotonic(), set[bytes]()


def is_wrong(call: Call) -> bool:
    """Whether a decision of the faulty vault would differ."""
    return call.method == "decide" and any(
        request["source"]["address"].endswith(".255") and one["outcome"] == "allow"
        for request, one in zip(call.message["params"]["requests"], broken.decisions(call), strict=True)
    )


def is_wrong_write(call: Call) -> bool:
    """Whether the faulty vault would accept what the sound one refuses."""
    is_refused = call.answer.get("result", {}).get("accepted") is False
    return is_refused and '"172.' in json.dumps(call.message["params"])


def is_new(call: Call) -> bool:
    """Whether this process has not had the call before."""
    known = json.dumps([call.method, call.message.get("params")]).encode()
    found = known not in SEEN
    SEEN.add(known)
    return found


def is_late(_: Call) -> bool:
    """Whether the process has run for two seconds."""
    return time.monotonic() - BEGUN > 2


def is_second(_: Call) -> bool:
    """Whether the process is the second one."""
    return Path(sys.argv[3]).read_text().split()[1:2] == [str(os.getpid())]


OCCASIONS: dict[str, Callable[[Call], bool]] = {
    "wrong": is_wrong,
    "wrong-write": is_wrong_write,
    "new": is_new,
    "late": is_late,
    "second": is_second,
}


def segfault(call: Call) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def abort(call: Call) -> None:
    os.abort()


def exit_at_once(call: Call) -> None:
    os._exit(0)


def true_for_an_outcome(call: Call) -> None:
    broken.say(call.with_result({"decisions": [True for _ in broken.decisions(call)]}))


def not_put(call: Call) -> None:
    broken.say(call.with_result({"outcome": "inconclusive", "reason": "the entry is too long"}))


def one_for_accepted(call: Call) -> None:
    broken.say(call.with_result({"accepted": 1}))


def refused_in_words(call: Call) -> None:
    broken.say(call.with_result({"accepted": "false"}))


def describe_otherwise(call: Call, member: str, value: object) -> None:
    said = broken.VAULT.describe({})
    broken.say(call.with_result({**said, member: value}) if call.method == "describe" else call.answer)


def another_version(call: Call) -> None:
    describe_otherwise(call, "version", "2.0")


def fewer_features(call: Call) -> None:
    describe_otherwise(call, "features", broken.VAULT.describe({})["features"][1:])


def another_choice(call: Call) -> None:
    describe_otherwise(call, "choices", {**broken.VAULT.describe({})["choices"], "host-bits": "mask"})


def crash_and_change(call: Call) -> None:
    """The first process crashes at its hundredth call. The second says that it is of another version, and crashes."""
    crashes_at = 2 if is_second(call) else 100
    if call.number == crashes_at and len(Path(sys.argv[3]).read_text().split()) <= 2:
        os._exit(0)
    (another_version if crashes_at == 2 else broken.sound)(call)


def main(fault: str, when: str) -> None:
    """Answer every line, by the fault where its occasion is."""
    broken.write_down(os.getpid())
    for number, line in enumerate(sys.stdin.buffer, start=1):
        call = broken.Call(number, line)
        is_at = OCCASIONS[when](call) if when in OCCASIONS else call.is_at(when)
        found = globals().get(fault) or getattr(broken, fault)
        (found if is_at else broken.sound)(call)


if __name__ == "__main__":
    main(*sys.argv[1:3])

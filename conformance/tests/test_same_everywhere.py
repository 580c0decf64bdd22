"""A seed gives the same run in every process: no question depends on the order in which a set yields its members."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys

from fencepost.conformance.bounded.bounds import Bounds
from fencepost.conformance.lockstep.clock import using_clock
from runs import Counted, connection_to, judged, judged_within

# A counted connection is asked one call after another: the overlapping calls of STA-8 are as many as there is time for.
subject = Counted(connection_to("reference", "keyvault-2018-preview"))
# A clock that stands still: how many requests one call carries hangs on how long the calls before took.
with using_clock(lambda: 0.0):
    if sys.argv[1] == "bounded":
        judged_within(Bounds(configurations=8), subject, profile="keyvault-2018-preview", seed=4)
    else:
        judged(subject, profile="keyvault-2018-preview", seed=4)
print(len(subject.calls.sent), subject.calls.digest)
"""


def asked(kind: str, hash_seed: str) -> str:
    """What a run in a process of its own has sent: how many calls, and their digest."""
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parent / "shared")}
    command = [sys.executable, "-c", PROGRAM, kind]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env, timeout=300).stdout


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["whole", "bounded"])
def test_a_run_says_the_same_whatever_order_sets_are_in(kind: str) -> None:
    first, second = asked(kind, "1"), asked(kind, "2")
    assert first == second
    assert int(first.split()[0]) > 50

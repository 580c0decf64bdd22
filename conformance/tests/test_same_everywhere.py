"""A seed gives the same run in every process: nothing that is asked hangs on the order in which a set hands out its members."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import hashlib
import json
import sys

from fencepost.adapters.contract import Client, open_subject
from fencepost.conformance.bounded.bounds import Bounds
from fencepost.conformance.bounded.run import BoundedRun, without_ration
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan
from fencepost.conformance.bench.effort import EFFORTS


class Noting:
    exclusive = False

    def __init__(self):
        self.connection, self.told = open_subject("reference"), hashlib.sha256()

    def call(self, method, params):
        self.told.update(json.dumps([method, params], default=str).encode())
        return self.connection.call(method, params)

    def log(self):
        return ""

    def close(self):
        self.connection.close()


noting = Noting()
client = Client(noting)
plan = Plan(subject="reference", effort=EFFORTS["quick"], seed=4, profile="keyvault-2018-preview")
bounded = sys.argv[1] == "bounded"
if bounded:
    run = BoundedRun(begin(client, without_ration(plan)), Bounds(configurations=8))
else:
    run = begin(client, plan)
run.run()
client.close()
print(noting.told.hexdigest())
"""


def told(kind: str, hash_seed: str) -> str:
    command = [sys.executable, "-c", PROGRAM, kind]
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env, timeout=300).stdout


@pytest.mark.parametrize("kind", ["whole", "bounded"])
def test_a_run_says_the_same_whatever_order_sets_are_in(kind: str) -> None:
    assert told(kind, "1") == told(kind, "2") != ""

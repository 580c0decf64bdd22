"""What a decision through Azure's wire costs in CPU, and how near the adapter comes to a bare loop over the SDK.

python conformance/benchmarks/azure_calls.py                      (connections are kept, callers go by header)
python conformance/benchmarks/azure_calls.py --proxy-protocol     (a TLS connection for each caller)

The bare loop makes the same calls by `SecretClient.get_secret` over the same transport, sixteen at a time, and only
counts them. Its rounds and the adapter's take turns, so that what else the machine does falls on both.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from azure.core.exceptions import HttpResponseError
from fencepost.adapters.azure.target import load_target
from fencepost.adapters.azure_client.clients import ClientSets, context_for, open_clients
from fencepost.adapters.azure_client.conveying import CALLER, Conveyed
from fencepost.adapters.azure_client.data_calls import MISSING
from fencepost.adapters.contract import Client, Timeouts, open_subject

_BATCH, _ROUNDS, _AT_ONCE = 500, 8, 16
_RULES = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.0/24"}]}


def main(options: list[str]) -> None:
    """Ask 4,000 decisions and print milliseconds of CPU for one."""
    fencepost = shutil.which("fencepost", path=str(Path(sys.executable).parent)) or "fencepost"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "t.toml")
        serve = [fencepost, "serve", "--target", str(target), "--trust-test-headers", *options]
        with subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                while not target.exists():
                    time.sleep(0.05)
                _measure(target, server.pid)
            finally:
                server.terminate()


def _measure(target: Path, server: int) -> None:
    client = Client(open_subject(f"azure:{target}", timeouts=Timeouts(call=300)))
    client.describe()
    client.reset([])
    client.write("putRules", {"networkAcls": _RULES})
    requests = [
        {"plane": "data", "operation": "SecretGet", "source": {"address": f"20.1.{2 + number % 2}.{number % 256}"}}
        for number in range(_BATCH)
    ]
    addresses = [str(request["source"]["address"]) for request in requests]  # type: ignore[index]
    taken = {"adapter": [0.0, 0.0, 0.0], "bare loop": [0.0, 0.0, 0.0]}
    with asyncio.Runner() as runner:
        loop, sets = runner.run(_opened(target))
        for number in range(1 + _ROUNDS):
            for name in taken:
                ours, theirs, began = time.process_time(), _cpu(server), time.monotonic()
                if name == "adapter":
                    client.decide(requests)
                else:
                    runner.run(loop(addresses))
                spent = time.process_time() - ours, _cpu(server) - theirs, time.monotonic() - began
                if number:
                    taken[name] = [so_far + more for so_far, more in zip(taken[name], spent, strict=True)]
        runner.run(sets.close())
    count = _ROUNDS * _BATCH / 1000
    for name, (ours, theirs, wall) in taken.items():
        row = f"client {ours / count:5.2f}, server {theirs / count:5.2f}, wall {wall / count:5.2f}"
        sys.stdout.write(f"{name:10}{row} ms a decision\n")
    own, bare = taken["adapter"], taken["bare loop"]
    sys.stdout.write(
        f"the adapter's rate by the bare loop's: {bare[0] / own[0]:.2f} by CPU, {bare[2] / own[2]:.2f} by clock\n"
    )
    client.close()


async def _opened(target: Path) -> tuple[Callable[[Sequence[str]], Coroutine[Any, Any, None]], ClientSets]:
    file = load_target(target)
    sets = open_clients(file, context_for(file.endpoint))
    clients = sets.authorized
    group = clients.vaults.vaults.list_by_resource_group(file.endpoint.resource_group)
    (secrets,) = [clients.reach(str(vault.properties.vault_uri)).secrets async for vault in group]

    async def ask(lane: Sequence[tuple[str, int]]) -> None:
        for address, times in lane:
            for turn in range(times):
                CALLER.set(Conveyed(address=address, is_last=turn == times - 1))
                try:
                    await secrets.get_secret(MISSING)
                except HttpResponseError as error:
                    if error.status_code not in (403, 404):
                        raise

    async def loop(addresses: Sequence[str]) -> None:
        callers = [*Counter(addresses).items()]
        async with asyncio.TaskGroup() as group:
            for place in range(_AT_ONCE):
                group.create_task(ask(callers[place::_AT_ONCE]))

    return loop, sets


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    main(sys.argv[1:])

"""Load on `fencepost serve` alone: requests a second, the time of a request, and whether memory stays flat.

    python conformance/benchmarks/served_load.py --requests 100000

Eight connections are kept, without an SDK; each sends its next request when the last is answered. The table has a row
for each tenth of the requests.
"""

import argparse
import asyncio
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from fencepost.adapters.azure.target import TargetFile, load_target
from fencepost.adapters.azure_client.clients import open_clients
from fencepost.adapters.contract import Client, Timeouts, open_subject

_CONNECTIONS = 8
_RULES = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.0/24"}], "virtualNetworkRules": []}


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask so many decisions, half of them allowed, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    asked = parser.parse_args(arguments)
    fencepost = shutil.which("fencepost", path=str(Path(sys.executable).parent)) or "fencepost"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "t.toml")
        serve = [fencepost, "serve", "--target", str(target), "--trust-test-headers"]
        with subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                while not target.exists():
                    time.sleep(0.05)
                client = Client(open_subject(f"azure:{target}", timeouts=Timeouts(call=300)))
                client.describe()
                client.reset([])
                client.write("putRules", {"networkAcls": _RULES})
                asyncio.run(_load(load_target(target), asked.requests, server.pid))
                client.close()
            finally:
                server.terminate()
    return 0


async def _load(target: TargetFile, requests: int, server: int) -> None:
    context = ssl.create_default_context(cafile=target.endpoint.ca)
    token, port = await _token_and_port(target, context)
    sys.stdout.write("requests  per second  p50 ms  p99 ms  server CPU ms  server MB\n")
    for tenth in range(1, 11):
        taken: list[float] = []
        began, cpu = time.monotonic(), _cpu(server)
        share = requests // 10 // _CONNECTIONS
        async with asyncio.TaskGroup() as group:
            for number in range(_CONNECTIONS):
                group.create_task(_ask(port, context, token, share, number, taken))
        seconds = time.monotonic() - began
        taken.sort()
        p50, p99 = (taken[int(len(taken) * part)] * 1000 for part in (0.5, 0.99))
        each = (_cpu(server) - cpu) / len(taken) * 1000
        row = f"{tenth * requests // 10:>8}  {len(taken) / seconds:>10.0f}  {p50:>6.2f}  {p99:>6.2f}"
        sys.stdout.write(f"{row}  {each:>13.2f}  {_megabytes(server):>9.1f}\n")
        sys.stdout.flush()


async def _ask(port: int, context: ssl.SSLContext, token: str, count: int, seed: int, taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    for number in range(count):
        address = f"20.1.{2 + number % 2}.{(number + seed) % 256}"
        began = time.perf_counter()
        writer.write(
            f"GET /secrets/none?api-version=7.4 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {token}\r\nx-fencepost-address: {address}\r\n\r\n".encode()
        )
        status = await _answer(reader)
        taken.append(time.perf_counter() - began)
        if status != (403 if number % 2 else 404):
            raise RuntimeError(f"{address} was answered with {status}")
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


async def _token_and_port(target: TargetFile, context: ssl.SSLContext) -> tuple[str, int]:
    """A token for the data plane, and the port of the vault."""
    sets = open_clients(target, context)
    try:
        token = await sets.authorized.credential.get_token(f"{target.endpoint.data_audience}/.default")
        async for vault in sets.authorized.vaults.vaults.list_by_resource_group(target.endpoint.resource_group):
            return str(token.token), int(str(vault.properties.vault_uri).rstrip("/").rpartition(":")[2])
        raise RuntimeError("there is no vault")
    finally:
        await sets.close()


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _megabytes(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    sys.exit(main())

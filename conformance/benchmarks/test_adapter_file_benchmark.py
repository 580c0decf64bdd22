"""What an adapter file costs over asking by hand.

Run with `pytest -n 0 conformance/benchmarks --benchmark-only -k adapter_file`.
Each group holds the same decisions asked by hand and by the adapter: the ratio counts.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import httpx
import pytest
from fencepost.adapters.contract import Connection, open_subject
from pytest_benchmark.fixture import BenchmarkFixture

HEAD = """
[subject]
name = "tool"
version = "1.0"
profile = "keyvault"
features = ["ip-rules-only", "data-plane-only", "decisions-only"]
[default-action]
is = "emulated"
"""
RANGES = [f"20.0.{n}.0/25" for n in range(4)] + [f"30.{n}.0.0/16" for n in range(96)]
MANY = [f"20.0.{n >> 8 & 255}.{n & 255}" for n in range(4096)]
FEW = MANY[:48]
SERVICE = """
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        status = 200 if self.headers.get("X-Forwarded-For", "").startswith("20.0.") else 403
        self.wfile.write(b"HTTP/1.1 %d x\\r\\nContent-Length: 0\\r\\n\\r\\n" % status)
    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(b"HTTP/1.1 204 x\\r\\n\\r\\n")
    def log_message(self, *_): pass

ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def _opened(carrier: str, text: str, folder: Path) -> Connection:
    path = folder / "fencepost.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    connection = open_subject(f"{carrier}:{path}")
    rules = [{"value": value} for value in RANGES]
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": rules, "virtualNetworkRules": []}
    assert connection.call("putRules", {"networkAcls": acls}) == {"accepted": True}
    return connection


def _measured(benchmark: BenchmarkFixture, ask: Callable[[], int], group: str, decisions: int) -> None:
    benchmark.group = group
    benchmark.extra_info["decisions a round"] = decisions
    assert benchmark.pedantic(ask, rounds=15, warmup_rounds=1) == decisions  # type: ignore[no-untyped-call]


def _decide(connection: Connection, addresses: list[str]) -> Callable[[], int]:
    requests = [{"plane": "data", "operation": "SecretGet", "source": {"address": one}} for one in addresses]
    return lambda: len(cast("dict[str, list[object]]", connection.call("decide", {"requests": requests}))["decisions"])


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("how", ["by hand", "adapter file"])
def test_adapter_file_one_process_a_decision(
    benchmark: BenchmarkFixture, tmp_path: Path, how: str, workers: int
) -> None:
    group = f"cli, one process a decision: {workers} at a time"
    if how == "by hand":
        with ThreadPoolExecutor(workers) as pool:
            commands = [["true", one] for one in FEW]
            run = lambda command: subprocess.run(command, capture_output=True, check=True).returncode  # noqa: E731
            _measured(benchmark, lambda: sum(code == 0 for code in pool.map(run, commands)), group, len(FEW))
        return
    text = f'[rules]\nfile = "r"\n[decide]\nrun = ["true", "${{address}}"]\nparallel = {workers}\n'
    connection = _opened("cli", f"{text}allow = {{ exit = 0 }}\ndeny = {{ exit = 3 }}\n", tmp_path)
    _measured(benchmark, _decide(connection, FEW), group, len(FEW))
    connection.close()


@pytest.mark.engine("grepcidr")
@pytest.mark.parametrize("how", ["by hand", "adapter file"])
def test_adapter_file_batch(benchmark: BenchmarkFixture, tmp_path: Path, how: str) -> None:
    group = "cli, one process a batch of 4,096: grepcidr"
    rules = tmp_path / "rules.txt"
    rules.write_text("\n".join(RANGES) + "\n")
    if how == "by hand":

        def pipe() -> int:
            said = subprocess.run(
                ["grepcidr", "-x", "-f", str(rules)],
                input="\n".join(MANY) + "\n",
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            matched = set(said.split())
            return len(["allow" if one in matched else "deny" for one in MANY])

        _measured(benchmark, pipe, group, len(MANY))
        return
    text = '[rules]\nfile = "r"\n[decide]\nway = "batch"\nrun = ["grepcidr", "-x", "-f", "${rules_file}"]\n'
    text += "each = '${address}'\nallow = { line = '(?P<key>\\S+)' }\nabsent = 'deny'\n"
    connection = _opened("cli", f"{text}done = {{ exit = [0, 1], stderr = '' }}\n", tmp_path)
    _measured(benchmark, _decide(connection, MANY), group, len(MANY))
    connection.close()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A service that answers at once, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    (tmp_path / "service.py").write_text(SERVICE)
    server = subprocess.Popen([sys.executable, str(tmp_path / "service.py"), str(number)])
    for _ in range(500):
        try:
            httpx.get(f"http://127.0.0.1:{number}/")
            break
        except httpx.TransportError:
            time.sleep(0.01)
    yield number
    server.terminate()
    server.wait()


@pytest.mark.parametrize("concurrency", [1, 8, 32])
@pytest.mark.parametrize("how", ["httpx", "adapter file"])
def test_adapter_file_rest(benchmark: BenchmarkFixture, tmp_path: Path, port: int, how: str, concurrency: int) -> None:
    group = f"rest: {concurrency} at a time"
    url = f"http://127.0.0.1:{port}/"
    addresses = MANY[:96]
    if how == "httpx":
        limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        with asyncio.Runner() as runner:
            client = httpx.AsyncClient(limits=limits)
            ask = lambda: runner.run(_by_httpx(client, url, addresses, concurrency))  # noqa: E731
            _measured(benchmark, ask, group, len(addresses))
            runner.run(client.aclose())
        return
    text = f'[service]\nbase = "{url}"\nconcurrency = {concurrency}\n[rules]\nform = "json-list"\n'
    text += '[rules.put]\npath = "/rules"\nbody = "${rules}"\naccepted = { status = 204 }\n'
    text += '[decide]\npath = "/"\nsource = { header = "X-Forwarded-For", hop = "only" }\n'
    connection = _opened("rest", f"{text}allow = {{ status = 200 }}\ndeny = {{ status = 403 }}\n", tmp_path)
    _measured(benchmark, _decide(connection, addresses), group, len(addresses))
    connection.close()


async def _by_httpx(client: httpx.AsyncClient, url: str, addresses: list[str], concurrency: int) -> int:
    left = iter(addresses)

    async def worker() -> int:
        done = 0
        for one in left:
            response = await client.get(url, headers={"X-Forwarded-For": one})
            done += response.status_code in (200, 403)
        return done

    return sum(await asyncio.gather(*(worker() for _ in range(concurrency))))

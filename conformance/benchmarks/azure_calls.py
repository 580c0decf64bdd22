"""What a decision through Azure's wire costs in CPU: of the client, which is the SDKs, and of the server.

python conformance/benchmarks/azure_calls.py                      (connections are kept, callers go by header)
python conformance/benchmarks/azure_calls.py --proxy-protocol     (a TLS connection for each call)
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fencepost.adapters.contract import Client, Timeouts, open_subject

_BATCH, _ROUNDS = 500, 8
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
    client.decide(requests)
    ours, theirs, began = time.process_time(), _cpu(server), time.monotonic()
    for _ in range(_ROUNDS):
        client.decide(requests)
    count = _ROUNDS * _BATCH
    for name, seconds in (
        ("client", time.process_time() - ours),
        ("server", _cpu(server) - theirs),
        ("wall", time.monotonic() - began),
    ):
        sys.stdout.write(f"{name:7}{seconds / count * 1000:6.2f} ms a decision\n")
    client.close()


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    main(sys.argv[1:])

"""Whether `check azure:` finds the reference behind `serve` sound, with every clause asked that the wire can carry.

    python conformance/benchmarks/served_checks.py --seeds 5 --out conformance/benchmarks/served-checks.ndjson
    python conformance/benchmarks/served_checks.py --seeds 1 --proxy-protocol --profile keyvault --out FILE

A row for each edition and seed: the exit status, how many clauses passed, which did not, the decisions, and the seconds
of CPU of client and server. Where the file exists, the run continues after its last line. Ends with 1 if a check did
not end with 0, or a clause neither passed nor is one that the wire cannot carry.
"""

import argparse
import datetime as dt
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

EDITIONS = ("keyvault", "keyvault-2018-preview")
_PATIENT = ("--call-timeout", "600", "--start-timeout", "600")  # for a machine that does much else
_UNCARRIED = {
    **dict.fromkeys(("LIM-7", "LIM-8", "STA-2"), "the wire has no writes of single rules"),
    "STA-8": "nothing on the wire promises that calls that overlap are isolated",
    "STA-9": "serve needs no time to settle",
    "VAL-8": "only asked where rules for subnets without the endpoint are refused",
    **dict.fromkeys(("WIRE-2", "WIRE-3", "WIRE-5", "WIRE-6"), "not recorded in 2018"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check each edition with each seed that is not in the file yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--profile", action="append", choices=EDITIONS)
    parser.add_argument("--proxy-protocol", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    mode = "PROXY protocol" if asked.proxy_protocol else "header"
    known = {(row["edition"], row["seed"], row["mode"]) for row in _rows(asked.out)}
    for seed in range(asked.seeds):
        for edition in asked.profile or EDITIONS:
            if (edition, seed, mode) not in known:
                row = {"edition": edition, "seed": seed, "mode": mode, **_checked(edition, seed, mode)}
                with asked.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                sys.stdout.write(f"{row}\n")
                sys.stdout.flush()
    rows = _rows(asked.out)
    sound = [row for row in rows if row["status"] == 0 and _UNCARRIED.keys() >= dict(row["not passed"]).keys()]
    sys.stdout.write(f"{len(sound)} of {len(rows)} ended with 0 and asked every clause that the wire can carry\n")
    return 0 if len(sound) == len(rows) else 1


def _checked(edition: str, seed: int, mode: str) -> dict[str, object]:
    fencepost = shutil.which("fencepost", path=str(Path(sys.executable).parent)) or "fencepost"
    with tempfile.TemporaryDirectory() as folder:
        target, reports = Path(folder, "t.toml"), Path(folder, "reports")
        serve = [fencepost, "serve", f"reference:{edition}", "--target", str(target), "--trust-test-headers"]
        serve += [] if mode == "header" else ["--proxy-protocol"]
        before = _spent_by_children()
        with subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            while not target.exists() and server.poll() is None:
                time.sleep(0.05)
            check = [fencepost, "check", f"azure:{target}", "--seed", str(seed), *_PATIENT]
            done = subprocess.run([*check, "--report", str(reports)], capture_output=True, check=False)
            client = _spent_by_children() - before
            server.terminate()
        report = json.loads((reports / "report.json").read_text("utf-8"))
    verdicts = {clause["id"]: clause["verdict"] for clause in report["clauses"]}
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "status": done.returncode,
        "passed": sum(verdict == "pass" for verdict in verdicts.values()),
        "not passed": {clause: verdict for clause, verdict in verdicts.items() if verdict != "pass"},
        "decisions": report["totals"]["decisions"],
        "client CPU s": round(client),
        "server CPU s": round(_spent_by_children() - before - client),
    }


def _spent_by_children() -> float:
    """Seconds of CPU of the processes that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


if __name__ == "__main__":
    sys.exit(main())

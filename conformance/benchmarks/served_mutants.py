"""How many of the catalogue's mutants are failed through Azure's wire: each is served, then judged through the SDKs.

    python conformance/benchmarks/served_mutants.py --out conformance/benchmarks/served-mutants.ndjson

A line a mutant: its id, the date, the exit status of `check --fail-fast`, the clauses that failed, or why the wire
cannot show it. The seed draws the order, which a new mutant leaves as it was. Where the file exists, the run continues.
`--sample 30` takes the first thirty of the order, `--jobs 2` judges two at a time; `--hidden` lists those that the wire
cannot show, and judges none: docs/azure-hidden-mutants.md.

Server and client are threads of one process for each mutant, forked from a process that has read the SDKs already.
"""

import argparse
import datetime as dt
import hashlib
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from click.testing import CliRunner
from fencepost.adapters.azure.forms import read_back
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.contract import Client, open_factory
from fencepost.conformance.commands import main as fencepost
from fencepost.conformance.mutants import CATALOGUE, Mutant

_READ_BEFORE = ["fencepost.adapters.azure_client.adapter", "fencepost.conformance.commands.check"]
_PATIENT = ("--call-timeout", "600", "--start-timeout", "600")  # for a machine that does much else
_SINGLE_WRITES = frozenset(
    {"updateRules", "addIpRule", "removeIpRule", "addVirtualNetworkRule", "removeVirtualNetworkRule"}
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the mutants that are not in the file yet; the share that was failed, of those that the wire can show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="so many, chosen by the seed; all without it")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--hidden", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    if asked.hidden:
        sys.stdout.write(page_of_hidden())
        return 0
    if asked.out is None:
        parser.error("expected --out FILE or --hidden")
    names = sorted(CATALOGUE, key=lambda name: hashlib.sha256(f"{asked.seed} {name}".encode()).digest())
    known = {row["mutant"] for row in _rows(asked.out)}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_READ_BEFORE)
    with ProcessPoolExecutor(asked.jobs, mp_context=context, max_tasks_per_child=1) as pool:
        judged = [pool.submit(_judged, name) for name in names[: asked.sample] if name not in known]
        for one in as_completed(judged):
            with asked.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(one.result()) + "\n")
            sys.stdout.write(f"{one.result()}\n")
            sys.stdout.flush()
    rows = list(_rows(asked.out))
    shown = [row for row in rows if "hidden" not in row]
    failed = sum(row["status"] == 1 for row in shown)
    sys.stdout.write(f"failed {failed} of {len(shown)}; {len(rows) - len(shown)} others cannot be shown by the wire\n")
    return 0


def hidden(mutant: Mutant) -> str | None:
    """Why no call of Azure's wire shows the mutant; None where one may."""
    if mutant.overlapping:
        return "it takes calls that overlap"
    calls = mutant.calls(mutant.profiles[0])
    if {method for method, _ in calls} & _SINGLE_WRITES:
        return "it takes writes of single rules, which the wire has not"
    if calls[-1][0] == "getRules" and len(set(_served_reads(mutant))) == 1:
        return "serve itself gives what is read back this form"
    return None


def page_of_hidden() -> str:
    """The mutants that the wire cannot show, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for name, mutant in sorted(CATALOGUE.items()):
        if (reason := hidden(mutant)) is not None:
            by_reason.setdefault(reason, []).append(name)
    numbers = f"{sum(map(len, by_reason.values()))} of the catalogue's {len(CATALOGUE)}"
    command = "`python conformance/benchmarks/served_mutants.py --hidden`"
    parts = ["# Mutants that Azure's wire cannot show", f"{numbers}; made by {command}."]
    for reason, names in sorted(by_reason.items()):
        parts += [f"## {reason[0].upper()}{reason[1:]}: {len(names)}", "\n".join(f"- `{name}`" for name in names)]
    return "\n\n".join(parts) + "\n"


def _served_reads(mutant: Mutant) -> Iterator[str]:
    """The last answer to the mutant's witness as serve shows it: the sound vault's, then the mutant's."""
    profile = mutant.profiles[0]
    for subject in (mutant.sound(profile), mutant.flaw(profile)):
        client = Client(open_factory(lambda subject=subject: subject))  # type: ignore[misc]
        try:
            for method, params in mutant.calls(profile):
                answer = client.connection.call(method, params)
        finally:
            client.close()
        shown = answer.get("networkAcls") if isinstance(answer, dict) else None
        yield repr(read_back(shown) if isinstance(shown, dict) else None)


def _judged(name: str) -> dict[str, object]:
    reason = hidden(CATALOGUE[name])
    if reason is not None:
        return {"mutant": name, "hidden": reason}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "t.toml")
        with running(Options(subject=f"mutant:{name}", target=target, trust_test_headers=True)):
            command = ["check", f"azure:{target}", "--fail-fast", *_PATIENT]
            run = CliRunner().invoke(fencepost, command)
    lines = (line.split() for line in run.stdout.splitlines() if line.startswith("FAIL "))
    failed = [words[1] for words in lines if "-" in words[1]]
    date = dt.datetime.now(dt.UTC).date().isoformat()
    return {"mutant": name, "date": date, "status": run.exit_code, "failed": failed}


def _rows(path: Path) -> Iterator[dict[str, object]]:
    if path.exists():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    sys.exit(main())

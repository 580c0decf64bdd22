"""A campaign on a Dask cluster on the loopback: a worker that is killed loses nothing; and the page's commands run."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import main

pytestmark = pytest.mark.engine("dask")

BIN = Path(sys.executable).parent
PAGE = (Path(__file__).parents[2] / "docs" / "campaigns.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
VAULT = "library:fencepost.conformance.commands.demo_vaults:RightVault"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _process(*command: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (
        (folder / f"{len(list(folder.iterdir()))}.log").open("wb") as log,
        subprocess.Popen([str(BIN / command[0]), *command[1:]], stdout=log, stderr=log, cwd=folder) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def _run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = {"PATH": f"{BIN}:{os.environ['PATH']}"}
    whole = f"set -e -m\n{script}"
    return subprocess.run(["bash", "-c", whole], cwd=folder, env=os.environ | path, capture_output=True, text=True)


@pytest.mark.slow
def test_a_worker_that_is_killed_in_mid_run_loses_nothing(tmp_path: Path) -> None:
    from distributed import Client

    plan, out = str(tmp_path / "campaign.json"), str(tmp_path / "shards")
    logs = tmp_path / "logs"
    logs.mkdir()
    planned = CliRunner().invoke(main, ["campaign", "plan", VAULT, "--seeds", "2", "--shards", "6", "--out", plan])
    assert planned.exit_code == 0, planned.stderr
    address = f"tcp://127.0.0.1:{(port := _free_port())}"
    with ExitStack() as stack:
        stack.enter_context(
            _process("dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", folder=logs)
        )
        workers = [
            stack.enter_context(
                _process("dask", "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny", folder=logs)
            )
            for _ in range(2)
        ]
        client = stack.enter_context(Client(address, timeout=60))
        client.wait_for_workers(2, timeout=60)
        running = stack.enter_context(
            _process("fencepost", "campaign", "run", plan, "--dask", address, "--out", out, folder=logs)
        )
        _wait_until_busy(client)
        os.kill(workers[0].pid, signal.SIGKILL)
        assert running.wait(300) == 0, [log.read_text() for log in logs.iterdir()]
        assert workers[0].wait(30) == -signal.SIGKILL
        assert len(client.scheduler_info()["workers"]) == 1
    merged = CliRunner().invoke(main, ["campaign", "merge", plan, out])
    assert merged.exit_code == 0, merged.output
    assert len(list(Path(out).iterdir())) == 6


def _wait_until_busy(client: object) -> None:
    """Until both workers have a task at hand."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        processing = client.processing()  # type: ignore[attr-defined]  # distributed is not typed
        if len(processing) == 2 and all(processing.values()):
            return
        time.sleep(0.02)
    raise AssertionError("the workers got nothing to do")


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_to_be_tried_again(tmp_path: Path) -> None:
    plan = str(tmp_path / "campaign.json")
    CliRunner().invoke(main, ["campaign", "plan", VAULT, "--shards", "1", "--out", plan])
    nobody = f"tcp://127.0.0.1:{_free_port()}"
    quick = os.environ | {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = subprocess.run(
        [BIN / "fencepost", "campaign", "run", plan, "--dask", nobody], cwd=tmp_path, env=quick, capture_output=True
    )
    assert done.returncode == 75, done.stderr
    assert not (tmp_path / "shards").exists()


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    for block in BLOCKS:
        done = _run(block.replace("8786", str(_free_port())), tmp_path)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / "fencepost-report" / "report.html").exists()
    assert {path.name for path in tmp_path.glob("campaign.*")} == {
        *("campaign.json", "campaign.kubernetes.yaml", "campaign.github.yml", "campaign.gitlab-ci.yml")
    }
    assert len(list((tmp_path / "dask-shards").iterdir())) == 3

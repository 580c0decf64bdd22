"""A campaign on a Dask cluster: a worker that is killed loses nothing, transcripts included; the page's commands run.

Where the tests may, the scheduler and each worker have a network namespace of their own; elsewhere all share loopback.
"""

import os
import re
import signal
import socket
import subprocess
import sys
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
def _process(*command: str, folder: Path, space: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """The process, in the network namespace of that name, if any."""
    within = ["ip", "netns", "exec", space] if space else []
    with (
        (folder / f"{len(list(folder.iterdir()))}.log").open("wb") as log,
        subprocess.Popen([*within, str(BIN / command[0]), *command[1:]], stdout=log, stderr=log, cwd=folder) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def _network() -> Iterator[tuple[str, str, tuple[str, str]]]:
    """The scheduler's host, its namespace, and those of two workers: each worker has a link to the scheduler alone.

    Without root all of them are this machine's loopback.
    """
    if os.geteuid() != 0:
        yield "127.0.0.1", "", ("", "")
        return
    hub, *spokes = (f"fp{os.getpid()}{name}" for name in ("h", "a", "b"))
    try:
        for space in (hub, *spokes):
            _ip("netns", "add", space)
            _ip("-n", space, "link", "set", "lo", "up")
        for number, space in enumerate(spokes):
            _ip("link", "add", "hub", "netns", space, "type", "veth", "peer", "name", f"to{number}", "netns", hub)
            _ip("-n", space, "address", "add", f"10.213.{number}.2/24", "dev", "hub")
            _ip("-n", hub, "address", "add", f"10.213.{number}.1/24", "dev", f"to{number}")
            _ip("-n", space, "link", "set", "hub", "up")
            _ip("-n", hub, "link", "set", f"to{number}", "up")
            _ip("-n", space, "route", "add", "default", "via", f"10.213.{number}.1")
        yield "10.213.0.1", hub, (spokes[0], spokes[1])
    finally:
        for space in (hub, *spokes):
            subprocess.run(["ip", "netns", "delete", space], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)


def _run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = {"PATH": f"{BIN}:{os.environ['PATH']}"}
    whole = f"set -e -m\n{script}"
    return subprocess.run(["bash", "-c", whole], cwd=folder, env=os.environ | path, capture_output=True, text=True)


@pytest.mark.slow
def test_a_worker_that_is_killed_in_mid_run_loses_nothing(tmp_path: Path) -> None:
    plan, out = str(tmp_path / "campaign.json"), str(tmp_path / "shards")
    logs = tmp_path / "logs"
    logs.mkdir()
    _fencepost("campaign", "plan", VAULT, "--seeds", "2", "--shards", "6", "--transcripts", "--out", plan)
    with ExitStack() as stack:
        host, hub, spaces = stack.enter_context(_network())
        address = f"tcp://{host}:{(port := _free_port())}"

        def begun(*command: str, space: str) -> subprocess.Popen[bytes]:
            return stack.enter_context(_process(*command, folder=logs, space=space))

        begun("dask", "scheduler", "--host", host, "--port", str(port), "--no-dashboard", space=hub)
        workers = [
            begun("dask", "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny", space=space)
            for space in spaces
        ]
        running = begun("fencepost", "campaign", "run", plan, "--dask", address, "--out", out, space=hub)
        watching = begun("python", "-c", WATCHING, address, space=hub)
        assert watching.wait(120) == 0, _told(logs)
        os.kill(workers[0].pid, signal.SIGKILL)
        assert running.wait(300) == 0, _told(logs)
        assert workers[0].wait(30) == -signal.SIGKILL
        assert workers[1].poll() is None
    _fencepost("campaign", "merge", plan, out)
    assert len(list(Path(out).iterdir())) == 6
    key, bundle = str(tmp_path / "key"), str(tmp_path / "certificate.zip")
    _fencepost("keygen", "--out", key)
    _fencepost("campaign", "certify", plan, out, "--key", key, "--out", bundle)
    assert "transcript consistent  holds" in _fencepost("verify", bundle, "--key", f"{key}.pub")


def _fencepost(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


WATCHING = """
import sys, time
from distributed import Client

with Client(sys.argv[1], timeout=60) as client:
    client.wait_for_workers(2, timeout=60)
    for _ in range(3_000):
        processing = client.processing()
        if len(processing) == 2 and all(processing.values()):
            sys.exit(0)
        time.sleep(0.02)
sys.exit("the workers got nothing to do")
"""
"""Ends when both workers have a task at hand."""


def _told(logs: Path) -> list[str]:
    return [log.read_text() for log in sorted(logs.iterdir())]


@pytest.mark.slow
def test_streams_on_two_file_systems_are_merged(tmp_path: Path) -> None:
    plan, places = tmp_path / "campaign.json", [tmp_path / "all" / name for name in ("one", "other")]
    CliRunner().invoke(main, ["campaign", "plan", VAULT, "--shards", "2", "--out", str(plan)])
    script = ["set -e"]
    for number, place in enumerate(places, start=1):
        place.mkdir(parents=True)
        script += [f"mount -t tmpfs none {place}"] if os.geteuid() == 0 else []
        script.append(f"fencepost campaign run {plan} --shard {number}/2 --out {place}")
    script.append(f"stat --format %d {tmp_path} {places[0]} {places[1]}")
    script.append(f"fencepost campaign merge {plan} {tmp_path}/all >&2")
    # The mounts are seen by this shell alone, and go with it.
    alone = ["unshare", "--mount"] if os.geteuid() == 0 else []
    path = {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        [*alone, "bash", "-c", "\n".join(script)], env=os.environ | path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    if os.geteuid() == 0:
        assert len(set(done.stdout.split())) == 3, "three file systems"
        assert not any(list(place.iterdir()) for place in places)


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

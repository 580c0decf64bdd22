"""`azure:FILE.toml`: what a run leaves at the endpoint, however it ends."""

import asyncio
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from azure_adapter import DENY, Opened, openings
from azure_http import Wire
from fencepost.adapters.azure.target import load_target, save_target
from fencepost.adapters.azure_server.background import Running, running
from fencepost.adapters.azure_server.server import Options
from msgspec.structs import replace

pytestmark = pytest.mark.engine("azure")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "t.toml"


@pytest.fixture
def opened(target: Path) -> Iterator[Opened]:
    yield from openings(target)


def test_reuse_puts_the_vault_back_as_it_was_when_it_was_new(opened: Opened, target: Path) -> None:
    from fencepost.adapters.azure_client import open_adapter

    _, server = opened()
    file = load_target(target)
    other = target.with_name("other.toml")
    save_target(replace(file, reset="reuse"), other)
    adapter = cast("Any", open_adapter(str(other)))
    adapter.put_rules(network_acls=DENY)
    before = len(server.log)
    adapter.reset(subnets=[])
    assert adapter.get_rules() == {}
    assert not [line for line in server.log[before:] if line.startswith("DELETE")]
    adapter.shutdown()


def leftovers(server: Running) -> list[str]:
    world = server.server.world
    vaults = [name for name, slot in world.slots.items() if slot.vault is not None]
    return [*vaults, *(network.id for network in world.networks)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("point", range(5))
def test_a_run_that_is_ended_leaves_nothing(target: Path, number: int, point: int) -> None:
    with running(Options(target=target, trust_test_headers=True)) as server:
        process = _check(target)
        _wait_for(lambda: len(server.log) > 40 + 160 * point, process)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
        assert leftovers(server) == [], stderr.decode()


def test_the_end_of_the_program_removes_until_shutdown_has_removed(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter, server = opened()
    left: list[list[str]] = []
    monkeypatch.setattr("atexit.unregister", lambda _: left.append(leftovers(server)))
    adapter.shutdown()
    assert left == [[]]


def test_a_vault_that_a_call_makes_late_is_removed_too(opened: Opened) -> None:
    adapter, server = opened()
    estate, clients = adapter._ours()

    async def removed_while_a_call_is_late() -> None:
        removal = asyncio.create_task(estate.remove(clients, again_after=1.0))
        while estate.is_made:
            await asyncio.sleep(0.01)
        await estate.make_vault(clients)
        await removal

    adapter._run(removed_while_a_call_is_late())
    assert leftovers(server) == []


def test_what_a_killed_run_leaves_is_found_and_removed_and_nothing_else(target: Path) -> None:
    fencepost = shutil.which("fencepost", path=str(Path(sys.executable).parent))
    assert fencepost is not None
    with running(Options(target=target, trust_test_headers=True)) as server:
        wire = Wire(running=server)
        wire.create()
        kept = wire.subnet("kept", "Microsoft.KeyVault").rpartition("/subnets/")[0]
        process = _check(target)
        _wait_for(lambda: len(server.log) > 400, process)
        process.kill()
        process.communicate(timeout=60)
        assert len(leftovers(server)) > 2
        command = [fencepost, "clean", str(target)]
        shown = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, check=True).stdout
        assert "found: vault fp-" in shown
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert shown.replace("found", "removed") == done.stdout
        assert sorted(leftovers(server)) == sorted([wire.vault, kept])
        again = subprocess.run(command, capture_output=True, text=True, check=True)
        assert again.stdout == "nothing of ours is there\n"


def _check(target: Path) -> subprocess.Popen[bytes]:
    fencepost = shutil.which("fencepost", path=str(Path(sys.executable).parent))
    assert fencepost is not None
    return subprocess.Popen([fencepost, "check", f"azure:{target}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _wait_for(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    for _ in range(6000):
        if is_so():
            return
        if process.poll() is not None:
            raise AssertionError(process.communicate())
        time.sleep(0.005)
    raise AssertionError("it has not come to that")

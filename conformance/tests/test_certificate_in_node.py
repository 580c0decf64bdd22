"""A certificate checked by a program that has nothing of the kit: signature, and the digest of every member."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.certificate.bundle import ENVELOPE, MEMBERS, SIGNED, read_bundle
from fencepost.conformance.certificate.keys import make_keys
from fencepost.conformance.commands import main

SCRIPT = Path(__file__).parents[1] / "examples" / "node" / "verify-certificate.mjs"
SUBJECT = "library:fencepost.conformance.peers:EnforcerVault"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None and not os.environ.get("CI"), reason="no Node here"),
    pytest.mark.xdist_group("certificate in node"),
]


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two key pairs and a bundle, signed by the first."""
    folder = tmp_path_factory.mktemp("certified")
    make_keys(folder / "key")
    make_keys(folder / "other")
    (folder / "engine.bin").write_bytes(b"engine")
    options = ["--out", f"{folder}/b.zip", "--key", f"{folder}/key", "--artifact", f"{folder}/engine.bin"]
    result = CliRunner().invoke(main, ["certify", SUBJECT, "--effort", "quick", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def unpacked(certified: Path, tmp_path: Path) -> Path:
    for name, content in read_bundle(certified / "b.zip").members.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def _checked(folder: Path, key: Path) -> tuple[int, str]:
    command = ["node", str(SCRIPT), str(folder), str(key)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_whole_bundle_holds(certified: Path, unpacked: Path) -> None:
    assert _checked(unpacked, certified / "key.pub") == (0, "holds: WARNED, 4 files\n")


def test_another_key_has_not_signed_it(certified: Path, unpacked: Path) -> None:
    status, found = _checked(unpacked, certified / "other.pub")
    assert status == 1
    assert found.startswith(f"{ENVELOPE}: the signature is not this key's")


@pytest.mark.parametrize("name", MEMBERS)
def test_a_flipped_byte_of_any_member_is_named(certified: Path, unpacked: Path, name: str) -> None:
    content = bytearray((unpacked / name).read_bytes())
    content[len(content) // 2] ^= 0x01
    (unpacked / name).write_bytes(content)
    status, found = _checked(unpacked, certified / "key.pub")
    assert (status, found.startswith(name)) == (1, True), found


@pytest.mark.parametrize("name", MEMBERS)
def test_a_missing_member_is_named(certified: Path, unpacked: Path, name: str) -> None:
    (unpacked / name).unlink()
    status, found = _checked(unpacked, certified / "key.pub")
    assert (status, found.startswith(name)) == (1, True), found


@pytest.mark.parametrize("name", SIGNED)
def test_a_link_is_named(certified: Path, unpacked: Path, name: str) -> None:
    (certified / f"elsewhere-{name}").write_bytes((unpacked / name).read_bytes())
    (unpacked / name).unlink()
    (unpacked / name).symlink_to(certified / f"elsewhere-{name}")
    assert _checked(unpacked, certified / "key.pub") == (1, f"{name} is no file\ndoes not hold\n")


@pytest.mark.parametrize("name", ["notes.txt", "engine.bin"])
def test_a_file_too_many_is_named(certified: Path, unpacked: Path, name: str) -> None:
    (unpacked / name).write_bytes(b"engine")
    assert _checked(unpacked, certified / "key.pub") == (1, f"{name} is no member of a bundle\ndoes not hold\n")


def _no_signature(envelope: dict[str, object]) -> None:
    envelope["signatures"] = []


def _a_second_signature(envelope: dict[str, object]) -> None:
    signatures = envelope["signatures"]
    assert isinstance(signatures, list)
    signatures.append({"keyid": "x", "sig": "AAAA"})


def _another_type(envelope: dict[str, object]) -> None:
    envelope["payloadType"] = "application/json"


@pytest.mark.parametrize("change", [_no_signature, _a_second_signature, _another_type])
def test_an_envelope_without_its_signature_does_not_hold(
    certified: Path, unpacked: Path, change: Callable[[dict[str, object]], None]
) -> None:
    envelope = json.loads((unpacked / ENVELOPE).read_bytes())
    change(envelope)
    (unpacked / ENVELOPE).write_text(json.dumps(envelope), encoding="ascii")
    status, found = _checked(unpacked, certified / "key.pub")
    assert (status, found.startswith(f"{ENVELOPE}: ")) == (1, True), found


def test_without_a_folder_it_is_bad_usage() -> None:
    done = subprocess.run(["node", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: ")

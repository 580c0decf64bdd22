"""Every member of a bundle tampered with in every way: caught each time, and the member named."""

import gzip
import json
import stat
import struct
import zipfile
from base64 import b64decode
from collections.abc import Callable, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from certified_folder import certified, run
from click.testing import Result
from fencepost.conformance.certificate.bundle import ENVELOPE, MEMBERS, SIGNED, packed, read_bundle
from fencepost.conformance.certificate.envelope import seal
from fencepost.conformance.certificate.keys import read_signing_key

TWO_GIB = 2 * 1024**3

pytestmark = pytest.mark.xdist_group("certificate")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key pair, and a bundle that its private key has signed."""
    return certified(tmp_path_factory)


@pytest.fixture
def members(folder: Path) -> dict[str, bytes]:
    return dict(read_bundle(folder / "b.zip").members)


Entry = tuple[str | zipfile.ZipInfo, bytes]


def _zip(entries: list[Entry]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def _entries(members: Mapping[str, bytes], name: str, *instead: Entry) -> list[Entry]:
    """The members in their order, this one replaced by others or by none."""
    found: list[Entry] = []
    for one, content in members.items():
        found += instead if one == name else [(one, content)]
    return found


def _verified(folder: Path, tmp_path: Path, data: bytes) -> Result:
    (tmp_path / "x.zip").write_bytes(data)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    result = run("verify", tmp_path / "x.zip", "--key", folder / "key.pub", "--json")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before, "verify writes nothing"
    return result


def _refused(folder: Path, tmp_path: Path, data: bytes) -> str:
    result = _verified(folder, tmp_path, data)
    assert result.exit_code == 2, result.output
    assert "not a bundle" in result.stderr
    return " ".join(result.stderr.split())


def _against(folder: Path, tmp_path: Path, data: bytes, finding: int = 0) -> list[str]:
    """The reasons against the signature (0) or the consistency (1) of a bundle that is one, and does not hold."""
    result = _verified(folder, tmp_path, data)
    assert result.exit_code == 1, result.output
    document = json.loads(result.stdout)["findings"][finding]
    assert document["holds"] is False
    return [str(reason) for reason in document["against"]]


# -- one byte, and what is not there -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_flipped_byte(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str, share: float) -> None:
    data = bytearray((folder / "b.zip").read_bytes())
    start = data.index(members[name])
    data[start + round((len(members[name]) - 1) * share)] ^= 0x01
    assert any(reason.startswith(f"{name}: ") for reason in _against(folder, tmp_path, bytes(data)))


@pytest.mark.parametrize("name", MEMBERS)
def test_a_missing_member(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    assert f"{name}: missing" in _refused(folder, tmp_path, _zip(_entries(members, name)))


@pytest.mark.parametrize("name", MEMBERS)
def test_an_empty_member(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    found = _against(folder, tmp_path, packed({**members, name: b""}))
    assert any(reason.startswith(f"{name}: ") for reason in found)


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_that_is_cut_short(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    cut = members[name][: len(members[name]) * 2 // 3]
    found = _against(folder, tmp_path, packed({**members, name: cut}))
    assert any(reason.startswith(f"{name}: ") for reason in found)


@pytest.mark.parametrize("name", MEMBERS)
def test_a_zip_that_ends_within_a_member(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    data = (folder / "b.zip").read_bytes()
    end = data.index(members[name]) + len(members[name]) // 2
    found = _refused(folder, tmp_path, data[:end])
    assert f"{name}: no zip, or one that is cut short" in found


# -- what is there too much, or by another name ------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("second", [b"", None], ids=["another", "the same"])
def test_a_member_twice(
    folder: Path, tmp_path: Path, members: dict[str, bytes], name: str, second: bytes | None
) -> None:
    twice = _zip([*members.items(), (name, members[name] if second is None else second)])
    assert f"{name}: there more than once" in _refused(folder, tmp_path, twice)


@pytest.mark.parametrize("name", ["notes.txt", "report.json.asc", "REPORT.JSON", "report.json ", "\u202enosj.troper"])
def test_a_member_too_many(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    found = _refused(folder, tmp_path, _zip([*members.items(), (name, b"x")]))
    assert repr(name).strip("'") in found
    assert "no member of a bundle" in found


@pytest.mark.parametrize("name", MEMBERS)
def test_a_renamed_member(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    found = _refused(folder, tmp_path, _zip(_entries(members, name, (f"{name}.old", members[name]))))
    assert f"'{name}.old': no member of a bundle" in found


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_in_place_of_the_next(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    other = MEMBERS[(MEMBERS.index(name) + 1) % len(MEMBERS)]
    swapped = {**members, name: members[other], other: members[name]}
    found = _against(folder, tmp_path, packed(swapped))
    assert any(reason.startswith((f"{name}: ", f"{ENVELOPE}: ")) for reason in found)


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("way", ["../", "/", "sub/", "..\\", "C:\\", "sub/../"])
def test_a_name_that_leads_elsewhere(
    folder: Path, tmp_path: Path, members: dict[str, bytes], name: str, way: str
) -> None:
    found = _refused(folder, tmp_path, _zip(_entries(members, name, (way + name, members[name]))))
    assert "leads elsewhere" in found
    assert name in found


@pytest.mark.parametrize("name", MEMBERS)
def test_a_link_in_a_zip(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    link = zipfile.ZipInfo(name)
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    found = _refused(folder, tmp_path, _zip(_entries(members, name, (link, b"/etc/passwd"))))
    assert f"{name}: a link" in found


@pytest.mark.parametrize("name", MEMBERS)
def test_a_link_in_a_folder(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    for one, content in members.items():
        (tmp_path / one).write_bytes(content)
    elsewhere = folder / f"elsewhere-{name}"
    elsewhere.write_bytes(members[name])
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to(elsewhere)
    result = run("verify", tmp_path, "--key", folder / "key.pub")
    assert result.exit_code == 2
    assert f"{name}: a link" in result.stderr


@pytest.mark.parametrize("name", MEMBERS)
def test_a_folder_in_place_of_a_member(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    found = _refused(folder, tmp_path, _zip(_entries(members, name, (f"{name}/", b""))))
    assert name in found


# -- sizes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_that_claims_2_gib_in_a_zip(
    folder: Path, tmp_path: Path, members: dict[str, bytes], name: str
) -> None:
    data = bytearray((folder / "b.zip").read_bytes())
    entry = data.index(b"PK\x01\x02" + data[data.rindex(name.encode()) - 42 :][:42])
    data[entry + 20 : entry + 28] = struct.pack("<LL", TWO_GIB, TWO_GIB)
    found = _refused(folder, tmp_path, bytes(data))
    assert f"{name}: " in found
    assert "2,147,483,648 bytes" in found


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_of_2_gib_in_a_folder(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    for one, content in members.items():
        (tmp_path / one).write_bytes(content)
    with (tmp_path / name).open("wb") as file:
        file.truncate(TWO_GIB)
    result = run("verify", tmp_path, "--key", folder / "key.pub")
    assert result.exit_code == 2
    assert f"{name}: " in result.stderr
    assert "2,147," in result.stderr


def test_a_transcript_that_unpacks_without_an_end(folder: Path, tmp_path: Path, members: dict[str, bytes]) -> None:
    bomb = gzip.compress(b" " * (80 * 1024 * 1024), mtime=0)
    data = _signed_anew({**members, "transcript.ndjson.gz": bomb}, folder)
    found = _against(folder, tmp_path, data, finding=1)
    assert any("larger than any transcript" in reason for reason in found)


# -- another version, by somebody who has the key ----------------------------------------------------------------------


def _certificate(content: bytes) -> bytes:
    return content.replace(b'"version": 2,', b'"version": 3,', 1)


def _page(content: bytes) -> bytes:
    return content.replace(b"# Certificate of conformance", b"# Certificate of conformance, version 2", 1)


def _report(content: bytes) -> bytes:
    return content.replace(b'"schemaVersion": "1"', b'"schemaVersion": "2"', 1)


def _transcript(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content).replace(b'"version":1', b'"version":2', 1), mtime=0)


VERSIONS: dict[str, Callable[[bytes], bytes]] = {
    "certificate.json": _certificate,
    "certificate.md": _page,
    "report.json": _report,
    "transcript.ndjson.gz": _transcript,
}


def _signed(members: Mapping[str, bytes], folder: Path, given: Mapping[str, object]) -> bytes:
    return packed({**members, ENVELOPE: seal(given, read_signing_key(folder / "key"))})


def _statement(members: Mapping[str, bytes]) -> dict[str, object]:
    document = json.loads(b64decode(json.loads(members[ENVELOPE])["payload"]))
    assert isinstance(document, dict)
    return document


def _signed_anew(members: Mapping[str, bytes], folder: Path) -> bytes:
    """The bundle of these members, whose statement names their digests and is signed with the vendor's key."""
    subjects = [
        {"name": name, "digest": {"sha256": sha256(content).hexdigest()}}
        for name, content in sorted(members.items())
        if name in SIGNED
    ]
    return _signed(members, folder, {**_statement(members), "subject": subjects})


@pytest.mark.parametrize("name", SIGNED)
def test_a_member_of_another_version(folder: Path, tmp_path: Path, members: dict[str, bytes], name: str) -> None:
    changed = {**members, name: VERSIONS[name](members[name])}
    assert changed[name] != members[name]
    result = _verified(folder, tmp_path, _signed_anew(changed, folder))
    signed, consistent = json.loads(result.stdout)["findings"]
    assert (result.exit_code, signed["holds"], consistent["holds"]) == (1, True, False)
    assert any(reason.startswith(name) for reason in consistent["against"])


def test_a_statement_of_another_type(folder: Path, tmp_path: Path, members: dict[str, bytes]) -> None:
    data = _signed(members, folder, {**_statement(members), "_type": "https://in-toto.io/Statement/v2"})
    assert any(reason.startswith(f"{ENVELOPE}: ") for reason in _against(folder, tmp_path, data))


def test_an_envelope_with_another_type_of_payload(folder: Path, tmp_path: Path, members: dict[str, bytes]) -> None:
    envelope = members[ENVELOPE].replace(b"application/vnd.in-toto+json", b"application/vnd.in-toto2+json")
    (found,) = _against(folder, tmp_path, packed({**members, ENVELOPE: envelope}))
    assert found.startswith(f"{ENVELOPE}: the statement is not signed with the key")

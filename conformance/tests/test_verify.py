"""`verify`: three verdicts apart, every member's tampering caught and named, and unsafe input refused."""

import json
import os
import zipfile
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from certified_folder import ENFORCER, certified, members_of, run
from fencepost.conformance.certificate import bundle as bundles
from fencepost.conformance.certificate.bundle import ENVELOPE, MEMBERS, Bundle, NotABundle, packed, read_bundle
from fencepost.conformance.certificate.digests import sha256_of_file
from fencepost.conformance.certificate.keys import read_public_key
from fencepost.conformance.certificate.replaying import Transcript, TranscriptDiffers
from fencepost.conformance.certificate.verification import consistency, re_execution, signature, unsettled
from fencepost.reports.model import report_from_json

pytestmark = pytest.mark.xdist_group("certificate")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certified(tmp_path_factory)


def test_a_whole_bundle_holds_and_what_was_not_asked_is_said(folder: Path) -> None:
    result = run("verify", folder / "b.zip", "--key", folder / "key.pub")
    assert result.exit_code == 0
    for row in ("signature valid        holds", "transcript consistent  holds", "re-executed            not asked"):
        assert row in result.stdout
    assert "level      partial" in result.stdout
    assert "not asked" in result.stdout


def test_an_unpacked_bundle_is_a_bundle_too(folder: Path, tmp_path: Path) -> None:
    for name, content in members_of(folder).items():
        (tmp_path / name).write_bytes(content)
    assert signature(read_bundle(tmp_path), read_public_key(folder / "key.pub")).holds


def test_a_subject_asked_again_comes_to_the_same(folder: Path) -> None:
    result = run("verify", folder / "b.zip", "--key", folder / "key.pub", "--re-run", ENFORCER, "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert [one["verdict"] for one in document["findings"]] == [
        "signature valid",
        "transcript consistent",
        "re-executed",
    ]
    assert document["certified"]["effort"] == "quick"
    assert document["certified"]["key"] == read_public_key(folder / "key.pub").id
    seed = str(document["certified"]["seed"])
    assert seed not in document["findings"][2]["unchecked"][0], "the verifier's seed is another than the signer's"


@pytest.mark.slow
def test_another_subject_does_not_stand_for_the_one_that_was_certified(folder: Path) -> None:
    subject = "library:fencepost.conformance.peers:MinimalVault2018"
    result = run("verify", folder / "b.zip", "--key", folder / "key.pub", "--re-run", subject, "--json")
    signed, consistent, executed = json.loads(result.stdout)["findings"]
    assert result.exit_code == 1
    assert signed["holds"]
    assert consistent["holds"]
    assert any("the subject's name" in reason for reason in executed["against"])


def test_another_key_has_not_signed_it(folder: Path) -> None:
    found = signature(read_bundle(folder / "b.zip"), read_public_key(folder / "other.pub"))
    assert any(ENVELOPE in reason for reason in found.against)


def test_every_byte_of_the_envelope_counts(folder: Path) -> None:
    members, key = members_of(folder), read_public_key(folder / "key.pub")
    for place in range(len(members[ENVELOPE])):
        content = bytearray(members[ENVELOPE])
        content[place] ^= 0x20
        assert not signature(Bundle(members={**members, ENVELOPE: bytes(content)}), key).holds, place


def test_every_byte_of_the_zip_around_the_members_counts(folder: Path, tmp_path: Path) -> None:
    data, key = (folder / "b.zip").read_bytes(), read_public_key(folder / "key.pub")
    members = members_of(folder)
    inside = set()
    for content in members.values():
        start = data.index(content)
        inside |= set(range(start, start + len(content)))
    altered = tmp_path / "altered.zip"
    for place in range(len(data)):
        if place in inside:
            continue
        flipped = bytearray(data)
        flipped[place] ^= 0x01
        altered.write_bytes(flipped)
        try:
            found = signature(read_bundle(altered), key)
        except NotABundle:
            continue
        assert not found.holds, place


def test_a_transcript_that_is_cut_short_is_told_with_its_line(folder: Path) -> None:
    content = members_of(folder)["transcript.ndjson.gz"]
    with pytest.raises(TranscriptDiffers) as differs:
        Transcript(content[:-40])
    assert differs.value.line > 100
    assert "cannot be unpacked" in str(differs.value)


def test_what_the_bundle_cannot_prove_is_said(folder: Path) -> None:
    (first, *_) = consistency(read_bundle(folder / "b.zip")).unchecked
    assert "the signer's own words" in first


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("--require-level", "partial"), 0),
        (("--require-level", "core"), 1),
        (("--require-effort", "quick"), 0),
        (("--require-effort", "standard"), 1),
    ],
)
def test_a_level_and_an_effort_can_be_required(folder: Path, options: tuple[str, ...], status: int) -> None:
    assert run("verify", folder / "b.zip", "--key", folder / "key.pub", *options).exit_code == status


def test_an_artifact_can_be_required(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"other")
    result = run("verify", folder / "b.zip", "--key", folder / "key.pub", "--artifact", tmp_path / "other.bin")
    assert result.exit_code == 1
    assert "no artifact of the certificate has its SHA-256" in result.stdout


def test_a_clause_that_is_vacuous_at_one_seed_is_told_by_the_next(folder: Path) -> None:
    stated = report_from_json(members_of(folder)["report.json"])
    row = next(row for row in stated.clauses if row.verdict == "pass")
    vacuous = tuple(
        msgspec.structs.replace(one, verdict="vacuous") if one.id == row.id else one for one in stated.clauses
    )
    empty = msgspec.structs.replace(stated, clauses=vacuous, exit_status=3)
    assert unsettled(stated, [empty]) == (row.id,)
    assert unsettled(stated, [empty, stated]) == ()
    assert re_execution(stated, [empty, stated]).holds
    (_, left) = re_execution(stated, [empty]).unchecked
    assert left.startswith(f"cannot say: {row.id}")


@pytest.mark.parametrize("version", ["99", 2])
def test_a_report_of_another_schema_version_is_told_as_such(folder: Path, version: object) -> None:
    members = members_of(folder)
    document = {**json.loads(members["report.json"]), "schemaVersion": version}
    found = consistency(Bundle(members={**members, "report.json": json.dumps(document).encode()}))
    assert any(reason.startswith("report.json") for reason in found.against)


# -- what is no bundle -------------------------------------------------------------------------------------------------


def _zip(members: list[tuple[str | zipfile.ZipInfo, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def _refused(tmp_path: Path, folder: Path, data: bytes) -> str:
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "x.zip").write_bytes(data)
    result = run("verify", tmp_path / "x.zip", "--key", folder / "key.pub")
    assert result.exit_code == 2
    assert sorted(tmp_path.rglob("*")) == [*before, tmp_path / "x.zip"]
    return result.stderr


def test_a_compressed_member_is_refused_whatever_it_would_swell_to(tmp_path: Path, folder: Path) -> None:
    found = _refused(tmp_path, folder, _zip(list(members_of(folder).items()), zipfile.ZIP_DEFLATED))
    assert "stored as is" in found


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9, 0.999])
def test_a_zip_that_is_cut_short_is_refused(tmp_path: Path, folder: Path, share: float) -> None:
    data = packed(members_of(folder))
    assert "not a bundle" in _refused(tmp_path, folder, data[: round(len(data) * share)])


def test_a_file_of_2_gb_is_refused_unread(tmp_path: Path, folder: Path) -> None:
    with (tmp_path / "large.zip").open("wb") as file:
        file.truncate(2 * 1024**3)
    result = run("verify", tmp_path / "large.zip", "--key", folder / "key.pub")
    assert result.exit_code == 2
    assert "2,147,483,648 bytes" in result.stderr


@pytest.mark.parametrize("place", ["/proc/self/environ", "/proc/kmsg"])
def test_a_file_that_states_no_size_is_neither_bundle_nor_artifact(folder: Path, place: str) -> None:
    if not os.access(place, os.R_OK):
        pytest.skip("not to be read here")
    result = run("verify", place, "--key", folder / "key.pub")
    assert result.exit_code == 2
    assert "states no size" in result.stderr
    with pytest.raises(OSError, match="states no size"):
        sha256_of_file(Path(place))


def test_an_empty_file_has_a_digest(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert sha256_of_file(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def test_a_folder_that_is_too_large_is_refused_by_the_member(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in members_of(folder).items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(bundles, "LARGEST", 1000)
    with pytest.raises(NotABundle) as refused:
        read_bundle(tmp_path)
    assert refused.value.place in MEMBERS


def test_a_zip_whose_directory_is_huge_is_refused_before_it_is_read(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for number in range(2_000):
            archive.writestr(f"{number:050}", b"")
    result = run("verify", tmp_path / "b.zip", "--key", folder / "key.pub")
    assert result.exit_code == 2
    assert "a bundle has six members at most" in result.stderr


def test_an_envelope_nested_200_000_deep_is_no_envelope(folder: Path) -> None:
    bundle = Bundle(members={**members_of(folder), ENVELOPE: b"[" * 200_000})
    assert not signature(bundle, read_public_key(folder / "key.pub")).holds
    assert any(ENVELOPE in reason for reason in consistency(bundle).against)


def test_without_a_valid_signature_nothing_else_is_opened(folder: Path, tmp_path: Path) -> None:
    members = {**members_of(folder), "transcript.ndjson.gz": b"\x00" * 4_000_000, "report.json": b"[" * 1_000_000}
    (tmp_path / "b.zip").write_bytes(packed(members))
    result = run("verify", tmp_path / "b.zip", "--key", folder / "other.pub")
    assert result.exit_code == 1
    assert "not opened: without a valid signature nothing else is read" in result.stdout
    insisting = run("verify", tmp_path / "b.zip", "--key", folder / "other.pub", "--unsigned")
    assert insisting.exit_code == 1
    assert "report.json" in insisting.stdout

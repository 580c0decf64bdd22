"""The certificate of a campaign: what it says, what is refused, and each lie of a signer that a reader finds."""

import base64
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from certified_folder import run, signed_anew
from click.testing import Result
from fencepost.conformance.campaign import certifying
from fencepost.conformance.campaign.certifying import campaign_consistency, why_not_by_plan
from fencepost.conformance.campaign.merging import complete_streams, merged
from fencepost.conformance.campaign.plan_file import CampaignPlan, KnownList, Recipe, Task, plan_to_json
from fencepost.conformance.campaign.planning import planned, read_plan
from fencepost.conformance.campaign.stream import as_streamed, findings_in, stream_of
from fencepost.conformance.campaign.task import TaskResult
from fencepost.conformance.certificate.bundle import NAMES, Bundle, packed, read_bundle
from fencepost.conformance.certificate.keys import make_keys, read_public_key
from fencepost.conformance.certificate.replaying import TranscriptDiffers, transcripts_in
from fencepost.conformance.certificate.transcript import line_of
from fencepost.conformance.certificate.verification import signature
from fencepost.conformance.regression.known import file_content
from fencepost.conformance.regression.stored_case import json_text
from fencepost.conformance.run.findings import Findings
from fencepost.reports.model import report_to_json
from fencepost.reports.secrets import Mask
from msgspec import UNSET

pytestmark = pytest.mark.xdist_group("campaign certificate")

VAULT = "library:fencepost.conformance.commands.demo_vaults:RightVault"
TRANSCRIPT = "transcript.ndjson.gz"
SCRIPT = Path(__file__).parents[1] / "examples" / "node" / "verify-certificate.mjs"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two key pairs, a plan of two shards, their streams below `shards`, and the bundle."""
    folder = tmp_path_factory.mktemp("campaign")
    make_keys(folder / "key")
    make_keys(folder / "other")
    plan = folder / "campaign.json"
    assert run("campaign", "plan", VAULT, "--shards", "2", "--transcripts", "--out", plan).exit_code == 0
    for shard in ("1/2", "2/2"):
        assert run("campaign", "run", plan, "--shard", shard, "--out", folder / "shards").exit_code == 0
    result = _certify(folder)
    assert result.exit_code == 0, result.output
    return folder


def _certify(folder: Path) -> Result:
    options = ("--key", folder / "key", "--out", folder / "b.zip")
    return run("campaign", "certify", folder / "campaign.json", folder / "shards", *options)


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    """A copy of that folder without the bundle, to be damaged."""
    made = Path(shutil.copytree(whole, tmp_path / "copy"))
    (made / "b.zip").unlink()
    return made


@pytest.fixture
def members(whole: Path) -> dict[str, bytes]:
    return dict(read_bundle(whole / "b.zip").members)


@pytest.fixture
def quickly(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each task finds comes from its stream, which the whole bundle's test has found to be the same."""
    plan = read_plan(whole / "campaign.json")
    streams = complete_streams(plan, whole / "shards")
    found = {
        task.id: findings
        for shard in plan.shards
        for task, findings in zip(shard.tasks, findings_in(streams[shard.number]), strict=True)
    }

    def replayed(_: CampaignPlan, task: Task, *__: object) -> Findings:
        return found[task.id]

    monkeypatch.setattr(certifying, "_replayed", replayed)


@pytest.mark.slow
def test_a_whole_bundle_holds(whole: Path) -> None:
    result = run("verify", whole / "b.zip", "--key", whole / "key.pub", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0, document["findings"]
    assert [one["verdict"] for one in document["findings"]] == ["signature valid", "transcript consistent"]
    plan = read_plan(whole / "campaign.json")
    assert document["certified"]["campaign"] == {"id": plan.campaign, "shards": 2, "tasks": 5, "seeds": 1}


@pytest.mark.usefixtures("quickly")
def test_the_subject_asked_again_in_one_run_comes_to_the_same(whole: Path) -> None:
    result = run("verify", whole / "b.zip", "--key", whole / "key.pub", "--re-run", VAULT, "--json")
    assert result.exit_code == 0, result.stdout
    assert json.loads(result.stdout)["findings"][2]["verdict"] == "re-executed"


def test_the_bundle_has_the_plan_the_merged_report_and_the_transcript_of_each_task(
    whole: Path, members: dict[str, bytes]
) -> None:
    plan = read_plan(whole / "campaign.json")
    with zipfile.ZipFile(whole / "b.zip") as archive:
        assert tuple(archive.namelist()) == NAMES
    assert members["campaign.json"] == (whole / "campaign.json").read_bytes()
    (report,) = merged(plan, whole / "shards")
    assert members["report.json"] == report_to_json(report)
    tasks = [task for shard in plan.shards for task in shard.tasks]
    first_lines = [json.loads(gzip.decompress(one).splitlines()[0]) for one in transcripts_in(members[TRANSCRIPT])]
    assert [line["plan"]["task"] for line in first_lines] == [task.id for task in tasks]


def test_certificate_and_page_say_that_it_is_of_a_campaign_whose_seeds_the_signer_chose(
    members: dict[str, bytes],
) -> None:
    document, page = json.loads(members["certificate.json"]), members["certificate.md"].decode()
    assert document["asked"] == {"effort": "quick", "seed": 0, "seedFrom": "signer", "nonce": ""}
    assert (document["campaign"]["shards"], document["campaign"]["tasks"], document["campaign"]["seeds"]) == (2, 5, 1)
    assert "5 tasks in 2 shards, seeds: 1, each task's derived from the plan" in page
    assert "0, chosen by the signer" in page
    assert "fencepost campaign run BUNDLE/campaign.json --shard $i/2" in page


# -- what is not certified ---------------------------------------------------------------------------------------------


def test_a_missing_shard_gives_no_certificate_and_is_named(copy: Path) -> None:
    (copy / "shards" / "shard-00002.ndjson").unlink()
    result = _certify(copy)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "shard 2 is missing\n" in result.stderr
    assert f"run again: fencepost campaign run {copy}/campaign.json --shard 2/2 --out {copy}/shards" in result.stderr
    assert not (copy / "b.zip").exists()


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _write(path: Path, lines: list[dict[str, object]], *, is_digest_right: bool = True) -> None:
    body = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines[:-1])
    new = {"digest": f"sha256:{hashlib.sha256(body).hexdigest()}"} if is_digest_right else {}
    path.write_bytes(body + json.dumps({**lines[-1], **new}, separators=(",", ":")).encode() + b"\n")


@pytest.mark.parametrize(("transcript", "is_digest_right"), [("AAAA", False), ("", True), ("no base64", True)])
def test_a_transcript_that_is_altered_or_missing_in_a_stream_is_named(
    copy: Path, transcript: str, *, is_digest_right: bool
) -> None:
    path = copy / "shards" / "shard-00002.ndjson"
    lines = _lines(path)
    lines[1]["transcript"] = transcript
    _write(path, lines, is_digest_right=is_digest_right)
    result = _certify(copy)
    assert result.exit_code == 2
    assert f"{path}: is corrupted" in result.stderr
    assert "--shard 2/2" in result.stderr
    assert not (copy / "b.zip").exists()


def test_a_campaign_that_noticed_no_decoy_is_not_certified(copy: Path) -> None:
    for path in (copy / "shards").iterdir():
        lines = _lines(path)
        for line in lines:
            found = line.get("findings", {})
            assert isinstance(found, dict)
            for decoy in found.get("decoys", ()):
                decoy["caught"] = False
        _write(path, lines)
    result = _certify(copy)
    assert result.exit_code == 3
    assert "not certified: the result is 'vacuous', exit status 3" in result.stderr
    assert not (copy / "b.zip").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"transcripts": UNSET}, "plan the campaign with --transcripts"),
        ({"subjects": (VAULT, VAULT)}, "plan a campaign for each"),
        ({"known": KnownList(file="known.json", entries=())}, "without --known"),
        ({"profile": "keyvault"}, "without --profile"),
        ({"settle": 1.0}, "without --settle"),
    ],
)
def test_a_plan_that_gives_no_certificate_is_bad_usage(
    whole: Path, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    plan = tmp_path / "campaign.json"
    recipe = msgspec.structs.replace(Recipe(subjects=(VAULT,), seeds=1, transcripts=True), **changes)
    plan.write_bytes(plan_to_json(planned(recipe, shards=1)))
    result = run("campaign", "certify", plan, tmp_path, "--key", whole / "key", "--out", tmp_path / "b.zip")
    assert result.exit_code == 2
    assert reason in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((VAULT,), "plan a campaign for each"),
        (("--known", "known.json"), "without --known"),
        (("--profile", "keyvault"), "without --profile"),
        (("--settle", "1"), "without --settle"),
    ],
)
def test_no_plan_with_transcripts_is_made_that_gives_no_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("known.json").write_text(json_text(file_content(())), encoding="utf-8")
    result = run("campaign", "plan", VAULT, *options, "--shards", "1", "--transcripts")
    assert result.exit_code == 2
    assert "gives no certificate: " in " ".join(result.stderr.split())
    assert reason in " ".join(result.stderr.split())
    assert not Path("campaign.json").exists()


def test_a_plan_with_a_secret_gives_no_certificate() -> None:
    plan = planned(Recipe(subjects=("http://me:hunter2@vault.example/",), seeds=1, transcripts=True), shards=1)
    assert why_not_by_plan(plan, Mask.of({})) == ("its subject string holds what looks like a secret",)


def test_answers_that_no_bundle_could_hold_are_bad_usage(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certifying, "_MOST", 1_000)
    result = _certify(copy)
    assert result.exit_code == 2
    assert "no bundle holds more than 1,000 bytes of answers" in result.stderr


# -- what a reader finds -----------------------------------------------------------------------------------------------


def test_the_plan_is_signed(whole: Path, members: dict[str, bytes]) -> None:
    key = read_public_key(whole / "key.pub")
    altered = signature(Bundle(members={**members, "campaign.json": members["campaign.json"] + b" "}), key)
    assert [reason.partition(":")[0] for reason in altered.against] == ["campaign.json"]
    del members["campaign.json"]
    assert signature(Bundle(members=members), key).against == ("campaign.json: signed, and missing",)


def test_without_a_valid_signature_nothing_else_is_opened(
    whole: Path, members: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "b.zip").write_bytes(packed({**members, "campaign.json": b"[" * 1_000_000}))
    result = run("verify", tmp_path / "b.zip", "--key", whole / "other.pub")
    assert result.exit_code == 1
    assert "not opened: without a valid signature nothing else is read" in result.stdout


def _one_answer_altered(transcripts: list[bytes]) -> None:
    lines = [json.loads(line) for line in gzip.decompress(transcripts[0]).splitlines()]
    asks = [line for line in lines if line.get("m") == "decide" and len(set(line["o"])) > 1]
    asks[0]["o"] = asks[0]["o"][:-1] + ("b" if asks[0]["o"][-1] == "a" else "a")
    transcripts[0] = gzip.compress(b"".join(map(line_of, lines)), mtime=0)


def _more_after_the_end(transcripts: list[bytes]) -> None:
    transcripts[0] = gzip.compress(gzip.decompress(transcripts[0]) + b"{}\n", mtime=0)


def _two_swapped(transcripts: list[bytes]) -> None:
    transcripts[0], transcripts[1] = transcripts[1], transcripts[0]


def _cut_short(transcripts: list[bytes]) -> None:
    transcripts[:] = [transcripts[0][:-20]]


def _none_at_all(transcripts: list[bytes]) -> None:
    transcripts.clear()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_one_answer_altered, "than now"),
        (_more_after_the_end, "something follows the end"),
        (_two_swapped, "task: "),
        (_cut_short, "cut short"),
        (_none_at_all, "the transcript is missing"),
    ],
)
def test_a_signed_transcript_that_is_not_of_its_task_is_inconsistent_and_its_place_is_named(
    whole: Path, members: dict[str, bytes], change: Callable[[list[bytes]], None], reason: str
) -> None:
    transcripts = list(transcripts_in(members[TRANSCRIPT]))
    change(transcripts)
    bundle = signed_anew({**members, TRANSCRIPT: b"".join(transcripts)}, whole)
    assert signature(bundle, read_public_key(whole / "key.pub")).holds
    (found, *_) = campaign_consistency(bundle).against
    assert found.startswith("transcript.ndjson.gz, shard 1, task 1, line ")
    assert reason in found


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("change", [lambda found: found.append(found[0]), lambda found: found.pop()])
def test_a_transcript_too_many_or_too_few_is_inconsistent(
    whole: Path, members: dict[str, bytes], change: Callable[[list[bytes]], None]
) -> None:
    transcripts = list(transcripts_in(members[TRANSCRIPT]))
    change(transcripts)
    found = campaign_consistency(signed_anew({**members, TRANSCRIPT: b"".join(transcripts)}, whole))
    assert any("transcript" in reason for reason in found.against)


@pytest.mark.usefixtures("quickly")
def test_a_merged_report_and_a_number_that_the_signer_altered_are_each_named(
    whole: Path, members: dict[str, bytes]
) -> None:
    assert campaign_consistency(Bundle(members=members)).holds
    report, document = (json.loads(members[name]) for name in ("report.json", "certificate.json"))
    next(row for row in report["clauses"] if row["id"] == "DEC-4")["decisive"] += 1
    document["campaign"]["seeds"] = 1_000
    document["asked"]["seedFrom"] = "digest"
    altered = {"report.json": json.dumps(report, indent=2).encode(), "certificate.json": json.dumps(document).encode()}
    against = campaign_consistency(signed_anew({**members, **altered}, whole)).against
    for reason in ("report.json: DEC-4: decisive", "certificate.json: campaign: {", "certificate.json: asked: {"):
        assert any(one.startswith(reason) for one in against), against


def _another_floor(plan: dict[str, object]) -> None:
    plan["floors"] = {"decisions": 1}


def _another_seed(plan: dict[str, object]) -> None:
    shards = plan["shards"]
    assert isinstance(shards, list)
    shards[0]["tasks"][0]["seed"] += 1


def _written_otherwise(_: dict[str, object]) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_another_floor, "was altered"),
        (_another_seed, "was altered"),
        (_written_otherwise, "not written as a plan is"),
    ],
)
def test_a_plan_that_the_signer_altered_is_inconsistent(
    whole: Path, members: dict[str, bytes], change: Callable[[dict[str, object]], None], reason: str
) -> None:
    plan = json.loads(members["campaign.json"])
    change(plan)
    bundle = signed_anew({**members, "campaign.json": json.dumps(plan, indent=1).encode()}, whole)
    (found,) = campaign_consistency(bundle).against
    assert found.startswith("campaign.json: ")
    assert reason in found


@pytest.mark.parametrize("plan", [b"", b"{}", b"\xff", b"[" * 200_000], ids=["empty", "bare", "no UTF-8", "deep"])
def test_what_is_no_plan_is_named(whole: Path, members: dict[str, bytes], plan: bytes) -> None:
    (found,) = campaign_consistency(signed_anew({**members, "campaign.json": plan}, whole)).against
    assert found.startswith("campaign.json: is no plan of a campaign")


def test_a_plan_of_another_version_is_named(whole: Path, members: dict[str, bytes]) -> None:
    plan = json.loads(members["campaign.json"])
    plan["recipe"]["fencepost"] = "99"
    (found,) = campaign_consistency(signed_anew({**members, "campaign.json": json.dumps(plan).encode()}, whole)).against
    assert found.startswith("campaign.json: was made with fencepost '99', this is ")
    assert "plan the campaign anew" not in found


def test_a_plan_of_several_subjects_is_no_plan_of_a_certificate(whole: Path, members: dict[str, bytes]) -> None:
    plan = planned(Recipe(subjects=(VAULT, VAULT), seeds=1, transcripts=True), shards=1)
    found = campaign_consistency(signed_anew({**members, "campaign.json": plan_to_json(plan)}, whole))
    assert found.against == ("campaign.json: a certificate is of one subject: plan a campaign for each",)


def test_findings_of_a_replay_are_masked_as_those_of_a_stream(whole: Path, tmp_path: Path) -> None:
    plan = read_plan(whole / "campaign.json")
    (shard, _), path = plan.shards, tmp_path / "shard.ndjson"
    found = [replace(one, log="token=abcdefgh") for one in findings_in(whole / "shards" / "shard-00001.ndjson")]
    path.write_bytes(stream_of(plan, shard, (TaskResult(findings=one) for one in found)))
    assert list(map(as_streamed, found)) == list(findings_in(path))


def test_what_would_swell_is_not_unpacked_to_its_end() -> None:
    with pytest.raises(TranscriptDiffers, match="larger than any transcript"):
        list(transcripts_in(gzip.compress(b"\n" * 400_000, mtime=0) * 3, most=1_000_000))


@pytest.mark.skipif(shutil.which("node") is None and not os.environ.get("CI"), reason="no Node here")
def test_a_program_without_the_kit_checks_the_plan_too(members: dict[str, bytes], whole: Path, tmp_path: Path) -> None:
    for name, content in members.items():
        (tmp_path / name).write_bytes(content)
    command = ["node", str(SCRIPT), str(tmp_path), str(whole / "key.pub")]
    assert "5 files" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (tmp_path / "campaign.json").unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "campaign.json is missing\ndoes not hold\n")


def test_the_statement_names_the_plan(members: dict[str, bytes]) -> None:
    payload = json.loads(members["statement.dsse.json"])["payload"]
    named = {one["name"]: one["digest"]["sha256"] for one in json.loads(base64.b64decode(payload))["subject"]}
    assert named["campaign.json"] == hashlib.sha256(members["campaign.json"]).hexdigest()

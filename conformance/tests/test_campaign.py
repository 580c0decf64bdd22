"""A campaign: what its shards write, and that merging them gives the verdicts of one run, or none."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import reduce
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.campaign.gathering import KEPT, together
from fencepost.conformance.campaign.groups import GROUPS
from fencepost.conformance.campaign.merging import Incomplete, merged
from fencepost.conformance.campaign.plan_file import CampaignPlan, Floors, Recipe, Task, plan_to_json
from fencepost.conformance.campaign.planning import planned, read_plan
from fencepost.conformance.campaign.stream import findings_in
from fencepost.conformance.campaign.task import found_by
from fencepost.conformance.commands import main
from fencepost.conformance.commands.demo_vaults import RightVault
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.reports.model import Report
from fencepost.reports.stored import stored_run
from runs import judged

pytestmark = pytest.mark.xdist_group("campaign")

VAULTS = "library:fencepost.conformance.commands.demo_vaults"
SUBJECTS = (f"{VAULTS}:RightVault", f"{VAULTS}:FlawedVault")
COMMAND = (sys.executable, "-c", "from fencepost.conformance.commands import main; main()")


def _campaign(*arguments: str, **environment: str) -> Result:
    given = {"JOB_COMPLETION_INDEX": None, "CI_NODE_INDEX": None, "COLUMNS": "160", **environment}
    return CliRunner().invoke(main, ["campaign", *arguments], env=given, catch_exceptions=False)


def _planned(folder: Path, *arguments: str) -> str:
    path = str(folder / "campaign.json")
    result = _campaign("plan", *arguments, "--out", path)
    assert result.exit_code == 0, result.stderr
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan of three shards and, below `shards`, their streams."""
    folder = tmp_path_factory.mktemp("campaign")
    plan = _planned(folder, *SUBJECTS, "--shards", "3")
    for result in (
        _campaign("run", plan, "--shard", "1/3", "--out", str(folder / "shards")),
        _campaign("run", plan, "--out", str(folder / "shards"), JOB_COMPLETION_INDEX="1"),
        _campaign("run", plan, "--out", str(folder / "shards"), CI_NODE_INDEX="3"),
    ):
        assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def _merge(folder: Path, *arguments: str) -> Result:
    return _campaign("merge", str(folder / "campaign.json"), str(folder / "shards"), *arguments)


def _again(folder: Path, number: int) -> str:
    return f"run again: fencepost campaign run {folder}/campaign.json --shard {number}/3 --out {folder}/shards"


def test_the_merged_verdicts_are_those_of_one_run(whole: Path, tmp_path: Path) -> None:
    result = _merge(whole, "--report", str(tmp_path))
    assert result.exit_code == 1, result.stderr
    right, flawed = (stored_run(tmp_path / number).report for number in ("1", "2"))
    alone = judged(RightVault)
    assert _verdicts(right) == _verdicts(alone)
    assert (right.result, right.exit_status, right.level) == (alone.result, alone.exit_status, alone.level)
    assert right.ledger == alone.ledger
    assert right.totals.decisions == pytest.approx(alone.totals.decisions, rel=0.3)
    assert {clause for clause, verdict in _verdicts(flawed).items() if verdict == "fail"} == {"DEC-4"}
    assert all(decoy.caught for report in (right, flawed) for decoy in report.sensitivity)
    assert any("3 shards" in note for note in right.notes)
    assert result.stdout.count("exit status") == 2


def _verdicts(report: Report) -> dict[str, str]:
    return {row.id: row.verdict for row in report.clauses}


def test_tasks_of_one_seed_add_up_to_the_run_of_that_seed(whole: Path) -> None:
    recipe = _plan_of(whole).recipe
    tasks = (Task(id="", subject=0, group=group, seed=0) for group in GROUPS)
    with using_clock(
        lambda: 0.0
    ):  # by a busy machine's clock a subject may be slow, and is asked fewer large calls then
        found, alone = reduce(together, (found_by(task, recipe) for task in tasks)), judged(RightVault)
    assert found.served >= {row.id for row in alone.clauses if row.verdict != "not applicable"}
    for row in alone.clauses:
        count = found.tally[row.id]
        numbers = (count.asked, count.decisive, count.allowed, count.denied, count.inconclusive)
        assert numbers == (row.asked, row.decisive, row.allowed, row.denied, row.inconclusive), row.id
    assert [(decoy.id, decoy.caught) for decoy in found.decoys] == sorted(
        (decoy.id, decoy.caught) for decoy in alone.sensitivity
    )


def test_a_replay_of_a_merged_failure_shows_it_again(whole: Path, tmp_path: Path) -> None:
    assert _merge(whole, "--report", str(tmp_path)).exit_code == 1
    report = stored_run(tmp_path / "2").report
    (row,) = (row for row in report.clauses if row.verdict == "fail")
    assert 1 <= len(row.counterexamples) <= KEPT
    seeds = {task.seed for shard in read_plan(whole / "campaign.json").shards for task in shard.tasks}
    line = row.counterexamples[0].replay.split()
    assert int(line[line.index("--seed") + 1]) in seeds
    again = CliRunner().invoke(main, line[1:], catch_exceptions=False)
    assert again.exit_code == 1


def test_the_counterexamples_of_all_shards_are_stored_as_files(whole: Path, tmp_path: Path) -> None:
    kept = tmp_path / "fencepost-regressions"
    assert _merge(whole, "--regressions", str(kept)).exit_code == 1
    assert 1 <= len(list(kept.glob("DEC-4-*.json"))) <= KEPT
    for subject, status in zip(SUBJECTS, (0, 1), strict=True):
        assert CliRunner().invoke(main, ["replay", str(kept), subject], catch_exceptions=False).exit_code == status


def test_a_merged_report_is_compared_by_diff(whole: Path, tmp_path: Path) -> None:
    _merge(whole, "--report", str(tmp_path))
    result = CliRunner().invoke(main, ["diff", str(tmp_path / "1"), str(tmp_path / "2")], catch_exceptions=False)
    assert result.exit_code == 1
    assert "new failure" in result.stdout


def test_the_reports_do_not_depend_on_where_the_streams_lie(copy: Path, tmp_path: Path) -> None:
    _merge(copy, "--report", str(tmp_path / "one"))
    for number, path in enumerate(sorted((copy / "shards").glob("*.ndjson"))):
        (copy / "shards" / f"machine-{9 - number}").mkdir()
        path.rename(copy / "shards" / f"machine-{9 - number}" / path.name)
    assert _merge(copy, "--report", str(tmp_path / "other")).exit_code == 1
    for name in ("1/run.ndjson", "2/run.ndjson", "2/report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_a_shard_makes_the_same_stream_again(copy: Path) -> None:
    # Not a shard with the group `decisions`: how large its calls are follows from how fast the machine is.
    path = copy / "shards" / "shard-00002.ndjson"
    before = path.read_bytes()
    path.unlink()
    assert _campaign("run", f"{copy}/campaign.json", "--shard", "2/3", "--out", f"{copy}/shards").exit_code == 0
    assert path.read_bytes() == before


def test_a_missing_shard_is_no_verdict(copy: Path) -> None:
    (copy / "shards" / "shard-00002.ndjson").unlink()
    result = _merge(copy)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "shard 2 is missing\n" in result.stderr
    assert _again(copy, 2) in result.stderr
    assert "no verdict" in result.stderr


def test_a_shard_that_is_there_twice_is_no_verdict(copy: Path) -> None:
    (copy / "shards" / "other").mkdir()
    shutil.copy(copy / "shards" / "shard-00002.ndjson", copy / "shards" / "other" / "shard-2-copy.ndjson")
    result = _merge(copy)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "shard 2 is there 2 times, leave one: " in result.stderr
    assert "shard-2-copy.ndjson" in result.stderr
    assert "run again" not in result.stderr


@pytest.mark.parametrize("kept", [10, 200, -1, -30])
def test_a_truncated_shard_is_named(copy: Path, kept: int) -> None:
    path = copy / "shards" / "shard-00001.ndjson"
    path.write_bytes(path.read_bytes()[:kept])
    result = _merge(copy)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{path}: is " in result.stderr
    assert _again(copy, 1) in result.stderr


def test_a_shard_cut_at_the_end_of_a_line_is_named(copy: Path) -> None:
    path = copy / "shards" / "shard-00001.ndjson"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert f"{path}: is truncated: its last line is missing" in _merge(copy).stderr


def _swapped(data: bytes) -> bytes:
    return data.replace(b'"asked":', b'"AskEd":', 1)


def _without_a_task(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join((lines[0], *lines[2:]))


def _with_more(data: bytes) -> bytes:
    return data + data.splitlines(keepends=True)[1]


def _nested_deep(data: bytes) -> bytes:
    header, task, *others = data.splitlines(keepends=True)
    return b"".join(
        [header, task.replace(b'"task":', b'"deep":' + b"[" * 200_000 + b"]" * 200_000 + b',"task":', 1), *others]
    )


@pytest.mark.parametrize("damage", [_swapped, _without_a_task, _with_more, _nested_deep])
def test_a_corrupted_shard_is_named(copy: Path, damage: object) -> None:
    assert callable(damage)
    path = copy / "shards" / "shard-00001.ndjson"
    path.write_bytes(damage(path.read_bytes()))
    result = _merge(copy)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{path}: is corrupted" in result.stderr
    assert _again(copy, 1) in result.stderr


def test_a_shard_of_another_campaign_is_named(copy: Path, tmp_path: Path) -> None:
    other = _planned(tmp_path, *SUBJECTS, "--shards", "3", "--seed", "1")
    result = _campaign("merge", other, str(copy / "shards"))
    assert result.exit_code == 2
    assert result.stderr.count("is of another campaign") == 3
    assert result.stderr.count("run again: ") == 3


def test_a_shard_run_again_replaces_a_damaged_one_and_leaves_a_whole_one(copy: Path) -> None:
    path = copy / "shards" / "shard-00002.ndjson"
    arguments = ("run", f"{copy}/campaign.json", "--shard", "2/3", "--out", f"{copy}/shards")
    whole, changed = path.read_bytes(), path.stat().st_mtime_ns
    result = _campaign(*arguments)
    assert result.exit_code == 0
    assert "shard 2 is there already" in result.stderr
    assert path.stat().st_mtime_ns == changed
    path.write_bytes(whole[:500])
    assert _campaign(*arguments).exit_code == 0
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ((), {}),
        (("--shard", "0/3"), {}),
        (("--shard", "4/3"), {}),
        (("--shard", "1/4"), {}),
        (("--shard", "one"), {}),
        ((), {"JOB_COMPLETION_INDEX": "3"}),
        ((), {"CI_NODE_INDEX": "0"}),
        (("--shard", "1/3", "--dask", "tcp://127.0.0.1:1"), {}),
    ],
)
def test_a_shard_that_is_not_there_is_bad_usage(
    whole: Path, tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    result = _campaign("run", f"{whole}/campaign.json", *arguments, "--out", str(tmp_path / "out"), **environment)
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("subject", "status"), [("stdio:false", 75), ("library:no_such_module:Vault", 2), ("nosuch:thing", 2)]
)
def test_a_subject_that_cannot_be_asked_leaves_no_stream(tmp_path: Path, subject: str, status: int) -> None:
    plan = tmp_path / "campaign.json"
    plan.write_bytes(plan_to_json(planned(Recipe(subjects=(subject,), seeds=1), shards=1)))
    result = _campaign("run", str(plan), "--shard", "1/1", "--out", str(tmp_path / "out"))
    assert result.exit_code == status, result.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_to_be_tried_again(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    result = _campaign("run", f"{whole}/campaign.json", "--shard", "3/3", "--out", str(tmp_path / "out" / "below"))
    assert result.exit_code == 75


def test_a_shard_that_is_ended_by_a_signal_is_to_be_tried_again(whole: Path, tmp_path: Path) -> None:
    arguments = ("campaign", "run", f"{whole}/campaign.json", "--shard", "1/3", "--out", str(tmp_path))
    with subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "task 1 of" in process.stderr.readline()
        time.sleep(0.2)
        os.kill(process.pid, signal.SIGTERM)
        output = process.stderr.read()
    assert process.returncode == 75, output
    assert "interrupted" in output
    assert not list(tmp_path.iterdir())


def _plan_of(folder: Path) -> CampaignPlan:
    return read_plan(folder / "campaign.json")


def test_the_floors_are_of_the_whole(whole: Path) -> None:
    plan = _plan_of(whole)
    right, _ = merged(plan, whole / "shards")
    assert right.exit_status == 0
    high = msgspec.structs.replace(plan, floors=Floors(decisions=right.totals.decisions + 1))
    right, flawed = merged(high, whole / "shards")
    assert (right.result, right.exit_status, flawed.exit_status) == ("vacuous", 3, 1)
    assert any("a run of all clauses takes" in note for note in right.notes)


def test_a_decoy_that_no_task_notices_makes_the_campaign_vacuous(copy: Path) -> None:
    plan = _plan_of(copy)
    for path in (copy / "shards").glob("*.ndjson"):
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        for line in lines:
            for decoy in line.get("findings", {}).get("decoys", ()):
                decoy["caught"] = False
        _write_with_digest(path, lines)
    right, _ = merged(plan, copy / "shards")
    assert (right.result, right.exit_status) == ("vacuous", 3)


def _write_with_digest(path: Path, lines: list[dict[str, object]]) -> None:
    import hashlib

    body = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines[:-1])
    end = {**lines[-1], "digest": f"sha256:{hashlib.sha256(body).hexdigest()}"}
    path.write_bytes(body + json.dumps(end, separators=(",", ":")).encode() + b"\n")


def test_findings_that_do_not_fit_are_named(copy: Path) -> None:
    path = copy / "shards" / "shard-00001.ndjson"
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    lines[1]["findings"]["tally"]["allowed"] = "many"
    _write_with_digest(path, lines)
    with pytest.raises(Incomplete) as caught:
        merged(_plan_of(copy), copy / "shards")
    assert caught.value.again == (1,)
    assert "expected `int`" in str(caught.value).lower()


def test_adding_up_keeps_the_numbers_and_the_smallest_cases(whole: Path) -> None:
    streams = sorted((whole / "shards").glob("*.ndjson"))
    path = next(path for path in streams if any(one.tally["DEC-4"].failures for one in findings_in(path)))
    failed = next(one for one in findings_in(path) if one.tally.failures)
    twice = together(*(next(one for one in findings_in(path) if one.tally.failures) for _ in range(2)))
    assert twice.tally.allowed == 2 * failed.tally.allowed
    assert twice.totals.decisions == 2 * failed.totals.decisions
    assert twice.tally["DEC-4"].wrong == 2 * failed.tally["DEC-4"].wrong
    assert len(twice.tally.failures["DEC-4"]) == min(KEPT, len(failed.tally.failures["DEC-4"]))
    assert twice.first_failure == failed.first_failure

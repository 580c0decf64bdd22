"""Stored counterexamples that the shards of a campaign share: what one has found, those after it ask first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.campaign.plan_file import Recipe, Task
from fencepost.conformance.campaign.task import found_by
from fencepost.conformance.commands import main
from fencepost.conformance.run.earlier import cases_at
from fencepost.conformance.run.findings import Findings

FLAWED, RIGHT = (f"library:fencepost.conformance.commands.demo_vaults:{name}Vault" for name in ("Flawed", "Right"))


def _found(group: str, subject: str, folder: Path) -> Findings:
    task = Task(id="task", subject=0, group=group, seed=1)
    return found_by(task, Recipe(subjects=(subject,), seeds=1), shared=folder)


def test_a_task_replays_first_what_another_has_stored(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    _found("decisions", FLAWED, folder)
    stored = {case.id for case in cases_at(folder)}
    assert {name.rpartition("-")[0] for name in stored} == {"DEC-4"}
    _found("writes", RIGHT, folder)
    assert {case.id for case in cases_at(folder)} == stored
    again = _found("writes", FLAWED, folder)
    replayed = {case.replay for case in again.tally.failures["DEC-4"]}
    assert replayed >= {f"fencepost replay {name} {FLAWED} --folder {folder}" for name in stored}


def _campaign(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["campaign", *map(str, arguments)], catch_exceptions=False)


def _run(plan: Path, folder: Path) -> Result:
    return _campaign("run", plan, "--shard", "1/1", "--regressions", folder, "--out", plan.parent / "out")


def test_a_folder_that_cannot_be_shared_leaves_no_stream(tmp_path: Path) -> None:
    plan, folder = tmp_path / "campaign.json", tmp_path / "shared"
    _campaign("plan", FLAWED, "--shards", "1", "--out", plan)
    folder.mkdir()
    (folder / "case.json").write_text("{}")
    assert _run(plan, folder).exit_code == 2, "a file there is no case"
    (tmp_path / "file").write_text("")
    result = _run(plan, tmp_path / "file" / "below")
    assert result.exit_code == 75, "what was found cannot be stored"
    assert "file" in result.stderr
    _campaign("plan", FLAWED, "--shards", "1", "--transcripts", "--out", plan)
    result = _run(plan, tmp_path / "new")
    assert result.exit_code == 2, "a certificate is of what the plan says"
    assert "transcripts" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_two_shards_at_the_same_time_share_a_folder(tmp_path: Path) -> None:
    plan, folder = tmp_path / "campaign.json", tmp_path / "shared"
    _campaign("plan", FLAWED, "--seeds", "2", "--shards", "2", "--out", plan)
    program = "from fencepost.conformance.commands import main; main()"
    shards = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", program, "campaign", "run", plan, "--shard", f"{number}/2"),
                *("--regressions", folder, "--out", tmp_path / "streams" / str(number)),
            ],
            env=os.environ | {"COLUMNS": "120"},
        )
        for number in (1, 2)
    ]
    assert [shard.wait() for shard in shards] == [0, 0]
    assert {path.suffix for path in folder.iterdir()} == {".json"}, "nothing is left half written"
    stored = cases_at(folder)
    assert {case.clause for case in stored} == {"DEC-4"}
    streams = [(tmp_path / "streams" / number / f"shard-0000{number}.ndjson").read_text() for number in "12"]
    assert all(any(case.id in stream for case in stored) for stream in streams), "each asked what was stored"
    result = _campaign("merge", plan, tmp_path / "streams", "--report", tmp_path / "report")
    assert result.exit_code == 1, result.output
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in report["clauses"] if row["verdict"] == "fail"] == ["DEC-4"]

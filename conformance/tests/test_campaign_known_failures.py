"""Known failures in a campaign: the plan holds the list, every task replays it, and the merged report judges by it."""

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.campaign.gathering import together
from fencepost.conformance.campaign.plan_file import KnownList, Recipe
from fencepost.conformance.campaign.planning import planned
from fencepost.conformance.campaign.stream import findings_in, stream_of
from fencepost.conformance.campaign.task import result_of
from fencepost.conformance.commands import main
from fencepost.conformance.regression.known import KnownFailure, file_content
from fencepost.conformance.run.findings import Findings
from fencepost.reports.model import Call

FLAWED, RIGHT = (f"library:fencepost.conformance.commands.demo_vaults:{name}Vault" for name in ("Flawed", "Right"))


def _known(address: str) -> KnownFailure:
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.0.0.0/24"}], "virtualNetworkRules": []}
    asked = {"plane": "data", "operation": "SecretGet", "source": {"address": address}}
    calls = (
        Call(method="reset", params={"subnets": []}),
        Call(method="putRules", params={"networkAcls": acls}),
        Call(method="decide", params={"requests": [asked]}),
    )
    return KnownFailure(
        clause="DEC-4",
        profile="keyvault",
        calls=calls,
        expected="allow",
        got="deny",
        reason="the old engine",
        issue="https://issues.example/1",
        expires=date(2999, 1, 1),
    )


FIRST, LAST = _known("20.0.0.0"), _known("20.0.0.255")


def _found(folder: Path, subject: str, *known: KnownFailure) -> Findings:
    """What a task of the group `decisions` finds, as its stream brings it to the merging machine."""
    listed = KnownList(file="known.json", entries=tuple(one.to_json() for one in known))
    plan = planned(Recipe(subjects=(subject,), seeds=1, known=listed), shards=5)
    (shard,) = (one for one in plan.shards if one.tasks[0].group == "decisions")
    path = folder / "shard.ndjson"
    path.write_bytes(stream_of(plan, shard, [result_of(shard.tasks[0], plan.recipe)]))
    (found,) = findings_in(path)
    return found


def test_what_is_like_a_known_failure_is_none_of_the_task(tmp_path: Path) -> None:
    found = _found(tmp_path, FLAWED, FIRST, LAST)
    assert [(entry.failure, entry.standing) for entry in found.known] == [(FIRST, "known"), (LAST, "known")]
    assert not found.tally.failures.get("DEC-4")
    assert found.tally["DEC-4"].wrong


def test_of_two_standings_the_wrong_answer_counts(tmp_path: Path) -> None:
    wrong, right = (_found(tmp_path, subject, FIRST) for subject in (FLAWED, RIGHT))
    assert [entry.standing for entry in right.known] == ["unexpected success"]
    assert [entry.standing for entry in together(right, wrong).known] == ["known"]


def _campaign(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["campaign", *map(str, arguments)], catch_exceptions=False)


def _list(folder: Path, *known: KnownFailure) -> Path:
    path = folder / "known.json"
    path.write_text(json.dumps(file_content(known)), encoding="ascii")
    return path


def test_a_list_in_a_plan_is_checked_and_is_of_one_subject(tmp_path: Path) -> None:
    known, plan = _list(tmp_path, FIRST), tmp_path / "campaign.json"
    assert _campaign("plan", FLAWED, RIGHT, "--shards", "1", "--known", known, "--out", plan).exit_code == 2
    assert _campaign("plan", FLAWED, "--shards", "1", "--known", known, "--out", plan).exit_code == 0
    plan.write_bytes(plan.read_bytes().replace(b"DEC-4", b"DEC-999"))
    result = _campaign("run", plan, "--shard", "1/1", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "its list of known failures is none" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("subject", "known", "status", "headline"),
    [
        (FLAWED, (FIRST, LAST), 0, "KNOWN FAILURES ONLY"),
        (FLAWED, (FIRST,), 1, "another failure beside the known one"),
        (RIGHT, (FIRST,), 1, "unexpected success"),
    ],
)
def test_the_merged_verdict_goes_by_the_list(
    tmp_path: Path, subject: str, known: tuple[KnownFailure, ...], status: int, headline: str
) -> None:
    plan = tmp_path / "campaign.json"
    _campaign("plan", subject, "--shards", "1", "--known", _list(tmp_path, *known), "--out", plan)
    assert _campaign("run", plan, "--shard", "1/1", "--out", tmp_path).exit_code == 0
    result = _campaign("merge", plan, tmp_path, "--report", tmp_path / "merged")
    assert result.exit_code == status, result.stdout
    assert "--known" in json.loads((tmp_path / "merged" / "report.json").read_bytes())["options"]
    assert headline in " ".join(result.stdout.split())

"""The plan of a campaign: what it holds, what its ids and seeds follow from, and the files that others run it by."""

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.campaign.groups import CONTROL, GROUPS
from fencepost.conformance.campaign.measured import measured
from fencepost.conformance.campaign.plan_file import PlanRefused, Recipe, plan_from_json, plan_to_json
from fencepost.conformance.campaign.planning import checked, planned, read_plan, seeds_for
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands import main
from fencepost.conformance.run.order import EXPLORATIONS

RECIPE = Recipe(subjects=("reference", "cedar"), seeds=3)


def _plan(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["campaign", "plan", *arguments], catch_exceptions=False)


def test_each_exploration_is_in_one_group_and_every_clause_in_some() -> None:
    assert Counter(one.name for group in GROUPS.values() for one in group.explorations) == Counter(
        one.name for one in EXPLORATIONS
    )
    assert frozenset().union(*(group.clauses for group in GROUPS.values())) == {one.id for one in catalogue().clauses}
    assert not GROUPS[CONTROL].explorations


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_the_expected_cost_of_a_group_is_near_what_it_asks(group: str) -> None:
    found, result = measured(group), GROUPS[group].cost
    assert found.decisions == pytest.approx(result.decisions, rel=0.3, abs=50)
    assert found.writes == pytest.approx(result.writes, rel=0.3, abs=50)


def test_the_plan_has_every_subject_group_and_seed_once() -> None:
    plan = planned(RECIPE, shards=4)
    tasks = [task for shard in plan.shards for task in shard.tasks]
    asked = Counter((task.subject, task.group) for task in tasks)
    assert asked == {(subject, group): RECIPE.seeds for subject in (0, 1) for group in GROUPS}
    assert len({task.seed for task in tasks}) == len({task.id for task in tasks}) == len(tasks)
    assert all(0 <= task.seed < 2**63 for task in tasks)


def test_the_shards_are_numbered_the_heaviest_first_and_about_the_same() -> None:
    plan = planned(RECIPE, shards=4)
    weights = [shard.estimate.milliseconds for shard in plan.shards]
    assert [shard.number for shard in plan.shards] == [1, 2, 3, 4]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] > 0.8 * weights[0]
    for shard in plan.shards:
        costs = [GROUPS[task.group].cost.milliseconds for task in shard.tasks]
        assert costs == sorted(costs, reverse=True)
    assert sum(weights) == plan.estimate.milliseconds


def test_the_same_recipe_gives_the_same_plan_and_another_gives_other_ids_and_seeds() -> None:
    plan = planned(RECIPE, shards=4)
    assert plan == planned(RECIPE, shards=4)
    other = planned(msgspec.structs.replace(RECIPE, seed=1), shards=4)
    assert other.campaign != plan.campaign
    assert {shard.id for shard in other.shards}.isdisjoint(shard.id for shard in plan.shards)
    seeds = {task.seed for shard in plan.shards for task in shard.tasks}
    assert seeds.isdisjoint(task.seed for shard in other.shards for task in shard.tasks)


def test_the_number_of_shards_changes_no_task() -> None:
    def tasks(shards: int) -> set[str]:
        return {task.id for shard in planned(RECIPE, shards=shards).shards for task in shard.tasks}

    assert tasks(1) == tasks(4) == tasks(30)


def test_a_plan_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "campaign.json"
    path.write_bytes(plan_to_json(planned(RECIPE, shards=4)))
    assert read_plan(path) == planned(RECIPE, shards=4)
    assert len(path.read_text().splitlines()) == 4 + 2


def test_a_plan_that_was_altered_is_refused() -> None:
    plan = planned(RECIPE, shards=4)
    first = plan.shards[0]
    task = msgspec.structs.replace(first.tasks[0], seed=1)
    shard = msgspec.structs.replace(first, tasks=(task, *first.tasks[1:]))
    for altered in (
        msgspec.structs.replace(plan, shards=(shard, *plan.shards[1:])),
        msgspec.structs.replace(plan, shards=plan.shards[1:]),
        msgspec.structs.replace(plan, recipe=msgspec.structs.replace(RECIPE, seed=1)),
        msgspec.structs.replace(plan, recipe=msgspec.structs.replace(RECIPE, seeds=10**15)),
        msgspec.structs.replace(plan, floors=msgspec.structs.replace(plan.floors, decisions=1)),
    ):
        with pytest.raises(PlanRefused, match="was altered"):
            checked(altered, Path("campaign.json"))


def test_a_plan_of_another_version_is_refused() -> None:
    other = planned(msgspec.structs.replace(RECIPE, fencepost="0.0.0"), shards=4)
    with pytest.raises(PlanRefused, match="was made with fencepost"):
        plan_from_json(plan_to_json(other))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_plan_is_refused(data: bytes) -> None:
    with pytest.raises(PlanRefused, match="is no plan of a campaign"):
        plan_from_json(data)


def test_a_hundred_million_decisions_are_planned_and_their_cost_is_told(tmp_path: Path) -> None:
    out = tmp_path / "campaign.json"
    result = _plan("reference", "--decisions", "100000000", "--shards", "200", "--out", str(out))
    assert result.exit_code == 0, result.stderr
    plan = read_plan(out)
    assert 1e8 <= plan.estimate.decisions < 1.01e8
    assert f"{plan.estimate.decisions:,} decisions" in result.stdout
    assert "min of a processor" in result.stdout
    assert seeds_for(1, subjects=1, effort="quick") == 1
    small = _plan("reference", "--shards", "3", "--out", str(out)).stdout
    assert " 0.0 min" not in small
    assert re.search(r"shards +3, of [0-9.]+ s to [0-9.]+ s\n", small), small


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("reference", "--shards", "6"), "6 shards: the campaign has 5 tasks"),
        (("reference", "--shards", "1", "--seeds", "1", "--decisions", "9"), "leave one out"),
        (("reference", "--shards", "300", "--seeds", "100", "--for", "github"), "it takes 256 at the most"),
        (("reference", "--shards", "1", "--for", "github"), "--install COMMAND installs fencepost and the subject"),
        (("reference", "--shards", "1", "--profile", "nope"), "'nope' is not one of"),
        (("reference",), "Missing option '--shards'"),
        (("reference", "libary:my_vault:MyVault", "--shards", "1"), "Did you mean 'library'?"),
        (("./my-vault.py", "--shards", "1"), "a path alone does not say how to ask it"),
        (("--shards", "1"), "Missing argument"),
    ],
)
def test_bad_usage_writes_nothing(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _plan(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not list(tmp_path.iterdir())

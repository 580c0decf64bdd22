"""`fencepost strength`: a small study end to end, and the figures from trials made up for the purpose."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from fencepost.conformance.bounded.assurance import Calibrations
from fencepost.conformance.commands import main
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.selection.factors import FACTORS
from fencepost.conformance.strength import figures
from fencepost.conformance.strength.coverage import covered
from fencepost.conformance.strength.curve import Costs
from fencepost.conformance.strength.mutant_run import MutantRun, Task, run_mutant
from fencepost.conformance.strength.pool import spread

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("strength")]

PLAIN = (
    "last-address-excluded",
    "control-plane-behind-the-firewall",
    "default-inverted",
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the command says and writes for these mutants."""
    folder = tmp_path_factory.mktemp("strength")
    chosen = [word for name in PLAIN for word in ("--mutant", name)]
    files = ["--json", str(folder / "strength.json"), "--plot", str(folder / "strength.svg")]
    options = ["--profile", "keyvault-2018-preview", "--seeds", "2", "--allowed", "150", "--jobs", "1"]
    result = CliRunner().invoke(main, ["strength", *chosen, *options, *files], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return {
        "table": result.stdout,
        "progress": result.stderr,
        "json": (folder / "strength.json").read_text(encoding="utf-8"),
        "plot": (folder / "strength.svg").read_text(encoding="utf-8"),
    }


@pytest.mark.slow
def test_plain_mutants_die_in_every_seed_and_by_their_own_clauses(study: dict[str, str]) -> None:
    found = json.loads(study["json"])
    assert found["scores"][0] == {"name": "all", "mutants": 3, "share": 1.0, "worst": 1.0}
    assert (found["stable"], found["survivors"], found["unstable"]) == (3, [], [])
    own = {row["clause"]: row["own"] for row in found["matrix"]}
    assert "last-address-excluded" in own["DEC-4"]
    alone = {name for row in found["matrix"] for name in row["alone"]}
    failed = [name for row in found["matrix"] for name in (*row["own"], *row["foreign"])]
    assert alone == {name for name in PLAIN if failed.count(name) == 1}
    assert "last-address-excluded" in alone


def test_the_json_holds_every_figure(study: dict[str, str]) -> None:
    found = json.loads(study["json"])
    assert [price["unit"] for price in found["prices"]] == ["decisions", "examples"]
    assert [(at["unit"], at["spent"]) for at in found["bought"]] == [
        *(("examples", spent) for spent in (10, 100, 1000)),
        *(("configurations", spent) for spent in (12, 40)),
    ]
    assert [order["name"] for order in found["orders"]] == ["greedy", "plain"]
    assert {order["mutants"] for order in found["orders"]} == {len(PLAIN)}
    assert all(dict(map(tuple, order["byConfigurations"]))[64] == 1.0 for order in found["orders"])
    assert [arm["name"] for arm in found["arms"]] == ["naive", "inside", "vectors", "kit"]
    assert {one["name"]: one["covered"] > one["of"] / 3 for one in found["coverage"]} == {
        "edges of ranges, by prefix length": True,
        "pairs of factors": True,
        "pairs of factors of two successive changes": True,
        "triples of factors of two successive changes": True,
    }
    assert found["balance"]["allowed"] > 0 < found["balance"]["denied"]
    assert set(found["kills"]) == set(PLAIN)


@pytest.mark.slow
def test_the_table_tells_each_part(study: dict[str, str]) -> None:
    for said in ("score", "to the first kill", "side by side", "decisive", "pairs of factors", "survivors"):
        assert said in study["table"]
    assert "whole runs for the matrix: 3 of 3" in study["progress"]


def test_the_picture_is_an_svg_with_a_line_for_each_arm_and_each_order(study: dict[str, str]) -> None:
    root = ET.fromstring(study["plot"])
    lines = [one for one in root.iter() if one.tag.endswith("polyline")]
    assert len(lines) == 4 + 2
    assert "kit" in study["plot"]


@pytest.mark.slow
def test_a_calibration_holds_the_curves_of_bounded_runs_and_the_command(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    options = ["--profile", "keyvault-2018-preview", "--seeds", "1", "--allowed", "50", "--jobs", "1", "--no-matrix"]
    arguments = ["strength", "--mutant", PLAIN[0], *options, "--calibrate", str(file)]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    found = msgspec.json.decode(file.read_bytes(), type=Calibrations)
    assert (found.whole.mutants, found.decisions_only.mutants, found.seeds) == (1, 1, 1)
    assert found.whole.expected(configurations=64, decisions=10_000) == 1.0
    assert found.whole.expected(configurations=0, decisions=0) == 0.0
    assert found.made_by.endswith("--calibrate")


def test_correct_implementations_are_accused_of_nothing() -> None:
    arguments = [
        "strength",
        "--correct",
        "library:fencepost.conformance.peers:EnforcerVault",
        "--seeds",
        "2",
        "--jobs",
        "1",
    ]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "none" in result.stdout


def test_what_a_faulty_implementation_is_accused_of_is_told_with_its_seed_and_is_status_1() -> None:
    arguments = ["strength", "--correct", f"mutant:{PLAIN[2]}", "--seeds", "1", "--jobs", "1"]
    result = CliRunner().invoke(main, arguments, env={"COLUMNS": "160"}, catch_exceptions=False)
    assert result.exit_code == 1
    assert "(seed 0)" in result.stdout


def test_a_correct_implementation_that_is_not_there_is_bad_usage() -> None:
    result = CliRunner().invoke(main, ["strength", "--correct", "refernce", "--jobs", "1"])
    assert result.exit_code == 2
    assert "Did you mean" in result.stderr


def test_a_picture_of_another_kind_is_bad_usage() -> None:
    result = CliRunner().invoke(main, ["strength", "--plot", "strength.png"])
    assert result.exit_code == 2
    assert "SVG" in result.stderr


def test_an_unknown_mutant_is_bad_usage_with_the_near_misses() -> None:
    result = CliRunner().invoke(main, ["strength", "--mutant", "last-address-exclude"])
    assert result.exit_code == 2
    assert "last-address-excluded" in result.stderr


def test_a_file_that_cannot_be_written_is_bad_usage_before_anything_is_asked(tmp_path: Path) -> None:
    nowhere = tmp_path / "no" / "such" / "folder.json"
    result = CliRunner().invoke(main, ["strength", "--mutant", PLAIN[0], "--json", str(nowhere)])
    assert result.exit_code == 2
    assert result.stdout == ""


def _task(mutant: str = PLAIN[0], **said: object) -> Task:
    seed = int(str(said.pop("seed", 0)))
    return Task(mutant=mutant, profile="keyvault", effort="quick", seed=seed, **said)  # type: ignore[arg-type]


def test_a_trial_stops_at_the_first_failure() -> None:
    trial, whole = (run_mutant(_task("putting-adds", to_the_end=to_the_end)) for to_the_end in (False, True))
    assert trial.killed
    assert trial.spent is not None
    assert whole.spent == trial.spent
    assert len(trial.clauses) < len(whole.clauses)


def test_the_same_task_gives_the_same_trial() -> None:
    assert run_mutant(_task(seed=3)) == run_mutant(_task(seed=3))


def test_a_broken_choice_kills_too() -> None:
    name = next(entry.id for entry in CATALOGUE.values() if entry.choice == "host-bits")
    trial = run_mutant(_task(name))
    assert trial.killed
    assert trial.broken_choices == ("host-bits",)


def test_a_decisions_only_trial_counts_configurations() -> None:
    trial = run_mutant(_task(decisions_only=True))
    assert trial.killed
    assert trial.spent is not None
    assert trial.spent.configurations >= 1


def _made(mutant: str, *, seed: int = 0, cost: int | None = None, clauses: tuple[str, ...] = ()) -> MutantRun:
    spent = None if cost is None else Cost(resets=cost, decisions=10 * cost)
    return MutantRun(task=_task(mutant, seed=seed), killed=cost is not None, clauses=clauses, spent=spent)


def test_a_mutant_that_some_seeds_miss_is_unstable_and_one_that_all_miss_survives() -> None:
    trials = [_made(PLAIN[0]), _made(PLAIN[0], seed=1), _made(PLAIN[1], cost=1), _made(PLAIN[1], seed=1)]
    alive, unstable = figures.survivors(trials)
    assert [(one.mutant, one.killed, one.seeds) for one in alive] == [(PLAIN[0], 0, 2)]
    assert [(one.mutant, one.killed, one.seeds) for one in unstable] == [(PLAIN[1], 1, 2)]
    assert alive[0].story == CATALOGUE[PLAIN[0]].story


def test_the_score_is_the_mean_over_the_seeds_and_tells_the_worst() -> None:
    trials = [
        _made(PLAIN[0], cost=1),
        _made(PLAIN[0], seed=1),
        _made(PLAIN[1], cost=1),
        _made(PLAIN[1], seed=1, cost=1),
    ]
    score = next(iter(figures.scores(trials)))
    assert (score.mutants, score.share, score.worst) == (2, 0.75, 0.5)


def test_a_mutant_that_only_a_foreign_clause_kills_is_noted() -> None:
    trials = [_made(PLAIN[0], cost=1, clauses=("STA-7",)), _made(PLAIN[1], cost=1, clauses=("CTL-1", "STA-7"))]
    assert [stray.mutant for stray in figures.strays(trials)] == [PLAIN[0]]


def test_survivors_count_as_never_killed_in_what_a_kill_costs() -> None:
    costs = Costs.of([5, None, None, 3])
    assert costs.quantile(0.5) == 5
    assert costs.quantile(0.9) is None
    assert [costs.score(spent) for spent in (2, 3, 5, 100)] == [0, 0.25, 0.5, 0.5]
    assert costs.curve(20)[0] == (1, 0)
    assert costs.curve(20)[-1] == (20, 0.5)


def test_what_an_arm_finds_beyond_its_allowance_does_not_count() -> None:
    trials = [_made(PLAIN[0], cost=1), _made(PLAIN[1], cost=1_000)]
    kit = list(figures.side_by_side([*trials], [], allowed=100, whole_run=20_000))
    assert kit == []  # without a baseline there is no seed to compare


def test_coverage_names_what_was_never_asked() -> None:
    found = covered("letters", ("a", "b", "c"), {"b", "z"})
    assert (found.covered, found.of, found.missing) == (1, 3, ("a", "c"))
    assert len(FACTORS) == 9


def test_jobs_spread_over_processes_come_back_with_their_places() -> None:
    assert dict(spread(abs, [-3, -2, -1], processes=2)) == {0: 3, 1: 2, 2: 1}

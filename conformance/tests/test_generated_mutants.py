"""Mutants made from the source of correct structures: how they are made, run and told apart."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.commands import main
from fencepost.conformance.strength.generated.differential import difference
from fencepost.conformance.strength.generated.made import EndlessLoop, original
from fencepost.conformance.strength.generated.measure import Design, row, wilson
from fencepost.conformance.strength.generated.mutation import Mutation, mutations
from fencepost.conformance.strength.generated.operators import OPERATORS
from fencepost.conformance.strength.generated.structures import STRUCTURES
from fencepost.conformance.strength.generated.trial import Task, Trial, attempt, run
from fencepost.conformance.strength.generated.workers import within

pytestmark = pytest.mark.xdist_group("generated")

FEW = replace(EFFORTS["quick"], name="few", writes=420, decisions=8_000)


def _one(structure: str, operator: str, change: str = "") -> Mutation:
    return next(one for one in mutations(structure) if one.operator == operator and change in one.change)


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_makes_a_changed_vault_that_can_be_asked(operator: str) -> None:
    made = [one for name in STRUCTURES for one in mutations(name) if one.operator == operator]
    assert all(one.change.split(" → ")[0] != one.change.split(" → ")[1] or "…" in one.change for one in made)
    matcher = made[0].matcher()()
    assert callable(matcher.covers)


@pytest.mark.slow
@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure_is_a_correct_vault(structure: str) -> None:
    report = run(original(structure)(), profile="keyvault", effort=FEW, seed=1)
    assert report.totals.decisions > 1_000
    assert [clause.id for clause in report.clauses if clause.verdict == "fail"] == []
    assert report.result != "error"


@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure_answers_as_a_scan_does(structure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fencepost.conformance.strength.generated.differential.WORLDS", 60)
    assert difference(original("scan"), original(structure), seed=0) is None


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_full_list_of_evenly_spaced_addresses_is_no_special_case(structure: str) -> None:
    matcher = original(structure)()
    spaced = range(46_368, 46_368 * 1_001, 46_368)  # by a Fibonacci number: a product with it falls into few places
    for address in spaced:
        matcher.add(address, 32)
    assert all(matcher.covers(address) for address in spaced)
    assert not any(matcher.covers(address + 1) for address in spaced)


def test_the_mutants_of_a_structure_differ_from_it_and_from_one_another() -> None:
    found = mutations("scan")
    assert len({one.id for one in found}) == len(found)
    assert found == mutations("scan")


def test_half_of_the_structures_and_two_thirds_of_the_operators_are_held_out() -> None:
    assert sum(one.in_sample for one in STRUCTURES.values()) * 2 == len(STRUCTURES)
    assert sum(one.in_sample for one in OPERATORS.values()) == len(OPERATORS) // 3


def _attempt(mutation: Mutation) -> Trial:
    return attempt(Task(made=mutation, profile="keyvault", effort="quick", seeds=(0,)))


def test_a_mutant_that_admits_too_many_is_killed_by_a_clause() -> None:
    trial = _attempt(_one("scan", "comparison"))
    assert trial.outcome == "killed"
    assert "-" in trial.says


@pytest.mark.slow
def test_an_equivalent_mutant_is_undecided() -> None:
    trial = _attempt(_one("lru", "dropped-call", "move_to_end"))
    assert (trial.outcome, trial.says) == ("undecided", "no difference found")


def test_a_difference_is_told_as_a_short_history() -> None:
    mutation = _one("lru", "dropped-call", "self._forget(answer=True)")
    found = difference(original("lru"), mutation.matcher(), seed=0)
    assert found is not None
    assert [call for call, *_ in found.history] == ["add", "ask", "remove", "ask"]
    assert found.mutant == "admits"


def test_an_endless_loop_ends_as_an_error() -> None:
    mutation = _one("patricia", "statement-deletion", "node = node.high if")
    matcher = mutation.matcher()()
    matcher.add(0, 1)
    matcher.add(1 << 31, 1)
    with pytest.raises(EndlessLoop):
        matcher.covers(5)


@pytest.mark.slow
def test_a_job_that_does_not_end_or_ends_its_process_has_no_result() -> None:
    jobs = ["sleep", "ok", "exit", "ok"]
    assert dict(within(6.0, _obey, jobs, processes=1)) == {0: None, 1: "ok", 2: None, 3: "ok"}


def _obey(job: str) -> str:
    deeds: dict[str, Callable[[], object]] = {"sleep": lambda: time.sleep(600), "exit": lambda: os._exit(3)}
    deeds.get(job, lambda: None)()
    return job


def test_a_sample_follows_from_its_seed() -> None:
    design = Design(structures=("scan", "journal"), sample=9)
    assert design.chosen() == design.chosen()
    assert design.chosen() != replace(design, seed=1).chosen()
    assert len(design.chosen()) == 9


def test_errors_are_in_no_score_and_the_undecided_in_the_strict_one_alone() -> None:
    mutation = _one("scan", "comparison")
    trials = [
        Trial(made=mutation, outcome=outcome, says="")
        for outcome in ("killed", "killed", "killed", "alive", "undecided", "error")
    ]
    found = row("some", trials)
    assert (found.mutants, found.score.score, found.score.of, found.strict.score) == (6, 0.75, 4, 0.6)
    assert found.score.low < 0.75 < found.score.high
    assert wilson(0, 0).score is None


def test_the_command_shows_and_writes_what_was_found(tmp_path: Path) -> None:
    file = tmp_path / "generated.json"
    options = ["--structure", "scan", "--operator", "comparison", "--seeds", "1", "--jobs", "1", "--json", str(file)]
    result = CliRunner().invoke(
        main, ["strength", "--generated", *options], env={"COLUMNS": "160"}, catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "held-out structures" in result.stdout
    assert json.loads(file.read_bytes())["structures"][0]["killed"] == 1


def test_options_of_generated_mutants_go_with_no_other_measure() -> None:
    assert CliRunner().invoke(main, ["strength", "--sample", "3"]).exit_code == 2


@pytest.mark.slow
def test_of_a_hundred_generated_mutants_nine_in_ten_die(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    arguments = ["strength", "--generated", "--sample", "100", "--seeds", "1", "--seed", "1"]
    result = CliRunner().invoke(main, [*arguments, "--json", str(file)], catch_exceptions=False)
    assert result.exit_code == 0
    found = json.loads(file.read_bytes())
    assert found["rows"][-1]["score"]["score"] >= 0.9

"""Sets of features on correct vaults: any three are met in every combination, and no vault is failed."""

import os
import runpy
import subprocess
import sys
from itertools import combinations, product
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.adapters.contract import Client, open_factory
from fencepost.adapters.contract.vocabulary import CONTRADICTIONS
from fencepost.conformance.strength.feature_sets import (
    OFFERED,
    VAULTS,
    ArrayRun,
    ClauseRun,
    ask_clause,
    ask_vault,
    covering_sets,
    vault,
)

main = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "false_alarms.py"))["main"]
SETS = 20
DECIDES = ("decisions-only", "service-endpoints", "trusted-services", "caller-credentials")
CONTRADICTORY = {frozenset(pair[:2]) for pair in CONTRADICTIONS}


def test_any_three_features_are_met_in_every_combination_that_no_contradiction_rules_out() -> None:
    sets = covering_sets()
    assert len(sets) == SETS
    assert not any(pair <= set(one) for one in sets for pair in CONTRADICTORY)
    for some in combinations(OFFERED, 3):
        for there in product((False, True), repeat=3):
            wanted = {name for name, is_there in zip(some, there, strict=True) if is_there}
            if not any(pair <= wanted for pair in CONTRADICTORY):
                assert any(wanted == set(some) & set(one) for one in sets), (some, there)


def test_the_sets_are_the_same_in_a_process_with_another_order_of_sets() -> None:
    program = "from fencepost.conformance.strength.feature_sets import covering_sets; print(covering_sets())"
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == str(covering_sets())


@pytest.mark.parametrize("kind", VAULTS)
@pytest.mark.parametrize("profile", ["keyvault", "keyvault-2018-preview"])
def test_each_vault_offers_what_it_is_to_offer(kind: str, profile: str) -> None:
    for features in ((), ("always-deny", "ip-rules-only"), ("read-back", "incremental-rules")):
        said = Client(open_factory(lambda: vault(kind, features, profile=profile))).describe()  # noqa: B023 - asked now
        assert set(said.features) == set(features)
        assert said.profile == profile


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (5, 9))])
def test_groves_leave_a_vault_that_only_decides_enough_decisions_for_its_limits(seed: int) -> None:
    found = ask_vault(ArrayRun(kind="stdlib", features=DECIDES, profile="keyvault", seed=seed))
    assert found.result == "partial", "LIM-5 is vacuous at two of these seeds where nothing is kept for it"


def test_groves_leave_such_a_vault_enough_for_overlapping_calls() -> None:
    features = (*DECIDES, "read-back", "incremental-rules", "snapshot-isolation")
    found = ask_vault(ArrayRun(kind="stdlib", features=features, profile="keyvault-2018-preview", seed=3))
    assert found.result == "partial", "STA-8 is vacuous where nothing is kept for it"


@pytest.mark.slow
@pytest.mark.parametrize("place", range(SETS))
def test_no_vault_is_failed_and_no_clause_is_vacuous_whatever_the_features(place: int) -> None:
    run = ArrayRun(
        kind=VAULTS[place * 5 % len(VAULTS)],
        features=covering_sets()[place],
        profile=("keyvault", "keyvault-2018-preview")[place // 2 % 2],
        seed=place,
    )
    found = ask_vault(run)
    assert (found.alarms, found.result) in {((), "pass"), ((), "partial")}, run.label


def test_a_clause_asked_alone_passes_or_does_not_apply() -> None:
    preview = "keyvault-2018-preview"
    assert ask_clause(ClauseRun(clause="DEC-15", profile=preview, seed=3)).result == "partial"
    assert ask_clause(ClauseRun(clause="VAL-8", profile=preview, seed=0)).result == "not applicable"


def test_the_command_tells_how_many_runs_ended_how() -> None:
    options = ["clauses", "--clause", "DEC-15", "--seeds", "2", "--profile", "keyvault", "--jobs", "1"]
    result = CliRunner().invoke(main, options, catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "2 runs: 2 partial"


def test_the_command_begins_at_the_first_seed_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[ClauseRun]()

    def spread(_: object, runs: list[ClauseRun], **__: object) -> tuple[()]:
        asked.extend(runs)
        return ()

    program = main.commands["clauses"].callback.__globals__
    monkeypatch.setitem(program, "spread", spread)
    options = ["clauses", "--clause", "DEC-15", "--first", "3", "--seeds", "2", "--profile", "keyvault"]
    CliRunner().invoke(main, options, catch_exceptions=False)
    assert [run.seed for run in asked] == [3, 4]

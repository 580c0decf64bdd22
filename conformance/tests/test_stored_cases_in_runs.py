"""Stored counterexamples in a run: they are replayed first, counted by their state, and kept."""

import json
from pathlib import Path

import pytest
from fencepost.conformance.regression.reading import calls_from_json
from fencepost.conformance.regression.stored_case import StoredCase, store
from listed_failures import FLAWED, PROFILE, calls_of, check, run


def _row(folder: Path, clause: str = "DEC-4") -> dict[str, object]:
    report = json.loads((folder / "report.json").read_bytes())
    row = next(row for row in report["clauses"] if row["id"] == clause)
    assert isinstance(row, dict)
    return row


def test_what_a_run_finds_is_stored_and_replayed_first_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    first = check(FLAWED, "--regressions", folder)
    assert first.exit_code == 1
    assert f"stored cases: none, the folder {folder} is not there yet" in first.stderr
    (path,) = folder.iterdir()
    assert check(FLAWED, "--regressions", folder, "--report", tmp_path / "r").exit_code == 1
    row = _row(tmp_path / "r")
    examples = row["counterexamples"]
    assert isinstance(examples, list)
    assert examples[0]["replay"].startswith(f"fencepost replay {path.stem}")
    assert list(folder.iterdir()) == [path]


def test_a_stored_case_that_is_fixed_fails_nothing(tmp_path: Path) -> None:
    stored = StoredCase(
        clause="DEC-4", profile="keyvault", calls=calls_of("20.0.0.0/24", "20.0.0.255"), expected="allow"
    )
    store([stored], tmp_path)
    assert check("reference", "--regressions", tmp_path).exit_code == 0


def test_a_stored_case_that_cannot_be_read_is_bad_usage_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "DEC-4-000000000000.json").write_text("{}", encoding="utf-8")
    result = check("reference", "--regressions", tmp_path)
    assert result.exit_code == 2
    assert "DEC-4-000000000000.json" in result.stderr


def test_a_run_that_found_something_and_has_no_folder_says_how_to_keep_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "mkdir fencepost-regressions" in check(FLAWED).stderr
    assert "mkdir" not in check("reference").stderr
    assert list(tmp_path.iterdir()) == []


def test_the_usual_folder_is_used_where_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check(FLAWED)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "fencepost-regressions").mkdir()
    check(FLAWED)
    assert len(list((tmp_path / "fencepost-regressions").iterdir())) == 1


def test_stored_cases_are_counted_by_state_and_strict_fails_on_what_is_not_judged(tmp_path: Path) -> None:
    calls = calls_of("20.0.0.0/24", "20.0.0.255")
    store(
        [StoredCase(clause="DEC-4", profile=one, calls=calls, expected="allow") for one in ("keyvault", PROFILE)],
        tmp_path,
    )
    result = check("reference", "--regressions", tmp_path)
    assert result.exit_code == 0
    assert "stored cases: 1 fixed, 0 still failing, 1 not judged" in result.stderr
    assert f"the case is for the profile {PROFILE}, and the run judges by keyvault" in result.stderr
    strict = check("reference", "--regressions", tmp_path, "--strict")
    assert strict.exit_code == 2
    assert strict.stdout.endswith("INCONCLUSIVE  1 passes; exit status 2\n")
    assert "a stored case was not judged: " in strict.stdout
    failing = check(FLAWED, "--regressions", tmp_path, "--strict")
    assert failing.exit_code == 1
    assert "stored cases: 0 fixed, 1 still failing, 1 not judged" in failing.stderr
    unasked = run("check", "reference", "--clause", "VAL-4", "--regressions", tmp_path)
    assert "stored cases: 0 fixed, 0 still failing, 2 not judged" in unasked.stderr
    assert len(list(tmp_path.iterdir())) == 2


def test_a_case_may_begin_with_describe_and_is_the_same_case() -> None:
    calls = [{"method": call.method, "params": call.params} for call in calls_of("20.0.0.0/24", "20.0.0.255")]
    describe = {"method": "describe", "params": {"protocol": 1}}
    assert calls_from_json([describe, *calls]) == calls_from_json(calls)

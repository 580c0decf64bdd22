"""Known failures and stored ones in a run: what is put up with, and everything that ends the patience."""

import errno
import json
import shlex
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.commands import main
from fencepost.conformance.regression.baseline import Baseline, Entry
from fencepost.conformance.regression.known import KnownFailure, answer_of, file_content, known_from_json
from fencepost.conformance.regression.reading import NotACase, calls_from_json
from fencepost.conformance.regression.stored_case import StoredCase, json_text, store
from fencepost.reports.model import Call, Clause, Verdict
from fencepost.reports.stored import stored_run

FLAWED = "mutant:last-address-excluded"
PROFILE = "keyvault-2018-preview"
NEVER, LONG_AGO = date(2999, 1, 1), date(2020, 1, 1)


def _calls(value: str, address: str) -> tuple[Call, ...]:
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": value}], "virtualNetworkRules": []}
    request = {"plane": "data", "operation": "SecretGet", "source": {"address": address}}
    return (
        Call(method="reset", params={"subnets": []}),
        Call(method="putRules", params={"networkAcls": acls}),
        Call(method="decide", params={"requests": [request]}),
    )


def _known(
    value: str = "20.0.0.0/24",
    address: str = "20.0.0.255",
    *,
    expires: date = NEVER,
    profile: str = PROFILE,
    got: str = "deny",
    clause: str = "DEC-4",
) -> KnownFailure:
    return KnownFailure(
        clause=clause,
        profile=profile,
        calls=_calls(value, address),
        expected="allow",
        got=got,
        reason="the old engine",
        issue="https://issues.example/1",
        expires=expires,
    )


def _file(folder: Path, *entries: KnownFailure) -> Path:
    path = folder / "known.json"
    path.write_text(json_text(file_content(entries)), encoding="ascii")
    return path


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def _check(subject: str, *more: str | Path) -> Result:
    return _run("check", subject, "--clause", "DEC-4", "--max-decisions", "1001", *more)


def _row(folder: Path, clause: str = "DEC-4") -> dict[str, object]:
    report = json.loads((folder / "report.json").read_bytes())
    row = next(row for row in report["clauses"] if row["id"] == clause)
    assert isinstance(row, dict)
    return row


def test_in_junit_a_known_failure_is_skipped_with_its_reason_and_an_expired_one_fails(tmp_path: Path) -> None:
    for name, expires in (("known", NEVER), ("expired", LONG_AGO)):
        (tmp_path / name).mkdir()
        _check(FLAWED, "--known", _file(tmp_path / name, _known(expires=expires)), "--report", tmp_path / name / "r")
    known, expired = (ET.parse(tmp_path / name / "r" / "junit.xml").getroot() for name in ("known", "expired"))
    assert "the old engine (https://issues.example/1)" in (known.findtext(".//testcase[@name='DEC-4']/skipped") or "")
    assert known.find(".//failure") is None
    assert expired.find("testsuite/testcase[@classname='fencepost.known']/failure") is not None


@pytest.mark.parametrize("verdict", ["error", "inconclusive"])
def test_what_could_not_be_judged_is_not_let_off_by_a_known_failure_of_its_clause(verdict: Verdict) -> None:
    baseline = Baseline(entries=[Entry(failure=_known(), standing="known")])
    row = Clause(id="DEC-4", level="core", group="decisions", text="", verdict=verdict, detail="it crashed")
    assert baseline.judged(row) == row
    shown = baseline.shown(row)
    assert (shown.verdict, shown.known) == (verdict, False)
    assert shown.detail.startswith("it crashed; known failure DEC-4-")


@pytest.mark.parametrize("seed", ["0", "7"])
def test_a_known_failure_is_shown_and_does_not_fail_the_run_whatever_the_seed(tmp_path: Path, seed: str) -> None:
    result = _check(FLAWED, "--known", _file(tmp_path, _known()), "--seed", seed, "--report", tmp_path / "r")
    row = _row(tmp_path / "r")
    assert result.exit_code == 0
    assert row["verdict"] == "fail"
    assert "https://issues.example/1" in str(row["detail"])
    assert "known failure DEC-4-" in result.stdout


def test_no_calls_go_into_a_failure_that_is_known(tmp_path: Path) -> None:
    _check(FLAWED, "--known", _file(tmp_path, _known()), "--report", tmp_path / "known")
    _check(FLAWED, "--report", tmp_path / "unknown")
    shrunk = [
        json.loads((tmp_path / name / "report.json").read_bytes())["totals"]["shrinkCalls"]
        for name in ("known", "unknown")
    ]
    assert shrunk[0] < shrunk[1] * 2


def test_an_unexpected_success_fails_the_run(tmp_path: Path) -> None:
    result = _check("reference", "--profile", PROFILE, "--known", _file(tmp_path, _known()))
    assert result.exit_code == 1
    assert "unexpected success" in result.stdout
    assert "FIXED  " in result.stdout
    assert "fencepost baseline prune" in result.stdout


def test_another_wrong_answer_of_the_same_example_fails_the_run(tmp_path: Path) -> None:
    result = _check(FLAWED, "--known", _file(tmp_path, _known(got="codes")))
    assert result.exit_code == 1
    assert "another failure: codes is known, deny came" in result.stdout


def test_another_failure_in_the_same_clause_fails_the_run(tmp_path: Path) -> None:
    known = ("--known", _file(tmp_path, _known()))
    result = _check(f"{FLAWED}+first-address-excluded", *known, "--report", tmp_path / "r")
    assert result.exit_code == 1
    output = " ".join(result.stdout.split())
    assert "DEC-4: another failure beside the known one; to put it on the list, too: run once more" in output
    found = stored_run(tmp_path / "r").report.clauses[0].counterexamples
    assert [one.replay.split()[1] for one in found] == ["check", "replay"]  # the new failure stands first
    assert found[0].replay.endswith(f" --clause DEC-4 --max-decisions 1001 --known {tmp_path / 'known.json'}")


def test_an_expired_entry_fails_the_run_although_it_is_exact(tmp_path: Path) -> None:
    result = _check(FLAWED, "--known", _file(tmp_path, _known(expires=LONG_AGO)))
    assert result.exit_code == 1
    assert "expired: since 2020-01-01" in " ".join(result.stdout.split())


@pytest.mark.parametrize("entry", [_known(profile="keyvault"), _known("10.0.0.0/8")])
def test_an_entry_that_matches_nothing_fails_the_run(tmp_path: Path, entry: KnownFailure) -> None:
    result = _check(FLAWED, "--known", _file(tmp_path, entry))
    assert result.exit_code == 1
    assert "known failure DEC-4-" in result.stdout


def test_a_run_without_failures_or_list_is_as_ever(tmp_path: Path) -> None:
    assert _check("reference", "--known", _file(tmp_path)).exit_code == 0


def test_the_failures_of_a_run_are_added_to_the_list_and_then_put_up_with(tmp_path: Path) -> None:
    assert _check(FLAWED, "--report", tmp_path / "r").exit_code == 1
    path = tmp_path / "known.json"
    add: list[str | Path] = [
        "baseline",
        "add",
        path,
        "--from",
        tmp_path / "r",
        "--reason",
        "old",
        "--issue",
        "https://issues.example/1",
    ]
    assert _run(*add, "--expires", "2999-01-01").exit_code == 0
    before = path.read_bytes()
    assert "all of them" in _run(*add, "--expires", "2999-01-01").stderr
    assert path.read_bytes() == before
    assert _check(FLAWED, "--known", path).exit_code == 0


def test_a_list_that_is_not_there_is_empty_and_is_named(tmp_path: Path) -> None:
    result = _check("reference", "--known", tmp_path / "known.json")
    assert result.exit_code == 0
    assert "known failures: none, the list " in result.stderr
    assert not (tmp_path / "known.json").exists()


@pytest.mark.slow
def test_one_run_with_a_list_finds_every_way_in_which_a_flaw_shows(tmp_path: Path) -> None:
    check: list[str | Path] = [
        "check",
        "mutant:removing-skips-the-rule-after",
        "--clause",
        "STA",
        "--known",
        tmp_path / "known.json",
    ]
    assert _run(*check, "--report", tmp_path / "r").exit_code == 1
    rows = {row.id: len(row.counterexamples) for row in stored_run(tmp_path / "r").report.clauses}
    assert rows["STA-7"] > 1
    terms = ["--reason", "old", "--issue", "https://issues.example/1", "--expires", "2999-01-01"]
    assert _run("baseline", "add", tmp_path / "known.json", "--from", tmp_path / "r", *terms).exit_code == 0
    assert _run(*check).exit_code == 0


def test_the_command_that_repeats_a_run_has_each_option_that_changes_its_result(tmp_path: Path) -> None:
    known, folder = _file(tmp_path, _known()), tmp_path / "r"
    more = ("--call-timeout", "4", "--settle", "0", "--fail-fast", "--strict", "--isolated")
    result = _check(FLAWED, "--known", known, *more, "--report", folder)
    assert "KNOWN FAILURES ONLY" in result.stdout
    (line,) = [line for line in (folder / "summary.md").read_text().splitlines() if line.startswith("fencepost check")]
    further = f"--known {known} --strict --call-timeout 4 --isolated --fail-fast"
    assert line.endswith(f" --seed 0 --clause DEC-4 --settle 0 --max-decisions 1001 {further}")
    again = _run(*shlex.split(line)[1:])
    assert (again.exit_code, "KNOWN FAILURES ONLY" in again.stdout) == (0, True)


def test_the_replay_line_of_a_known_failure_shows_it_again(tmp_path: Path) -> None:
    _check(FLAWED, "--known", _file(tmp_path, _known()), "--report", tmp_path / "r")
    (example,) = stored_run(tmp_path / "r").report.clauses[0].counterexamples
    words = shlex.split(example.replay)
    assert words == ["fencepost", "replay", str(tmp_path / "known.json"), FLAWED]
    again = _run(*words[1:])
    assert again.exit_code == 1
    assert "still failing" in again.stdout


def test_an_entry_is_not_added_that_is_over_already(tmp_path: Path) -> None:
    _check(FLAWED, "--report", tmp_path / "r")
    more = ["--reason", "x", "--issue", "https://issues.example/1", "--expires", "2020-01-01"]
    result = _run("baseline", "add", tmp_path / "known.json", "--from", tmp_path / "r", *more)
    assert (result.exit_code, (tmp_path / "known.json").exists()) == (2, False)
    assert "2020-01-01 is over" in result.stderr


def test_an_empty_list_is_shown_as_such_and_cannot_be_replayed(tmp_path: Path) -> None:
    assert "the list is empty" in _run("baseline", "list", _file(tmp_path)).stdout
    assert "the list is empty" in _run("baseline", "prune", _file(tmp_path), "reference").stdout
    assert _run("replay", _file(tmp_path), "reference").exit_code == 2


def test_adding_nothing_is_bad_usage(tmp_path: Path) -> None:
    _check("reference", "--report", tmp_path / "r")
    more = ["--reason", "x", "--issue", "https://issues.example/1", "--expires", "2999-01-01"]
    assert _run("baseline", "add", tmp_path / "k.json", "--from", tmp_path / "r", *more).exit_code == 2
    assert not (tmp_path / "k.json").exists()


def test_the_list_shows_each_entry_and_which_has_expired(tmp_path: Path) -> None:
    path = _file(tmp_path, _known(), _known("20.0.1.0/24", "20.0.1.255", expires=LONG_AGO))
    shown = _run("baseline", "list", path).stdout
    assert shown.count("the old engine") == 2
    assert shown.count("expired") == 1
    assert [one["expired"] for one in json.loads(_run("baseline", "list", path, "--json").stdout)].count(True) == 1


def test_pruning_takes_off_what_is_fixed_and_nothing_else(tmp_path: Path) -> None:
    path = _file(tmp_path, _known(expires=LONG_AGO), _known(address="20.0.0.7"))
    assert _run("baseline", "prune", path, FLAWED).exit_code == 0
    assert [one.id for one in known_from_json(json.loads(path.read_bytes()))] == [_known().id]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reason": " "}, "$.entries[0].reason"),
        ({"issue": "JIRA-1"}, "$.entries[0].issue"),
        ({"issue": "javascript:alert(1)"}, "$.entries[0].issue"),
        ({"expires": "soon"}, "$.entries[0].expires"),
        ({"got": "maybe"}, "$.entries[0].got"),
        ({"clause": "DEC-99"}, "$.entries[0].clause"),
        ({"id": "DEC-4-000000000000"}, "was changed since"),
        ({"calls": []}, "$.entries[0].calls"),
    ],
)
def test_an_entry_that_is_incomplete_is_refused_with_its_place(change: dict[str, object], message: str) -> None:
    content = file_content([_known()])
    content["entries"] = [{**_known().to_json(), **change}]
    with pytest.raises(NotACase) as refused:
        known_from_json(content)
    assert message in str(refused.value)


def test_every_mistake_in_a_list_comes_out_together() -> None:
    content = file_content([])
    content["entries"] = [{**_known().to_json(), "reason": "", "issue": ""}, _known().to_json(), _known().to_json()]
    with pytest.raises(NotACase) as refused:
        known_from_json(content)
    assert len(refused.value.reasons) == 3


def test_a_list_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text(json.dumps({**file_content([]), "version": 2}), encoding="utf-8")
    result = _check("reference", "--known", path)
    assert result.exit_code == 2
    assert "version 2" in result.stderr


@pytest.mark.parametrize(
    ("got", "answer"),
    [
        ("deny", "deny"),
        ("allow (its rule: '20.0.0.0/8')", "allow"),
        ("deny with 401", "codes"),
        ("refused (400 BadRequest)", "refused"),
        ("accepted", "accepted"),
        ("NetworkAcls()", "otherwise"),
        ("", "otherwise"),
    ],
)
def test_the_answer_of_a_counterexample_comes_to_one_word(got: str, answer: str) -> None:
    assert answer_of(got) == answer


# -- stored counterexamples in a run -----------------------------------------------------------------------------------


def test_what_a_run_finds_is_stored_and_replayed_first_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    first = _check(FLAWED, "--regressions", folder)
    assert first.exit_code == 1
    assert f"stored cases: none, the folder {folder} is not there yet" in first.stderr
    (path,) = folder.iterdir()
    assert _check(FLAWED, "--regressions", folder, "--report", tmp_path / "r").exit_code == 1
    row = _row(tmp_path / "r")
    examples = row["counterexamples"]
    assert isinstance(examples, list)
    assert examples[0]["replay"].startswith(f"fencepost replay {path.stem}")
    assert list(folder.iterdir()) == [path]


def test_a_stored_case_that_is_fixed_fails_nothing(tmp_path: Path) -> None:
    stored = StoredCase(clause="DEC-4", profile="keyvault", calls=_calls("20.0.0.0/24", "20.0.0.255"), expected="allow")
    store([stored], tmp_path)
    assert _check("reference", "--regressions", tmp_path).exit_code == 0


def test_a_stored_case_that_cannot_be_read_is_bad_usage_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "DEC-4-000000000000.json").write_text("{}", encoding="utf-8")
    result = _check("reference", "--regressions", tmp_path)
    assert result.exit_code == 2
    assert "DEC-4-000000000000.json" in result.stderr


def test_a_run_that_found_something_and_has_no_folder_says_how_to_keep_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "mkdir fencepost-regressions" in _check(FLAWED).stderr
    assert "mkdir" not in _check("reference").stderr
    assert list(tmp_path.iterdir()) == []


def test_the_usual_folder_is_used_where_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _check(FLAWED)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "fencepost-regressions").mkdir()
    _check(FLAWED)
    assert len(list((tmp_path / "fencepost-regressions").iterdir())) == 1


def test_stored_cases_are_counted_by_state_and_strict_fails_on_what_is_not_judged(tmp_path: Path) -> None:
    calls = _calls("20.0.0.0/24", "20.0.0.255")
    store(
        [StoredCase(clause="DEC-4", profile=one, calls=calls, expected="allow") for one in ("keyvault", PROFILE)],
        tmp_path,
    )
    result = _check("reference", "--regressions", tmp_path)
    assert result.exit_code == 0
    assert "stored cases: 1 fixed, 0 still failing, 1 not judged" in result.stderr
    assert f"the case is for the profile {PROFILE}, and the run judges by keyvault" in result.stderr
    strict = _check("reference", "--regressions", tmp_path, "--strict")
    assert strict.exit_code == 2
    assert strict.stdout.endswith("INCONCLUSIVE  1 passes; exit status 2\n")
    assert "a stored case was not judged: " in strict.stdout
    failing = _check(FLAWED, "--regressions", tmp_path, "--strict")
    assert failing.exit_code == 1
    assert "stored cases: 0 fixed, 1 still failing, 1 not judged" in failing.stderr
    unasked = _run("check", "reference", "--clause", "VAL-4", "--regressions", tmp_path)
    assert "stored cases: 0 fixed, 0 still failing, 2 not judged" in unasked.stderr
    assert len(list(tmp_path.iterdir())) == 2


def test_a_case_may_begin_with_describe_and_is_the_same_case() -> None:
    calls = [{"method": call.method, "params": call.params} for call in _calls("20.0.0.0/24", "20.0.0.255")]
    describe = {"method": "describe", "params": {"protocol": 1}}
    assert calls_from_json([describe, *calls]) == calls_from_json(calls)


def test_entries_are_renewed(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    entry = _known(expires=LONG_AGO)
    file.write_text(json_text(file_content([entry])), encoding="ascii")
    assert _run("baseline", "renew", file, "--expires", "2020-01-02").exit_code == 2
    assert _run("baseline", "renew", file, "--expires", "2999-01-01", "--entry", "DEC-4-000000000000").exit_code == 2
    assert _run("baseline", "renew", file, "--expires", "2999-01-01", "--entry", entry.id).exit_code == 0
    (renewed,) = known_from_json(json.loads(file.read_text()))
    assert (renewed.id, renewed.expires, renewed.reason) == (entry.id, NEVER, entry.reason)


def test_a_list_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = _file(tmp_path, _known())
    before = file.read_bytes()
    monkeypatch.setattr("os.fsync", full)
    result = _run("baseline", "renew", file, "--expires", "2998-01-01")
    assert (result.exit_code, file.read_bytes()) == (2, before)
    assert "No space left on device" in result.output
    assert [path.name for path in tmp_path.iterdir()] == [file.name]

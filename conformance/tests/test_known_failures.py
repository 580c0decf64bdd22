"""Known failures and stored ones in a run: what is put up with, and everything that ends the patience."""

import errno
import json
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fencepost.conformance.campaign.planning import read_plan
from fencepost.conformance.regression.baseline import Baseline, Entry
from fencepost.conformance.regression.known import KnownFailure, answer_of, file_content, known_from_json
from fencepost.conformance.regression.reading import NotACase
from fencepost.conformance.regression.stored_case import json_text
from fencepost.reports.model import Clause, Verdict
from fencepost.reports.stored import stored_run
from listed_failures import (
    FLAWED,
    LONG_AGO,
    NEVER,
    PROFILE,
    check,
    list_file,
    listed,
    run,
)


def _row(folder: Path, clause: str = "DEC-4") -> dict[str, object]:
    report = json.loads((folder / "report.json").read_bytes())
    row = next(row for row in report["clauses"] if row["id"] == clause)
    assert isinstance(row, dict)
    return row


def test_in_junit_a_known_failure_is_skipped_with_its_reason_and_an_expired_one_fails(tmp_path: Path) -> None:
    for name, expires in (("known", NEVER), ("expired", LONG_AGO)):
        (tmp_path / name).mkdir()
        check(
            FLAWED,
            "--known",
            list_file(tmp_path / name, listed(expires=expires)),
            "--report",
            tmp_path / name / "r",
        )
    known, expired = (ET.parse(tmp_path / name / "r" / "junit.xml").getroot() for name in ("known", "expired"))
    assert "the old engine (https://issues.example/1)" in (known.findtext(".//testcase[@name='DEC-4']/skipped") or "")
    assert known.find(".//failure") is None
    assert expired.find("testsuite/testcase[@classname='fencepost.known']/failure") is not None


@pytest.mark.parametrize("verdict", ["error", "inconclusive"])
def test_what_could_not_be_judged_is_not_let_off_by_a_known_failure_of_its_clause(verdict: Verdict) -> None:
    baseline = Baseline(entries=[Entry(failure=listed(), standing="known")])
    row = Clause(id="DEC-4", level="core", group="decisions", text="", verdict=verdict, detail="it crashed")
    assert baseline.judged(row) == row
    shown = baseline.shown(row)
    assert (shown.verdict, shown.known) == (verdict, False)
    assert shown.detail.startswith("it crashed; known failure DEC-4-")


@pytest.mark.parametrize("seed", ["0", "7"])
def test_a_known_failure_is_shown_and_does_not_fail_the_run_whatever_the_seed(tmp_path: Path, seed: str) -> None:
    result = check(FLAWED, "--known", list_file(tmp_path, listed()), "--seed", seed, "--report", tmp_path / "r")
    row = _row(tmp_path / "r")
    assert result.exit_code == 0
    assert row["verdict"] == "fail"
    assert "https://issues.example/1" in str(row["detail"])
    assert "known failure DEC-4-" in result.stdout


def test_no_calls_go_into_a_failure_that_is_known(tmp_path: Path) -> None:
    check(FLAWED, "--known", list_file(tmp_path, listed()), "--report", tmp_path / "known")
    check(FLAWED, "--report", tmp_path / "unknown")
    shrunk = [
        json.loads((tmp_path / name / "report.json").read_bytes())["totals"]["shrinkCalls"]
        for name in ("known", "unknown")
    ]
    assert shrunk[0] < shrunk[1] * 2


def test_an_unexpected_success_fails_the_run(tmp_path: Path) -> None:
    result = check("reference", "--profile", PROFILE, "--known", list_file(tmp_path, listed()))
    assert result.exit_code == 1
    assert "unexpected success" in result.stdout
    assert "FIXED  " in result.stdout
    assert "fencepost baseline prune" in result.stdout


def test_another_wrong_answer_of_the_same_example_fails_the_run(tmp_path: Path) -> None:
    result = check(FLAWED, "--known", list_file(tmp_path, listed(got="codes")))
    assert result.exit_code == 1
    assert "another failure: codes is known, deny came" in result.stdout


def test_another_failure_in_the_same_clause_fails_the_run(tmp_path: Path) -> None:
    known = ("--known", list_file(tmp_path, listed()))
    result = check(f"{FLAWED}+first-address-excluded", *known, "--report", tmp_path / "r")
    assert result.exit_code == 1
    output = " ".join(result.stdout.split())
    assert "DEC-4: another failure beside the known one; to put it on the list, too: run once more" in output
    found = stored_run(tmp_path / "r").report.clauses[0].counterexamples
    assert [one.replay.split()[1] for one in found] == ["check", "replay"]  # the new failure stands first
    assert found[0].replay.endswith(f" --clause DEC-4 --max-decisions 1001 --known {tmp_path / 'known.json'}")


def test_the_last_line_names_the_clause_that_fails_outside_the_selection_beside_a_known_failure(
    tmp_path: Path,
) -> None:
    subject = f"{FLAWED}+removing-skips-the-rule-after"
    result = run("check", subject, "--clause", "DEC-4", "--known", list_file(tmp_path, listed()))
    last = "FAIL  1 fails as known, STA-7 failed outside the selection; exit status 1"
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, last)


def test_an_expired_entry_fails_the_run_although_it_is_exact(tmp_path: Path) -> None:
    result = check(FLAWED, "--known", list_file(tmp_path, listed(expires=LONG_AGO)))
    assert result.exit_code == 1
    assert "expired: since 2020-01-01" in " ".join(result.stdout.split())


@pytest.mark.parametrize("entry", [listed(profile="keyvault"), listed("10.0.0.0/8")])
def test_an_entry_that_matches_nothing_fails_the_run(tmp_path: Path, entry: KnownFailure) -> None:
    result = check(FLAWED, "--known", list_file(tmp_path, entry))
    assert result.exit_code == 1
    assert "known failure DEC-4-" in result.stdout


def test_a_run_without_failures_or_list_is_as_ever(tmp_path: Path) -> None:
    assert check("reference", "--known", list_file(tmp_path)).exit_code == 0


def test_the_failures_of_a_run_are_added_to_the_list_and_then_put_up_with(tmp_path: Path) -> None:
    assert check(FLAWED, "--report", tmp_path / "r").exit_code == 1
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
    assert run(*add, "--expires", "2999-01-01").exit_code == 0
    before = path.read_bytes()
    assert "all of them" in run(*add, "--expires", "2999-01-01").stderr
    assert path.read_bytes() == before
    assert check(FLAWED, "--known", path).exit_code == 0


def test_a_list_from_a_run_without_a_list_names_the_second_round_that_completes_it(tmp_path: Path) -> None:
    known, terms = tmp_path / "known.json", ("--reason", "old", "--issue", "https://issues.example/1")
    subject = f"{FLAWED}+first-address-excluded"
    assert check(subject, "--report", tmp_path / "first").exit_code == 1
    added = run("baseline", "add", known, "--from", tmp_path / "first", *terms, "--expires", "2999-01-01")
    reason, _, again = added.stderr.splitlines()[-1].partition(". To find them, too: ")
    assert reason.endswith("since a run without --known stores one failure of a clause")
    assert run(*shlex.split(again.replace("DIR", str(tmp_path / "second")))[1:]).exit_code == 1
    added = run("baseline", "add", known, "--from", tmp_path / "second", *terms, "--expires", "2999-01-01")
    assert added.stderr.startswith("added: DEC-4-")
    assert "To find them" not in added.stderr
    assert check(subject, "--known", known).exit_code == 0


@pytest.mark.slow
def test_a_list_from_a_campaign_names_the_plan_that_completes_it(tmp_path: Path) -> None:
    known, terms = tmp_path / "known.json", ("--reason", "old", "--issue", "https://issues.example/1")
    plan, streams, merged = tmp_path / "campaign.json", tmp_path / "streams", tmp_path / "merged"
    assert run("campaign", "plan", FLAWED, "--shards", "1", "--out", plan).exit_code == 0
    assert run("campaign", "run", plan, "--shard", "1/1", "--out", streams).exit_code == 0
    assert run("campaign", "merge", plan, streams, "--report", merged).exit_code == 1
    added = run("baseline", "add", known, "--from", merged, *terms, "--expires", "2999-01-01")
    _, _, again = added.stderr.splitlines()[-1].partition(". To find them, too: ")
    assert again.startswith(f"fencepost campaign plan {FLAWED} --shards N --seeds N --effort quick --seed 0 --known ")
    words = shlex.split(again.replace(" N ", " 1 "))[1:]
    assert run(*words, "--out", plan).exit_code == 0
    assert read_plan(plan).recipe.known


def test_a_list_that_is_not_there_is_empty_and_is_named(tmp_path: Path) -> None:
    result = check("reference", "--known", tmp_path / "known.json")
    assert result.exit_code == 0
    assert "known failures: none, the list " in result.stderr
    assert not (tmp_path / "known.json").exists()


def test_a_link_that_leads_nowhere_is_no_missing_list(tmp_path: Path) -> None:
    link = tmp_path / "known.json"
    link.symlink_to(link)
    result = check("reference", "--known", link)
    assert result.exit_code == 2
    assert str(link) in result.stderr


@pytest.mark.slow
def test_one_run_with_a_list_finds_every_way_in_which_a_flaw_shows(tmp_path: Path) -> None:
    check: list[str | Path] = [
        "check",
        "mutant:removing-skips-the-rule-after",
        "--clause",
        "STA,LIM-8",
        "--known",
        tmp_path / "known.json",
    ]
    assert run(*check, "--report", tmp_path / "r").exit_code == 1
    rows = {row.id: len(row.counterexamples) for row in stored_run(tmp_path / "r").report.clauses}
    assert rows["STA-7"] > 1
    terms = ["--reason", "old", "--issue", "https://issues.example/1", "--expires", "2999-01-01"]
    assert run("baseline", "add", tmp_path / "known.json", "--from", tmp_path / "r", *terms).exit_code == 0
    assert run(*check).exit_code == 0


def test_the_command_that_repeats_a_run_has_each_option_that_changes_its_result(tmp_path: Path) -> None:
    known, folder = list_file(tmp_path, listed()), tmp_path / "r"
    more = ("--call-timeout", "4", "--settle", "0", "--fail-fast", "--strict", "--isolated")
    result = check(FLAWED, "--known", known, *more, "--report", folder)
    assert "KNOWN FAILURES ONLY" in result.stdout
    (line,) = [line for line in (folder / "summary.md").read_text().splitlines() if line.startswith("fencepost check")]
    further = f"--known {known} --strict --call-timeout 4 --isolated --fail-fast"
    assert line.endswith(f" --seed 0 --clause DEC-4 --settle 0 --max-decisions 1001 {further}")
    again = run(*shlex.split(line)[1:])
    assert (again.exit_code, "KNOWN FAILURES ONLY" in again.stdout) == (0, True)


def test_the_replay_line_of_a_known_failure_shows_it_again(tmp_path: Path) -> None:
    check(FLAWED, "--known", list_file(tmp_path, listed()), "--report", tmp_path / "r")
    (example,) = stored_run(tmp_path / "r").report.clauses[0].counterexamples
    words = shlex.split(example.replay)
    assert words == ["fencepost", "replay", str(tmp_path / "known.json"), FLAWED]
    again = run(*words[1:])
    assert again.exit_code == 1
    assert "still failing" in again.stdout


def test_an_entry_is_not_added_that_is_over_already(tmp_path: Path) -> None:
    check(FLAWED, "--report", tmp_path / "r")
    more = ["--reason", "x", "--issue", "https://issues.example/1", "--expires", "2020-01-01"]
    result = run("baseline", "add", tmp_path / "known.json", "--from", tmp_path / "r", *more)
    assert (result.exit_code, (tmp_path / "known.json").exists()) == (2, False)
    assert "2020-01-01 is over" in result.stderr


def test_an_empty_list_is_shown_as_such_and_cannot_be_replayed(tmp_path: Path) -> None:
    assert "the list is empty" in run("baseline", "list", list_file(tmp_path)).stdout
    assert "the list is empty" in run("baseline", "prune", list_file(tmp_path), "reference").stdout
    assert run("replay", list_file(tmp_path), "reference").exit_code == 2


def test_adding_nothing_is_bad_usage(tmp_path: Path) -> None:
    check("reference", "--report", tmp_path / "r")
    more = ["--reason", "x", "--issue", "https://issues.example/1", "--expires", "2999-01-01"]
    assert run("baseline", "add", tmp_path / "k.json", "--from", tmp_path / "r", *more).exit_code == 2
    assert not (tmp_path / "k.json").exists()


def test_the_list_shows_each_entry_and_which_has_expired(tmp_path: Path) -> None:
    path = list_file(tmp_path, listed(), listed("20.0.1.0/24", "20.0.1.255", expires=LONG_AGO))
    shown = run("baseline", "list", path).stdout
    assert shown.count("the old engine") == 2
    assert shown.count("expired") == 1
    assert [one["expired"] for one in json.loads(run("baseline", "list", path, "--json").stdout)].count(True) == 1


def test_pruning_takes_off_what_is_fixed_and_nothing_else(tmp_path: Path) -> None:
    path = list_file(tmp_path, listed(expires=LONG_AGO), listed(address="20.0.0.7"))
    assert run("baseline", "prune", path, FLAWED).exit_code == 0
    assert [one.id for one in known_from_json(json.loads(path.read_bytes()))] == [listed().id]


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
    content = file_content([listed()])
    content["entries"] = [{**listed().to_json(), **change}]
    with pytest.raises(NotACase) as refused:
        known_from_json(content)
    assert message in str(refused.value)


def test_every_mistake_in_a_list_comes_out_together() -> None:
    content = file_content([])
    content["entries"] = [
        {**listed().to_json(), "reason": "", "issue": ""},
        listed().to_json(),
        listed().to_json(),
    ]
    with pytest.raises(NotACase) as refused:
        known_from_json(content)
    assert len(refused.value.reasons) == 3


def test_a_list_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text(json.dumps({**file_content([]), "version": 2}), encoding="utf-8")
    result = check("reference", "--known", path)
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


def test_entries_are_renewed(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    entry = listed(expires=LONG_AGO)
    file.write_text(json_text(file_content([entry])), encoding="ascii")
    assert run("baseline", "renew", file, "--expires", "2020-01-02").exit_code == 2
    assert run("baseline", "renew", file, "--expires", "2999-01-01", "--entry", "DEC-4-000000000000").exit_code == 2
    assert run("baseline", "renew", file, "--expires", "2999-01-01", "--entry", entry.id).exit_code == 0
    (renewed,) = known_from_json(json.loads(file.read_text()))
    assert (renewed.id, renewed.expires, renewed.reason) == (entry.id, NEVER, entry.reason)


def test_a_list_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = list_file(tmp_path, listed())
    before = file.read_bytes()
    monkeypatch.setattr("os.fsync", full)
    result = run("baseline", "renew", file, "--expires", "2998-01-01")
    assert (result.exit_code, file.read_bytes()) == (2, before)
    assert "No space left on device" in result.output
    assert [path.name for path in tmp_path.iterdir()] == [file.name]

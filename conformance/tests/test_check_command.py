"""`check`: its options, what it writes where, and the exit status of every kind of end."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands import main
from fencepost.reports.model import Report, report_from_json, report_schema
from jsonschema import Draft202012Validator

BROKEN = Path(__file__).parent / "harnesses" / "broken.py"
COMMAND = (sys.executable, "-c", "from fencepost.conformance.commands import main; main()")
ODD = "library:odd_vaults"
PEERS = "library:fencepost.conformance.peers"
FLAW = "mutant:last-address-excluded"


@pytest.fixture(autouse=True)
def _odd_vaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))


def _check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], env={"COLUMNS": "160"}, catch_exceptions=False)


def _reported(tmp_path: Path, *arguments: str) -> tuple[Result, Report]:
    folder = tmp_path / "report"
    result = _check(*arguments, "--report", str(folder))
    assert (folder / "report.json").exists(), result.stderr
    return result, report_from_json((folder / "report.json").read_bytes())


def _verdicts(report: Report) -> dict[str, str]:
    return {row.id: row.verdict for row in report.clauses}


def test_a_sound_subject_passes_and_the_status_is_0(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, "reference", "--clause", "STA-5,VAL-4")
    assert (result.exit_code, report.exit_status, report.result) == (0, 0, "partial")
    assert _verdicts(report) == {"VAL-4": "pass", "STA-5": "pass"}
    assert result.stdout.rstrip().endswith("PARTIAL  2 pass; exit status 0")


def test_what_is_not_offered_does_not_apply_and_the_result_is_partial(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, f"{PEERS}:IpRulesOnlyVault", "--clause", "VAL-4,VAL-7,STA-10")
    assert (result.exit_code, report.result) == (0, "partial")
    assert _verdicts(report) == {"VAL-4": "pass", "VAL-7": "not applicable", "STA-10": "not applicable"}
    assert next(row for row in report.clauses if row.id == "VAL-7").detail == "needs virtual-networks"


def test_a_broken_clause_is_status_1_with_its_smallest_case_and_a_line_that_shows_it_again(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, FLAW, "--clause", "DEC-4")
    assert (result.exit_code, report.result, _verdicts(report)["DEC-4"]) == (1, "fail", "fail")
    (found, *_) = report.clauses[0].counterexamples
    assert (found.clause, found.expected, found.got.partition(" ")[0]) == ("DEC-4", "allow", "deny")
    assert [call.method for call in found.calls] == ["reset", "putRules", "decide"]
    assert found.replay == f"fencepost check {FLAW} --effort quick --seed 0 --clause DEC-4"
    assert found.replay in result.stdout
    assert f"FAIL DEC-4  {catalogue()['DEC-4'].text[:40]}" in result.stdout
    again = _check(*shlex.split(found.replay)[2:])
    assert (again.exit_code, found.replay in again.stdout) == (1, True)


def test_a_declared_choice_that_is_not_kept_is_status_1_though_every_clause_passes(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, f"{ODD}:Untrue", "--clause", "VAL-4")
    assert (result.exit_code, report.result, _verdicts(report)) == (1, "fail", {"VAL-4": "pass"})
    assert "host-bits: declared mask, found reject" in report.notes
    assert "BROKEN" in result.stdout


def test_an_exception_of_the_implementation_is_an_error_and_status_2(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, f"{ODD}:Raising", "--clause", "STA-5,VAL-4")
    assert (result.exit_code, report.result) == (2, "error")
    assert _verdicts(report) == {"STA-5": "error", "VAL-4": "pass"}
    assert "OSError: the disk is gone" in next(row for row in report.clauses if row.id == "STA-5").detail
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.slow
def test_requests_that_could_not_be_put_leave_a_clause_inconclusive_and_status_2(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, f"{ODD}:Undecided", "--clause", "CTL-1,DEC-15")
    assert (result.exit_code, report.result) == (2, "inconclusive")
    assert _verdicts(report) == {"CTL-1": "inconclusive", "DEC-15": "pass"}


def test_a_run_that_had_nothing_to_judge_is_vacuous_and_status_3(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, "reference", "--clause", "STA-9")
    assert (result.exit_code, report.result, _verdicts(report)) == (3, "vacuous", {"STA-9": "not applicable"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("refernce",), "Did you mean 'reference'?"),
        (("stdoi:python3 x.py",), "Did you mean 'stdio'"),
        (("mutant:last-adress-excluded",), "last-address-excluded"),
        (("library:fencepost.conformance.peers:StdlibValt",), "StdlibVault"),
        (("reference", "--clause", "DECC-4"), "did you mean DEC-4"),
        (("reference", "--clause", "DCE"), "did you mean DEC or"),
        (("reference", "--clause", "VALL"), "no clause is called 'VALL'"),
        (("reference", "--clause", ""), "no clause is called ''"),
        (("/",), "/: this is a folder. Name the program or the file in it"),
        (("reference", "--profile", "keyvalt"), "did you mean keyvault"),
        (("reference", "--effort", "quik"), "'quick'"),
        (("reference", "--seed", "few"), "is not a valid integer"),
        (("reference", "--call-timeout", "0"), "x>0"),
        (("reference", "--settle", "-1"), "x>=0"),
        (("reference", "--sed", "1"), "--seed"),
        ((), "Missing argument 'SUBJECT'"),
        (("stdio:/no/such/program",), "No such file or directory"),
    ],
)
def test_bad_usage_is_status_2_and_names_the_near_misses(arguments: Sequence[str], message: str) -> None:
    result = _check(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_family_is_all_its_clauses_however_it_is_written(tmp_path: Path) -> None:
    _, report = _reported(tmp_path, "reference", "--clause", "CRED", "--clause", "DEC-15,CRED-1")
    assert list(_verdicts(report)) == ["DEC-15", "CRED-1", "CRED-2", "CRED-3", "CRED-4"]
    assert report.selected == ("CRED", "DEC-15", "CRED-1")


def test_the_report_folder_is_made_and_its_files_fit_their_forms(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    result = _check("reference", "--clause", "VAL-4", "--report", str(folder))
    assert result.exit_code == 0
    Draft202012Validator(report_schema()).validate(json.loads((folder / "report.json").read_text(encoding="utf-8")))
    assert [case.get("name") for case in ET.parse(folder / "junit.xml").iter("testcase")] != []
    assert str(folder / "report.json") in result.stderr
    assert not (folder / "journal.ndjson").exists()


def test_a_folder_that_cannot_be_written_is_bad_usage_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        result = _check("reference", "--report", str(folder))
        assert (result.exit_code, result.stdout) == (2, "")
        assert "decisions:" not in result.stderr


def test_results_go_to_stdout_and_progress_to_stderr() -> None:
    ended = subprocess.run(
        [*COMMAND, "check", "reference", "--clause", "VAL-4,STA-5"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "validation: " in ended.stderr
    assert "read-back: " in ended.stderr
    assert "VAL-4" not in ended.stderr
    assert "PARTIAL  2 pass; exit status 0" in ended.stdout
    assert "read-back: " not in ended.stdout


def test_fail_fast_ends_at_the_first_failure_and_says_what_it_has_not_asked(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, FLAW, "--fail-fast")
    assert (result.exit_code, report.result) == (1, "fail")
    assert list(_verdicts(report).values()).count("fail") == 1
    assert "not asked: the run ended at the first failure" in {row.detail for row in report.clauses}
    assert report.totals.writes < 500
    assert not (tmp_path / "report" / "journal.ndjson").exists()


@pytest.mark.slow
def test_another_profile_than_the_claimed_one_is_said(tmp_path: Path) -> None:
    claimed, report = _reported(tmp_path, "reference", "--clause", "VAL-2")
    assert (report.profile, report.profile_is_override) == ("keyvault", False)
    result, report = _reported(
        tmp_path, f"{PEERS}:MinimalVault2018", "--profile", "keyvault", "--clause", "VAL-2,VAL-4"
    )
    assert (report.profile, report.subject.profile, report.profile_is_override) == (
        "keyvault",
        "keyvault-2018-preview",
        True,
    )
    assert "keyvault-2018-preview" in result.stdout
    assert "keyvault-2018-preview" not in claimed.stdout
    assert (result.exit_code, _verdicts(report)["VAL-2"]) == (1, "fail"), "2018 refuses /32, today accepts it"


def test_the_reference_takes_on_the_profile_that_it_is_judged_by(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, "reference", "--profile", "keyvault-2018-preview", "--clause", "VAL-2")
    assert (result.exit_code, report.profile) == (0, "keyvault-2018-preview")


def test_a_feature_that_nobody_knows_is_shown_and_ignored(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, f"{ODD}:Boastful", "--clause", "VAL-4")
    assert (result.exit_code, report.subject.unknown_features) == (0, ("time-travel",))
    assert "time-travel" in result.stdout


def test_the_same_seed_gives_the_same_report(tmp_path: Path) -> None:
    bodies = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        assert _check("reference", "--clause", "STA-5,VAL-4", "--seed", "3", "--report", str(folder)).exit_code == 0
        junit = re.sub(r' (time|timestamp)="[^"]*"', "", (folder / "junit.xml").read_text(encoding="utf-8"))
        bodies.append(((folder / "report.json").read_bytes(), junit))
    assert bodies[0] == bodies[1]


def test_junit_has_the_times_of_the_run_and_of_its_clauses_also_from_the_stored_form(tmp_path: Path) -> None:
    assert _check("reference", "--clause", "STA-5,VAL-4", "--report", str(tmp_path)).exit_code == 0
    written = (tmp_path / "junit.xml").read_text(encoding="utf-8")
    suite = ET.fromstring(written)[0]
    shares = [float(case.attrib["time"]) for case in suite.iter("testcase")]
    assert len(shares) == 2
    assert min(shares) > 0
    assert sum(shares) <= float(suite.attrib["time"])
    assert datetime.fromisoformat(suite.attrib["timestamp"]) > datetime(2026, 1, 1)
    again = CliRunner().invoke(main, ["report", str(tmp_path), "--format", "junit"], catch_exceptions=False)
    assert again.stdout == written


def test_a_failure_outside_the_selection_is_said_and_fails_the_run(tmp_path: Path) -> None:
    result, report = _reported(tmp_path, FLAW, "--clause", "CTL-1")
    assert _verdicts(report) == {"CTL-1": "pass"}
    assert "DEC-4 failed too, outside the selection: --clause DEC-4 shows its case" in report.notes
    assert result.exit_code == 1


def test_version_and_help_are_no_runs() -> None:
    version = CliRunner().invoke(main, ["--version"])
    assert version.exit_code == 0
    assert version.stdout.startswith("fencepost, version ")
    found = _check("--help")
    assert found.exit_code == 0
    for option in ("--profile", "--effort", "--seed", "--clause", "--report", "--resume", "--settle", "--fail-fast"):
        assert option in found.stdout


def test_a_harness_says_in_its_own_words_why_it_does_not_describe_itself() -> None:
    result = _check(f"stdio:{shlex.join([sys.executable, str(BROKEN), 'crash', 'start'])}")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert not any("own log" in line for line in lines)  # the message ends with it already
    assert "the disk is on fire" in lines


def _program(folder: Path, *arguments: str, command: Sequence[str] = ("check",)) -> subprocess.CompletedProcess[str]:
    """The program itself, run in this folder, which is on Python's path."""
    path = os.pathsep.join((str(Path(__file__).parent / "programs"), str(folder)))
    return subprocess.run(
        [*COMMAND, *command, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_subject_that_ends_the_process_does_not_end_the_run_with_0(tmp_path: Path) -> None:
    ended = _program(tmp_path, f"{ODD}:Leaving", "--clause", "DEC-3")
    assert ended.returncode == 2
    assert "the process ended with exit status 0 and without a result: its subject ended it" in ended.stderr


def test_a_subject_of_the_projects_settings_that_ends_the_process_does_not_end_the_run_with_0(tmp_path: Path) -> None:
    text = f'[tool.fencepost]\nsubject = "{ODD}:Leaving"\nclause = ["DEC-3"]\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    ended = _program(tmp_path)
    assert (ended.returncode, "its subject ended it" in ended.stderr) == (2, True)
    isolated = _program(tmp_path, "--isolated")
    assert "Missing argument 'SUBJECT'" in isolated.stderr


@pytest.mark.parametrize("subject", ["leaving", "leaving:fast"])
def test_a_subject_by_entry_point_that_ends_the_process_does_not_end_the_run_with_0(
    tmp_path: Path, subject: str
) -> None:
    installed = tmp_path / "leaving-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: leaving\nVersion: 1.0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text("[fencepost.adapters]\nleaving = leaving:adapter\n", encoding="utf-8")
    code = "from odd_vaults import Leaving\n\n\ndef adapter(args):\n    return Leaving()\n"
    (tmp_path / "leaving.py").write_text(code, encoding="utf-8")
    ended = _program(tmp_path, subject, "--clause", "DEC-3")
    assert (ended.returncode, "its subject ended it" in ended.stderr) == (2, True), ended.stderr


def test_a_shard_whose_subject_ends_the_process_does_not_end_with_0(tmp_path: Path) -> None:
    plan = ("campaign", "plan", f"{ODD}:Leaving", "--out", str(tmp_path / "plan.json"), "--shards", "1")
    assert CliRunner().invoke(main, plan).exit_code == 0
    ended = _program(tmp_path, "plan.json", "--shard", "1/1", command=("campaign", "run"))
    assert (ended.returncode, "its subject ended it" in ended.stderr) == (2, True)


def test_a_report_stays_in_its_folder_when_the_subject_changes_the_working_directory(tmp_path: Path) -> None:
    ended = _program(tmp_path, f"{ODD}:Wandering", "--clause", "DEC-3", "--report", "found")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "found" / "report.json").exists()
    assert "written: found/" in ended.stderr
    assert not (tmp_path / "found" / ".fencepost-run").exists()


def test_a_failure_of_a_subject_in_python_is_status_1_of_the_program(tmp_path: Path) -> None:
    ended = _program(tmp_path, f"{ODD}:Untrue", "--clause", "VAL-4")
    assert (ended.returncode, "VAL-4" in ended.stdout) == (1, True)

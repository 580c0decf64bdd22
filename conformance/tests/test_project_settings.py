"""`[tool.fencepost]`: a bare `check` in a project, mistakes with their lines, and the command line first."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.commands import main
from fencepost.conformance.commands.check import check

FLAW = "mutant:last-address-excluded"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pyproject.toml"


def _check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], env={"COLUMNS": "160"}, catch_exceptions=False)


def test_a_bare_check_takes_its_subject_and_options_from_the_project(project: Path) -> None:
    project.write_text(
        '[tool.fencepost]\nsubject = "reference"\nclause = ["STA-5", "VAL-4"]\nseed = 7\nreport = "out"\n'
    )
    result = _check()
    assert result.exit_code == 0, result.stderr
    assert "settings of pyproject.toml: clause, report, seed, subject\n" in result.stderr
    assert "effort quick, seed 7" in result.stdout
    assert "PARTIAL  2 pass" in result.stdout
    assert (project.parent / "out" / "run.ndjson").exists()


def test_the_command_line_goes_first(project: Path) -> None:
    project.write_text(f'[tool.fencepost]\nsubject = "{FLAW}"\nclause = ["DEC"]\nseed = 7\nfail-fast = true\n')
    result = _check("reference", "--seed", "8", "--clause", "STA-5", "--no-fail-fast")
    assert result.exit_code == 0, result.stderr
    assert "effort quick, seed 8" in result.stdout
    assert "1 passes" in result.stdout


def test_isolated_reads_no_settings(project: Path) -> None:
    project.write_text('[tool.fencepost]\nsubject = "reference"\nsed = 1\n')
    result = _check("--isolated")
    assert result.exit_code == 2
    assert "Missing argument 'SUBJECT'" in result.stderr
    assert "sed" not in result.stderr


def test_every_mistake_is_told_with_its_line_and_the_nearest_name(project: Path) -> None:
    lines = (
        *("[project]", 'name = "x"', "[tool.fencepost]", 'subject = "reference"', "clause = [", '  "DEC",', "]"),
        *("seeed = 3", "seed = true", 'effort = "quik"', "verbose = 1", 'clauses = "DEC"', 'budget = "soon"'),
        *("call-timeout = -1", "xyz = 1", 'resume = "out"'),
    )
    project.write_text("\n".join(lines) + "\n")
    result = _check()
    assert result.exit_code == 2
    output = result.stderr
    assert "pyproject.toml:8: tool.fencepost.seeed: no such setting. Did you mean seed?" in output
    assert "pyproject.toml:9: tool.fencepost.seed: expected a whole number, got True" in output
    assert "pyproject.toml:10: tool.fencepost.effort: 'quik' is not one of" in output
    assert "pyproject.toml:11: tool.fencepost.verbose: expected true or false, got 1" in output
    assert "pyproject.toml:12: tool.fencepost.clauses: no such setting. Did you mean clause?" in output
    assert "pyproject.toml:13: tool.fencepost.budget: 'soon' is no time" in output
    assert "pyproject.toml:14: tool.fencepost.call-timeout: " in output
    assert "pyproject.toml:15: tool.fencepost.xyz: no such setting. There are: subject, " in output
    assert "pyproject.toml:16: tool.fencepost.resume: no such setting." in output
    assert output.count("pyproject.toml:") == 9


def test_the_line_of_a_list_is_its_first(project: Path) -> None:
    project.write_text('[tool]\nfencepost.subject = "reference"\nfencepost.clause = [\n  "DEC",\n  3,\n]\n')
    assert "pyproject.toml:3: tool.fencepost.clause: expected a list of strings" in _check().stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.fencepost\n", "pyproject.toml: is no TOML"),
        ("[tool]\nfencepost = 3\n", "tool.fencepost: expected a table"),
    ],
)
def test_a_file_that_cannot_be_read_is_bad_usage(project: Path, text: str, message: str) -> None:
    project.write_text(text)
    result = _check("reference")
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_project_without_the_table_changes_nothing(project: Path) -> None:
    project.write_text('[project]\nname = "x"\n')
    result = _check("reference", "--clause", "STA-5")
    assert result.exit_code == 0
    assert "settings of" not in result.stderr


def test_below_the_project_the_missing_subject_is_explained(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write_text('[tool.fencepost]\nsubject = "reference"\n')
    (project.parent / "below").mkdir()
    monkeypatch.chdir(project.parent / "below")
    result = _check()
    assert result.exit_code == 2
    assert f"{project} has [tool.fencepost]: it is read in its own folder only" in result.stderr


def test_help_is_shown_whatever_the_settings_are(project: Path) -> None:
    project.write_text("[tool.fencepost]\nsed = 1\n")
    assert _check("--help").exit_code == 0


def test_the_page_names_every_setting() -> None:
    page = (Path(__file__).parents[2] / "docs" / "project.md").read_text(encoding="utf-8")
    names = {one.removeprefix("--") for parameter in check.params for one in parameter.opts if one.startswith("--")}
    for name in names - {"help", "isolated", "resume"}:
        assert f"`{name}`" in page, name

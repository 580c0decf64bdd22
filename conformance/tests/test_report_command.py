"""`report`: a stored run in every form, from every stored form, and a reason where there is no whole run."""

import json
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands import main
from fencepost.reports.model import Clause, Report, report_from_json
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer, renderers
from fencepost.reports.secrets import without_secrets

pytestmark = pytest.mark.xdist_group("report command")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `check --report` writes of a mutant that a workflow names, of one clause."""
    made, project = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("project")
    (project / ".gitlab-ci.yml").write_text("script: fencepost check mutant:one-past-the-last")
    arguments = ["check", "mutant:one-past-the-last", "--clause", "DEC-4", "--report", str(made)]
    with chdir(project):
        assert CliRunner().invoke(main, arguments).exit_code == 1
    return made


def _report(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def test_a_check_writes_the_stream_from_which_every_other_file_can_be_made_again(folder: Path) -> None:
    for name in renderers():
        file_name = load_renderer(name).file_name
        if file_name is None or name == "events":
            continue
        result = _report(folder / "run.ndjson", "--format", name)
        assert result.exit_code == 0, result.output
        assert result.stdout == (folder / file_name).read_text(encoding="utf-8")


@pytest.mark.parametrize("run", ["", "run.ndjson", "report.json"])
def test_the_terminal_form_is_what_is_shown_by_default(folder: Path, run: str) -> None:
    result = _report(folder / run if run else folder)
    assert result.exit_code == 0
    stored = report_from_json((folder / "report.json").read_bytes())
    assert result.stdout == load_renderer("terminal")(stored, page=Page()) + "\n"
    assert "FAIL DEC-4" in result.stdout


def test_out_writes_a_file_and_says_nothing(folder: Path, tmp_path: Path) -> None:
    result = _report(folder, "--format", "json", "--out", tmp_path / "again.json")
    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / "again.json").read_bytes() == (folder / "report.json").read_bytes()


def test_a_run_is_the_same_but_for_its_environment(folder: Path, tmp_path: Path) -> None:
    arguments = ["check", "mutant:one-past-the-last", "--clause", "DEC-4", "--report", str(tmp_path)]
    assert CliRunner().invoke(main, arguments).exit_code == 1
    bodies = []
    for run in (tmp_path, folder):
        first, _, rest = (run / "run.ndjson").read_bytes().partition(b"\n")
        header = json.loads(first)
        members = {"python", "platform", "began", "seconds", "clauseSeconds"}
        assert set(header.pop("environment")) - {"source"} == members
        bodies.append((header, rest))
    assert bodies[0] == bodies[1]


def test_each_result_of_the_sarif_is_at_the_file_that_names_the_subject(folder: Path) -> None:
    (run,) = json.loads((folder / "results.sarif").read_text(encoding="utf-8"))["runs"]
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"] for one in run["results"]]
    assert places == [{"uri": ".gitlab-ci.yml", "uriBaseId": "%SRCROOT%"}] * len(run["results"])
    assert places


def test_a_run_that_is_cut_short_is_bad_usage_with_the_line(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "run.ndjson").read_bytes().splitlines(keepends=True)
    cut = tmp_path / "cut.ndjson"
    cut.write_bytes(b"".join(lines[:3]))
    result = _report(cut)
    assert result.exit_code == 2
    assert "cut.ndjson: line 3: " in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "No such file"),
        ([], "Missing argument"),
        ([".", "--format", "tapestry"], "'tapestry' is none of"),
        ([".", "--format", "events"], "'events' is none of"),
    ],
)
def test_bad_usage_is_named(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _report(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_a_file_that_cannot_be_written_is_bad_usage(folder: Path, tmp_path: Path) -> None:
    result = _report(folder, "--out", tmp_path / "no" / "folder")
    assert result.exit_code == 2
    assert "No such file" in result.output


def test_the_help_lists_the_installed_formats() -> None:
    changed = _report("--help").output
    assert all(name in changed for name in renderers() if name != "events")


def test_no_clause_of_the_catalogue_is_taken_for_a_secret(folder: Path) -> None:
    stored = report_from_json((folder / "report.json").read_bytes())
    rows = [
        Clause(id=one.id, level=one.level, group=one.group, text=one.text, verdict="pass", detail=one.text)
        for one in catalogue().clauses
    ]
    changed = Report(
        kit_version=stored.kit_version,
        catalogue_version=stored.catalogue_version,
        profile=stored.profile,
        effort=stored.effort,
        seed=0,
        subject=stored.subject,
        result="pass",
        exit_status=0,
        clauses=tuple(rows),
        ledger=stored.ledger,
    )
    assert without_secrets(changed, environment={}) == changed

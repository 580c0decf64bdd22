"""`report.json`, its published schema, and how renderers are found and their files written."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema
import pytest
from fencepost.reports import renderer
from fencepost.reports.json_file import render
from fencepost.reports.model import Report, report_from_json, report_schema
from fencepost.reports.page import Page
from fencepost.reports.renderer import FileRenderer, Renderer, load_renderer, renderers, write_files
from msgspec.structs import replace

PUBLISHED = Path(__file__).parent.parent / "schemas" / "report-v1.json"


def test_the_published_schema_is_that_of_the_model() -> None:
    from_model = json.loads(json.dumps(report_schema()))
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == from_model, (
        "the report changed: fencepost schema report > reports/schemas/report-v1.json"
    )


def test_the_published_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(PUBLISHED.read_text(encoding="utf-8")))


def test_a_report_is_valid_against_the_published_schema(report: Report) -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(render(report, page=Page())))


def test_a_report_that_is_written_is_read_back_the_same(report: Report) -> None:
    assert report_from_json(render(report, page=Page()).encode("utf-8")) == report


def test_a_lone_surrogate_is_written_as_its_escape(report: Report) -> None:
    changed = replace(report, log="\ud800", subject=replace(report.subject, choices={"\udfff": ["\ud800"]}))
    read = report_from_json(render(changed, page=Page()).encode("utf-8"))
    assert read.log == "\\ud800"
    assert read.subject.choices == {"\\udfff": ["\\ud800"]}


@pytest.mark.parametrize("name", ["json", "junit", "terminal"])
def test_the_shipped_renderers_are_found_by_entry_point(report: Report, name: str) -> None:
    assert name in renderers()
    found: Renderer = load_renderer(name)
    assert found(report, page=Page())


def test_each_renderer_of_a_file_writes_it(report: Report, tmp_path: Path) -> None:
    written = write_files(report, tmp_path / "new" / "folder")
    assert {path.name for path in written} >= {"report.json", "junit.xml"}
    assert (tmp_path / "new" / "folder" / "report.json").read_text(encoding="utf-8") == render(report, page=Page())


def test_nothing_is_written_through_a_link(report: Report, tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "out").mkdir()
    for name in ("report.json", "junit.xml"):
        (tmp_path / "out" / name).symlink_to(tmp_path / "precious")
    (tmp_path / "out" / "report.html").symlink_to(tmp_path / "not there")
    write_files(report, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "precious"]
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert not (tmp_path / "out" / "report.html").is_symlink()


@pytest.mark.parametrize("name", ["../elsewhere.txt", "/elsewhere.txt", "below/elsewhere.txt"])
def test_no_renderer_writes_outside_the_folder(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    leading = FileRenderer(file_name=name, write=lambda _: "text")
    monkeypatch.setattr(renderer, "renderers", lambda: {"leading": None})
    monkeypatch.setattr(renderer, "load_renderer", lambda _: leading)
    found: list[str] = []
    assert write_files(report, tmp_path / "out", on_failure=lambda _, error: found.append(str(error))) == ()
    assert found == [f"its file {name!r} would not be in the folder itself"]
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_renderer_that_does_not_load_is_told_and_stops_no_other(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = EntryPoint(name="broken", value="no.such.module:render", group=renderer.REPORTS)
    found = {"broken": broken, **renderers()}
    monkeypatch.setattr(renderer, "renderers", lambda: found)
    result: list[str] = []
    written = write_files(report, tmp_path, on_failure=lambda name, error: result.append(f"{name}: {error}"))
    assert result == ["broken: No module named 'no'"]
    assert {path.name for path in written} >= {"report.json", "junit.xml"}
    with pytest.raises(ModuleNotFoundError):
        write_files(report, tmp_path)

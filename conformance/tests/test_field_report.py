"""The field report: made of stored runs by one command, with every engine that is a subject by name."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.adapters.contract import engines
from fencepost.conformance.commands.field import field

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_command_makes_of_the_stored_runs() -> None:
    made = CliRunner().invoke(field, ["page", str(DOCS / "field")], catch_exceptions=False)
    assert made.exit_code == 0
    assert made.stdout == (DOCS / "field-report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", engines())
def test_every_engine_is_in_the_report_with_its_verdicts_and_its_speed(name: str) -> None:
    page = (DOCS / "field-report.md").read_text(encoding="utf-8")
    assert page.count(f"| `{name}` |") == 4


def test_every_subject_that_fails_is_written_up() -> None:
    findings = " ".join((DOCS / "field" / "findings.md").read_text(encoding="utf-8").split())
    for file in (DOCS / "field").glob("*.json"):
        if file.name != "measured.json" and json.loads(file.read_bytes())["result"] == "fail":
            assert f"`fencepost check {file.stem}`" in findings, file.stem


@pytest.mark.slow
def test_a_run_stores_the_verdicts_the_speed_and_what_spellings_mean(tmp_path: Path) -> None:
    made = CliRunner().invoke(field, ["run", str(tmp_path), "netaddr", "no-such-engine"], catch_exceptions=False)
    assert made.exit_code == 0, made.output
    first, second = made.stdout.splitlines()
    assert first.startswith("netaddr: PARTIAL")
    assert second.startswith("no-such-engine: Error: no-such-engine: no carrier or adapter")
    assert json.loads((tmp_path / "netaddr.json").read_bytes())["result"] == "partial"
    measured = json.loads((tmp_path / "measured.json").read_bytes())["netaddr"]
    assert measured["decisions"] > 0
    assert measured["bare"] > 0
    assert (measured["rules"], measured["order"]) == ("≥ 16,000", "no")
    assert measured["spellings"]["host bits"] == "the range"
    assert measured["spellings"]["/33"] == "refused"
    page = CliRunner().invoke(field, ["page", str(tmp_path)], catch_exceptions=False).stdout
    assert "| `netaddr` | PARTIAL |" in page


@pytest.mark.parametrize(
    "content", ["", "[" * 200_000, "[]", '{"netaddr": 7}', '{"netaddr": {}}', "\ud800", "9" * 5_000]
)
def test_measurements_that_cannot_be_read_are_bad_usage(tmp_path: Path, content: str) -> None:
    (tmp_path / "measured.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    (tmp_path / "netaddr.json").write_bytes((DOCS / "field" / "netaddr.json").read_bytes())
    made = CliRunner().invoke(field, ["page", str(tmp_path)], catch_exceptions=False)
    assert (made.exit_code, made.stdout) == (2, "")
    assert "measured.json" in made.stderr

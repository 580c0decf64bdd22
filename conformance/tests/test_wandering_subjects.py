"""Subjects in Python that change the working directory: what a command writes stays where it was named."""

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.certificate.keys import make_keys
from fencepost.conformance.commands import main
from fencepost.conformance.regression.known import file_content
from fencepost.conformance.regression.stored_case import json_text
from listed_failures import listed

SUBJECTS = """
import os

from fencepost.conformance.peers import EnforcerVault


def _wander():
    os.chdir("/")


class Enforcer(EnforcerVault):
    def decide(self, *, requests):
        _wander()
        return super().decide(requests=requests)


class Denying(EnforcerVault):
    def decide(self, *, requests):
        _wander()
        return {"decisions": ["deny" for _ in requests]}
"""


@pytest.fixture(autouse=True)
def _subjects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wandering.py").write_text(SUBJECTS, encoding="utf-8")
    (tmp_path / ".git").mkdir()
    monkeypatch.delitem(sys.modules, "wandering", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_what_check_writes_stays_where_it_was_named(tmp_path: Path) -> None:
    places = ("--report", "found", "--regressions", "kept", "--events", "events.ndjson")
    result = _run("check", "library:wandering:Denying", "--clause", "DEC-1", *places)
    assert result.exit_code == 1, result.output
    (stored,) = (tmp_path / "kept").iterdir()
    assert f"stored: kept/{stored.name}" in result.stderr
    assert (tmp_path / "events.ndjson").stat().st_size
    (checked,) = json.loads((tmp_path / "found" / "results.sarif").read_bytes())["runs"]
    (place,) = checked["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "wandering.py"


def test_a_bundle_and_its_report_stay_where_they_were_named(tmp_path: Path) -> None:
    make_keys(tmp_path / "key")
    places = ("--out", "b.zip", "--report", "found", "--regressions", "kept")
    result = _run("certify", "library:wandering:Enforcer", "--key", "key", "--effort", "quick", *places)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "b.zip").exists()
    assert result.stderr.splitlines()[-1].partition(", signed")[0].endswith(", in b.zip")
    assert "written: found/" in result.stderr
    names = {path.name for path in (tmp_path / "found").iterdir()}
    assert "report.json" in names
    assert not any("transcript" in name or name.startswith(".") for name in names)


def test_a_pruned_list_stays_where_it_was_named(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    file.write_text(json_text(file_content([listed(profile="keyvault")])), encoding="ascii")
    result = _run("baseline", "prune", "known.json", "library:wandering:Enforcer")
    assert result.exit_code == 0, result.output
    assert json.loads(file.read_bytes())["entries"] == []


def test_the_stream_of_a_shard_stays_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stream(*_: object, shared: Path, **__: object) -> bytes:
        os.chdir("/")
        assert shared.is_dir()
        return b"a stream"

    monkeypatch.setattr("fencepost.conformance.commands.campaign.shard_stream", stream)
    assert _run("campaign", "plan", "reference", "--out", "plan.json", "--shards", "1").exit_code == 0
    (tmp_path / "kept").mkdir()
    result = _run("campaign", "run", "plan.json", "--shard", "1/1", "--out", "found", "--regressions", "kept")
    assert result.exit_code == 0, result.output
    (path,) = (tmp_path / "found").iterdir()
    assert path.read_bytes() == b"a stream"
    assert f"written: found/{path.name}" in result.stderr

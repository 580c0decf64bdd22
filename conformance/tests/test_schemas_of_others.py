"""Files that other systems read fit the schemas of these systems."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import main

BIN = Path(sys.executable).parent
SOURCE = Path(__file__).parents[2]

pytestmark = pytest.mark.engine("schemas")


@pytest.mark.parametrize("shards", [1, 5])
def test_the_files_for_other_systems_fit_their_schemas(shards: int, tmp_path: Path) -> None:
    every = ("--for", "kubernetes", "--for", "github", "--for", "gitlab")
    awkward = ("--install", 'pip install "fencepost" # and: more', "--image", "registry/it:1")
    out = tmp_path / "campaign.json"
    result = CliRunner().invoke(
        main,
        ["campaign", "plan", "reference", "--shards", str(shards), *every, *awkward, "--out", str(out)],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.stderr
    for command in (
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", "campaign.github.yml"),
        ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "campaign.gitlab-ci.yml"),
        ("kubernetes-validate", "--strict", "campaign.kubernetes.yaml"),
    ):
        done = subprocess.run(
            [BIN / command[0], *command[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=os.environ | {"HOME": "/"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
    job = (tmp_path / "campaign.kubernetes.yaml").read_text()
    assert f"completions: {shards}" in job
    assert "values: [2]" in job
    assert json.dumps('pip install "fencepost" # and: more') in (tmp_path / "campaign.github.yml").read_text()


def _yaml_blocks(name: str) -> list[str]:
    text = (SOURCE / "docs" / "recipes" / name).read_text(encoding="utf-8")
    return re.findall(r"^```yaml[^\n]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def _valid(schema: str, path: Path) -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"HOME": "/"})
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_for_others_fit_their_schemas(tmp_path: Path) -> None:
    for page, schema in (("github.md", "vendor.github-workflows"), ("gitlab.md", "vendor.gitlab-ci")):
        for block in _yaml_blocks(page):
            path = tmp_path / "block.yml"
            path.write_text(block, encoding="utf-8")
            _valid(schema, path)
    _valid("vendor.github-actions", SOURCE / "action.yml")
    _valid("vendor.citation-file-format", SOURCE / "CITATION.cff")
    templates = sorted((SOURCE / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert len(templates) == 4
    for path in templates:
        _valid("vendor.github-issue-config" if path.name == "config.yml" else "vendor.github-issue-forms", path)

"""The files by which other systems run a campaign fit the schemas of these systems."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import main

BIN = Path(sys.executable).parent


@pytest.mark.engine("schemas")
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

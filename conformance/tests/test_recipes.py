"""What those who carry on need: recipes that run, a citation, the set-up of the README."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from fencepost.conformance.commands import demo_vaults

SOURCE = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
RECIPES = SOURCE / "docs" / "recipes"
VAULT = Path(demo_vaults.__file__).read_text(encoding="utf-8").replace("class RightVault", "class MyVault")


def _blocks(name: str, language: str) -> list[str]:
    text = (RECIPES / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "my_vault.py").write_text(VAULT.replace("(RightVault)", "(MyVault)"), encoding="utf-8")
    (settings,) = _blocks("README.md", "toml")
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nightly.md", "release-gate.md", "watching.md"])
def test_every_command_of_a_recipe_runs(project: Path, name: str) -> None:
    scripts = _blocks(name, "sh")
    assert scripts
    _run("\n".join(scripts), project)


def test_what_was_found_once_is_asked_before_each_merge(project: Path) -> None:
    once, merge = _blocks("pre-merge.md", "sh")
    settings = (project / "pyproject.toml").read_text(encoding="utf-8")
    flawed = settings.replace("MyVault", "FlawedVault") + 'clause = ["DEC-4"]\n'
    (project / "pyproject.toml").write_text(flawed, encoding="utf-8")
    _run(once, project)
    assert list((project / "fencepost-regressions").glob("DEC-4-*.json"))
    _run(merge, project)


def _run(script: str, project: Path) -> None:
    whole = f'set -e\nPATH="{BIN}:$PATH"\n{script}'
    done = subprocess.run(["bash", "-c", whole], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_commands_of_yaml_recipes_run(project: Path) -> None:
    (pipeline,), (hooks,) = _blocks("gitlab.md", "yaml"), _blocks("pre-commit.md", "yaml")
    (check,) = re.findall(r"- (fencepost check .*)", pipeline)
    (entry,) = re.findall(r"entry: (fencepost check .*)", hooks)
    for command in (f"{check} --clause STA-5", entry):
        done = subprocess.run(
            ["bash", "-c", f'PATH="{BIN}:$PATH" {command}'], cwd=project, capture_output=True, text=True
        )
        assert done.returncode in (0, 3), done.stdout + done.stderr
    assert (project / "fencepost-report" / "junit.xml").exists()


@pytest.mark.slow
def test_a_tag_is_certified_by_the_key_that_the_server_keeps(project: Path) -> None:
    (pipeline,), (_, workflow) = _blocks("gitlab.md", "yaml"), _blocks("github.md", "yaml")
    work = project / "work"
    _run("fencepost keygen --out key && mkdir work && cp my_vault.py work", project)
    (in_gitlab,) = re.findall(r"- (fencepost certify .*)", pipeline)
    (in_github,) = re.findall(r"run: \|\n((?: {10}.*\n)+)", workflow)
    _run(f"export FENCEPOST_KEY={project}/key\n{in_gitlab} --effort quick\nmv certificate.zip first.zip", work)
    _run(f'export FENCEPOST_KEY="$(cat {project}/key)"\n{in_github.rstrip()} --effort quick', work)
    for bundle in ("first.zip", "certificate.zip"):
        _run(f"fencepost verify {bundle} --key {project}/key.pub", work)


def test_the_steps_of_the_action_run_and_keep_the_exit_status(project: Path) -> None:
    text = (SOURCE / "action.yml").read_text(encoding="utf-8")
    (step,) = re.findall(r"^      run: \|\n(.*?)^    - name", text, re.DOTALL | re.MULTILINE)
    given = {
        "GITHUB_OUTPUT": str(project / "output"),
        "GITHUB_STEP_SUMMARY": str(project / "summary"),
        "SUBJECT": "library:my_vault:FlawedVault",
        "OPTIONS": "--clause DEC-4 --seed 1",
        "REPORT": "a report",
    }
    path = {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step],
        cwd=project,
        env=os.environ | given | path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert (project / "output").read_text() == "status=1\n"
    assert "DEC-4" in (project / "summary").read_text()
    assert (project / "a report" / "run.ndjson").exists()


def test_the_citation_has_the_version_of_the_distribution() -> None:
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"\nversion: {project['version']}\n" in (SOURCE / "CITATION.cff").read_text(encoding="utf-8")


def test_contributors_set_up_by_the_command_of_the_readme() -> None:
    contributing = (SOURCE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    readme = (SOURCE / "README.md").read_text(encoding="utf-8")
    (command, *_) = re.findall(r"^```sh\n(.*?)\n```$", contributing, re.DOTALL | re.MULTILINE)
    assert f"{command} && " in readme


def test_the_hooks_are_named_on_their_page() -> None:
    hooks = re.findall(r"^- id: (\S+)", (SOURCE / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    page = (RECIPES / "pre-commit.md").read_text(encoding="utf-8")
    assert len(hooks) == 2
    assert all(f"`{hook}`" in page for hook in hooks)

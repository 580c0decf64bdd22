"""The file of a repository that a subject is, or that names it."""

from pathlib import Path

import pytest
from fencepost.conformance.run.subject_file import subject_file


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in (
        ".git/HEAD", ".venv/bin/python", "service/my vault.py", "service/vaults/one.py", "service/src/two/__init__.py",
        "service/tool.cli.toml", "service/x.y/z",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("subject", "file"),
    [
        ("stdio:../.venv/bin/python 'my vault.py' --fast", "service/my vault.py"),
        ("cli:tool.cli.toml", "service/tool.cli.toml"),
        ("library:vaults.one:Vault", "service/vaults/one.py"),
        ("library:two:Vault", "service/src/two/__init__.py"),
        ("library:json:loads", ""),
        ("stdio:./elsewhere.py", ""),
        ("stdio:/etc/passwd", ""),
        (f"stdio:{'x' * 5000} \0", ""),
        ("stdio:'open", ""),
        ("http://127.0.0.1:1", ""),
    ],
)
def test_it_is_the_file_that_the_subject_string_names(repository: Path, subject: str, file: str) -> None:
    assert subject_file(subject, repository / "service") == file


def test_else_it_is_the_file_of_settings_or_of_ci_that_names_the_subject(repository: Path) -> None:
    subject, folder = "http://127.0.0.1:8080/vault", repository / "service"
    workflow = repository / ".github" / "workflows" / "ci.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(f"run: fencepost check {subject}")
    assert subject_file(subject, folder) == ".github/workflows/ci.yml"
    (folder / "pyproject.toml").write_text(f'[tool.fencepost]\nsubject = "{subject}"')
    assert subject_file(subject, folder) == "service/pyproject.toml"


def test_without_a_repository_its_path_is_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "vault.py").write_text("")
    assert subject_file("stdio:python3 vault.py", tmp_path) == "vault.py"

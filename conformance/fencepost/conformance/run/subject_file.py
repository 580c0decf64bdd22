"""The file of the user's repository that a subject is, or that names it: where code scanning shows what a run found."""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

_SETTINGS = ("pyproject.toml", "conftest.py")
_CI = (".github/workflows/*.yml", ".github/workflows/*.yaml", ".gitlab-ci.yml", "azure-pipelines.yml", "Jenkinsfile")


def subject_file(subject: str, folder: Path) -> str:
    """The file's path from the top of the repository that `folder` is in, or from `folder` itself; empty if none.

    A file that the subject string names comes first, then the file of its `library:` module. The last is a file that
    contains the subject string: of settings beside it, or of CI at the top. A file in a hidden folder (`.venv`) is not
    the user's.
    """
    folder = folder.resolve()
    top = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    for path in _named(subject, folder):
        if os.path.isfile(path) and path.resolve().is_relative_to(top):  # noqa: PTH113 - no error for any text
            shown = path.resolve().relative_to(top)
            if not any(part.startswith(".") for part in shown.parts):
                return shown.as_posix()
    naming = [folder / name for name in _SETTINGS] + [path for name in _CI for path in sorted(top.glob(name))]
    for path in naming:
        if path.is_file() and subject in path.read_text(encoding="utf-8", errors="replace"):
            return path.relative_to(top).as_posix()
    return ""


def _named(subject: str, folder: Path) -> Iterator[Path]:
    carrier, _, rest = subject.partition(":")
    if carrier == "library":
        module = rest.partition(":")[0]
        file = getattr(sys.modules.get(module), "__file__", None)
        if file is not None:
            yield Path(file)
        for root in (folder, folder / "src"):
            stem = root.joinpath(*module.split("."))
            yield from (stem.with_suffix(".py"), stem / "__init__.py")
        return
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    yield from (folder / word for word in words if word)

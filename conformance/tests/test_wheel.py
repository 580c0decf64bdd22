"""The built wheel: just the namespace `fencepost` with its data, and it runs where nothing of the source tree is."""

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Sequence
from configparser import ConfigParser
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2]
ROOTS = ("adapters", "conformance", "reference", "reports")

pytestmark = pytest.mark.xdist_group("wheel")


def _run(command: Sequence[str | Path], *, cwd: Path) -> str:
    """What the command prints; nothing of this environment's own paths is handed on."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "COV", "FORCE"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as a package index would build it."""
    folder = tmp_path_factory.mktemp("dist")
    _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, SOURCE], cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> frozenset[str]:
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a fresh environment that has the wheel, and this one's dependencies to import."""
    folder = tmp_path_factory.mktemp("clean")
    builder = venv.EnvBuilder(with_pip=False, symlinks=True)
    builder.create(folder)
    python = folder / "bin" / "python"
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    _run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], cwd=folder)
    # Where a `.pth` file leads, other `.pth` files do not count: the editable installation of the source stays out.
    site = Path(_run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=folder).strip())
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    return folder / "bin"


def test_the_wheel_holds_the_namespace_and_its_own_description_only(names: frozenset[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"fencepost"}
    assert len(tops) == 2
    assert {name.split("/")[1] for name in names if name.startswith("fencepost/")} == set(ROOTS)


def test_the_namespace_has_no_init(names: frozenset[str]) -> None:
    assert "fencepost/__init__.py" not in names


@pytest.mark.parametrize("root", ROOTS)
def test_each_portion_says_that_it_is_typed(names: frozenset[str], root: str) -> None:
    assert f"fencepost/{root}/py.typed" in names


@pytest.mark.parametrize("root", ROOTS)
def test_every_file_of_the_source_is_in_the_wheel(names: frozenset[str], root: str) -> None:
    folder = SOURCE / root
    files = [
        path
        for path in (folder / "fencepost").rglob("*")
        if path.is_file() and not {"__pycache__", ".hypothesis"} & set(path.parts)
    ]
    assert {path.relative_to(folder).as_posix() for path in files} <= names
    if root in ("conformance", "reference"):
        assert any(path.suffix == ".toml" for path in files)


def test_nothing_else_is_in_the_wheel(names: frozenset[str]) -> None:
    inside = [name for name in names if name.startswith("fencepost/")]
    # `pytest --pyargs` runs the suite for a vendor, and `init` writes the templates: both are products, not tests.
    ours = [name for name in inside if "/conformance/suite/" not in name and "/init_templates/" not in name]
    assert [name for name in ours if "__pycache__" in name or "/tests/" in name or "/test_" in name] == []
    assert [name for name in inside if not any((SOURCE / root / name).is_file() for root in ROOTS)] == []


def test_the_license_goes_with_it(names: frozenset[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_every_entry_point_leads_to_a_module_of_the_wheel(wheel: Path, names: frozenset[str]) -> None:
    (listed,) = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
    parser = ConfigParser(delimiters=("=",))
    with zipfile.ZipFile(wheel) as archive:
        parser.read_string(archive.read(listed).decode("utf-8"))
    for group in parser.sections():
        for name, value in parser[group].items():
            path = value.partition(":")[0].replace(".", "/")
            assert {f"{path}.py", f"{path}/__init__.py"} & names, f"[{group}] {name} = {value}"


def test_the_installed_command_runs_from_anywhere(clean: Path, tmp_path: Path) -> None:
    version = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert _run([clean / "fencepost", "--version"], cwd=tmp_path).strip() == f"fencepost, version {version}"
    assert "DEC-17" in _run([clean / "fencepost", "clauses"], cwd=tmp_path)
    assert "keyvault-2018-preview" in _run([clean / "fencepost", "profiles"], cwd=tmp_path)


def test_no_installed_command_fails_to_load(clean: Path, tmp_path: Path) -> None:
    assert "cannot be loaded" not in _run([clean / "fencepost", "--help"], cwd=tmp_path)
    assert "cannot be loaded" not in _run([clean / "fencepost", "subjects"], cwd=tmp_path)


@pytest.mark.parametrize("root", ROOTS)
def test_it_is_the_wheel_that_runs(clean: Path, tmp_path: Path, root: str) -> None:
    program = f"import fencepost.{root}; print(list(fencepost.{root}.__path__)[0])"
    assert _run([clean / "python", "-c", program], cwd=tmp_path).startswith(str(clean.parent))

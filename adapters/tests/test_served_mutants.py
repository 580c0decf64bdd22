"""Thirty mutants behind Azure's wire, a stated list, are failed by `check azure:` through Microsoft's SDKs."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options
from fencepost.conformance.commands import main
from fencepost.conformance.mutants import CATALOGUE

ROOT = Path(__file__).parents[2]
STATED = tomllib.loads(Path(__file__).with_name("served_mutants.toml").read_text("utf-8"))
NAMES = [name for group in STATED.values() for name in group]


@pytest.fixture(scope="module")
def benchmark_of_all() -> ModuleType:
    """The program that serves every mutant, started by hand."""
    path = ROOT / "conformance" / "benchmarks" / "served_mutants.py"
    spec = importlib.util.spec_from_file_location("served_mutants", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.engine("azure")
@pytest.mark.parametrize("name", NAMES)
def test_a_mutant_behind_azures_wire_is_failed(name: str, tmp_path: Path) -> None:
    target = tmp_path / "t.toml"
    with running(Options(subject=f"mutant:{name}", target=target, trust_test_headers=True)):
        command = ["check", f"azure:{target}", "--fail-fast", "--call-timeout", "60"]
        run = CliRunner().invoke(main, command)
    assert run.exit_code == 1, run.output
    assert re.search(r"^FAIL [A-Z]+-\d+ ", run.stdout, re.MULTILINE)


def test_the_stated_mutants_are_thirty_of_every_group_and_the_wire_can_show_each(benchmark_of_all: ModuleType) -> None:
    assert len(set(NAMES)) == 30
    assert set(STATED) == {mutant.group for mutant in CATALOGUE.values()}
    for group, mutants in STATED.items():
        for name, clause in mutants.items():
            assert (CATALOGUE[name].group, CATALOGUE[name].clause) == (group, clause)
            assert benchmark_of_all.hidden(CATALOGUE[name]) is None


def test_the_page_of_mutants_that_the_wire_cannot_show_is_current(benchmark_of_all: ModuleType) -> None:
    page = ROOT / "docs" / "azure-hidden-mutants.md"
    assert page.read_text("utf-8") == benchmark_of_all.page_of_hidden()

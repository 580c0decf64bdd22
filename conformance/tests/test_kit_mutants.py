"""The kit itself with one thing taken out: for each entry of kit_mutants.toml the test that it names goes red.

A test that stays green here would let somebody take out a floor, a decoy, a comparison or a row of verdicts unseen.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import Struct, convert

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kit mutants")]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROOTS = ("reference", "adapters", "reports", "conformance")
KIT = Path("conformance", "fencepost", "conformance")


class KitMutant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The text `old`, which stands once in a file of the kit, becomes `new`; then `test` must fail."""

    id: str
    file: str
    old: str
    new: str
    test: str


MUTANTS = convert(tomllib.loads((HERE / "kit_mutants.toml").read_text("utf-8"))["mutant"], tuple[KitMutant, ...])


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything that the tests need."""
    copied = tmp_path_factory.mktemp("kit")
    for name in (*ROOTS, "docs"):
        ignored = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(ROOT / name, copied / name, ignore=ignored)
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy2(ROOT / name, copied / name)
    return copied


def _ended(tree: Path, nodes: Sequence[str]) -> tuple[int, str]:
    """The exit status of these tests in the tree, and what they printed."""
    roots = os.pathsep.join(str(tree / name) for name in ROOTS)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "slow or not slow"]
    ended = subprocess.run(
        [*command, *(f"conformance/tests/{node}" for node in nodes)],
        cwd=tree,
        env={**kept, "PYTHONPATH": roots},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_each_test_that_is_named_is_green_in_the_copy(tree: Path) -> None:
    status, found = _ended(tree, list(dict.fromkeys(one.test for one in MUTANTS)))
    assert status == 0, found


def test_there_are_enough_mutants_of_the_kit_and_no_two_alike() -> None:
    assert len({one.id for one in MUTANTS}) == len({(one.file, one.old, one.new) for one in MUTANTS}) == len(MUTANTS)
    assert len(MUTANTS) >= 25


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_a_test_goes_red_where_something_is_taken_out_of_the_kit(mutant: KitMutant, tree: Path) -> None:
    file = tree / KIT / mutant.file
    source = file.read_text("utf-8")
    assert source.count(mutant.old) == 1, "the entry is stale"
    file.write_text(source.replace(mutant.old, mutant.new), "utf-8")
    try:
        status, found = _ended(tree, [mutant.test])
    finally:
        shutil.copy2(
            ROOT / KIT / mutant.file, file
        )  # with its old time, so that no bytecode of the mutant is taken for it
    assert status == 1, found

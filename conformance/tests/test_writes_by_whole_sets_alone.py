"""A subject that takes whole rule sets alone, as Azure's wire does: each applicable clause is asked enough."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import main

SUBJECT = """
from fencepost.conformance.implementations import ReferenceImplementation

class WholeSets(ReferenceImplementation):
    def __init__(self):
        super().__init__("keyvault")

    def describe(self, *, protocol):
        statement = dict(super().describe(protocol=protocol))
        statement["features"] = [name for name in statement["features"] if name != "incremental-rules"]
        return statement
"""


@pytest.mark.parametrize("seed", [0])
def test_a_missing_endpoint_is_asked_for_often_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    (tmp_path / "whole_sets.py").write_text(SUBJECT)
    monkeypatch.syspath_prepend(tmp_path)
    arguments = ["check", "library:whole_sets:WholeSets", "--clause", "VAL-8", "--seed", str(seed)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.stdout

"""`schema`: what it prints is what is published."""

import json

import jsonschema
import pytest
from click.testing import CliRunner
from fencepost.adapters import cli, rest
from fencepost.adapters.contract import contract_schema
from fencepost.conformance.commands import main
from fencepost.reports.events import run_schema
from fencepost.reports.model import report_schema


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], contract_schema()),
        (["contract"], contract_schema()),
        (["report"], report_schema()),
        (["run"], run_schema()),
        (["cli"], cli.file_schema()),
        (["rest"], rest.file_schema()),
    ],
)
def test_the_published_schemas_are_printed(arguments: list[str], expected: dict[str, object]) -> None:
    result = CliRunner().invoke(main, ["schema", *arguments])
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert printed == json.loads(json.dumps(expected))
    jsonschema.Draft202012Validator.check_schema(printed)


def test_another_schema_is_bad_usage() -> None:
    assert CliRunner().invoke(main, ["schema", "other"]).exit_code == 2

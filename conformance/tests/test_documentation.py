"""The pages for users: complete where they say so, their examples run, and their links lead somewhere."""

import re
import shlex
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fencepost.adapters.contract import METHODS, contract_schema
from fencepost.adapters.contract.vocabulary import (
    CHOICES,
    CONTROL_OPERATIONS,
    DATA_OPERATIONS,
    FEATURES,
    MAX_SETTLE_SECONDS,
    RESERVED_BLOCKS,
)
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands import main
from fencepost.conformance.commands.contract_page import contract_page
from fencepost.conformance.commands.made_parts import choices_file, with_parts
from fencepost.conformance.commands.page import page
from fencepost.reference import load_profile
from fencepost.reference.codes import BLOCKED, FORBIDDEN, SERVICE_BLOCKED
from fencepost.reference.open_points import OPEN_POINTS

SOURCE = Path(__file__).parents[2]
CONTRACT = (SOURCE / "docs" / "contract.md").read_text(encoding="utf-8")
GUIDE = (SOURCE / "docs" / "writing-a-harness.md").read_text(encoding="utf-8")
README = (SOURCE / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*SOURCE.glob("*.md"), *SOURCE.glob("*/README.md"), *(SOURCE / "docs").rglob("*.md")])


def _row(key: str) -> str:
    """The row of a table of the contract that begins with the key."""
    (row,) = [line for line in CONTRACT.splitlines() if line.startswith(f"| `{key}` |")]
    return row


@pytest.mark.parametrize("method", METHODS)
def test_the_contract_tells_every_method(method: str) -> None:
    assert f"`{method}`" in CONTRACT


@pytest.mark.parametrize("feature", FEATURES)
def test_the_contract_tells_every_feature(feature: str) -> None:
    assert _row(feature) if feature != "trusted-services" else CONTRACT.count("\n| `trusted-services` |") == 2


@pytest.mark.parametrize("choice", [choice for choice in CHOICES if choice != "trusted-services"])
def test_the_contract_tells_every_choice_and_its_values(choice: str) -> None:
    for value in CHOICES[choice]:
        assert f"`{value}`" in _row(choice)


def test_the_contract_tells_every_reserved_block() -> None:
    assert all(f"`{block}`" in _row("reserved-ranges") for block in RESERVED_BLOCKS)


def test_the_contract_tells_every_operation() -> None:
    words = set(re.findall(r"`([A-Za-z]+)`", CONTRACT))
    composed = {f"{kind}{operation}" for kind in ("Key", "Secret", "Certificate") for operation in words}
    assert set(CONTROL_OPERATIONS) <= words
    assert set(DATA_OPERATIONS) <= words | composed


def test_the_contract_tells_every_service_of_2018_and_whether_it_is_trusted() -> None:
    for service in load_profile("keyvault-2018-preview").services:
        assert _row(service.name).endswith(f"| {'yes' if service.trusted else 'no'} |")


def test_the_example_of_a_harness_is_wired_up(tmp_path: Path) -> None:
    example = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)[0]
    program = tmp_path / "thirty_lines.py"
    program.write_text(example, encoding="utf-8")
    subject = f"stdio:{shlex.join([sys.executable, str(program)])}"
    result = CliRunner().invoke(main, ["smoke", subject], catch_exceptions=False)
    assert result.exit_code == 0, result.stdout
    assert len([line for line in example.splitlines() if line.strip()]) <= 30


def test_the_page_of_commands_is_what_the_commands_say_of_themselves() -> None:
    written = (SOURCE / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == page(), "python -m fencepost.conformance.commands.page > docs/commands.md"
    assert "\\b" not in written, "a backspace that click reads is a character, and no two letters"


def test_the_contract_reference_is_that_of_the_schema() -> None:
    written = (SOURCE / "docs" / "contract-reference.md").read_text(encoding="utf-8")
    assert written == contract_page(), (
        "python -m fencepost.conformance.commands.contract_page > docs/contract-reference.md"
    )
    schema: Any = contract_schema()
    for method, one in schema["methods"].items():
        assert f"\n| `{method}` | [{one['params']['$ref'].rpartition('/')[2]}](#" in written
    for name, one in schema["$defs"].items():
        section = written.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
        assert one["description"] in section
        for member in one["properties"]:
            assert f"\n| `{member}` | " in section, f"{name}.{member}"
    known = {"title", "description", "type", "properties", "required", "if", "then", "else"}
    assert {key for one in schema["$defs"].values() for key in one} <= known, "what the page does not show"


def test_the_readme_begins_with_the_two_commands_each_of_which_works_alone() -> None:
    first, second = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)[:2]
    install = 'python3 -m venv .venv && .venv/bin/pip install -e ".[all,dev]" -c constraints.txt && '
    assert first.startswith(install)
    assert second.startswith(install)
    assert first.removeprefix(install).strip() == ".venv/bin/fencepost check cedar"
    assert second.removeprefix(install).strip() == ".venv/bin/python -m pytest -n 2"


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(SOURCE).as_posix() for page in PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in _anchors(linked.read_text(encoding="utf-8")), f"{page.name}: {target}"


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_contract_tells_every_code_of_a_denial() -> None:
    for code in (BLOCKED, SERVICE_BLOCKED, *FORBIDDEN):
        assert f"`{code[1]}`" in CONTRACT
    assert "`error.innererror.code`" in CONTRACT


def test_the_contract_bounds_the_settle_time_by_the_fifteen_minutes_of_the_announcement() -> None:
    assert f"At most {MAX_SETTLE_SECONDS}, the “up to 15 minutes to take effect”" in CONTRACT


def test_the_readme_says_what_a_quick_run_may_cost() -> None:
    quick = EFFORTS["quick"]
    assert with_parts(README) == README
    asked = f"clauses ({len(catalogue().clauses)} of an endpoint on Azure's wire)"
    assert f"{asked} with at most {quick.writes:,} writes and {quick.decisions:,} decisions" in README
    assert f"changes its rules up to {quick.writes:,} times" in README


def test_the_readme_says_what_the_profile_covers_and_what_it_leaves_out() -> None:
    readme = " ".join(README.split())
    assert "covers `networkAcls` alone" in readme
    for left_out in ("publicNetworkAccess", "private endpoints", "ForbiddenByConnection", "Managed HSM"):
        assert left_out in readme
        assert left_out in load_profile("keyvault").scope
    assert "What follows from a documented rule is judged and marked as inferred" in readme


def test_the_choices_of_the_contract_and_their_table_are_made_of_the_open_points() -> None:
    assert (files("fencepost.adapters.contract") / "choices.json").read_text(encoding="utf-8") == choices_file()
    assert with_parts(CONTRACT) == CONTRACT
    for point in OPEN_POINTS:
        assert f" | {point.shown} |\n" in CONTRACT

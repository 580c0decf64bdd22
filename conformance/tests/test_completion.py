"""Completion of the shell, by the lines of docs/project.md."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "project.md").read_text(encoding="utf-8")
LINES = dict(re.findall(r"^\| (bash|zsh|fish).*? \| `(.*)` \|$", PAGE, re.MULTILINE))
FENCEPOST = Path(sys.executable).parent / "fencepost"


def _completed(words: str) -> list[str]:
    found = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_FENCEPOST_COMPLETE": "bash_complete"}
    done = subprocess.run([FENCEPOST], env=os.environ | found, capture_output=True, text=True, check=False)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_line_of_the_page_prints_a_completion_script(shell: str) -> None:
    found = re.search(rf"_FENCEPOST_COMPLETE=({shell}_source) fencepost", LINES[shell])
    assert found
    result = os.environ | {"_FENCEPOST_COMPLETE": found[1]}
    done = subprocess.run([FENCEPOST], env=result, capture_output=True, text=True, check=False)
    assert "_FENCEPOST_COMPLETE" in done.stdout


def test_commands_options_and_choices_are_completed() -> None:
    assert _completed("fencepost che") == ["check"]
    assert _completed("fencepost check --fail") == ["--fail-fast"]
    assert _completed("fencepost check --effort s") == ["standard"]

"""Completion of the shell, by the lines of docs/project.md."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fencepost.conformance.catalogue import catalogue
from listed_failures import list_file, listed

PAGE = (Path(__file__).parents[2] / "docs" / "project.md").read_text(encoding="utf-8")
LINES = dict(re.findall(r"^\| (bash|zsh|fish).*? \| `(.*)` \|$", PAGE, re.MULTILINE))
FENCEPOST = Path(sys.executable).parent / "fencepost"


def _completed(words: str, cwd: Path | None = None) -> list[str]:
    found = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_FENCEPOST_COMPLETE": "bash_complete"}
    done = subprocess.run([FENCEPOST], env=os.environ | found, capture_output=True, text=True, cwd=cwd)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_line_of_the_page_prints_a_completion_script(shell: str) -> None:
    found = re.search(rf"_FENCEPOST_COMPLETE=({shell}_source) fencepost", LINES[shell])
    assert found
    result = os.environ | {"_FENCEPOST_COMPLETE": found[1]}
    done = subprocess.run([FENCEPOST], env=result, capture_output=True, text=True, check=False)
    assert "_FENCEPOST_COMPLETE" in done.stdout


def _in_bash(line: str) -> list[str]:
    """What bash is offered at the end of the line, by the page's line and by bash's own words: a colon ends a word."""
    words = [word for word in re.split(r"(:)|\s+", line) if word] + ([""] if line.endswith(" ") else [])
    script = f"""
        {LINES["bash"]}
        COMP_WORDS=({" ".join(f"'{word}'" for word in words)}) COMP_CWORD={len(words) - 1}
        _fencepost_completion fencepost
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = {"PATH": f"{FENCEPOST.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=os.environ | path, capture_output=True, text=True, check=False)
    return done.stdout.split()


def test_clauses_and_their_families_are_completed() -> None:
    begun = sorted(clause.id for clause in catalogue().clauses if clause.id.startswith("DEC-1"))
    assert _completed("fencepost check reference --clause dec-1") == begun
    assert _completed("fencepost check reference --clause VA")[0] == "VAL"
    assert "DEC-4" in _completed("fencepost explain DEC")
    assert "CTL-1" in _completed("fencepost baseline add known.json --from run --clause C")


def test_subjects_are_completed() -> None:
    names = _completed("fencepost check ")
    assert {"stdio:", "library:", "rest:", "http://", "mutant:", "cedar", "nginx", "haproxy", "reference"} <= {*names}
    assert _completed("fencepost smoke reference:keyvault-") == ["reference:keyvault-2018-preview"]
    assert _completed("fencepost disagree cedar nginx-") == ["nginx-geo"]
    assert _completed("fencepost serve ") == names
    assert _completed("fencepost serve reference:keyvault-") == ["reference:keyvault-2018-preview"]
    assert "mutant:last-address-excluded" in _completed("fencepost bench reference mutant:last-a")


def test_bash_completes_what_follows_a_colon() -> None:
    assert "last-address-excluded" in _in_bash("fencepost check mutant:last-a")
    assert "last-address-excluded" in _in_bash("fencepost check mutant:")
    assert _in_bash("fencepost check reference:keyvault-") == ["keyvault-2018-preview"]
    assert _in_bash("fencepost check refere") == ["reference"]
    assert _in_bash("fencepost check mutant:last-address-excluded --effort s") == ["standard"]


def test_other_names_from_tables_are_completed(tmp_path: Path) -> None:
    assert "SecretGet" in _completed("fencepost explain rules.json --operation secret")
    assert "Azure Backup" in _completed("fencepost explain rules.json --service A")
    assert _completed("fencepost explain rules.json --profile keyvault-") == ["keyvault-2018-preview"]
    assert _completed("fencepost check cedar --suite-version 0") == ["0.1.0"]
    assert "last-address-excluded" in _completed("fencepost strength --mutant last-a")
    folder = tmp_path / "fencepost-regressions"
    folder.mkdir()
    (folder / "DEC-4-0123456789ab.json").write_text("{}")
    assert "DEC-4-0123456789ab" in _completed("fencepost replay DEC", cwd=tmp_path)


def test_entries_of_the_named_list_are_completed(tmp_path: Path) -> None:
    list_file(tmp_path, listed(), listed("20.0.1.0/24", "20.0.1.255"))
    renewed = "fencepost baseline renew known.json --expires 2999-01-01"
    assert _completed(f"{renewed} --entry dec-4-", cwd=tmp_path) == sorted(
        one.id for one in (listed(), listed("20.0.1.0/24", "20.0.1.255"))
    )
    assert _completed(f"{renewed} --entry {listed().id[:8]}", cwd=tmp_path) == [listed().id]
    (tmp_path / "known.json").write_text("[", encoding="utf-8")
    assert _completed(f"{renewed} --entry D", cwd=tmp_path) == [""]


def test_commands_options_and_choices_are_completed() -> None:
    assert _completed("fencepost che") == ["check"]
    assert _completed("fencepost check --fail") == ["--fail-fast"]
    assert _completed("fencepost check --effort s") == ["standard"]

"""The harness kits: each is wired up, a right vault written on it passes, and three faulty ones are failed."""

import contextlib
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import Client, RpcError, Timeouts, open_subject
from fencepost.conformance.commands import main

KITS = Path(__file__).parents[2] / "adapters" / "harnesses"

BUILDS = {
    # language: its file, what builds it in a folder, what starts it there
    "c": ("harness.c", "cc -Wall -Wextra -Werror -o harness harness.c", "./harness"),
    "csharp": ("Harness.cs", "mcs -warnaserror Harness.cs", "mono Harness.exe"),
    "go": ("harness.go", "env GO111MODULE=off GOFLAGS= go build -o harness harness.go", "./harness"),
    "java": ("Harness.java", "javac Harness.java", "java -cp . Harness"),
    "node": ("harness.mjs", "node --check harness.mjs", "node harness.mjs"),
    "rust": ("harness.rs", "rustc --edition 2021 harness.rs", "./harness"),
}
FAULTS = {
    # what stands in the kit, and what a faulty vault has instead: the first address of a range is left out, the default
    # action Allow is not heeded, a rule set is added to the old one
    "c": [
        ("== ranges[place].base", "== ranges[place].base && address != ranges[place].base"),
        ('is_open = strcmp(text_of(acls, "defaultAction"), "Deny") != 0;', "is_open = 0;"),
        ("    count = 0;\n", ""),
    ],
    "csharp": [
        ("range[0] <= address", "range[0] < address"),
        ('isOpen = !networkAcls.ContainsKey("defaultAction") ||', "isOpen = isOpen &&"),
        ("var read = new List<long[]>();", "var read = new List<long[]>(ranges);"),
    ],
    "go": [
        ("one.Contains(address)", "one.Contains(address) && address != one.Addr()"),
        ('acls.DefaultAction != "Deny", read', "false, read"),
        ('"Deny", read', '"Deny", append(ranges, read...)'),
    ],
    "java": [
        ("range[0] <= address", "range[0] < address"),
        ('isOpen = !"Deny".equals(networkAcls.get("defaultAction"));', "isOpen = false;"),
        ("read = new ArrayList<>();", "read = new ArrayList<>(ranges);"),
    ],
    "node": [
        (
            "read.addSubnet(base, Number(length));",
            'read.addRange(base.replace(/\\d+$/, (last) => Number(last) + 1), base.replace(/\\d+$/, "255"));',
        ),
        ('isOpen = networkAcls.defaultAction !== "Deny";', "isOpen = false;"),
        ("const read = new BlockList();", "const read = ranges;"),
    ],
    "rust": [
        ("address & mask == *base", "address & mask == *base && address != *base"),
        ('is_open: acls.get("defaultAction").text() != "Deny"', "is_open: false"),
        ("let mut ranges = Vec::new();", "let mut ranges = self.ranges.clone();"),
    ],
}
LANGUAGES = [pytest.param(name, marks=pytest.mark.engine(name)) for name in BUILDS]


def _built(language: str, folder: Path, before: str = "", after: str = "") -> str:
    """The subject string of the kit, built in the folder with one text in place of another."""
    file, build, start = BUILDS[language]
    text = (KITS / file).read_text(encoding="utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")
    subprocess.run(shlex.split(build), cwd=folder, check=True, capture_output=True)
    program, *rest = shlex.split(start)
    found = str(folder / program) if program.startswith(".") else shutil.which(program) or program
    return f"stdio:{shlex.join([found, *(str(folder / one) if '.' in one else one for one in rest)])}"


@pytest.mark.parametrize("language", BUILDS)
def test_a_kit_is_one_file_of_less_than_150_lines(language: str) -> None:
    assert len((KITS / BUILDS[language][0]).read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_kit_tells_a_broken_call_from_an_answer_and_goes_on(language: str, tmp_path: Path) -> None:
    subject = _built(language, tmp_path)
    with contextlib.closing(Client(open_subject(subject, timeouts=Timeouts(start=20, call=20)))) as client:
        assert client.describe().profile == "keyvault"
        client.reset([])
        with pytest.raises(RpcError) as unknown:
            client.connection.call("constructor", {})
        assert unknown.value.code == -32601
        wrong = {"plane": "data", "operation": "SecretGet", "source": {"address": "no \\ ☃"}}
        with pytest.raises(RpcError) as broken:
            client.connection.call("decide", {"requests": [wrong]})
        assert broken.value.code == -32000
        right = {"plane": "data", "operation": "SecretGet", "source": {"address": "20.1.2.3"}}
        assert [answer.outcome for answer in client.decide([right])] == ["allow"]


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments], catch_exceptions=False)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_right_vault_on_a_kit_passes_smoke_and_check(language: str, tmp_path: Path) -> None:
    subject = _built(language, tmp_path)
    assert _run("smoke", subject).exit_code == 0
    result = _run("check", subject)
    assert result.exit_code == 0, result.output
    assert "no wrong answer" in result.output or "PARTIAL" in result.output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "fault"),
    [
        pytest.param(language, fault, id=f"{language}-{number}", marks=pytest.mark.engine(language))
        for language, faults in FAULTS.items()
        for number, fault in enumerate(faults)
    ],
)
def test_a_faulty_vault_on_a_kit_is_failed(language: str, fault: tuple[str, str], tmp_path: Path) -> None:
    result = _run("check", _built(language, tmp_path, *fault), "--fail-fast")
    assert result.exit_code == 1, result.output

"""The pages for users: every block is run as far as it can be run quickly, or stands in pages.toml with the reason."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from fencepost.adapters.azure.target import load_target
from fencepost.conformance.commands import main
from suite_size import SUITE_TESTS

SOURCE = Path(__file__).parents[2]
TABLE = tomllib.loads((Path(__file__).parent / "pages.toml").read_text(encoding="utf-8"))
ELSEWHERE: dict[str, str] = TABLE["elsewhere"]
NOT_RUN: dict[str, list[tuple[str, str]]] = TABLE["not-run"]
PAGES = sorted(
    path.relative_to(SOURCE).as_posix()
    for pattern in ("*.md", "*/README.md", "docs/*.md", "*/examples/**/README.md")
    for path in SOURCE.glob(pattern)
)
pytest_plugins = ("pytester",)
FLAWED = "mutant:last-address-excluded"
SHORT = f"fencepost check {FLAWED} --clause DEC-4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of a page."""

    page: str
    language: str
    text: str

    @property
    def reason(self) -> str | None:
        """Why it is not run, where the table says so."""
        begins = self.text.lstrip()
        return next((reason for start, reason in NOT_RUN.get(self.page, []) if begins.startswith(start)), None)


def _blocks(page: str) -> Iterator[Block]:
    text = (SOURCE / page).read_text(encoding="utf-8")
    for language, body in re.findall(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        yield Block(page=page, language=language, text=body)


BLOCKS = [block for page in PAGES for block in _blocks(page)]


def _block(page: str, begins: str) -> str:
    """The text of the block of the page that begins so."""
    (block,) = [one for one in _blocks(page) if one.text.lstrip().startswith(begins)]
    assert block.reason is None, f"pages.toml says that it is not run: {block.reason}"
    return block.text


RUN_HERE = {
    "README.md": ("clause         verdict", "fencepost init library"),
    "adapters/examples/node/README.md": ("$ echo",),
    "docs/azure.md": ("fencepost serve --target", "import tomllib", 'reset = "reuse"'),
    "docs/explain.md": ("$ cat rules.json",),
    "docs/pytest.md": ("from fencepost.conformance import",),
    "docs/regressions.md": (
        '{\n  "format": "fencepost-regression"',
        "fencepost replay",
        "fencepost diff",
        "fencepost matrix",
        "fencepost disagree",
        "fencepost check SUBJECT --known known.json --report run/",
        '{\n  "format": "fencepost-known-failures"',
        "fencepost vectors export",
    ),
    "docs/strategies.md": ("from fencepost.conformance import",),
    "docs/reports.md": ("fencepost check SUBJECT --report",),
    "docs/writing-a-harness.md": ("import json", "fencepost smoke", "from ipaddress"),
    "reference/README.md": ("from fencepost.reference import",),
}
"""The blocks that tests run, by their first words: of this module, test_documentation.py or test_azure_pages.py."""


def test_every_block_is_run_or_has_a_reason_not_to_be() -> None:
    for block in BLOCKS:
        if block.page not in ELSEWHERE and block.page != "docs/commands.md":
            is_run = block.text.lstrip().startswith(RUN_HERE.get(block.page, ()))
            assert is_run != (block.reason is not None), (block.page, block.text[:60])


def test_nothing_in_the_table_is_stale() -> None:
    for page, test in ELSEWHERE.items():
        assert (SOURCE / page).is_file()
        assert f'"{Path(page).name}"' in (SOURCE / test).read_text(encoding="utf-8"), f"{test} reads no {page}"
    for page, rows in NOT_RUN.items():
        for begins, _ in rows:
            assert any(block.text.lstrip().startswith(begins) for block in _blocks(page)), f"{page}: {begins}"
    for page, starts in RUN_HERE.items():
        for begins in starts:
            assert any(block.text.lstrip().startswith(begins) for block in _blocks(page)), f"{page}: {begins}"


def test_the_sample_of_the_readme_is_what_the_command_prints() -> None:
    start = "clause         verdict"
    (sample,) = (block.text for block in _blocks("README.md") if block.text.lstrip().startswith(start))
    shown = CliRunner().invoke(main, ["check", "mutant:last-address-excluded"], env={"COLUMNS": "118"}).stdout

    def plain(text: str) -> str:
        """The text without counts, which change with what the suite asks, and with one blank for several."""
        return " ".join(re.sub(r"(?<![-\w./])\d[\d,]*(?![\w./-])", "", text).split())

    printed = plain(shown)
    for part in (part for line in sample.splitlines() for part in line.split("…")):
        assert plain(part) in printed, part


# -- commands: that there are such, with such options ------------------------------------------------------------------


def _commands(page: str) -> Iterator[str]:
    """The commands `fencepost …` of a page, in its blocks and in its lines."""
    for block in _blocks(page):
        if block.language in ("sh", "", "console"):
            for line in block.text.replace("\\\n", " ").splitlines():
                yield from re.findall(r"(?:^|[ ;&(/])(fencepost [a-z][^#|;&>)]*)", line.removeprefix("$ "))
    prose = re.sub(r"^```.*?^```$", "", (SOURCE / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`(fencepost [a-z][^`|]*)`", prose.replace("\n", " "))


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_and_every_option_of_it_is_there(page: str) -> None:
    for entry in _commands(page):
        command: click.Command = main
        context = click.Context(main)
        for word in _words(entry)[1:]:
            if isinstance(command, click.Group) and not word.startswith("-"):
                if not word.islower():
                    break  # a placeholder
                found = command.get_command(context, word)
                assert found is not None, f"{page}: {entry}"
                command = found
            elif word.startswith("--"):
                options = {name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)}
                assert word.partition("=")[0].rstrip(".,)") in options, f"{page}: {entry}"


# -- blocks that are run -----------------------------------------------------------------------------------------------


def _shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The script by a shell that ends at the first failure, as CI servers run it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "COLUMNS": "120", "GITHUB_STEP_SUMMARY": "step.md"}
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _each(page: str, begins: str, folder: Path, **words: str) -> list[subprocess.CompletedProcess[str]]:
    """What comes of each line of the block, with other words for its placeholders."""
    text = _block(page, begins)
    for placeholder, word in words.items():
        text = text.replace(placeholder, word)
    return [_shell(line, folder) for line in text.splitlines()]


def _stored(folder: Path) -> None:
    """The page's stored case and its list of known failures, at the places where the page has them."""
    case = _block("docs/regressions.md", '{\n  "format": "fencepost-regression"')
    name = json.loads(case)["id"]
    for path in (folder / "fencepost-regressions" / f"{name}.json", folder / "some" / "where" / "case.json"):
        path.parent.mkdir(parents=True)
        path.write_text(case, encoding="utf-8")
    known = _block("docs/regressions.md", '{\n  "format": "fencepost-known-failures"')
    (folder / "known.json").write_text(known, encoding="utf-8")


def test_the_stored_case_and_the_list_of_the_page_are_replayed(tmp_path: Path) -> None:
    _stored(tmp_path)
    ended = _each("docs/regressions.md", "fencepost replay", tmp_path, SUBJECT=FLAWED)
    assert [(one.returncode, "still failing" in one.stdout) for one in ended] == [(1, True)] * 4, ended


@pytest.mark.slow
def test_known_failures_are_kept_listed_renewed_and_taken_off(tmp_path: Path) -> None:
    ended = _each(
        "docs/regressions.md",
        "fencepost check SUBJECT --known known.json --report run/",
        tmp_path,
        **{"check SUBJECT": f"check {FLAWED} --clause DEC-4", "SUBJECT": "reference:keyvault-2018-preview"},
        **{"https://…": "https://example.com/1", " --entry DEC-4-ad34926c847d": ""},
    )
    assert [one.returncode for one in ended] == [1, 0, 0, 0, 0, 0], ended
    assert json.loads((tmp_path / "known.json").read_text(encoding="utf-8"))["entries"] == []


@pytest.mark.slow
def test_two_runs_are_compared_and_set_beside_each_other(tmp_path: Path) -> None:
    fixed = "fencepost check reference --profile keyvault-2018-preview --clause DEC-4 --report"
    assert _shell(f"{fixed} before; ({SHORT} --report after || true); cp -r before cedar", tmp_path).returncode == 0
    assert _shell("cp -r before nginx; cp -r after mine", tmp_path).returncode == 0
    assert [one.returncode for one in _each("docs/regressions.md", "fencepost diff", tmp_path)] == [1, 1]
    assert [one.returncode for one in _each("docs/regressions.md", "fencepost matrix", tmp_path)] == [0, 0]
    assert "DEC-4" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_two_implementations_are_found_to_differ(tmp_path: Path) -> None:
    words = {"SUBJECT_A": "reference:keyvault-2018-preview", "SUBJECT_B": FLAWED}
    assert [one.returncode for one in _each("docs/regressions.md", "fencepost disagree", tmp_path, **words)] == [1, 1]


@pytest.mark.slow
def test_vectors_are_exported_and_run(tmp_path: Path) -> None:
    """The export is the repository's own file, which test_vectors.py holds to what the same command writes."""
    exported = SOURCE / "conformance" / "vectors" / "keyvault-2018-preview.json"
    export = "fencepost vectors export --profile keyvault-2018-preview --out"
    words = {"SUBJECT": FLAWED, "COMMAND ARGS…": f"{sys.executable} -m fencepost.adapters.harness stdio {FLAWED}"}
    words |= {"conformance/examples": str(SOURCE / "conformance" / "examples"), export: f"cp '{exported}'"}
    assert _block("docs/regressions.md", export)
    ended = _each("docs/regressions.md", "fencepost vectors export", tmp_path, **words)
    assert [one.returncode for one in ended] == [0, 1, 0, 1], ended


@pytest.mark.parametrize(
    ("subject", "status"), [("reference", 0), (FLAWED, 1), ("stdio:false", 2)], ids=["passes", "fails", "no run"]
)
def test_the_lines_for_ci_end_with_the_status_of_the_check(tmp_path: Path, subject: str, status: int) -> None:
    script = _block("docs/reports.md", "fencepost check SUBJECT --report").replace(
        "SUBJECT", f"{subject} --clause DEC-4"
    )
    assert _shell(script, tmp_path).returncode == status
    assert (tmp_path / "fencepost-report" / "summary.md").exists() == (status < 2)


def test_the_class_of_the_guide_is_wired_up(tmp_path: Path) -> None:
    (tmp_path / "vault.py").write_text(_block("docs/writing-a-harness.md", "from ipaddress"), encoding="utf-8")
    done = _shell("fencepost smoke library:vault:Vault", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_readmes_way_to_a_certificate_ends_with_one(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    done = _shell(_block("README.md", "fencepost init library"), clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "transcript consistent  holds" in done.stdout


def test_a_rule_file_is_explained(tmp_path: Path) -> None:
    lines = _block("docs/explain.md", "$ cat rules.json").splitlines()
    (tmp_path / "rules.json").write_text(lines[1], encoding="utf-8")
    for line in lines:
        if line.startswith("$ "):
            ended = _shell(line.removeprefix("$ "), tmp_path)
            assert ended.returncode == 0, ended
        else:
            assert line == "…" or line in ended.stdout.splitlines()


def test_the_target_file_of_the_page_is_one(tmp_path: Path) -> None:
    (tmp_path / "target.toml").write_text(_block("docs/azure.md", 'reset = "reuse"'), encoding="utf-8")
    assert load_target(tmp_path / "target.toml").endpoint.control == "https://management.azure.com"


def test_the_reference_decides_as_its_page_says() -> None:
    text = _block("reference/README.md", "from fencepost.reference import")
    printed = StringIO()
    with redirect_stdout(printed):
        exec(compile(text, "reference/README.md", "exec"), {})
    assert printed.getvalue().strip() == text.rpartition("# ")[2].strip()


def test_two_lines_make_a_class_of_tests(pytester: pytest.Pytester) -> None:
    text = _block("docs/pytest.md", "from fencepost.conformance import")
    subject = "from fencepost.conformance.peers import StdlibVault as MyVault\n"
    pytester.makepyfile(subject + text)
    pytester.runpytest("-k", "STA-5").assert_outcomes(passed=1, deselected=SUITE_TESTS - 1)


TAGGED = """
from ipaddress import IPv4Network
from fencepost.conformance.commands.demo_vaults import RightVault

TAGS = ("Storage", "Sql.WestEurope")

class MyVault(RightVault):
    def put_rules(self, *, network_acls):
        super().put_rules(network_acls=network_acls)
        if network_acls.get("serviceTagRules"):
            {tagged}
        return {{"accepted": True}}
"""


UNSHRUNK = """
from hypothesis import Phase, settings
settings.register_profile("unshrunk", phases=[Phase.generate], derandomize=True, max_examples=500)
settings.load_profile("unshrunk")
"""
"""Whether the test fails is asked, not by which smallest example: shrinking takes half a minute."""


@pytest.mark.parametrize(
    ("tagged", "failed"), [("self.rules += [IPv4Network('20.0.0.0/8')]", 0), ("self.rules = []", 1)]
)
def test_strategies_of_a_vendor_extend_ours(pytester: pytest.Pytester, tagged: str, failed: int) -> None:
    pytester.makepyfile(my_vault=TAGGED.format(tagged=tagged), test_tags=_block("docs/strategies.md", "from fencepost"))
    if failed:
        pytester.makeconftest(UNSHRUNK)
    pytester.runpytest_subprocess("test_tags.py").assert_outcomes(passed=1 - failed, failed=failed)


def test_a_message_by_hand_gets_the_answer_of_the_page() -> None:
    if shutil.which("node") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("node is not installed")
    command, answer = _block("adapters/examples/node/README.md", "$ echo").splitlines()
    assert _shell(command.removeprefix("$ "), SOURCE).stdout.strip() == answer


@pytest.mark.slow
def test_pytest_takes_the_command_of_the_benchmarks() -> None:
    (block,) = [one for one in _blocks("docs/performance.md") if "--benchmark-only" in one.text]
    python, *words = shlex.split(block.text)
    assert python == "python"
    command = [sys.executable, *words, "--collect-only", "-q", "--continue-on-collection-errors"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}  # no worker's
    done = subprocess.run(command, cwd=SOURCE, env=plain, capture_output=True, text=True, check=False)
    assert "Can't have both --benchmark-only" not in done.stdout + done.stderr
    assert "test_carrier_benchmark.py::" in done.stdout

"""`init`: every kind is a working start, tried at once; a tool or a URL is looked at; nothing is written over."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.commands import main
from fencepost.conformance.commands.init import KINDS
from small_service import SmallService

COMMON = {".gitignore", "fencepost-ci.yml", "fencepost-regressions/.gitkeep", "known-failures.json"}
NODE = pytest.param("node", marks=pytest.mark.engine("node"))


def _init(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["init", *arguments], catch_exceptions=False)


def _files(folder: Path) -> set[str]:
    made = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in made}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [NODE if kind == "node" else kind for kind in KINDS])
def test_every_kind_is_wired_up_at_once_and_says_the_next_command(tmp_path: Path, kind: str) -> None:
    result = _init(kind, "--into", str(tmp_path / "mine"), "--name", 'my "own" vault')
    assert result.exit_code == 0, result.output
    assert "WIRED UP  10 of 10 decisions as expected" in result.stdout
    assert _files(tmp_path / "mine") > COMMON | {"tests/test_conformance.py"}
    assert not re.search(
        r"<<\w+>>", "".join((tmp_path / "mine" / name).read_text() for name in _files(tmp_path / "mine"))
    )
    (following,) = [line for line in result.stdout.splitlines() if line.startswith("next: ")]
    assert following.startswith(f"next: cd {tmp_path / 'mine'} && ")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cli", "http", "pytest"])
def test_the_test_file_of_a_start_runs_the_clauses(tmp_path: Path, kind: str) -> None:
    _init(kind, "--into", str(tmp_path))
    command = [sys.executable, "-m", "pytest", "-q", "-k", "val_2 or ctl_2", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=_plain())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 clauses do not apply" in done.stdout


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONPATH"))}


@pytest.mark.engine("grepcidr")
def test_the_next_command_of_a_start_for_a_tool_works(tmp_path: Path) -> None:
    run = "sh -c 'echo $2 | grepcidr -x -f $1 >/dev/null && echo yes || echo no' sh ${rules_file} ${address}"
    result = _init("cli", "--into", str(tmp_path), "--run", run, "--name", "grepcidr")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "fencepost.toml").read_text()
    assert "allow = { exit = 0, stdout = '^yes$' }" in text
    assert "deny = { exit = 0, stdout = '^no$' }" in text
    assert "allowed.sh" not in _files(tmp_path)
    following = result.stdout.rpartition("next: ")[2].strip()
    fencepost = shlex.quote(str(Path(sys.executable).with_name("fencepost")))
    command = f"{following.replace('&& fencepost', f'&& {fencepost}')} --clause DEC-3 --max-configurations 2"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, env=_plain())
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "fencepost-report" / "report.json").exists()


def test_a_tool_that_tells_by_its_status_alone_gets_what_tells_a_crash_apart(tmp_path: Path) -> None:
    script = (
        '[ ! -s "$1" ] || grep -qxF -e 20.1.2.0/24 -e 40.80.120.7 -e 52.10.20.0/24 -e 0.0.0.0/0 "$1" || exit 9; '
        'case $(tail -n 1 "$1"):$2 in 0.0.0.0/0:*|20.1.2.0/24:20.1.2.*|40.80.120.7:20.1.2.*|40.80.120.7:40.80.120.7'
        "|52.10.20.0/24:52.10.20.*) exit 0;; esac; exit 1"
    )
    run = shlex.join(["sh", "-c", script, "sh", "${rules_file}", "${address}"])
    result = _init("cli", "--into", str(tmp_path), "--run", run)
    assert result.exit_code == 0, result.output
    assert "deny = { exit = 1, stderr = '' }" in (tmp_path / "fencepost.toml").read_text()


def test_a_program_by_its_path_runs_in_the_folder_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tool = tmp_path / "allowed"
    tool.write_text("#!/bin/sh\n[ $1 = 20.1.2.77 ] && echo in || echo out\n")
    tool.chmod(0o755)
    for written, meant in (("./allowed", "../allowed"), ("allowed", "../allowed")):
        refused = _init("cli", "--into", "mine", "--run", f"{written} ${{address}}")
        assert refused.exit_code == 2
        assert f"did you mean '{meant}'?" in " ".join(refused.output.split())
    _init("cli", "--into", "mine", "--run", "../allowed ${address}")
    assert "run = ['../allowed', '${address}']" in (tmp_path / "mine" / "fencepost.toml").read_text()


def test_the_version_of_an_interpreter_is_not_taken_for_the_tools(tmp_path: Path) -> None:
    _init("cli", "--into", str(tmp_path), "--run", "python3 -c 'print(len(\"x\"))' ${address}")
    assert re.search(r'^version = "1.0"', (tmp_path / "fencepost.toml").read_text(), re.MULTILINE)


@pytest.fixture
def service() -> Iterator[SmallService]:
    """A small service that runs already."""
    made = SmallService()
    yield made
    made.end()


def test_a_url_is_looked_at_and_what_was_seen_is_filled_in(
    tmp_path: Path, service: SmallService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENCEPOST_TEST_WORD", "abracadabra")
    url = f"http://127.0.0.1:{service.port}/rules"
    word = "Authorization: Bearer ${env.FENCEPOST_TEST_WORD}"
    result = _init("rest", "--into", str(tmp_path), "--from", url, "--ask", "/secret", "--header", word)
    assert result.exit_code == 0, result.output
    text = (tmp_path / "fencepost.toml").read_text()
    for part in (
        "accepted = { status = 200 }",
        "allow = { status = 200 }",
        "deny = { status = 403 }",
        f'base = "{url[:-6]}"',
    ):
        assert part in text
    assert f"saw   PUT {url} of a JSON list of ranges was answered with 200" in result.stdout
    assert service.requests[0][2]["Authorization"] == "Bearer abracadabra"
    assert "abracadabra" not in text + result.output
    assert text.count("#") > 10


def test_what_looks_alike_for_both_callers_is_said(tmp_path: Path, service: SmallService) -> None:
    url = f"http://127.0.0.1:{service.port}/rules"
    result = _init("rest", "--into", str(tmp_path), "--from", url, "--ask", "/rules")
    assert result.exit_code != 0
    assert "both callers got the same answer" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("next: mend fencepost.toml, then: cd ")


def test_what_a_tool_says_that_answers_both_callers_alike_is_shown(tmp_path: Path) -> None:
    run = "sh -c 'echo no such file, password=hunter2hunter2 >&2; exit 2' ${address} ${rules_file}"
    result = _init("cli", "--into", str(tmp_path), "--run", run)
    assert result.exit_code == 2
    assert "both callers got the same answer, exit status 2 and 'no such file, password=***': say in" in result.stdout


def test_a_harness_that_runs_already_is_tried(tmp_path: Path) -> None:
    first = _init("http", "--into", str(tmp_path / "server"))
    (start,) = re.findall(r"start it: (.*)", first.stdout)
    port = start.rpartition(" ")[2]
    server = subprocess.Popen([sys.executable, "server.py", port], cwd=tmp_path / "server")
    try:
        for _ in range(100):
            result = _init("http", "--into", str(tmp_path / "mine"), "--from", f"http://127.0.0.1:{port}/")
            if result.exit_code == 0:
                break
            (tmp_path / "mine").rename(tmp_path / f"late-{_}")
        assert "WIRED UP" in result.stdout
        assert "server.py" not in _files(tmp_path / "mine")
    finally:
        server.terminate()
        server.wait()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "known-failures.json").write_text("mine")
    result = _init("library", "--into", str(tmp_path))
    assert result.exit_code == 2
    assert "these files are there already: known-failures.json; nothing was written" in " ".join(result.output.split())
    assert _files(tmp_path) == {"known-failures.json"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["clx"], "clx"),
        (["stdio", "--run", "x"], "--run is for the kind cli alone"),
        (["cli", "--from", "http://x/"], "--from is for the kinds rest and http alone"),
        (["rest", "--from", "x"], "expected http://HOST"),
        (["cli", "--run", "tool"], "it must say ${address}"),
        (["cli", "--run", "no-such-tool ${address}"], "there is no program 'no-such-tool'"),
        (["rest", "--from", "http://127.0.0.1:9/rules"], "Connection refused"),
        (["library", "--profile", "keyvalt"], "keyvault"),
    ],
)
def test_what_cannot_be_begun_with_is_bad_usage(tmp_path: Path, arguments: list[str], says: str) -> None:
    result = _init(*arguments, "--into", str(tmp_path))
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())
    assert not _files(tmp_path)

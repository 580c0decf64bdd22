"""The command itself: what it lists, and how it takes bad usage and sub-commands that do not load."""

import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import group, main
from fencepost.conformance.commands.short_help import SHORT_HELP

COMMAND = (sys.executable, "-c", "from fencepost.conformance.commands import main; main()")
NOT_THERE = EntryPoint(name="broken", value="no.such.module:command", group=group.COMMANDS)
NO_COMMAND = EntryPoint(name="odd", value="fencepost.conformance.catalogue:catalogue", group=group.COMMANDS)


@pytest.fixture
def with_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Mapping[str, EntryPoint] = {**group.installed(), "broken": NOT_THERE, "odd": NO_COMMAND}
    monkeypatch.setattr(group, "installed", lambda: found)


def test_the_version_is_shown() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("fencepost, version ")


def test_the_help_lists_every_installed_command() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name in ("check", "clauses", "explain", "profiles", "schema", "smoke", "subjects"):
        assert f"  {name} " in result.stdout


def test_a_command_that_does_not_load_is_named_and_the_others_work(with_unusable: None) -> None:
    result = CliRunner().invoke(main, ["--help"])
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("  broken ")]
    assert "(cannot be loaded: ModuleNotFoundError: No module named 'no'" in line
    assert CliRunner().invoke(main, ["profiles"]).exit_code == 0


@pytest.mark.parametrize(("name", "reason"), [("broken", "No module named 'no'"), ("odd", "is no click command")])
def test_a_command_that_does_not_load_says_why_when_it_is_called(with_unusable: None, name: str, reason: str) -> None:
    result = CliRunner().invoke(main, [name, "argument", "--option"])
    assert result.exit_code == 2
    assert reason in result.stderr
    assert result.stdout == ""


def test_a_command_that_there_is_not_is_bad_usage_with_the_near_misses() -> None:
    result = CliRunner().invoke(main, ["profile"])
    assert result.exit_code == 2
    assert "Did you mean profiles" in result.stderr


def test_nothing_near_lists_what_there_is() -> None:
    result = CliRunner().invoke(main, ["zzzzzz"])
    assert result.exit_code == 2
    for name in ("check", "clauses", "smoke"):
        assert f"{name}, " in result.stderr.partition("There are: ")[2]


@pytest.mark.parametrize("arguments", [["--nonsense"], ["clauses", "--nonsense"], ["smoke"]])
def test_bad_usage_is_exit_status_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_a_screen_with_few_characters_gets_escapes_for_the_others() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from fencepost.conformance.commands import main; main()", "clauses"],
        env={"PYTHONIOENCODING": "latin-1", "COLUMNS": "100"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert b"DEC-17" in done.stdout
    assert rb"\u2026" in done.stdout


def test_the_help_loads_no_command() -> None:
    script = (
        "import sys; from click.testing import CliRunner; from fencepost.conformance.commands import main; "
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0; "
        "print([name for name in sys.modules if name.startswith('fencepost.')])"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "commands.group" in loaded
    for name in ("check", "catalogue", "reference", "adapters"):
        assert f"{name}'" not in loaded


def test_every_shipped_command_has_its_line_of_help() -> None:
    shipped = {name for name, point in group.installed().items() if point.value.startswith("fencepost.")}
    assert shipped == set(SHORT_HELP)
    for name in shipped:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert command.short_help == SHORT_HELP[name]


@pytest.mark.parametrize("arguments", [("profiles",), ("--help",), ("clauses", "--json")])
def test_a_stdout_that_cannot_be_written_is_exit_status_2(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 2
    assert ended.stderr == "Error: stdout cannot be written: No space left on device\n"
    closed = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *arguments], capture_output=True, text=True)
    assert closed.returncode == 2
    assert "Traceback" not in closed.stderr


def test_stdout_and_stderr_that_cannot_be_written_are_exit_status_2() -> None:
    with Path("/dev/full").open("wb") as full:
        assert subprocess.run([*COMMAND, "profiles"], stdout=full, stderr=full).returncode == 2


def test_an_exception_that_nothing_expects_is_a_fault_of_fencepost_and_no_failed_clause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks() -> None:
        raise RuntimeError("\x1b[2J of https://user:hidden@vault.example")

    monkeypatch.setattr(group, "_loaded", lambda _: click.Command("profiles", callback=breaks))
    result = CliRunner().invoke(main, ["profiles"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert "in breaks" in result.stderr
    *_, raised, cause, remedy = result.stderr.splitlines()
    assert raised == r"RuntimeError: \x1b[2J of https://***@vault.example"
    assert cause == "Error: this is a fault of fencepost, not of the subject, and says nothing about the subject."
    assert remedy.startswith("To report it, give these lines, the command as it was typed, and: fencepost 0.")
    with pytest.raises(RuntimeError):
        main(["profiles"], standalone_mode=False)


def test_a_reader_that_leaves_a_pipe_is_exit_status_2_without_a_word() -> None:
    with subprocess.Popen([*COMMAND, "clauses"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 2

"""Pipes that nobody uses, files without an end, odd surroundings: no command waits, or ends in a traceback."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.certificate.keys import make_keys
from fencepost.conformance.commands import main
from fencepost.conformance.rule_files.json_file import UnreadableInput, read_json
from fencepost.reports.files import bytes_of
from fencepost.reports.page import WIDEST, Page

RULES = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.0.0.0/24"}], "virtualNetworkRules": []}
NOBODY_WRITES = "a pipe to which nobody writes"
CERTIFY = ("certify", "reference", "--effort", "quick", "--out", "new.zip")
CHECK = ("check", "reference", "--isolated", "--clause", "VAL-4")


@contextmanager
def _freed(path: Path) -> Iterator[None]:
    """Whoever still waits at the other end of the pipe after five seconds does so no longer."""

    def free() -> None:
        for flag in (os.O_RDONLY, os.O_WRONLY):
            with suppress(OSError):
                os.close(os.open(path, flag | os.O_NONBLOCK))

    timer = threading.Timer(5, free)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a pipe, a link to itself, rules, a key and folders that hold such pipes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    make_keys(tmp_path / "key")
    for name in ("report.json", "journal.ndjson", "run.ndjson", "transcript.ndjson.gz"):
        (tmp_path / "pipes").mkdir(exist_ok=True)
        os.mkfifo(tmp_path / "pipes" / name)
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.mark.parametrize(
    "words",
    [
        ("report", "pipe"),
        ("matrix", "pipe"),
        ("diff", "pipe", "pipe"),
        ("replay", "pipes", "reference"),
        ("baseline", "list", "pipe"),
        ("vectors", "run", "pipe", "reference"),
        ("explain", "pipe", "20.0.0.1"),
        ("explain", "rules.json", "pipe"),
        ("explain", "rules.json", "20.0.0.1", "--network", "pipe"),
        ("campaign", "run", "pipe", "--shard", "1/1"),
        ("campaign", "plan", "reference", "--shards", "2", "--known", "pipe"),
        (*CHECK, "--known", "pipe"),
        (*CHECK, "--regressions", "pipes"),
        (*CHECK, "--resume", "pipes"),
        (*CERTIFY, "--key", "pipe"),
        (*CERTIFY, "--key", "key", "--resume", "pipes"),
    ],
    ids=" ".join,
)
def test_a_pipe_to_which_nobody_writes_is_refused_at_once(folder: Path, words: tuple[str, ...]) -> None:
    with _freed(folder / "pipe"):
        result = _run(*words)
    assert result.exit_code == 2
    assert NOBODY_WRITES in result.output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("smoke", "cli:pipe.toml"), "no regular file"),
        (("smoke", "rest:pipe.toml"), "no regular file"),
        ((*CERTIFY, "--key", "key", "--artifact", "pipe"), "no regular file"),
        ((*CERTIFY, "--key", "key", "--artifact", "/dev/zero"), "no regular file"),
        ((*CHECK, "--events", "pipe"), "a pipe that nobody reads"),
        ((*CHECK, "--report", "loop"), "nothing can be written into loop"),
        (("init", "library", "--into", "pipe"), "--into pipe: File exists"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_has_no_end_or_no_other_end_is_refused_at_once(folder: Path, words: tuple[str, ...], reason: str) -> None:
    with _freed(folder / "pipe"):
        result = _run(*words)
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 2
    assert reason in result.output


def test_a_project_file_that_is_a_pipe_is_refused_at_once(folder: Path) -> None:
    os.mkfifo(folder / "pyproject.toml")
    with _freed(folder / "pyproject.toml"):
        result = _run("check", "reference", "--clause", "VAL-4")
    assert (result.exit_code, NOBODY_WRITES in result.output) == (2, True)


def test_a_pipe_in_the_folder_of_a_report_is_replaced(folder: Path) -> None:
    with _freed(folder / "pipes" / "journal.ndjson"):
        assert _run(*CHECK, "--report", "pipes").exit_code == 0
    assert (folder / "pipes" / "run.ndjson").is_file()


def test_a_pipe_that_somebody_writes_to_is_read_to_its_end(folder: Path) -> None:
    content = os.urandom(300_000)
    writer = threading.Thread(target=(folder / "pipe").write_bytes, args=(content,))
    writer.start()
    with _freed(folder / "pipe"):
        assert bytes_of(folder / "pipe") == content
    writer.join()


@pytest.mark.parametrize(
    "content",
    [f"{'a.' * 50_000}a = 1", f"a = {'[' * 50_000}", f"a = {'9' * 5_000}"],
    ids=["a key of many parts", "nested", "a large number"],
)
def test_a_toml_file_that_is_dear_to_read_is_refused(folder: Path, content: str) -> None:
    (folder / "pyproject.toml").write_text(content)
    for words in (("smoke", "cli:pyproject.toml"), ("clean", "pyproject.toml"), ("check", "reference")):
        result = _run(*words)
        assert isinstance(result.exception, SystemExit)
        assert result.exit_code == 2


def test_surroundings_that_are_beyond_measure_are_bad_usage(folder: Path) -> None:
    assert _run("campaign", "plan", "reference", "--shards", "2", "--out", "plan.json").exit_code == 0
    rows: tuple[tuple[tuple[str, ...], dict[str, str]], ...] = (
        (("campaign", "run", "plan.json"), {"JOB_COMPLETION_INDEX": "9" * 5_000}),
        ((*CHECK, "--call-timeout", "1e300"), {}),
        ((*CHECK, "--settle", "1e18"), {}),
    )
    for words, environment in rows:
        result = CliRunner().invoke(main, words, env=environment)
        assert isinstance(result.exception, SystemExit), (words, result.exception)
        assert result.exit_code == 2


def test_an_output_is_never_wider_than_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "99999999999")
    assert Page.of(StringIO()).width == WIDEST


def test_a_closed_stdin_is_an_input_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UnreadableInput, match="stdin: it is closed"):
        read_json("-")

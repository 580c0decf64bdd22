"""A newcomer's first commands: bad usage and a failing harness are told apart, each once and in few lines."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-c", "from fencepost.conformance.commands import main; main()", "check")


def _check(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    width = {**os.environ, "COLUMNS": "200"}
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, cwd=folder, env=width)


@pytest.fixture
def page_server() -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_a_server_of_pages_is_told_in_one_line_without_markup(page_server: str) -> None:
    ended = _check(page_server)
    assert ended.returncode == 2
    assert "expected a harness at" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "<" not in ended.stderr


def test_a_harness_that_ends_is_no_bad_usage_and_its_stderr_is_shown_once(tmp_path: Path) -> None:
    (tmp_path / "crash.py").write_text("import sys\nprint('boom', file=sys.stderr)\nsys.exit(3)\n", encoding="utf-8")
    ended = _check(f"stdio:{sys.executable} crash.py", folder=tmp_path)
    assert ended.returncode == 2
    assert "Usage:" not in ended.stderr
    assert ended.stderr.count("boom") == 1


@pytest.mark.parametrize("path", ["./harness.py", "bin/vault"])
def test_a_path_as_a_subject_is_answered_with_the_carrier_that_starts_it(path: str) -> None:
    ended = _check(path)
    assert (ended.returncode, f"Did you mean 'stdio:{path}'" in ended.stderr) == (2, True)
    assert "Usage:" in ended.stderr


def test_an_empty_name_is_no_folder_for_a_report(tmp_path: Path) -> None:
    ended = _check("reference", "--report", "", folder=tmp_path)
    assert (ended.returncode, list(tmp_path.iterdir())) == (2, [])


def test_an_effort_is_read_in_any_case_and_a_negative_seed_is_refused() -> None:
    ended = _check("reference", "--effort", "Quick", "--clause", "VAL-4")
    assert (ended.returncode, "effort quick" in ended.stdout) == (0, True)
    assert _check("reference", "--seed", "-1").returncode == 2

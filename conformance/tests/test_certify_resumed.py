"""`certify` in a pipeline: what an interrupted or failed run leaves, how it is resumed, and who uses a folder."""

import fcntl
import gzip
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.certificate.continuing import Earlier, NoTranscript
from fencepost.conformance.certificate.keys import make_keys
from fencepost.conformance.commands import main
from fencepost.conformance.commands.claim import FILE_NAME
from fencepost.conformance.run.reporting import RESUMED
from fencepost.reports.model import Report, report_from_json

pytestmark = pytest.mark.xdist_group("certify resumed")

COMMAND = (sys.executable, "-c", "from fencepost.conformance.commands import main; main()")
ENFORCER = "library:fencepost.conformance.peers:EnforcerVault"

FALLING = """
import os, pathlib
from fencepost.conformance.peers import EnforcerVault

class Falling(EnforcerVault):
    \"\"\"Ends its process by the signal in the file `fall`, at its 60th call of `decide`.\"\"\"

    def __init__(self):
        super().__init__()
        self.calls = 0

    def decide(self, *, requests):
        self.calls += 1
        note = pathlib.Path(__file__).with_name("fall")
        if self.calls == 60 and note.exists():
            os.kill(os.getpid(), int(note.read_text()))
        return super().decide(requests=requests)


class Leaky(EnforcerVault):
    \"\"\"Denies the last address of every range.\"\"\"

    def decide(self, *, requests):
        decisions = super().decide(requests=requests)["decisions"]
        return {"decisions": ["deny" if one["source"]["address"].endswith(".255") else other
                              for one, other in zip(requests, decisions)]}
"""


def _certify(folder: Path, subject: str, *options: str | Path) -> "subprocess.CompletedProcess[str]":
    (folder / "falling_vault.py").write_text(FALLING, encoding="utf-8")
    if not (folder / "key").exists():
        make_keys(folder / "key")
    command = ["certify", subject, "--out", "b.zip", "--key", "key", "--effort", "quick", *map(str, options)]
    return subprocess.run(
        [*COMMAND, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


FALLS = "library:falling_vault:Falling"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a run that nothing cuts off."""
    folder = tmp_path_factory.mktemp("whole")
    _certify(folder, FALLS, "--report", "whole")
    return report_from_json((folder / "whole" / "report.json").read_bytes())


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_a_run_that_was_cut_off_is_resumed_and_certified_as_resumed(
    tmp_path: Path, whole: Report, number: signal.Signals
) -> None:
    (tmp_path / "fall").write_text(str(int(number)), encoding="utf-8")
    first = _certify(tmp_path, FALLS, "--report", "rep")
    assert not (tmp_path / "b.zip").exists()
    assert (tmp_path / "rep" / "transcript.ndjson.gz").exists()
    if number is signal.SIGTERM:
        assert first.returncode == 2
        assert "with --resume rep" in first.stderr
        cut = report_from_json((tmp_path / "rep" / "report.json").read_bytes())
        assert cut.ended == "interruption"
        assert cut.totals.decisions > 0
    (tmp_path / "fall").unlink()
    again = _certify(tmp_path, FALLS, "--resume", "rep")
    assert again.returncode == 0, again.stderr
    assert not (tmp_path / "rep" / "transcript.ndjson.gz").exists()
    resumed = report_from_json((tmp_path / "rep" / "report.json").read_bytes())
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        document = json.loads(archive.read("certificate.json"))
        assert RESUMED in archive.read("certificate.md").decode()
    assert document["notes"] == list(resumed.notes)
    assert RESUMED in resumed.notes
    assert _run("verify", tmp_path / "b.zip", "--key", tmp_path / "key.pub").exit_code == 0
    assert (whole.clauses, whole.totals, whole.seed) == (resumed.clauses, resumed.totals, resumed.seed)


@pytest.mark.slow
def test_a_failed_run_leaves_its_report_and_its_cases(tmp_path: Path) -> None:
    leaky = "library:falling_vault:Leaky"
    first = _certify(tmp_path, leaky, "--report", "rep", "--regressions", "cases")
    assert first.returncode == 1
    assert report_from_json((tmp_path / "rep" / "report.json").read_bytes()).exit_status == 1
    assert not (tmp_path / "rep" / "transcript.ndjson.gz").exists()
    assert list((tmp_path / "cases").glob("*.json"))
    again = _certify(tmp_path, leaky, "--regressions", "cases")
    assert again.returncode == 1
    assert "still failing" in again.stderr
    assert "not asked: a stored case still fails" in again.stdout
    good = _certify(tmp_path, FALLS, "--regressions", "cases")
    assert good.returncode == 0, good.stderr
    assert _run("verify", tmp_path / "b.zip", "--key", tmp_path / "key.pub").exit_code == 0


def test_another_run_is_not_resumed(tmp_path: Path) -> None:
    (tmp_path / "fall").write_text(str(int(signal.SIGTERM)), encoding="utf-8")
    _certify(tmp_path, FALLS, "--report", "rep")
    for other in (ENFORCER, FALLS):
        more = ("--nonce", "another") if other == FALLS else ()
        result = _certify(tmp_path, other, "--resume", "rep", *more)
        assert result.returncode == 2
        assert "cannot be resumed" in result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize("content", [b"", b"no gzip", b"\x1f\x8b\x08\x00"])
def test_what_is_no_transcript_holds_nothing_to_resume(content: bytes) -> None:
    assert Earlier.of(content) is None


def test_a_transcript_of_another_form_is_refused() -> None:
    with pytest.raises(NoTranscript):
        Earlier.of(gzip.compress(b'[1]\n{"m":"reset","t":[]}\n'))


@pytest.mark.parametrize("command", ["check", "certify"])
@pytest.mark.parametrize("option", ["--report", "--regressions"])
def test_a_second_run_into_a_folder_is_refused_with_the_first_ones_process_id(
    tmp_path: Path, command: str, option: str
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    make_keys(tmp_path / "key")
    more = ("--out", tmp_path / "b.zip", "--key", tmp_path / "key") if command == "certify" else ()
    with (folder / FILE_NAME).open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711\n")
        file.flush()
        result = _run(command, ENFORCER, "--effort", "quick", option, folder, *more)
    assert result.exit_code == 2
    assert "4711" in result.stderr
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_a_claim_of_a_process_that_has_ended_is_none(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("4711\n", encoding="ascii")
    result = _run("check", ENFORCER, "--clause", "DEC-1", "--report", tmp_path)
    assert result.exit_code == 0, result.output
    assert not (tmp_path / FILE_NAME).exists()


def test_progress_says_which_wave_of_how_many(tmp_path: Path) -> None:
    result = _run("check", ENFORCER, "--clause", "DEC-15", "--effort", "standard")
    assert "wave 2 of 5" in result.stderr

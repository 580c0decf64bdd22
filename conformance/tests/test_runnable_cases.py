"""The files that a report's folder has for each failure: red against the faulty subject, green against a right one."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from fencepost.adapters.contract import open_subject
from fencepost.adapters.harness_http import ContractServer
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.regression.runnable import CASES, write_runnable
from fencepost.reports.model import Call, Clause, Counterexample, Report, Subject
from msgspec import structs

pytest_plugins = ["pytester"]

VAULTS = "library:fencepost.conformance.commands.demo_vaults"
BARE = ((f"{VAULTS}:FlawedVault", 1), (f"{VAULTS}:RightVault", 0))  # their decisions are bare words
MUTANT = (("mutant:last-address-excluded", 1), ("reference", 0))
WRITING = (("mutant:ipv6-stored", 1), ("reference", 0))
ADDRESS: dict[str, object] = {"plane": "data", "operation": "SecretGet", "source": {"address": "20.63.255.255"}}
RULES = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.0.0.0/10"}], "virtualNetworkRules": []}
READ: Sequence[tuple[str, Mapping[str, object]]] = (
    ("reset", {"subnets": []}),
    ("putRules", {"networkAcls": RULES}),
    ("decide", {"requests": [ADDRESS]}),
)


def _report(
    subject: str, *, clause: str = "DEC-4", expected: str = "allow", got: str = "deny", settle: float = 0
) -> Report:
    """The report of a run in which the clause has failed by the case above; VAL-4 by the case of its mutant."""
    calls = CATALOGUE["ipv6-stored"].calls("keyvault") if clause == "VAL-4" else READ
    found = Counterexample(
        clause=clause,
        calls=tuple(Call(method=method, params=dict(params)) for method, params in calls),
        rules=None,
        request={} if clause == "VAL-4" else ADDRESS,
        expected=expected,
        got=got,
        deciding_clause=clause,
        deciding_rule=None,
        why="",
        replay="",
    )
    known = catalogue()[clause]
    row = Clause(
        id=clause, level=known.level, group=known.group, text=known.text, verdict="fail", counterexamples=(found,)
    )
    return Report(
        kit_version="1",
        catalogue_version="1",
        profile="keyvault",
        effort="quick",
        seed=0,
        subject=Subject(subject=subject, settle_seconds=settle),
        result="fail",
        exit_status=1,
        clauses=(row,),
    )


def _kinds(report: Report, folder: Path) -> set[str]:
    return {path.suffix for path in write_runnable(report, folder)}


def _script_ends_with(report: Report, folder: Path) -> int:
    (script,) = (path for path in write_runnable(report, folder) if path.suffix == ".sh")
    return subprocess.run([script], capture_output=True, check=False).returncode


def _harness(subject: str) -> str:
    return f"stdio:{sys.executable} -m fencepost.adapters.harness stdio {subject}"


@pytest.mark.parametrize(("subject", "failed"), BARE)
def test_the_pytest_file_fails_for_the_faulty_subject_alone(
    pytester: pytest.Pytester, tmp_path: Path, subject: str, failed: int
) -> None:
    (file,) = (path for path in write_runnable(_report(subject), tmp_path) if path.suffix == ".py")
    result = pytester.runpytest(file)
    result.assert_outcomes(failed=failed, passed=1 - failed)
    if failed:
        result.stdout.fnmatch_lines(["*CaseFailed: DEC-4: *", "*expected allow, got deny"])


def test_the_pytest_file_of_a_fixture_asks_the_fixture(pytester: pytest.Pytester) -> None:
    (file,) = (path for path in write_runnable(_report("fixture:vault"), pytester.path) if path.suffix == ".py")
    pytester.makeconftest("""
        import pytest
        from fencepost.conformance.commands.demo_vaults import FlawedVault

        @pytest.fixture
        def vault():
            return FlawedVault()
    """)
    pytester.runpytest(file).assert_outcomes(failed=1)


@pytest.mark.parametrize(("subject", "status"), [*BARE, ("no-such-subject", 2)])
def test_the_script_of_a_program_ends_with_1_for_the_faulty_one(tmp_path: Path, subject: str, status: int) -> None:
    assert _script_ends_with(_report(_harness(subject)), tmp_path) == status


@pytest.mark.parametrize(("subject", "status"), WRITING)
def test_the_script_of_a_write_tells_what_was_taken(tmp_path: Path, subject: str, status: int) -> None:
    report = _report(_harness(subject), clause="VAL-4", expected="refused", got="accepted")
    assert _script_ends_with(report, tmp_path) == status


@contextmanager
def _served(subject: str) -> Iterator[str]:
    with ContractServer(open_subject(subject)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.engine("curl")
@pytest.mark.parametrize(("subject", "status"), MUTANT)
def test_the_script_of_a_server_asks_by_curl(tmp_path: Path, subject: str, status: int) -> None:
    with _served(subject) as url:
        report = _report(url)
        assert _script_ends_with(report, tmp_path) == status
    assert _script_ends_with(report, tmp_path) == 2, "nobody answers any more"


@pytest.mark.parametrize(
    ("report", "kinds"),
    [
        (_report("library:vault:Vault"), {".json", ".py"}),
        (_report("http://127.0.0.1:1/"), {".json", ".py", ".ndjson", ".sh"}),
        (_report("http://127.0.0.1:1/", settle=0.5), {".json", ".py"}),
        (_report("http://127.0.0.1:1/", clause="CRED-4", expected="deny", got="deny with 500"), {".json", ".py"}),
        (_report("http://127.0.0.1:1/", clause="STA-5", expected="the rules", got="otherwise"), {".json", ".py"}),
        (_report("http://127.0.0.1:1/", clause="STA-8"), {".json"}),
        (_report("library:vault:make.<locals>.Vault"), {".json"}),
        (_report("fixture:vault()"), {".json"}),
    ],
)
def test_a_file_is_written_where_it_can_judge(tmp_path: Path, report: Report, kinds: set[str]) -> None:
    assert _kinds(report, tmp_path) == kinds


def test_the_files_of_the_run_before_go_and_others_stay(tmp_path: Path) -> None:
    before = write_runnable(_report("http://127.0.0.1:1/"), tmp_path)
    (tmp_path / CASES / "notes.txt").touch()
    assert not write_runnable(structs.replace(_report("x"), clauses=()), tmp_path)
    assert not any(path.exists() for path in before)
    assert [path.name for path in (tmp_path / CASES).iterdir()] == ["notes.txt"]


def test_nothing_that_a_subject_says_becomes_code(tmp_path: Path) -> None:
    evil = '""" + exit(1) + """$(false)`false`'
    report = _report(f"stdio:echo '{evil}'", expected="allow", got=f"deny with {evil}")
    texts = {path.suffix: path.read_text(encoding="utf-8") for path in write_runnable(report, tmp_path)}
    assert texts[".py"].count(evil) == texts[".sh"].count(evil) == 1, "the subject string, quoted, and nothing else"
    assert f"'{evil}'" in texts[".sh"]
    compile(texts[".py"], "case", "exec")


def test_a_case_whose_wrong_answer_is_not_the_last_has_no_script(tmp_path: Path) -> None:
    report = _report("stdio:./vault")
    (clause,) = report.clauses
    (found,) = clause.counterexamples
    longer = Call(method="decide", params={"requests": [ADDRESS, {**ADDRESS, "operation": "KeySign"}]})
    found = structs.replace(found, calls=(*found.calls[:-1], longer))
    written = write_runnable(
        structs.replace(report, clauses=(structs.replace(clause, counterexamples=(found,)),)), tmp_path
    )
    assert {path.suffix for path in written} == {".json", ".py"}

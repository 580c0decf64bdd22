"""Secrets that a subject is called by, or tells, reach no file that a run writes, and nothing that a command prints."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.bench.state import BenchState
from fencepost.conformance.commands import main
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.run.journal import FILE_NAME, Checkpoint, Circumstances, Journal, read_journal
from fencepost.reports.model import Call, Counterexample

SECRET = "Sw0rdf1sh-of-the-vault"
BY_VALUE = f"{SECRET}-known-by-its-value-alone"
HIDING = (
    f"https://admin:{SECRET}@vault.example/api",
    f"https://vault.example/?sig={SECRET}",
    f"Authorization: Bearer {SECRET}",
    f'{{"X-Api-Key": "{SECRET}"}}',
    f"AZURE_CLIENT_SECRET={SECRET}",
    f"stdio:./vault --token {SECRET}",
    f"it was {BY_VALUE}, of the environment",
)
CALLS = (
    Call(method="reset", params={"subnets": []}),
    Call(method="putRules", params={"networkAcls": {"ipRules": [{"value": "password=1.2.3.4"}]}}),
)
SUBJECT = f"""
from fencepost.conformance.peers import EnforcerVault


class Leaky(EnforcerVault):
    refused = 0

    def describe(self, *, protocol):
        said = super().describe(protocol=protocol)
        return {{**said, "homepage": "https://me:{SECRET}@vault.example/?sig={SECRET}", "name": "token={SECRET}"}}

    def decide(self, *, requests):
        decisions = []
        for request, one in zip(requests, super().decide(requests=requests)["decisions"], strict=True):
            outcome = one if isinstance(one, str) else one["outcome"]
            if request["source"]["address"].endswith(".255"):
                outcome = "deny"
            decisions.append({{"outcome": outcome, "rule": "{BY_VALUE} Authorization: Bearer {SECRET}"}})
        return {{"decisions": decisions}}

    def put_rules(self, *, network_acls):
        if network_acls.get("defaultAction") == "Allow":
            raise RuntimeError("cannot reach https://me:{SECRET}@db.example with password={SECRET}")
        return super().put_rules(network_acls=network_acls)
"""


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


@pytest.fixture(autouse=True)
def _in_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VAULT_TOKEN", BY_VALUE)
    (tmp_path / "leaky_vault.py").write_text(SUBJECT, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


def _checkpoint(hiding: str) -> Checkpoint:
    one = Counterexample(
        clause="DEC-4",
        calls=CALLS,
        rules={"ipRules": [{"value": "password=1.2.3.4"}]},
        request={"source": {"address": "1.2.3.4"}},
        expected="allow",
        got=hiding,
        deciding_clause="DEC-4",
        deciding_rule=None,
        why=hiding,
        replay=f"fencepost check {hiding}",
    )
    tally = Tally()
    tally["DEC-4"].failures.append(one)
    tally.note("VAL-4", error=hiding, unstable=hiding, remark=hiding)
    bench = BenchState(
        cost=Cost(),
        aside=Cost(),
        explored=Cost(),
        first_failure=None,
        faults_in_a_row=0,
        at_hand=None,
        in_force=None,
        diagnosis_calls=0,
        diagnoses=(),
        diagnosed=(),
        kept=(),
    )
    return Checkpoint(explored=("decisions",), done=1, tally=tally, bench=bench)


@pytest.mark.parametrize("hiding", HIDING)
def test_the_journal_of_a_run_holds_no_secret_and_every_call_letter_for_letter(tmp_path: Path, hiding: str) -> None:
    now = Circumstances(plan={"subject": hiding, "seed": 0}, subject={"statement": {"homepage": hiding}})
    journal = Journal.begin(tmp_path, now)
    journal.add(_checkpoint(hiding))
    journal.close()
    assert SECRET.encode() not in (tmp_path / FILE_NAME).read_bytes()
    recorded = read_journal(tmp_path)
    assert recorded.checkpoint is not None
    (one,) = recorded.checkpoint.tally.failures["DEC-4"]
    assert one.calls == CALLS
    assert "***" in one.got
    assert list(recorded.circumstances.differences(now)) == []


def test_a_run_is_resumed_under_another_secret_but_not_for_another_subject(tmp_path: Path) -> None:
    then = Circumstances(plan={"subject": f"stdio:./vault --token {SECRET}"})
    Journal.begin(tmp_path, then).close()
    recorded = read_journal(tmp_path).circumstances
    assert list(recorded.differences(Circumstances(plan={"subject": "stdio:./vault --token other"}))) == []
    (found,) = recorded.differences(Circumstances(plan={"subject": f"stdio:./other --token {SECRET}"}))
    assert SECRET not in found


def test_no_file_that_a_run_writes_and_nothing_that_it_prints_holds_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "remove", Journal.close)
    folder = tmp_path / "written"
    known = folder / "known.json"
    result = _run(
        *("check", "library:leaky_vault:Leaky", "--clause", "DEC-3,DEC-4,STA-4", "--report", folder / "report"),
        *("--regressions", folder / "regressions"),
    )
    assert result.exit_code == 1, result.output
    add = ("baseline", "add", known, "--from", folder / "report", "--reason", "old", "--issue", "https://i.example/1")
    printed = [result, _run(*add, "--expires", "2999-01-01")]
    printed.append(_run("replay", folder / "regressions", "library:leaky_vault:Leaky"))
    printed.append(_run("disagree", "library:leaky_vault:Leaky", "library:fencepost.conformance.peers:EnforcerVault"))
    printed.append(_run("matrix", folder / "report", "--format", "html", "--out", folder / "matrix.html"))
    assert [one.exit_code for one in printed] == [1, 0, 1, 1, 0]
    for one in printed:
        assert SECRET not in one.output
    written = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in _files(folder)}
    assert {"report/journal.ndjson", "report/run.ndjson", "known.json", "matrix.html"} <= written.keys()
    assert any(name.startswith("regressions/") for name in written)
    for name, content in written.items():
        assert SECRET not in content, name
    assert "***" in written["report/journal.ndjson"]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_stored_run_that_was_never_masked_is_masked_when_it_is_read(tmp_path: Path) -> None:
    _run("check", "mutant:last-address-excluded", "--clause", "DEC-4", "--report", tmp_path / "r")
    path = tmp_path / "r" / "report.json"
    document = json.loads(path.read_bytes())
    document["subject"]["name"] = f"token={SECRET}"
    document["clauses"][0]["counterexamples"][0]["got"] = f"deny (its rule: 'password={SECRET}')"
    path.write_text(json.dumps(document), encoding="utf-8")
    for arguments in (("diff", path, path), ("matrix", path), ("report", path, "--format", "html")):
        shown = _run(*arguments)
        assert shown.exit_code == 0
        assert SECRET not in shown.output


def test_a_subject_that_cannot_be_begun_with_is_told_without_its_secrets() -> None:
    for command in (("check",), ("replay", "x")):
        result = _run(*command, f"stdio:false --password {SECRET}-of-another-kind")
        assert result.exit_code == 2
        assert SECRET not in result.output

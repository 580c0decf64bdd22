"""What a subject keeps over `reset` shows in a case of two vaults, and in no case of one."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import Client, open_subject
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.certificate.recording import Recorder
from fencepost.conformance.certificate.replaying import Transcript
from fencepost.conformance.commands import main
from fencepost.conformance.diagnosis.counterexample import counterexample
from fencepost.conformance.diagnosis.diagnosis import Diagnosis
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, ResetStep, WriteStep
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.strength.generated.mechanisms import mechanisms
from fencepost.conformance.strength.generated.trial import run
from fencepost.reference import Network, Request, RuleSet, Subnet, address_from_text, load_profile
from fencepost.reports.model import Counterexample, Report, report_from_json
from runs import judged

LEAKS = ("KeepsDefaultAction", "KeepsBypass", "KeepsSubnetRules", "KeepsInTheSameNetwork", "RemembersAnswers")
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/home"


@pytest.fixture(autouse=True)
def _leaking_vaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def _check(folder: Path, vault: str, *options: str | Path) -> tuple[Result, Report]:
    result = _run("check", f"library:leaking_vaults:{vault}", "--report", folder, *options)
    return result, report_from_json((folder / "report.json").read_bytes())


def _found(report: Report) -> list[Counterexample]:
    return [one for row in report.clauses for one in row.counterexamples]


def _methods(one: Counterexample) -> list[str]:
    return [call.method for call in one.calls]


@pytest.mark.slow
@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("profile", ["keyvault", "keyvault-2018-preview"])
def test_what_is_kept_over_a_reset_is_failed_with_two_vaults_in_five_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, leak: str
) -> None:
    monkeypatch.setenv("LEAKING_PROFILE", profile)
    result, report = _check(tmp_path, leak, "--profile", profile, "--clause", "STA", "--clause", "DEC-1")
    assert (result.exit_code, report.result) == (1, "fail")
    assert not any("the same calls again" in row.detail for row in report.clauses)
    for one in _found(report):
        assert _methods(one).count("reset") == 2
        assert len(one.calls) <= 5
        assert "a new vault has nothing" in one.why


@pytest.mark.parametrize(
    ("leak", "clause", "given"),
    [
        ("KeepsDefaultAction", "DEC-1", ["reset", "putRules", "reset", "decide"]),
        ("KeepsInTheSameNetwork", "DEC-1", ["reset", "putRules", "reset", "decide"]),
        ("RemembersAnswers", "DEC-1", ["reset", "putRules", "decide", "reset", "decide"]),
        ("KeepsBypass", "STA-5", ["reset", "putRules", "reset", "getRules"]),
        ("KeepsSubnetRules", "STA-3", ["reset", "putRules", "reset", "updateRules", "decide"]),
    ],
)
def test_the_smallest_case_is_told_under_the_clause_that_the_new_vault_breaks(
    tmp_path: Path, leak: str, clause: str, given: list[str]
) -> None:
    _, report = _check(tmp_path, leak, "--clause", "STA-3", "--clause", "STA-5", "--clause", "DEC-1", "--fail-fast")
    (one,) = _found(report)
    assert (one.clause, _methods(one)) == (clause, given)
    last = [call for call in one.calls if call.method == "reset"][-1]
    if "updateRules" not in given:
        assert last.params == {"subnets": []}
    default_action = "Deny" if "updateRules" in given else "Allow"
    assert one.rules == wire_rules((), default_action=default_action, bypass="AzureServices")
    put = one.calls[1].params["networkAcls"]
    assert isinstance(put, dict)
    assert put["ipRules"] == []
    if leak != "KeepsSubnetRules":
        assert one.calls[0].params == {"subnets": []}
        assert put == wire_rules(())


@pytest.mark.slow
@pytest.mark.parametrize("leak", ["KeepsBypass", "KeepsSubnetRules"])
def test_what_is_not_read_back_shows_once_a_switch_of_the_new_vault_is_thrown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leak: str
) -> None:
    monkeypatch.setenv("LEAKING_WITHOUT", "read-back")
    result, report = _check(tmp_path, leak, "--clause", "STA")
    assert result.exit_code == 1
    (one,) = _found(report)
    assert (one.clause, _methods(one)) == ("STA-3", ["reset", "putRules", "reset", "updateRules", "decide"])


@pytest.mark.slow
def test_a_case_of_two_vaults_is_stored_and_replayed(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    _check(tmp_path, "RemembersAnswers", "--clause", "DEC-1,STA-3", "--regressions", cases)
    (path,) = cases.iterdir()
    assert [call["method"] for call in json.loads(path.read_bytes())["calls"]].count("reset") == 2
    still = _run("replay", path, "library:leaking_vaults:RemembersAnswers")
    assert still.exit_code == 1
    assert "still failing  expected allow, got deny" in still.stdout
    fixed = _run("replay", path, "reference")
    assert fixed.exit_code == 0
    assert "fixed" in fixed.stdout
    again, report = _check(tmp_path, "RemembersAnswers", "--clause", "DEC-1", "--regressions", cases)
    assert again.exit_code == 1
    assert len([*cases.iterdir()]) == len(_found(report)) == 1


@pytest.mark.slow
def test_a_case_of_two_vaults_is_known_and_put_up_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKING_WITHOUT", "decision-codes")  # which would be another clause's, outside the selection
    _, report = _check(tmp_path, "KeepsDefaultAction", "--clause", "DEC-1,STA-3")
    known = tmp_path / "known.json"
    issue = "https://example.org/1"
    adding = ("--reason", "old", "--issue", issue, "--expires", "2999-01-01")
    assert _run("baseline", "add", known, "--from", tmp_path / "report.json", *adding).exit_code == 0
    result, report = _check(tmp_path, "KeepsDefaultAction", "--clause", "DEC-1,STA-3", "--known", known)
    assert [(one.id, one.known) for one in report.clauses if one.verdict == "fail"] == [("DEC-1", True)]
    assert result.exit_code == 0


@pytest.mark.slow
def test_a_run_with_a_case_of_two_vaults_is_recorded_and_comes_to_the_same_from_its_transcript() -> None:
    file = BytesIO()
    with Recorder(file, clean=lambda text: text) as recorder, using_clock(recorder.clock):
        report = judged(
            recorder.connect(open_subject("library:leaking_vaults:KeepsDefaultAction"), {}), "STA-3", "DEC-1"
        )
        recorder.end("")
    transcript = Transcript(file.getvalue())
    with using_clock(transcript.clock):
        assert judged(transcript.connection(), "STA-3", "DEC-1") == report
    transcript.end()
    (one,) = _found(report)
    assert _methods(one).count("reset") == 2


def _lockstep(subject: str) -> Iterator[Lockstep]:
    client = Client(open_subject(subject))
    yield Lockstep(client, load_profile("keyvault-2018-preview"))
    client.close()


@pytest.fixture
def leaking() -> Iterator[Lockstep]:
    yield from _lockstep("library:leaking_vaults:KeepsDefaultAction")


@pytest.fixture
def sound() -> Iterator[Lockstep]:
    yield from _lockstep("reference")


ASK = AskStep(requests=(Request(address=address_from_text("20.0.0.1")),))
DENY = WriteStep(method="putRules", params={"networkAcls": wire_rules(())})
NEAR = Network(subnets=(Subnet(id=SUBNET),))
TWO = Case(network=Network(), steps=(DENY, ResetStep(network=NEAR), ASK))


def test_a_replay_goes_through_both_vaults(leaking: Lockstep, sound: Lockstep) -> None:
    assert sound.replay(TWO) is None
    assert sound.vault.network == NEAR
    mismatch = leaking.replay(TWO)
    assert mismatch is not None
    assert mismatch.direction == ("allow", "deny")
    assert (mismatch.vault.network, mismatch.vault.rules) == (NEAR, RuleSet())


def test_what_was_left_before_does_not_show_in_a_replay_apart(leaking: Lockstep) -> None:
    alone = Case(network=NEAR, steps=(ASK,))
    leaking.replay(TWO)
    assert leaking.replay(alone) is not None
    assert leaking.replay_apart(alone) is None
    assert leaking.replay_apart(TWO) is not None


def test_the_last_vault_that_got_a_call_is_remembered_and_the_resets_since(sound: Lockstep) -> None:
    assert sound.before is None
    sound.reset(NEAR)
    sound.write(DENY)
    sound.reset(Network())
    found = Case(network=NEAR, steps=(DENY,))
    assert sound.before == found
    sound.reset(Network())
    found = Case(network=NEAR, steps=(DENY, ResetStep(network=Network())))
    assert sound.before == found
    with sound.aside():
        sound.replay(TWO)
    assert (sound.before, sound.steps) == (found, [])
    sound.ask(ASK)
    sound.restart(Network())
    assert sound.before == found


def test_a_run_is_resumed_with_its_case_of_two_vaults_where_that_shows_again(
    leaking: Lockstep, sound: Lockstep
) -> None:
    mismatch = leaking.replay(TWO)
    assert mismatch is not None
    one = counterexample("DEC-1", TWO, mismatch, replay="", calls_to_shrink=0)
    for lockstep, recorded in ((leaking, ("DEC-1",)), (sound, ())):
        tally = Tally()
        tally["DEC-1"].failures.append(one)
        diagnosis = Diagnosis(lockstep, tally, lambda _: "")
        diagnosis.resume(calls=0, begun=(), recorded=("DEC-1",), kept=[("DEC-1", TWO.calls(), 7)])
        assert diagnosis.recorded == recorded
        assert bool(diagnosis.kept) is bool(recorded)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_new_vault_that_tosses_coins_fails_and_not_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("ODD_SEED", str(seed))
    result, report = _check(tmp_path, "UnsteadyWhenNew", "--clause", "STA-3,DEC-1", "--seed", str(seed))
    assert (result.exit_code, report.result) == (1, "fail")
    assert {one.expected for one in _found(report)} == {"allow"}


def test_a_matcher_that_remembers_the_latest_rule_over_a_reset_fails() -> None:
    remembers_the_latest = next(one for one in mechanisms("patricia") if one.id == "patricia/finger-of-the-last-block")
    report = run(remembers_the_latest.matcher()(), profile="keyvault", effort=EFFORTS["quick"], seed=2)
    assert report.exit_status == 1

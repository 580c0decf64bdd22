"""Subjects whose answers depend on chance (wrong answers fail their clause) or on history (DEC-17 or STA-1)."""

import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance.commands import main
from fencepost.reports.model import Report, report_from_json

BROKEN = Path(__file__).parent / "harnesses" / "broken.py"


@pytest.fixture(autouse=True)
def _odd_vaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))


def _check(tmp_path: Path, subject: str, clauses: str, seed: int = 0) -> tuple[Result, Report]:
    arguments = ["check", subject, "--clause", clauses, "--seed", str(seed), "--report", str(tmp_path)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    return result, report_from_json((tmp_path / "report.json").read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_subject_that_tosses_coins_fails_and_not_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("ODD_SEED", str(seed))
    result, report = _check(tmp_path, "library:odd_vaults:CoinToss", "VAL,STA-5", seed)
    assert (result.exit_code, report.result) == (1, "fail")
    failed = [row for row in report.clauses if row.verdict == "fail"]
    assert all("not every time" in row.detail for row in failed)
    assert "DEC-17 failed too, outside the selection: --clause DEC-17 shows its case" in report.notes
    assert not any(entry.broken for entry in report.ledger)


@pytest.mark.slow
@pytest.mark.parametrize("one_in", ["2", "300"])
def test_a_decision_that_is_wrong_by_chance_fails_with_both_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_in: str
) -> None:
    monkeypatch.setenv("ODD_VAULT", one_in)
    result, report = _check(tmp_path, "library:odd_vaults:CoinToss", "DEC")
    assert (result.exit_code, report.result) == (1, "fail")
    verdicts = {row.id: row.verdict for row in report.clauses}
    assert verdicts["DEC-17"] == "fail"
    (both, *_) = next(row.counterexamples for row in report.clauses if row.id == "DEC-17")
    assert both.got in ("allow, then deny (not every time)", "deny, then allow (not every time)")
    if one_in != "300":
        assert "pass" not in verdicts.values()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "clause", "calls"),
    [
        ("deny_every_hundredth", "DEC-17", 3),
        ("allow_after_three_denials", "DEC-17", 3),
        ("cache_by_address", "DEC-17", 3),
        ("cache_by_address", "STA-1", 5),
    ],
)
def test_an_answer_that_depends_on_what_was_asked_before_breaks_a_clause_with_a_short_sequence(
    tmp_path: Path, fault: str, clause: str, calls: int
) -> None:
    harness = shlex.join([sys.executable, str(BROKEN), fault, "always"])
    result, report = _check(tmp_path, f"stdio:{harness}", clause)
    (row,) = report.clauses
    assert (result.exit_code, row.verdict) == (1, "fail")
    (found, *_) = row.counterexamples
    assert len(found.calls) <= calls
    asked = [call for call in found.calls if call.method == "decide"]
    requests = [request for call in asked for request in call.params["requests"]]  # type: ignore[attr-defined]  # a list of objects
    assert len(requests) <= (100 if fault == "deny_every_hundredth" else 5)


@pytest.mark.slow
@pytest.mark.parametrize(("vault", "fewest"), [("FirstOfMany", 33), ("InOtherOrder", 3)])
def test_an_answer_that_depends_on_what_is_asked_after_it_in_the_same_call_breaks_dec_17_alone(
    tmp_path: Path, vault: str, fewest: int
) -> None:
    result, report = _check(tmp_path, f"library:odd_vaults:{vault}", "DEC,CRED,CTL")
    assert result.exit_code == 1
    assert [row.id for row in report.clauses if row.verdict == "fail"] == ["DEC-17"]
    (found,) = next(row.counterexamples for row in report.clauses if row.id == "DEC-17")
    last = found.calls[-1].params["requests"]
    assert isinstance(last, list)
    assert 2 <= len(last) <= fewest  # of three that change places in a ring none can be left out
    assert found.request in last

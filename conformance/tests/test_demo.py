"""`demo`: its two vaults, its explanation, and that it needs nothing from outside."""

import socket

import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import main
from fencepost.conformance.commands.demo_vaults import FlawedVault, RightVault
from runs import judged


def test_the_demo_shows_both_verdicts_and_explains_the_smallest_case(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    result = CliRunner().invoke(main, ["demo"], env={"COLUMNS": "200"}, catch_exceptions=False)
    assert result.exit_code == 0
    assert "RightVault   pass: " in result.stdout
    assert "FlawedVault  fail: " in result.stdout
    assert "is the first of them" in result.stdout
    assert "RightVault       allow, as expected" in result.stdout
    assert "FlawedVault      deny, wrong" in result.stdout
    assert "MUST cover the first and the last address of the range" in result.stdout


@pytest.mark.slow
def test_a_whole_run_finds_no_other_fault_in_either_vault() -> None:
    assert judged(RightVault).exit_status == 0
    assert {row.id for row in judged(FlawedVault).clauses if row.verdict == "fail"} == {"DEC-4"}

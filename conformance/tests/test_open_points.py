"""What an open point comes to, and what it leaves unjudged."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fencepost.conformance.explorations.histories import HISTORIES
from fencepost.conformance.open_points.probes import PROBES
from fencepost.reference.open_points import ANSWERS
from runs import begun, explored, judged


def test_every_open_point_has_a_probe_but_how_a_trusted_service_is_known() -> None:
    assert PROBES.keys() == ANSWERS.keys() - {"trusted-services"}


def test_a_new_open_point_is_one_row_of_the_table() -> None:
    def shown(*arguments: str) -> str:
        program = Path(__file__).parent / "programs" / "one_more_point.py"
        command = [sys.executable, str(program), *arguments]
        environment = os.environ | {"COLUMNS": "200"}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    question = "one-more-point: whether a dot behind an address is accepted; not documented"
    assert question in shown("explain", "VAL-5")
    for subject in ("reference", "library:fencepost.conformance.mutants:Vault"):
        run = shown("check", subject, "--clause", "CTL-2", "-v")
        assert re.search(r"^one-more-point +reject +reject", run, re.MULTILINE)
    table = shown("spellings", "reference")
    assert re.search(r"one-more-point .*20\.1\.2\.3\..*refused", table)


def test_trust_by_scenarios_that_nobody_has_written_down_leaves_dec_11_unjudged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))
    report = judged("library:odd_vaults:ByScenario", "DEC-11", "DEC-12", "CRED-3", profile="keyvault")
    assert {row.id: row.verdict for row in report.clauses} == {
        "DEC-11": "not applicable",
        "DEC-12": "pass",
        "CRED-3": "pass",
    }
    (found,) = [row.detail for row in report.clauses if row.id == "DEC-11"]
    assert "trusted-scenarios" in found
    assert (report.result, report.exit_status) == ("partial", 0)


def test_a_reserved_caller_let_in_by_a_reserved_rule_breaks_no_choice_about_wider_rules() -> None:
    report = judged("library:fencepost.conformance.peers.trie_vault:TrieVault", "DEC-2")
    found = {entry.key: (entry.declared, entry.found, entry.broken) for entry in report.ledger}
    assert found["superset-matches-private"] == ("no", "no", False)


@pytest.mark.parametrize(
    ("vault", "point", "found"),
    [
        ("OtherPrefix", "prefix-spelling", "mixed: other: '20.1.2.0/024' admits"),
        ("WholeOctets", "netmask-form", "mixed: accept, other: '20.1.128.0/255.255.128.0' admits"),
        ("WholeHostOctets", "hostmask-form", "mixed: accept, other: '20.1.128.0/0.0.127.255' admits"),
    ],
)
def test_a_declared_form_that_is_read_as_something_else_in_part_is_a_broken_choice(
    monkeypatch: pytest.MonkeyPatch, vault: str, point: str, found: str
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))
    with begun(f"library:odd_vaults:{vault}") as campaign:
        campaign.settle()
        (entry,) = [entry for entry in campaign.report().ledger if entry.key == point]
    assert (entry.declared, entry.broken) == ("accept", True)
    assert str(entry.found).startswith(found)


def test_a_limit_that_is_off_by_one_says_nothing_of_rules_that_are_repeated() -> None:
    with begun("mutant:one-ip-rule-too-many") as campaign:
        campaign.settle()
        (entry,) = [entry for entry in campaign.report().ledger if entry.key == "duplicates-count"]
    assert (entry.declared, entry.found, entry.broken) == ("yes", None, False)


def test_each_kind_of_write_has_its_own_answer_to_a_point_that_is_not_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "programs"))
    campaign = explored("library:odd_vaults:EachWriteForItself", HISTORIES)
    found = {entry.key: (entry.declared, entry.found) for entry in campaign.report().ledger}
    assert found["remove-unknown"] == (None, "reject")
    assert not campaign.tally.failures

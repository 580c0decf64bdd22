"""Resumption on a toy: a run that goes on from any of its checkpoints ends as if it had not been interrupted."""

from pathlib import Path

import pytest
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.run.journal import Checkpoint, Journal, read_journal
from fencepost.conformance.run.reporting import RESUMED
from fencepost.reports.model import Report
from runs import Counted, begun, connection_to
from toys import EFFORT, OUTSIDE, TWO_RULES, ToyVault, exploration, under_allow, under_deny


class FirstRuleOnly(ToyVault):
    """Looks at the first rule alone."""

    def outcome(self, address: str) -> str:
        return "allow" if self.default_action == "Allow" or address in self.rules[:1] else "deny"


def many_outside(bench: Bench) -> None:
    bench.put(TWO_RULES)
    bench.ask([OUTSIDE] * 30)


TWO = (exploration(under_deny, many_outside), exploration(under_allow, many_outside, name="second"))


def journal_of(vault: type[ToyVault], folder: Path, scenarios: int) -> Report:
    """The report of a run to its end, of which the journal in the folder has so many checkpoints."""
    with begun(vault, effort=EFFORT, with_decoys=False) as campaign:
        campaign.settle()
        journal = Journal.begin(folder, campaign.circumstances())
        written = 0

        def record(checkpoint: Checkpoint) -> None:
            nonlocal written
            if written < scenarios:
                journal.add(checkpoint)
                written += 1

        campaign.record = record
        for one in TWO:
            campaign.explore(one)
        journal.close()
        assert written == scenarios
        return campaign.report()


@pytest.mark.parametrize("vault", [ToyVault, FirstRuleOnly])
@pytest.mark.parametrize("scenarios", range(1, 7))
def test_a_run_that_goes_on_from_its_journal_ends_like_the_whole_run(
    tmp_path: Path, vault: type[ToyVault], scenarios: int
) -> None:
    report = journal_of(vault, tmp_path, scenarios)
    recorded = read_journal(tmp_path)
    assert recorded.checkpoint is not None
    with begun(vault, effort=EFFORT, with_decoys=False) as campaign:
        campaign.settle()
        assert not [*recorded.circumstances.differences(campaign.circumstances())]
        campaign.resume(recorded.checkpoint)
        for one in TWO:
            campaign.explore(one)
        resumed = campaign.report()
    assert resumed.clauses == report.clauses
    assert resumed.totals == report.totals
    assert resumed.notes == (*report.notes, RESUMED)
    assert (resumed.result, resumed.first_failure) == (report.result, report.first_failure)


def test_what_is_through_is_not_asked_again(tmp_path: Path) -> None:
    journal_of(ToyVault, tmp_path, 6)
    checkpoint = read_journal(tmp_path).checkpoint
    assert checkpoint is not None
    subject = Counted(connection_to(ToyVault))
    with begun(subject, effort=EFFORT, with_decoys=False) as campaign:
        campaign.settle()
        campaign.resume(checkpoint)
        before = subject.calls.decisions
        for one in TWO:
            campaign.explore(one)
        assert subject.calls.decisions == before


def test_another_effort_or_another_subject_is_another_run(tmp_path: Path) -> None:
    journal_of(ToyVault, tmp_path, 1)
    recorded = read_journal(tmp_path)

    class Renamed(ToyVault):
        def describe(self, *, protocol: int) -> dict[str, object]:
            return {**super().describe(protocol=protocol), "version": "2"}

    with begun(Renamed, effort=EFFORT, with_decoys=False, seed=7) as campaign:
        campaign.settle()
        differences = [*recorded.circumstances.differences(campaign.circumstances())]
    assert "seed: 0 then, 7 now" in differences
    assert any('"version": "2"' in one for one in differences)


def test_a_failure_that_does_not_show_again_after_the_interruption_is_inconclusive(tmp_path: Path) -> None:
    journal_of(FirstRuleOnly, tmp_path, 1)
    checkpoint = read_journal(tmp_path).checkpoint
    assert checkpoint is not None
    assert list(checkpoint.tally.failures) == ["DEC-5"]
    with begun(ToyVault, effort=EFFORT, with_decoys=False) as campaign:
        campaign.settle()
        campaign.resume(checkpoint)
        report = campaign.report()
    assert {row.id: row.verdict for row in report.clauses}["DEC-5"] == "inconclusive"

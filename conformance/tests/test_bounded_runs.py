"""Runs within bounds: the most telling configurations first, an end in time, and a report of what was bought."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import Client, Connection, JsonObject, open_subject
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.bounded.bounds import Bounds, seconds_from
from fencepost.conformance.bounded.run import bounded
from fencepost.conformance.bounded.schedule import Schedule
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.commands import main
from fencepost.conformance.lockstep.case import WriteStep, apply_write
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.conformance.lockstep.deadline import Deadline, OutOfTime
from fencepost.conformance.lockstep.wire import network_from_wire
from fencepost.conformance.open_points.spellings import Row
from fencepost.conformance.peers import DecisionsOnlyVault
from fencepost.conformance.selection.cover import Cover
from fencepost.conformance.selection.rule_faults import prefix_of
from fencepost.reference import Vault, load_profile
from fencepost.reports.model import Report, report_from_json
from fencepost.reports.summary import reproduce
from runs import Subject, judged_within

pytestmark = pytest.mark.xdist_group("bounded runs")

PEERS = "library:fencepost.conformance.peers:"
ENFORCER = f"{PEERS}EnforcerVault"


def _check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], env={"COLUMNS": "160"}, catch_exceptions=False)


def _setting(seed: int = 0) -> Setting:
    profile = load_profile("keyvault-2018-preview").with_choices({"trusted-services": "list", "duplicates": "keep"})
    said = Client(open_subject(f"{PEERS}MinimalVault2018")).describe()
    capabilities = Capabilities.from_statement(said, profile)
    return Setting(profile=profile, capabilities=capabilities, effort=EFFORTS["quick"], seed=seed)


class _Watched(Relay):
    """A connection that counts configurations and calls, and whose clock goes on by so much a write and a decision."""

    def __init__(self, inner: Connection, *, a_write: float = 0.0, a_decision: float = 0.0) -> None:
        super().__init__(inner)
        self.vault = Vault(profile=load_profile("keyvault"))
        self.configurations = 0
        self.calls = 0
        self.now = 0.0
        self._a_write, self._a_decision = a_write, a_decision

    def call(self, method: str, params: JsonObject) -> object:
        answer = self.inner.call(method, params)
        self.calls += 1
        match method, params, answer:
            case "reset", {"subnets": list(subnets)}, _:
                self.vault = self.vault.reset(network_from_wire(subnets))
            case "decide", {"requests": list(requests)}, _:
                self.now += self._a_decision * len(requests)
            case _, _, {"accepted": True}:
                self.now += self._a_write
                after = apply_write(self.vault, WriteStep(method=method, params=params)).accepted or self.vault
                self.configurations += after.rules != self.vault.rules
                self.vault = after
        return answer


def _run(watched: _Watched, bounds: Bounds, *, with_decoys: bool = True) -> Report:
    """A bounded run whose clock is the subject's."""
    with using_clock(lambda: watched.now):
        connection = bounded(watched, Deadline.after(bounds.seconds) if bounds.seconds else None)
        return judged_within(bounds, connection, profile="keyvault", with_decoys=with_decoys)


def test_what_was_covered_before_is_worth_less_and_still_something() -> None:
    cover = Cover({"rare": 5.0})
    fresh = cover.gain([("rare", 1), ("plain", 1)])
    cover.add([("rare", 1)])
    assert fresh == 6.0
    assert 1.0 < cover.gain([("rare", 1), ("plain", 1)]) < fresh


def test_the_first_configurations_show_every_prefix_length_both_full_lists_and_both_switches() -> None:
    schedule = Schedule(_setting())
    rules = [schedule.stop(place).vault.rules for place in range(12)]
    assert {prefix_of(rule.block) for one in rules for rule in one.ip_rules} >= {*range(3, 31), 32}
    assert max(len(one.ip_rules) for one in rules) == 127
    assert {one.default_action.value for one in rules} == {"Allow", "Deny"}
    assert {one.bypass.value for one in rules} == {"AzureServices", "None"}
    assert any(len(one.virtual_network_rules) == 127 for one in rules) or not schedule.network.subnets


def test_the_way_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    ways = [[Schedule(_setting(seed)).stop(place).write for place in range(2)] for seed in (0, 0, 1)]
    assert ways[0] == ways[1]
    assert ways[0] != ways[2]


@pytest.mark.slow
@pytest.mark.parametrize("most", [1, 9])
def test_a_run_ends_after_so_many_configurations(most: int) -> None:
    watched = _Watched(open_subject(f"{PEERS}TrieVault"))
    report = _run(watched, Bounds(configurations=most))
    assert watched.configurations == most
    assert any(f"bought by --max-configurations {most}: {most} configuration" in note for note in report.notes)


def test_decoys_are_laid_over_what_the_subject_has_said_already_and_cost_no_call() -> None:
    calls, caught = [], []
    for with_decoys in (True, False):
        watched = _Watched(open_subject(ENFORCER))
        report = _run(watched, Bounds(configurations=8), with_decoys=with_decoys)
        calls.append(watched.calls)
        caught.append([decoy.caught for decoy in report.sensitivity])
    assert calls[0] == calls[1]
    assert caught == [[True, True], []]


@pytest.mark.slow
def test_a_subject_that_only_decides_can_pass_within_forty_configurations() -> None:
    result = _check(ENFORCER, "--max-configurations", "40")
    assert result.exit_code == 0, result.stdout
    assert "no wrong answer in" in result.stdout
    assert "with 95 % confidence" in " ".join(result.stdout.split())


def test_what_a_small_bound_leaves_no_room_for_is_vacuous_and_named() -> None:
    result = _check(ENFORCER, "--max-configurations", "3")
    assert result.exit_code == 3
    assert "not asked, or not often enough to pass: " in result.stdout
    assert "a higher --max-configurations" in " ".join(result.stdout.split())


def test_a_failure_within_bounds_is_told_with_a_line_that_shows_it_again(tmp_path: Path) -> None:
    result = _check("mutant:last-address-excluded", "--max-configurations", "2", "--report", str(tmp_path))
    assert result.exit_code == 1
    report = report_from_json((tmp_path / "report.json").read_bytes())
    shown = next(one for clause in report.clauses for one in clause.counterexamples if clause.id == "DEC-4")
    words = shown.replay.split()
    assert words[:3] == ["fencepost", "check", "mutant:last-address-excluded"]
    assert words[-2] == "--max-configurations"
    assert _check(*words[2:]).exit_code == 1
    assert not any("no wrong answer" in note for note in report.notes)


def test_the_line_that_repeats_a_bounded_run_names_its_bounds(tmp_path: Path) -> None:
    _check(ENFORCER, "--max-configurations", "3", "--report", str(tmp_path))
    report = report_from_json((tmp_path / "report.json").read_bytes())
    assert reproduce(report) == f"fencepost check {ENFORCER} --effort quick --seed 0 --max-configurations 3"
    assert "--seed 0 --max-configurations 3\n" in (tmp_path / "summary.md").read_text(encoding="utf-8")


class MuteToStrangers(DecisionsOnlyVault):
    """A harness that fails whenever a caller has no token, and is right otherwise."""

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        if any(one["caller"] == {"authenticated": False} for one in requests if "caller" in one):
            raise RuntimeError("no token")
        return super().decide(requests=requests)


def test_what_as_much_kills_is_said_of_whole_runs_that_judged_alone() -> None:
    def says(subject: Subject, *clauses: str) -> bool:
        report = judged_within(Bounds(configurations=2), subject, *clauses, with_decoys=False)
        return any("as much kills" in note for note in report.notes)

    assert says(DecisionsOnlyVault)
    assert not says(DecisionsOnlyVault, "DEC-3"), "some clauses were selected"
    assert not says(MuteToStrangers), "a clause ended in error"


def test_wrong_answers_that_break_a_clause_outside_of_the_selection_are_wrong_answers() -> None:
    result = _check("mutant:last-address-excluded", "--max-configurations", "3", "--clause", "DEC-3")
    assert result.exit_code == 1
    assert "no wrong answer" not in result.stdout


@pytest.mark.parametrize(("a_write", "a_decision"), [(0.0, 0.1), (2.0, 0.0), (7.0, 0.01), (100.0, 0.0)])
def test_a_run_with_a_budget_ends_in_time_however_slow_the_subject_is(a_write: float, a_decision: float) -> None:
    watched = _Watched(open_subject(ENFORCER), a_write=a_write, a_decision=a_decision)
    report = _run(watched, Bounds(seconds=60))
    assert watched.now <= 60 + a_write
    assert report.exit_status in ((0, 3) if report.totals.decisions else (2,))
    assert any(note.startswith("bought by --budget 60s: ") for note in report.notes)
    assert any("depends on the machine" in note for note in report.notes)


@pytest.mark.slow
def test_a_fast_subject_is_asked_on_by_other_seeds_until_the_time_is_gone() -> None:
    watched = _Watched(open_subject(ENFORCER), a_decision=0.06)
    report = _run(watched, Bounds(seconds=900))
    assert report.totals.decisions * 0.06 > 860  # the next call would end too late
    assert report.exit_status == 0


def test_a_wrong_answer_that_there_is_no_time_to_see_again_is_no_pass() -> None:
    watched = _Watched(open_subject("mutant:last-address-excluded", profile="keyvault"), a_write=1.0)
    report = _run(watched, Bounds(seconds=3))
    assert report.exit_status == 2
    unsure = [one.detail for one in report.clauses if one.verdict == "inconclusive"]
    assert unsure
    assert all("no time was left to ask again" in detail for detail in unsure)
    assert watched.now <= 3


@pytest.mark.slow
@pytest.mark.parametrize("occasion", ["start", "decide"])
def test_a_budget_is_kept_against_a_harness_that_hangs(occasion: str) -> None:
    command = f"{sys.executable} {Path(__file__).parent / 'harnesses' / 'broken.py'} hang {occasion}"
    result = _check(f"stdio:{command}", "--budget", "3s", "--call-timeout", "3600")
    assert result.exit_code == 2, result.stdout


def test_a_failure_that_was_shown_stays_one_though_there_is_no_time_to_shrink_it() -> None:
    watched = _Watched(open_subject("mutant:last-address-excluded", profile="keyvault"), a_write=1.0)
    report = _run(watched, Bounds(seconds=20))
    assert report.exit_status == 1
    assert watched.now <= 21


@pytest.mark.parametrize(("text", "seconds"), [("60s", 60), ("5m", 300), ("1h", 3600), ("1.5m", 90)])
def test_a_budget_is_written_with_its_unit(text: str, seconds: float) -> None:
    assert seconds_from(text) == seconds


def _bad_usages() -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("--budget", "60"), "write 60s, 5m or 1h"
    yield ("--budget", "0s"), "write 60s, 5m or 1h"
    yield ("--max-configurations", "0"), "x>=1"
    yield ("--max-configurations", "5", "--resume", "somewhere"), "leave --max-configurations and --budget out"


@pytest.mark.parametrize(("arguments", "message"), list(_bad_usages()))
def test_bounds_that_mean_nothing_are_bad_usage(arguments: tuple[str, ...], message: str) -> None:
    result = _check("reference", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())


def test_a_budget_that_is_over_before_the_parser_profile_is_drawn_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(_: object) -> Iterator[Row]:
        raise OutOfTime
        yield

    monkeypatch.setattr("fencepost.conformance.commands.check.profiled", rows)
    result = _check("reference", "--max-configurations", "2", "--clause", "VAL")
    assert result.exit_code == 3, result.output
    assert "the parser profile" not in result.stdout

"""Staying with an earlier suite: clauses that came later are left out, and every report says so."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.conformance import catalogue as catalogues
from fencepost.conformance import conformance_suite
from fencepost.conformance.catalogue import Catalogue, UnknownVersion, catalogue
from fencepost.conformance.commands import main
from fencepost.conformance.run import plan as plans
from fencepost.reports.stored import stored_run
from fencepost.reports.summary import reproduce

pytest_plugins = ["pytester"]

OURS = version("fencepost")


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """A catalogue in which STA-5 came with a later version."""
    known = catalogue()
    later = tuple(replace(one, since="999.1") if one.id == "STA-5" else one for one in known.clauses)
    grown = replace(known, clauses=later)
    for module in (plans, catalogues):
        monkeypatch.setattr(module, "catalogue", lambda: grown)
    return grown


def test_every_clause_is_in_the_suite_that_is_installed() -> None:
    assert catalogue().at(OURS) == catalogue().clauses


@pytest.mark.parametrize("unknown", ["0.0.9", "999", "", "x", f"{OURS}xyz", "-1", "0.1.0\n", "²"])
def test_a_version_that_the_suite_never_had_is_refused(unknown: str) -> None:
    with pytest.raises(UnknownVersion):
        catalogue().at(unknown)
    assert _check("reference", "--suite-version", unknown).exit_code == 2


def _check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], catch_exceptions=False)


def test_a_later_clause_is_left_out_and_the_run_is_partial(grown: Catalogue, tmp_path: Path) -> None:
    assert "STA-5" not in {clause.id for clause in grown.at(OURS)}
    chosen = ("mutant:read-back-shows-ten", "--clause", "STA-5", "--clause", "CTL-1", "--report", str(tmp_path))
    assert _check(*chosen).exit_code == 1
    result = _check(*chosen, "--suite-version", OURS)
    assert result.exit_code == 0, result.stdout
    assert f"the suite as of {OURS}: no clause that came later" in " ".join(result.stdout.split())
    assert "STA-5 failed, and counts for nothing: it came later" in result.stdout
    report = stored_run(tmp_path).report
    assert [row.id for row in report.clauses] == ["CTL-1"]
    assert (report.result, report.level, report.suite_version) == ("partial", None, OURS)
    assert f" --suite-version {OURS} " in reproduce(report)


def test_nothing_is_said_where_nothing_is_left_out(tmp_path: Path) -> None:
    chosen = ("reference", "--clause", "CTL-1", "--suite-version", OURS, "--report", str(tmp_path))
    assert _check(*chosen).exit_code == 0
    assert stored_run(tmp_path).report.suite_version == ""


def test_pytest_leaves_the_later_clause_out_too(grown: Catalogue, pytester: pytest.Pytester) -> None:
    assert grown
    options = ("--collect-only", "-q", "--pyargs", "fencepost.conformance.suite", "--iut-suite-version", OURS)
    listed = pytester.runpytest_inprocess(*options).stdout.str()
    assert "test_sta_4" in listed
    assert "ledger" in listed
    assert "test_sta_5" not in listed
    assert pytester.runpytest_inprocess("--iut-suite-version", "0.0.9").ret == pytest.ExitCode.USAGE_ERROR


def test_a_class_leaves_it_out_too() -> None:
    with pytest.raises(UnknownVersion):
        conformance_suite("reference", suite_version="0.0.9")
    assert (
        vars(conformance_suite("reference", suite_version=OURS)).keys() == vars(conformance_suite("reference")).keys()
    )

"""Which clause kills which mutant: the file beside the code, how it is renewed, and what the pages make of it."""

import json
from pathlib import Path

import pytest
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands.clause_text import clause_rows
from fencepost.conformance.commands.kills import measured, missing, renew
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.strength import kills
from fencepost.reference.open_points import OPEN_POINTS

CLAUSES = {clause.id for clause in catalogue().clauses}
FIRST, SECOND, THIRD = list(CATALOGUE)[:3]


def test_the_file_names_mutants_clauses_and_open_points_of_today() -> None:
    stored = kills.stored()
    assert stored.keys() <= CATALOGUE.keys()
    assert {one for kill in stored.values() for one in kill.by} <= CLAUSES | {point.key for point in OPEN_POINTS}
    assert all(kill.suite and kill.measured > "2026" for kill in stored.values())


def test_the_page_of_a_clause_names_the_mutants_that_no_other_clause_kills() -> None:
    assert kills.alone("DEC-4")
    for clause in catalogue().clauses:
        rows = dict(clause_rows(clause))
        if "mutants" not in rows:
            continue
        alone = [mutant for mutant, kill in kills.stored().items() if kill.by == (clause.id,)]
        assert rows["alone"] == f"killed by no other clause: {', '.join(alone) or 'none that was measured'}"
        assert f" and {len(kills.stored())} of all {len(CATALOGUE)}" in rows["measured"]


def test_a_measurement_replaces_what_it_holds_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "kills.json"
    assert set(missing(file)) == CATALOGUE.keys()
    clauses = [CATALOGUE[mutant].clause for mutant in missing(file)]
    assert len(set(clauses)) == len(set(clauses[: len(set(clauses))])), "a part of it has every clause"
    renew(file, [{FIRST: ("DEC-4",)}, {SECOND: (), "no-longer-there": ("DEC-1",)}], today="2026-01-01")
    renew(file, [{SECOND: ("DEC-5", "DEC-4"), THIRD: ("CTL-1",)}], today="2026-01-02")
    found = [(one["measured"], one["kills"]) for one in json.loads(file.read_text(encoding="utf-8"))]
    assert found == [
        ("2026-01-01", {FIRST: ["DEC-4"]}),
        ("2026-01-02", dict(sorted({SECOND: ["DEC-5", "DEC-4"], THIRD: ["CTL-1"]}.items()))),
    ]
    assert set(missing(file)) == CATALOGUE.keys() - {FIRST, SECOND, THIRD}


@pytest.mark.slow
def test_a_whole_run_of_a_mutant_says_what_kills_it() -> None:
    assert list(measured(["last-address-excluded"])) == [{"last-address-excluded": ("DEC-4",)}]

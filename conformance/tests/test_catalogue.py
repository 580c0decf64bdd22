"""The clause catalogue: each text stands alone, each clause says where it comes from, the page of it is current."""

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.catalogue import BASES, Clause, catalogue
from fencepost.conformance.commands import main

RECORDED = Path(__file__).parents[2] / "reference" / "tests" / "recorded_pairs.toml"
PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
CLAUSES = [pytest.param(clause, id=clause.id) for clause in catalogue().clauses]
BY_ANOTHER = re.compile(
    r"^(it|its|they|their|these|this|that|such|so|…|and|nor|the (same limits|exemption|set|portal's pair)|while it)\b",
    re.IGNORECASE,
)
"""Beginnings that need the clause before."""


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_without_a_source_and_a_basis_is_refused(clause: Clause) -> None:
    assert clause.basis in BASES
    assert clause.citations
    assert all(one.says and one.source.name and one.source.read for one in clause.citations)


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_is_a_sentence_with_its_own_subject_and_its_must(clause: Clause) -> None:
    first, *_ = clause.text.split(". ")
    assert "MUST" in first
    assert not BY_ANOTHER.match(clause.text)
    assert clause.text[0].isupper()
    assert not clause.text.endswith(".")
    assert not set("*`") & set(clause.text)
    assert all(len(sentence.split()) <= 28 for sentence in clause.text.split(". "))


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_note_is_whole_sentences_and_says_why_what_is_inferred_is_judged(clause: Clause) -> None:
    assert not clause.note or clause.note.endswith(".")
    assert clause.basis != "inferred" or "inferred" in clause.note


def test_every_source_is_cited_and_says_which_copy_was_read() -> None:
    cited = {one.source.key for clause in catalogue().clauses for one in clause.citations}
    assert cited == {source.key for source in catalogue().sources}
    for source in catalogue().sources:
        assert re.search(r"\d{4}-\d\d-\d\d|commit [0-9a-f]{8}|version 1", source.read), source.key


def test_each_sentence_of_the_announcement_is_covered_or_says_why_it_is_not() -> None:
    ids = {clause.id for clause in catalogue().clauses}
    for sentence in catalogue().announcement:
        assert bool(sentence.covered) != bool(sentence.why), sentence.says
        assert ids.issuperset(sentence.covered)


def test_each_clause_that_cites_the_announcement_covers_a_sentence_of_it() -> None:
    covered = {clause for sentence in catalogue().announcement for clause in sentence.covered}
    citing = {
        clause.id for clause in catalogue().clauses if any(one.source.key == "announcement" for one in clause.citations)
    }
    assert citing <= covered


def test_the_swagger_is_cited_for_no_clause_about_a_vaults_state() -> None:
    of_state = [clause for clause in catalogue().clauses if clause.group == "state"]
    assert len(of_state) == 10
    assert not [clause.id for clause in of_state if any(one.source.key == "swagger" for one in clause.citations)]


def test_the_clause_of_the_settle_time_names_the_fifteen_minutes_of_the_announcement() -> None:
    clause = catalogue()["STA-9"]
    assert any(one.source.key == "announcement" and "15 minutes" in one.says for one in clause.citations)
    assert "900 seconds" in clause.note


def test_a_recording_that_goes_against_a_clause_stands_beside_it() -> None:
    pairs = tomllib.loads(RECORDED.read_text(encoding="utf-8"))["pairs"]
    conflicts = {pair["conflict"] for pair in pairs if "conflict" in pair}
    assert conflicts
    for clause in map(catalogue().__getitem__, conflicts):
        assert any(one.says.startswith("evidence against") for one in clause.citations)


def test_the_page_of_sources_is_what_the_command_prints() -> None:
    result = CliRunner().invoke(main, ["clauses", "--sources"], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout == PAGE.read_text(encoding="utf-8"), (
        "the catalogue changed: fencepost clauses --sources > docs/sources.md"
    )


def test_the_page_of_sources_holds_every_clause_and_every_sentence() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for clause in catalogue().clauses:
        assert f"| {clause.id} ({clause.level}) | {clause.text}." in page
    assert page.count("| nothing: ") == sum(not sentence.covered for sentence in catalogue().announcement)


@pytest.mark.parametrize("other", [("--json",), ("--group", "limits")])
def test_the_page_of_sources_is_of_all_clauses(other: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, ["clauses", "--sources", *other])
    assert result.exit_code == 2
    assert "takes neither --group nor --json" in result.stderr

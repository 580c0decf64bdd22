"""Every form says at its head what the profile covers, and of a broken clause where it comes from."""

import pytest
from fencepost.reports import json_file, junit, markdown, sarif
from fencepost.reports.events import report_to_events
from fencepost.reports.html import page as html
from fencepost.reports.model import Report, report_from_json
from fencepost.reports.page import Page
from fencepost.reports.renderer import FileRenderer
from fencepost.reports.stored import report_from_events
from fencepost.reports.terminal import render as terminal
from msgspec.structs import replace

SCOPE = "The profile covers networkAcls alone"
SOURCE = "a page (2018-08-31): all addresses that start so"
FILES = [pytest.param(module.render, id=module.__name__) for module in (html, json_file, junit, markdown, sarif)]


def _shown(renderer: FileRenderer, report: Report) -> str:
    return renderer(report, page=Page())


@pytest.mark.parametrize("renderer", FILES)
def test_every_file_says_what_the_profile_covers_and_where_a_broken_clause_comes_from(
    renderer: FileRenderer, report: Report
) -> None:
    shown = _shown(renderer, report)
    assert SCOPE in shown
    assert SOURCE.partition(": ")[2] in shown
    assert "documented" in shown


def test_the_terminal_says_so_before_the_clauses_and_under_the_broken_one(report: Report) -> None:
    shown = terminal(report, page=Page(width=120))
    assert 0 < shown.index(SCOPE) < shown.index("DEC-3")
    assert f"documented: {SOURCE}" in shown


def test_the_markdown_says_what_the_profile_covers_before_any_failure(report: Report) -> None:
    shown = markdown.render(report, page=Page())
    assert 0 < shown.index(SCOPE) < shown.index("### DEC-4")


def test_the_page_says_what_the_profile_covers_in_its_banner(report: Report) -> None:
    shown = html.render(report, page=Page())
    assert 0 < shown.index(SCOPE) < shown.index("<nav")


def test_a_report_without_either_shows_neither(report: Report) -> None:
    bare = replace(
        report, scope="", clauses=tuple(replace(one, basis="", source="", note="") for one in report.clauses)
    )
    shown = terminal(bare, page=Page(width=120))
    assert SCOPE not in shown
    assert "documented" not in shown


def test_both_are_stored_and_read_back(report: Report) -> None:
    stored = report_from_events(b"".join(report_to_events(report)))
    assert (stored.scope, stored.clauses) == (report.scope, report.clauses)
    assert report_from_json(json_file.render(report, page=Page()).encode()).clauses == report.clauses

"""A page: its width, its colours, and the texts that it must not touch."""

import io

import pytest
from fencepost.reports.page import UNKNOWN_WIDTH, Page
from rich.text import Text


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _no_say_of_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_shows_colours() -> None:
    assert Page.of(_Terminal()).colour


def test_no_color_turns_colours_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Page.of(_Terminal()).colour


def test_a_dumb_terminal_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not Page.of(_Terminal()).colour


def test_a_file_is_plain_and_of_a_fixed_width() -> None:
    assert Page.of(io.StringIO()) == Page(width=UNKNOWN_WIDTH, colour=False)


def test_a_file_takes_the_width_that_columns_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert Page.of(io.StringIO()).width == 140


@pytest.mark.parametrize("nonsense", ["", "wide", "-5", "²"])
def test_a_width_that_is_no_number_is_passed_over(monkeypatch: pytest.MonkeyPatch, nonsense: str) -> None:
    monkeypatch.setenv("COLUMNS", nonsense)
    assert Page.of(io.StringIO()).width == UNKNOWN_WIDTH


def test_nothing_is_read_as_markup() -> None:
    assert Page().draw("[red]a[/red] :smile: [/]") == "[red]a[/red] :smile: [/]"


def test_a_line_that_is_to_stay_whole_stays_whole() -> None:
    line = "word " * 60 + "end"
    assert Page(width=60).draw(Text(line, no_wrap=True, overflow="ignore")) == line

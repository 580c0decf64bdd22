"""The page of the matrix in a real browser: it fits, is accessible, logs no error, and shows foreign text as text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import WIDTHS, Browser, chromium, needs_axe
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.comparison.matrix import matrix
from fencepost.conformance.comparison.page import matrix_as_html
from fencepost.reports.model import Clause, Counterexample, LedgerEntry, Report, Subject, Verdict

HOSTILE = (
    "</script><script>window.pwned=1;alert(1)</script><img src=x onerror='window.pwned=2'>"
    '"><svg onload=window.pwned=3> javascript:window.pwned=4 </style><style>*{display:none}</style>'
    "<a href='javascript:window.pwned=5'>x</a> &lt;b&gt; \u202e\x00\x1b[2J ${window.pwned=6} {{7*7}} ]]> -->"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def _report(name: str, *, failing: str = "", said: str = "deny") -> Report:
    found = Counterexample(
        clause=failing,
        calls=(),
        rules=None,
        request={},
        expected="allow",
        got=said,
        deciding_clause=failing,
        deciding_rule=None,
        why="",
        replay="",
    )
    verdicts: tuple[Verdict, ...] = ("pass", "not applicable", "inconclusive", "error", "vacuous")
    rows = [
        Clause(
            id=one.id,
            level=one.level,
            group=one.group,
            text=one.text,
            verdict="fail" if one.id == failing else verdicts[number % 9 if number % 9 < 5 else 0],
            detail=said if number % 9 == 3 else "",
            limit_found="128" if one.id == "LIM-1" else None,
            counterexamples=(found,) if one.id == failing else (),
        )
        for number, one in enumerate(catalogue().clauses)
    ]
    return Report(
        kit_version="1",
        catalogue_version="1",
        profile="keyvault",
        effort="quick",
        seed=0,
        subject=Subject(subject=name, name=name, version="1.0"),
        result="fail" if failing else "pass",
        exit_status=1 if failing else 0,
        clauses=tuple(rows),
        ledger=(LedgerEntry(key="host-bits", declared="mask", found="reject", broken=True),),
    )


def _page(folder: Path, *reports: Report) -> Path:
    page = folder / "matrix.html"
    page.write_text(matrix_as_html(matrix(reports)), encoding="utf-8")
    return page


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return _page(tmp_path, _report("Cedar"), _report("nginx", failing="DEC-4"), _report("a vault of our own"))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_matrix_fits_every_width_and_nothing_complains(browser: Browser, page: Path, width: int) -> None:
    browser.show(page, width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate("document.querySelector('h1').textContent") == "Conformance matrix"
    assert browser.complaints() == []


def test_the_matrix_asks_for_nothing_but_itself(browser: Browser, page: Path) -> None:
    browser.show(page)
    asked = {one["request"]["url"] for one in browser.events("Network.requestWillBeSent")}
    assert {url for url in asked if not url.startswith("data:")} == {page.as_uri()}


@pytest.mark.parametrize("width", [320, 1280])
def test_what_hostile_runs_say_is_text_in_the_matrix(browser: Browser, tmp_path: Path, width: int) -> None:
    browser.show(_page(tmp_path, _report(HOSTILE, failing="DEC-4", said=HOSTILE), _report("nginx")), width=width)
    assert browser.evaluate("window.pwned ?? null") is None
    assert browser.evaluate("document.querySelectorAll('script').length") == 0
    assert browser.evaluate("document.querySelectorAll('style').length") == 1
    assert browser.evaluate("document.querySelectorAll('a, img, svg, iframe, [onload], [onerror]').length") == 0
    assert browser.evaluate("document.body.textContent.includes('<img src=x onerror=')")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.complaints() == []


def test_the_policy_of_the_matrix_stops_any_script(browser: Browser, page: Path) -> None:
    browser.show(page)
    browser.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'pwned = 1'})); 0")
    assert browser.evaluate("window.pwned ?? null") is None


@needs_axe
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_inaccessible_in_the_matrix(browser: Browser, page: Path, width: int, scheme: str) -> None:
    browser.show(page, width=width, scheme=scheme)
    assert browser.lacks() == []


def test_a_region_that_scrolls_is_reached_by_the_keyboard(browser: Browser, page: Path) -> None:
    browser.show(page, width=320)
    scrolling = "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth)"
    assert browser.evaluate(f"{scrolling}.length") > 0
    assert browser.evaluate(f"{scrolling}.every(one => (one.focus(), document.activeElement === one))")

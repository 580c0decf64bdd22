"""The HTML page in a real browser: it fits, is accessible, runs its own script alone, and requests nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import WIDTHS, Browser, chromium, needs_axe
from fencepost.reports.html.page import render
from fencepost.reports.model import Clause, LedgerEntry, Report
from fencepost.reports.page import Page
from msgspec.structs import replace

HOSTILE = (
    "</script><script>window.pwned=1;alert(1)</script><img src=x onerror='window.pwned=2'>"
    '"><svg onload=window.pwned=3> javascript:window.pwned=4 </style><style>*{display:none}</style>'
    "<a href='javascript:window.pwned=5'>x</a> &lt;b&gt; \u202e\x00\x1b[2J ${window.pwned=6} {{7*7}} ]]> -->"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def _write(report: Report, folder: Path) -> Path:
    page = folder / "report.html"
    page.write_text(render(report, page=Page()), encoding="utf-8")
    return page


def _hostile(report: Report) -> Report:
    clause = report.clauses[1]
    one = clause.counterexamples[0]
    rules: dict[str, object] = {HOSTILE: HOSTILE, "defaultAction": HOSTILE, "ipRules": [{"value": HOSTILE}, HOSTILE, 7]}
    request: dict[str, object] = {"source": {"address": HOSTILE, "subnet": HOSTILE}, "caller": {"service": HOSTILE}}
    spoiled = [
        replace(one, rules=rules, request=request, expected=HOSTILE, got=HOSTILE, why=HOSTILE, replay=HOSTILE),
        replace(one, got=HOSTILE, request={HOSTILE: HOSTILE}, deciding_clause=HOSTILE, deciding_rule=HOSTILE),
    ]
    return replace(
        report,
        subject=replace(report.subject, subject=HOSTILE, name=HOSTILE, version=HOSTILE, homepage=f"https://{HOSTILE}"),
        clauses=(
            replace(clause, text=HOSTILE, detail=HOSTILE, limit_found=HOSTILE, counterexamples=tuple(spoiled)),
            Clause(id=HOSTILE, level=HOSTILE, group=HOSTILE, text=HOSTILE, verdict="error", detail=HOSTILE),
        ),
        ledger=(LedgerEntry(key=HOSTILE, declared=HOSTILE, found=HOSTILE, detail=HOSTILE, broken=True),),
        notes=(HOSTILE,),
        log=HOSTILE,
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_every_width_and_nothing_complains(
    browser: Browser, report: Report, tmp_path: Path, width: int
) -> None:
    browser.show(_write(report, tmp_path), width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate("document.querySelector('h1').textContent") == "✕ FAIL my vault 2.0"
    assert browser.complaints() == []


def _three_causes(report: Report) -> Report:
    """A run as it is found in practice: three causes, sixty clauses with texts of the usual length, four reasons."""
    (one,), text = report.clauses[1].counterexamples, "A caller whose address is in a rule MUST be let through. " * 5
    written = replace(
        one,
        rules=None,
        request={"networkAcls": {"ipRules": [{"value": "28..168.1"}]}},
        expected="refused",
        got="accepted",
        deciding_rule="$.ipRules[0].value",
    )
    subnet = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/{'v' * 40}/subnets/a"
    request: dict[str, object] = {"plane": "data", "source": {"address": "10.0.0.4", "subnet": subnet}}
    from_subnet = replace(one, rules={"virtualNetworkRules": [{"id": f"{subnet}b"}]}, request=request)
    failed = [
        replace(report.clauses[1], id=f"DEC-4{number}", text=text, counterexamples=(replace(case, why=""),))
        for number, case in enumerate((one, written, from_subnet))
    ]
    others = [replace(report.clauses[0], id=f"STA-{number}", text=text) for number in range(49)]
    left_out = [
        replace(report.clauses[2], id=f"WIRE-{number}", needs=(f"a-feature-with-a-name-{number % 4}",))
        for number in range(8)
    ]
    return replace(report, clauses=(*failed, *others, *left_out), log="")


def test_a_run_with_three_causes_is_three_screens_of_a_phone(browser: Browser, report: Report, tmp_path: Path) -> None:
    browser.show(_write(_three_causes(report), tmp_path), width=400)
    assert browser.evaluate("document.querySelectorAll('article').length") == 3
    assert browser.evaluate("document.documentElement.scrollHeight") <= 3 * 850


def test_the_page_asks_for_nothing_but_itself(browser: Browser, report: Report, tmp_path: Path) -> None:
    page = _write(report, tmp_path)
    browser.show(page)
    asked = {one["request"]["url"] for one in browser.events("Network.requestWillBeSent")}
    assert {url for url in asked if not url.startswith("data:")} == {page.as_uri()}


@pytest.mark.parametrize("width", [320, 1280])
def test_what_a_hostile_subject_says_is_text_and_nothing_else(
    browser: Browser, report: Report, tmp_path: Path, width: int
) -> None:
    browser.show(_write(_hostile(report), tmp_path), width=width)
    assert browser.evaluate("window.pwned ?? null") is None
    assert browser.evaluate("document.querySelectorAll('script, style').length") == 2
    assert browser.evaluate("document.querySelectorAll('img, iframe, object, [onload], [onerror]').length") == 0
    links = browser.evaluate("[...document.querySelectorAll('a')].map(one => one.protocol)")
    assert set(links) == {"file:"}
    assert browser.evaluate("document.body.textContent.includes('<img src=x onerror=')")
    assert browser.evaluate("getComputedStyle(document.body).display") == "block"
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.complaints() == []


def test_the_policy_stops_a_script_that_is_not_the_page_s_own(browser: Browser, report: Report, tmp_path: Path) -> None:
    browser.show(_write(report, tmp_path))
    browser.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'pwned = 1'})); 0")
    assert browser.evaluate("window.pwned ?? null") is None
    assert any("Content Security Policy" in json.dumps(one) for one in browser.complaints())


@needs_axe
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_inaccessible(
    browser: Browser, report: Report, tmp_path: Path, width: int, scheme: str
) -> None:
    browser.show(_write(report, tmp_path), width=width, scheme=scheme)
    assert browser.lacks() == []


def test_without_scripts_everything_is_there_and_no_control_that_does_nothing(
    browser: Browser, report: Report, tmp_path: Path
) -> None:
    browser.show(_write(report, tmp_path), scripts=False)
    root = browser.call("DOM.getDocument", depth=-1)["root"]
    filters = browser.call("DOM.querySelector", nodeId=root["nodeId"], selector=".filters")["nodeId"]
    with pytest.raises(AssertionError, match="Could not compute box model"):
        browser.call("DOM.getBoxModel", nodeId=filters)
    for selector in ("tr#clause-DEC-3", "article.failure .line", "#ledger table", "#sensitivity table", "summary"):
        node = browser.call("DOM.querySelector", nodeId=root["nodeId"], selector=selector)["nodeId"]
        assert browser.call("DOM.getBoxModel", nodeId=node)["model"]["height"] > 0, selector
    buttons = browser.call("DOM.querySelectorAll", nodeId=root["nodeId"], selector=".replay button")
    assert buttons["nodeIds"] == []


def _visible_clauses(browser: Browser) -> list[str]:
    rows = "[...document.querySelectorAll('tr[data-verdict]')].filter(one => one.offsetHeight).map(one => one.id)"
    found: list[str] = browser.evaluate(rows)
    return found


def test_the_filters_narrow_the_clauses_by_verdict_and_by_text(
    browser: Browser, report: Report, tmp_path: Path
) -> None:
    browser.show(_write(report, tmp_path))
    assert len(_visible_clauses(browser)) == 6
    browser.evaluate("document.querySelector('[data-filter=fail]').click()")
    assert _visible_clauses(browser) == ["clause-DEC-4"]
    assert browser.evaluate("document.querySelector('#filter-status').textContent") == "1 of 6 clauses shown"
    browser.evaluate("document.querySelector('[data-filter=\"\"]').click()")
    browser.evaluate(
        "const f = document.querySelector('#filter-text'); f.value = 'ipv6'; f.dispatchEvent(new Event('input'))"
    )
    assert _visible_clauses(browser) == ["clause-VAL-4"]


def _press(browser: Browser, key: str, code: int) -> None:
    text = {"Enter": "\r"}.get(key)
    pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
    browser.call("Input.dispatchKeyEvent", type="keyDown", **pressed)
    browser.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)


def test_the_keyboard_reaches_everything_and_opens_what_is_folded(
    browser: Browser, report: Report, tmp_path: Path
) -> None:
    browser.show(_write(report, tmp_path))
    _press(browser, "Tab", 9)
    assert browser.evaluate("document.activeElement.className") == "skip"
    assert browser.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    for _ in range(60):
        _press(browser, "Tab", 9)
        if browser.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    _press(browser, "Enter", 13)
    assert browser.evaluate("document.activeElement.parentElement.open") is True

"""The HTML page as a text: what it says of a run, its drawings, and that it stays small whatever a run found."""

import sys
from html.parser import HTMLParser
from types import FrameType

import pytest
from fencepost.reports.html.page import render
from fencepost.reports.html.tree import document, h
from fencepost.reports.model import Clause, Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer, renderers
from msgspec.structs import replace

VOID = {"meta", "link", "br", "input"}


class _Outline(HTMLParser):
    """The elements in their order; fails where one is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _outline(report: Report) -> _Outline:
    outline = _Outline()
    outline.feed(render(report, page=Page()))
    outline.close()
    assert outline.open == []
    return outline


def test_the_page_has_a_title_a_language_landmarks_and_one_heading_of_the_first_rank(report: Report) -> None:
    outline = _outline(report)
    tags = [tag for tag, _ in outline.elements]
    assert dict(outline.elements)["html"]["lang"] == "en"
    assert "FAIL: my vault 2.0 – fencepost" in outline.texts
    assert [tags.count(tag) for tag in ("header", "nav", "main", "footer", "h1")] == [1, 1, 1, 1, 1]


def test_every_table_has_a_caption_and_every_header_says_what_it_heads(report: Report) -> None:
    elements = _outline(report).elements
    tags = [tag for tag, _ in elements]
    assert tags.count("table") == tags.count("caption") > 5
    assert {attributes.get("scope") for tag, attributes in elements if tag == "th"} == {"row", "col"}


def test_no_id_is_there_twice_and_every_link_within_the_page_leads_somewhere(report: Report) -> None:
    elements = _outline(report).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    inner = {
        str(attributes["href"])[1:] for tag, attributes in elements if tag == "a" and str(attributes["href"])[0] == "#"
    }
    assert inner <= set(ids)


def test_nothing_is_styled_or_scripted_but_by_what_the_policy_names(report: Report) -> None:
    elements = _outline(report).elements
    policy = next(str(one["content"]) for _, one in elements if one.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not [one for _, one in elements if "style" in one or any(name.startswith("on") for name in one)]


def test_the_page_tells_a_failure_in_full(report: Report) -> None:
    output = " ".join(_outline(report).texts)
    for part in (
        "It lets in callers that must be kept out",
        ": it lets in 20.1.3.0, which must be kept out",
        "20.1.2.0/24 = 20.1.2.0 – 20.1.2.255",
        "asked: 20.1.3.0",
        "expected ✕ deny",
        "got ✓ allow",
        "no rule holds 20.1.3.0",
        report.clauses[1].counterexamples[0].replay,
        "limit found: 1000",
        "20.1.2.3/24 was taken",
        "The run noticed 1 of 2 faults that it injected",
        "The first failure came after 40 decisions",
        "Traceback (most recent call last):",
        "time-travel",
    ):
        assert part in output, part


def test_a_run_without_failures_has_no_section_for_them(report: Report) -> None:
    passed = replace(report, result="pass", exit_status=0, clauses=report.clauses[:1], ledger=(), log="")
    ids = [one.get("id") for _, one in _outline(passed).elements]
    assert "failures" not in ids
    assert "clauses" in ids
    _outline(replace(passed, clauses=(), result="vacuous"))


@pytest.mark.parametrize(
    "homepage", ["javascript:alert(1)", "data:text/html,x", "https://a b", "https://x\"onload='", ""]
)
def test_what_is_no_plain_address_does_not_become_a_link(report: Report, homepage: str) -> None:
    elements = _outline(replace(report, subject=replace(report.subject, homepage=homepage))).elements
    assert {str(one["href"])[0] for tag, one in elements if tag == "a"} == {"#"}


def _many(report: Report, *, kinds: int) -> Report:
    """Ten thousand failures, of so many kinds."""
    (one,) = report.clauses[1].counterexamples
    clauses = [
        Clause(
            id=f"X-{number}",
            level="core",
            group="decisions",
            text=f"clause {number}",
            verdict="fail",
            counterexamples=tuple(
                replace(one, clause=f"X-{number}", got=f"answer{index % kinds} (its rule: {index})")
                for index in range(200)
            ),
        )
        for number in range(50)
    ]
    return replace(report, clauses=tuple(clauses))


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [1, 200])
@pytest.mark.parametrize("name", sorted(renderers()))
def test_ten_thousand_failures_are_rendered_in_a_page_that_can_be_read(report: Report, name: str, kinds: int) -> None:
    shown = load_renderer(name)(_many(report, kinds=kinds), page=Page())
    if name not in ("json", "events"):
        assert len(shown) < 8_000_000
    if kinds == 1 and name == "html":
        assert shown.count('<article class="failure"') == 50
        assert "200 counterexamples of this kind" in shown


@pytest.mark.parametrize("name", sorted(renderers()))
def test_what_rendering_takes_grows_as_the_failures_do(report: Report, name: str) -> None:
    many = _many(report, kinds=20)
    few = replace(many, clauses=many.clauses[:2])
    assert _work(name, replace(many, clauses=many.clauses[:8])) < 8 * _work(name, few)


def _work(name: str, report: Report) -> int:
    """How many Python functions are called while the report is rendered."""
    render, calls = load_renderer(name), 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        render(report, page=Page())
    finally:
        sys.setprofile(before)
    return calls


def test_a_text_can_only_become_text() -> None:
    found = document(h("p", "<b>&", h("i", "]]>"), None, ["a", "\x00\u202e"], title='">&'))
    assert found == ('<!DOCTYPE html>\n<p title="&quot;&gt;&amp;">&lt;b&gt;&amp;<i>]]&gt;</i>a\\x00\\u202e</p>\n')


def test_a_card_of_a_refused_write_shows_the_value_at_once_and_in_its_title(report: Report) -> None:
    one = replace(
        report.clauses[1].counterexamples[0],
        rules=None,
        request={"networkAcls": {"ipRules": [{"value": "20.1.2.0/24"}, {"value": "20.1.2.3/24"}]}},
        deciding_rule="$.ipRules[1].value",
        expected="refused",
        got="accepted",
    )
    outline = _outline(replace(report, clauses=(replace(report.clauses[1], counterexamples=(one,)),)))
    assert ': it accepts "20.1.2.3/24", which must be refused' in outline.texts
    place = outline.texts.index('"20.1.2.3/24"')
    assert outline.texts[place - 1] == "$.ipRules[1].value: "


@pytest.mark.parametrize(
    ("value", "path", "title"),
    [
        ([{"value": f"20.0.{n >> 8}.{n & 255}"} for n in range(1001)], "$.ipRules", "it accepts 1,001 IP rules, which"),
        ("a" * 80, "$.defaultAction", f'it accepts "{"a" * 59}…, which must be refused'),
    ],
)
def test_a_title_counts_a_list_and_says_where_a_long_value_is_cut(
    report: Report, value: object, path: str, title: str
) -> None:
    one = replace(
        report.clauses[1].counterexamples[0],
        rules=None,
        request={"networkAcls": {path.removeprefix("$."): value}},
        deciding_rule=path,
        expected="refused",
        got="accepted",
    )
    outline = _outline(replace(report, clauses=(replace(report.clauses[1], counterexamples=(one,)),)))
    assert any(title in text for text in outline.texts)


def test_a_clause_whose_wrong_answers_another_shows_is_folded_away(report: Report) -> None:
    other = replace(report.clauses[0], shown_under=("DEC-4",), detail="641 of 7,996 answers were wrong")
    changed = " ".join(_outline(replace(report, clauses=(other, report.clauses[1]))).texts)
    assert "Clauses with wrong answers that are shown under another clause" in changed


def test_clauses_that_hold_or_do_not_apply_are_folded_away_and_the_columns_are_explained(report: Report) -> None:
    outline = _outline(report)
    output = " ".join(outline.texts)
    for part in ("Clauses that hold", "Clauses that do not apply", "counts the answers that say something"):
        assert part in output, part
    rows = [one["data-verdict"] for tag, one in outline.elements if tag == "tr" and "data-verdict" in one]
    assert rows == ["inconclusive", "error", "vacuous", "fail", "pass", "not applicable"]


def test_a_clause_that_fails_is_folded_away_only_if_a_card_shows_its_failure(report: Report) -> None:
    shown, bare = report.clauses[1], replace(report.clauses[1], id="STA-8", counterexamples=())
    outline = _outline(replace(report, clauses=(shown, bare)))
    assert outline.texts.index("With a finding") < outline.texts.index("Clauses whose failures are shown above")
    rows = [one["id"] for tag, one in outline.elements if tag == "tr" and "data-verdict" in one]
    assert rows == ["clause-STA-8", "clause-DEC-4"]


def test_the_number_of_clauses_of_a_standing_and_the_answers_of_a_case_are_said_once(report: Report) -> None:
    clauses = [replace(report.clauses[0], id=f"DEC-{number}") for number in range(40, 77)]
    outline = _outline(replace(report, clauses=(*clauses, *report.clauses[1:])))
    texts = [text for text in outline.texts if not text.lstrip().startswith((":root", '"use strict"'))]
    assert len([text for text in texts if "37" in text.split()]) == 1
    assert len([text for text in texts if "1 cause" in text]) == 0
    captions = [text for text in texts if "IP rule in force" in text]
    assert captions == [
        "1 IP rule in force: expected deny, got allow",  # the picture's own title, for who cannot see it
        "1 IP rule in force. The line holds all addresses in order and is not to scale.",
    ]


def test_the_legend_names_exactly_the_kinds_of_answers_that_have_bars(report: Report) -> None:
    row = replace(report.clauses[1], asked=100, decisive=90, allowed=60, denied=30)
    page = render(replace(report, clauses=(row,)), page=Page())
    drawn = {name for name in ("allowed", "denied", "inconclusive", "wrong") if f'height="12" class="{name}"' in page}
    shown = {name for name in ("allowed", "denied", "inconclusive", "wrong") if f'class="key {name}"' in page}
    assert drawn == shown == {"allowed", "denied", "wrong"}


def test_a_card_names_the_deciding_clause_and_has_its_text_among_the_details(report: Report) -> None:
    one = replace(report.clauses[1].counterexamples[0], why="", deciding_rule="20.1.2.0/24")
    outline = _outline(replace(report, clauses=(report.clauses[0], replace(report.clauses[1], counterexamples=(one,)))))
    place = outline.texts.index("Why: ")
    assert outline.texts[place + 1] == "DEC-3 (rule: 20.1.2.0/24)"
    details = outline.texts[place:]
    assert f" {report.clauses[0].text}" in details[: details.index("Clauses")]

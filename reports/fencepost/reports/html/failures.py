"""The failures, a card for each cause: the picture, both answers, the reason, and the line that replays it."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from fencepost.reports.causes import Cause
from fencepost.reports.counted import counted
from fencepost.reports.counterexample import offending, without_texts
from fencepost.reports.html.clauses import origin
from fencepost.reports.html.comparison import comparison
from fencepost.reports.html.picture import picture
from fencepost.reports.html.tree import Content, h
from fencepost.reports.model import Call, Counterexample
from fencepost.reports.visible import abridged, as_json

_CARDS = 150
_OTHERS = 10


def failure_cards(causes: tuple[Cause, ...], texts: Mapping[str, str]) -> Content:
    """A card for each cause; if there are very many causes, the others are counted."""
    cards = [_card(number, cause, texts) for number, cause in enumerate(causes[:_CARDS], start=1)]
    left_out = len(causes) - _CARDS
    if left_out > 0:
        cards.append(h("p", f"{left_out:,} further causes are not drawn here; the stored run has them all."))
    return cards


def _card(number: int, cause: Cause, texts: Mapping[str, str]) -> Element:
    one, clause = cause.smallest, cause.clause
    times = len(cause.counterexamples)
    return h(
        "article",
        h("h3", h("a", clause.id, href=f"#clause-{clause.id}"), f": it {cause.title}", id=f"failure-{number}"),
        h(
            "div",
            picture(one),
            h(
                "div",
                _offending(one),
                h(
                    "p",
                    h("span", "expected ", h("b", _short(one.expected)), class_="pill expected"),
                    " ",
                    h("span", "got ", h("b", _short(one.got)), class_="pill got"),
                ),
                h("p", h("span", "Why: ", class_="quiet"), without_texts(one, texts)),
                h("p", f"{times:,} counterexamples of this kind; this is the smallest.") if times > 1 else None,
                class_="answers",
            ),
            class_="comparison",
        ),
        h(
            "details",
            h("summary", f"See it again: command, clause, {counted(len(one.calls), 'call')}"),
            _replay(one),
            [h("p", h("b", key), " ", texts[key]) for key in _clauses(one, texts)],
            origin(clause),
            comparison(one.rules, one.request) if one.rules is not None and "source" in one.request else None,
            _in_full(one),
        ),
        _others(cause),
        class_="failure",
        aria_labelledby=f"failure-{number}",
    )


def _offending(one: Counterexample) -> Element | None:
    """The value that a write is to be refused for, and its place."""
    found = offending(one)
    if found is None:
        return None
    path, value = found
    return h("p", h("span", f"{path}: ", class_="quiet"), h("code", as_json(abridged(value)), class_="offending"))


def _clauses(one: Counterexample, texts: Mapping[str, str]) -> list[str]:
    """The clause that is broken, and the clause that decides where it is another."""
    return [key for key in dict.fromkeys((one.clause, one.deciding_clause)) if key in texts]


def _short(answer: str) -> str:
    return str(abridged(answer))


def _replay(one: Counterexample) -> Element:
    return h("div", h("pre", h("code", one.replay)), class_="replay")


def _in_full(one: Counterexample) -> list[Element]:
    parts = [] if one.rules is None else [_json("rules in force", one.rules)]
    if one.request:
        parts.append(_json("request" if one.rules is not None else "written", one.request))
    return [*parts, h("ol", [h("li", _call(call)) for call in one.calls])]


def _json(name: str, value: object) -> Element:
    return h("p", h("b", name), " ", h("code", as_json(abridged(value))))


def _call(call: Call) -> Element:
    return h("code", f"{call.method} {as_json(abridged(call.params))}")


def _others(cause: Cause) -> Element | None:
    others = [one for one in cause.counterexamples[: _OTHERS + 1] if one is not cause.smallest][:_OTHERS]
    if not others:
        return None
    left_out = len(cause.counterexamples) - 1 - len(others)
    rows = [h("li", h("code", as_json(abridged(one.request))), ": got ", _short(one.got)) for one in others]
    if left_out:
        rows.append(h("li", f"and {left_out:,} more, all of them in the stored run"))
    return h("details", h("summary", f"{len(cause.counterexamples) - 1:,} more of this kind"), h("ul", rows))

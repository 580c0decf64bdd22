"""The failures, a card for each cause: the picture, what either side says and why, and the line that shows it again."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from fencepost.reports.causes import Cause, in_short
from fencepost.reports.counterexample import explanation
from fencepost.reports.html.address_line import Probe, address_line, number_of, ranges_of
from fencepost.reports.html.comparison import comparison
from fencepost.reports.html.subnets import subnet_boxes
from fencepost.reports.html.tree import Content, h
from fencepost.reports.model import Call, Counterexample
from fencepost.reports.visible import abridged, as_json

_CARDS = 150
_OTHERS = 10
_NOT_TO_SCALE = ". The line holds all addresses in order and is not to scale"


def failure_cards(causes: tuple[Cause, ...], texts: Mapping[str, str]) -> Content:
    """A card for each cause; of very many causes the rest is counted."""
    cards = [_card(number, cause, texts) for number, cause in enumerate(causes[:_CARDS], start=1)]
    left_out = len(causes) - len(cards)
    if left_out:
        cards.append(h("p", f"{left_out:,} further causes are not drawn here; the stored run has them all."))
    return cards


def _card(number: int, cause: Cause, texts: Mapping[str, str]) -> Element:
    one, clause = cause.smallest, cause.clause
    times = len(cause.counterexamples)
    return h(
        "article",
        h("h3", h("a", clause.id, href=f"#clause-{clause.id}"), " ", clause.text, id=f"failure-{number}"),
        h("p", h("b", f"It {cause.mistake}.")) if cause.mistake else None,
        h(
            "p",
            h("span", "expected ", h("b", cause.expected), class_="pill expected"),
            " ",
            h("span", "got ", h("b", cause.got), class_="pill got"),
            f" {times:,} counterexamples of this kind; the smallest:" if times > 1 else None,
        ),
        _picture(one),
        h(
            "dl",
            h("dt", "The specification"),
            h("dd", h("b", _short(one.expected)), ": ", explanation(one, texts)),
            h("dt", "The implementation"),
            h("dd", h("b", _short(one.got))),
            class_="sides",
        ),
        comparison(one.rules, one.request) if one.rules is not None and "source" in one.request else None,
        _replay(one),
        h("details", h("summary", f"Rules, request and the {len(one.calls)} calls in full"), _in_full(one)),
        _others(cause),
        class_="failure",
        aria_labelledby=f"failure-{number}",
    )


def _short(answer: str) -> str:
    return str(abridged(answer))


def _replay(one: Counterexample) -> Element:
    return h("div", h("p", "See it again:"), h("pre", h("code", one.replay)), class_="replay")


def _in_full(one: Counterexample) -> list[Element]:
    parts = [] if one.rules is None else [_json("rules in force", one.rules)]
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


def _picture(one: Counterexample) -> Element | None:
    """The rules on a line: those in force with the address that was asked for, or those that were written."""
    if one.rules is None:
        return _written(one)
    source = one.request.get("source")
    address = number_of(source.get("address")) if isinstance(source, Mapping) else None
    ranges, strange = ranges_of(one.rules)
    if address is None and not ranges:
        return None
    if isinstance(source, Mapping) and "subnet" in source:
        return _from_subnet(one, source["subnet"])
    probe = None if address is None else Probe(address=address, expected=in_short(one.expected), got=in_short(one.got))
    told = f"{_counted(len(ranges))} in force"
    if probe is not None and isinstance(source, Mapping):
        told += f"; {source.get('address')} asked: expected {probe.expected}, got {probe.got}"
    caption = [told, _listed_too(one.rules), f"; not drawn: {as_json(abridged(list(strange)))}" if strange else ""]
    return _figure(address_line(ranges, probe, title=told), "".join(caption) + _NOT_TO_SCALE)


def _from_subnet(one: Counterexample, own: object) -> Element:
    listed = one.rules.get("virtualNetworkRules") if one.rules is not None else None
    entries = listed if isinstance(listed, list) else []
    ids = [entry.get("id") if isinstance(entry, Mapping) else entry for entry in entries]
    expected, got = in_short(one.expected), in_short(one.got)
    told = f"{len(ids):,} subnet rule{'' if len(ids) == 1 else 's'} in force: expected {expected}, got {got}"
    return _figure(subnet_boxes(ids, own, expected=expected, got=got, title=told), told)


def _listed_too(rules: Mapping[str, object]) -> str:
    subnets = rules.get("virtualNetworkRules")
    subnets = subnets if isinstance(subnets, list) else []
    told = f"; {len(subnets):,} subnet rule{'s' if len(subnets) > 1 else ''} beside" if subnets else ""
    return told + ("; default action Allow: rules lie dormant" if rules.get("defaultAction") == "Allow" else "")


def _written(one: Counterexample) -> Element | None:
    acls = one.request.get("networkAcls")
    ranges, _ = ranges_of(acls if isinstance(acls, Mapping) else {"ipRules": [one.request]})
    if not ranges:
        return None
    told = f"{_counted(len(ranges))} written: expected {in_short(one.expected)}, got {in_short(one.got)}"
    return _figure(address_line(ranges, None, title=told), told + _NOT_TO_SCALE)


def _counted(number: int) -> str:
    return "no IP rule" if not number else f"{number:,} IP rule{'s' if number > 1 else ''}"


def _figure(picture: Element, caption: str) -> Element:
    return h("figure", picture, h("figcaption", f"{caption}."))

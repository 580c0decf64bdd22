"""The picture of a counterexample: its rules and its caller, or the written value."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from fencepost.reports.causes import in_short
from fencepost.reports.counted import counted
from fencepost.reports.html.address_line import Probe, Range, address_line, entries_of, number_of, ranges_of
from fencepost.reports.html.boxes import rule_boxes, subnet_boxes
from fencepost.reports.html.tree import h
from fencepost.reports.model import Counterexample
from fencepost.reports.visible import abridged, as_json

_NOT_TO_SCALE = "The line holds all addresses in order and is not to scale."


def picture(one: Counterexample) -> Element | None:
    """Ranges on a line of addresses; subnets, services and planes as boxes; None if there is nothing to draw."""
    if one.rules is None:
        return _written(one)
    ranges, strange = ranges_of(one.rules)
    source = one.request.get("source")
    if not isinstance(source, Mapping):
        return _on_a_line(one, ranges, strange, None) if ranges else None
    subnets = entries_of(one.rules, "virtualNetworkRules", "id")
    if "subnet" in source and (subnets or not ranges):
        return _from_subnet(one, subnets, source["subnet"])
    if not ranges or one.request.get("plane") == "control":
        return _by_other_means(one, one.rules)
    return _on_a_line(one, ranges, strange, number_of(source.get("address")))


def _on_a_line(one: Counterexample, ranges: Sequence[Range], strange: Sequence[object], address: int | None) -> Element:
    expected, got = _answers(one)
    probe = None if address is None else Probe(address=address, expected=expected, got=got)
    what = f"{_counted(len(ranges), 'IP rule')} in force"
    rules = one.rules or {}
    subnets, is_open = len(entries_of(rules, "virtualNetworkRules", "id")), rules.get("defaultAction") == "Allow"
    more = [
        f"{_counted(subnets, 'subnet rule')} beside." if subnets else "",
        "The default action is Allow, so the rules have no effect." if is_open else "",
        f"Not drawn: {as_json(abridged(list(strange)))}." if strange else "",
        _NOT_TO_SCALE,
    ]
    return _figure(address_line(ranges, probe, title=_title(what, one)), what, *more)


def _from_subnet(one: Counterexample, listed: Sequence[object], own: object) -> Element:
    expected, got = _answers(one)
    what = f"{_counted(len(listed), 'subnet rule')} in force"
    return _figure(subnet_boxes(listed, own, expected=expected, got=got, title=_title(what, one)), what)


def _by_other_means(one: Counterexample, rules: Mapping[str, object]) -> Element:
    expected, got = _answers(one)
    what = "The rules and the caller"
    return _figure(rule_boxes(rules, one.request, expected=expected, got=got, title=_title(what, one)), what)


def _written(one: Counterexample) -> Element | None:
    acls = one.request.get("networkAcls")
    ranges, _ = ranges_of(acls if isinstance(acls, Mapping) else {"ipRules": [one.request]})
    if not ranges:
        return None
    what = f"{_counted(len(ranges), 'IP rule')} written"
    return _figure(address_line(ranges, None, title=_title(what, one)), what, _NOT_TO_SCALE)


def _answers(one: Counterexample) -> tuple[str, str]:
    return in_short(one.expected), in_short(one.got)


def _title(what: str, one: Counterexample) -> str:
    expected, got = _answers(one)
    return f"{what}: expected {expected}, got {got}"


def _counted(number: int, what: str) -> str:
    return counted(number, what) if number else f"no {what}"


def _figure(drawn: Element, *caption: str) -> Element:
    first, *others = caption
    return h("figure", drawn, h("figcaption", " ".join([f"{first}.", *filter(None, others)])))

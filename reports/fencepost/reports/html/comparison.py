"""The rules and the request side by side: for each criterion, what is listed and what the caller has."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from fencepost.reports.html.address_line import entries_of
from fencepost.reports.html.boxes import alike, lacking
from fencepost.reports.html.tree import Content, h
from fencepost.reports.visible import abridged, as_json

_SHOWN = 4


def comparison(rules: Mapping[str, object], request: Mapping[str, object]) -> Element:
    """A table: address, subnet, Microsoft service, credentials and operation, each with both sides."""
    source, caller = _members(request, "source"), _members(request, "caller")
    rows: list[tuple[str, Content, Content]] = [
        (
            "default action",
            _word(rules, "defaultAction"),
            f"{_word(request, 'plane')} plane, {_word(request, 'operation')}",
        ),
        ("address", _listed(entries_of(rules, "ipRules", "value")), _word(source, "address")),
    ]
    listed = entries_of(rules, "virtualNetworkRules", "id")
    if listed or "subnet" in source:
        own = source.get("subnet")
        rows.append(("subnet", _subnets(listed, own), _subnet(own, listed) if own is not None else "none"))
    rows.append(("bypass", _word(rules, "bypass"), _service(caller)))
    if missing := lacking(caller):
        rows.append(("credentials", "asked of everyone", ", ".join(missing)))
    # These are the elements' own roles; the narrow layout would otherwise drop them.
    heads = [h("th", name, scope="col", role="columnheader") for name in ("the rules", "the request")]
    head = h("thead", h("tr", h("td", role="cell"), heads, role="row"), role="rowgroup")
    body = [
        h("tr", h("th", name, scope="row", role="rowheader"), _cell(left), _cell(right), role="row")
        for name, left, right in rows
    ]
    caption = h("caption", "The rules and the caller")
    return h("table", caption, head, h("tbody", body, role="rowgroup"), class_="comparison", role="table")


def _cell(content: Content) -> Element:
    return h("td", content, role="cell")


def _members(value: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _word(value: Mapping[str, object], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else "–" if found is None else as_json(abridged(found))


def _listed(values: Sequence[object]) -> Content:
    few = map(abridged, values[:_SHOWN])
    return _list([h("li", one if isinstance(one, str) else as_json(one)) for one in few], len(values))


def _list(shown: list[Element], total: int) -> Content:
    if not shown:
        return "no rule"
    more = total - len(shown)
    return h("ul", shown, h("li", f"and {more:,} more", class_="quiet") if more else None)


def _subnets(listed: Sequence[object], own: object) -> Content:
    near = sorted(listed, key=lambda one: -alike(one, own))
    return _list([h("li", _subnet(one, [own] if own is not None else [])) for one in near[:_SHOWN]], len(listed))


def _subnet(one: object, others: Sequence[object]) -> list[Element | str]:
    """The parts of the id (subscription, group, network, subnet); parts that the most similar id lacks are marked."""
    parts = str(one).split("/")
    if len(parts) != 11:
        return [as_json(abridged(one))]
    nearest = max(others, key=lambda other: alike(one, other), default=None)
    against = str(nearest).split("/") if nearest is not None else parts
    shown: list[Element | str] = []
    for place in (2, 4, 8, 10):
        text = str(abridged(parts[place]))
        same = len(against) == 11 and against[place] == parts[place]
        shown += [" / " if shown else "", text if same else h("mark", text)]
    return shown


def _service(caller: Mapping[str, object]) -> str:
    service = caller.get("service")
    if service is None:
        return "no Microsoft service"
    trusted = {True: ", marked as trusted", False: ", marked as not trusted"}.get(caller.get("trusted") is True)
    return f"{service}{trusted if 'trusted' in caller else ''}"

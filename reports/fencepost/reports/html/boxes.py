"""A picture of who is let in and who asks, as boxes, for rules that are no ranges of addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from fencepost.reports.html.tree import h
from fencepost.reports.visible import abridged, as_json

_WIDTH, _MARGIN, _ROW = 360.0, 8.0, 44.0
_SHOWN = 3
_LONGEST, _LONGEST_BELOW = 48, 53

_CREDENTIALS = (("authenticated", "no valid token"), ("authorized", "no permission"))

SIGNS: Mapping[str, str] = {"allow": "✓", "deny": "✕"}
"""A sign for each outcome, so that it does not depend on colour alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The text of a box: a name, and a smaller line below."""

    name: str
    below: str


def boxes(listed: Sequence[Box], own: Box, *, unlisted: int, expected: str, got: str, title: str) -> Element:
    """The picture: a full box for each listed item, and a dashed box for the caller.

    `unlisted` is the number of listed items without a box.
    """
    parts: list[Element] = []
    y = 6.0
    for one in listed:
        parts += _box(one, y, kind="listed")
        y += _ROW
    if unlisted:
        parts.append(h("text", f"and {unlisted:,} more listed", x=_MARGIN, y=y + 8, class_="small"))
        y += 18
    parts += _box(own, y, kind="own")
    y += _ROW + 8
    for label, outcome in (("expected", expected), ("got", got)):
        parts.append(h("text", outcome_label(label, outcome), x=_MARGIN, y=y, class_=f"outcome {label}"))
        y += 18
    height = y - 6
    box = f"0 0 {_WIDTH:.0f} {height:.0f}"
    return h("svg", h("title", title), parts, role="img", class_="line", view_box=box, width=_WIDTH, height=height)


def subnet_boxes(listed: Sequence[object], own: object, *, expected: str, got: str, title: str) -> Element:
    """The listed subnets, those most like the caller's own first, and the caller's own."""
    near = sorted(listed, key=lambda one: -alike(one, own))[:_SHOWN]
    listed_boxes = [_subnet("listed, the caller's" if _same(one, own) else "listed", one, own) for one in near]
    left_out = len(listed) - len(near)
    return boxes(
        listed_boxes,
        _subnet("asked from", own, near[0] if near else own),
        unlisted=left_out,
        expected=expected,
        got=got,
        title=title,
    )


def rule_boxes(
    rules: Mapping[str, object], request: Mapping[str, object], *, expected: str, got: str, title: str
) -> Element:
    """The reasons that let callers in other than a range: the plane, the default action, the bypass, or nothing."""
    source, caller = request.get("source"), request.get("caller")
    address = source.get("address") if isinstance(source, Mapping) else None
    caller = caller if isinstance(caller, Mapping) else {}
    service = caller.get("service")
    own = Box(
        name=f"asked by: {'a caller' if service is None else service}",
        below=", ".join(
            [f"from {address}", f"{request.get('plane')} plane", f"{request.get('operation')}", *lacking(caller)]
        ),
    )
    return boxes(list(_let_in(rules, request)), own, unlisted=0, expected=expected, got=got, title=title)


def lacking(caller: Mapping[str, object]) -> list[str]:
    """The credentials that the caller does not have, in words."""
    return [words for member, words in _CREDENTIALS if caller.get(member) is False]


def _let_in(rules: Mapping[str, object], request: Mapping[str, object]) -> Sequence[Box]:
    if request.get("plane") == "control":
        return [Box(name="passes: every control-plane call", below="the firewall does not apply")]
    if rules.get("defaultAction") == "Allow":
        return [Box(name="passes: everyone", below="default action Allow")]
    if rules.get("bypass") == "AzureServices":
        return [Box(name="passes: trusted Microsoft services", below="bypass AzureServices; no IP rule")]
    return [Box(name="passes: no caller", below="default action Deny, no IP rule, bypass None")]


def outcome_label(label: str, outcome: str) -> str:
    """An outcome with its sign, cut to fit the picture."""
    kind, comma, _ = outcome.partition(",")
    return f"{label} {SIGNS.get(kind, '')} {kind[:40]}{'…' if comma or len(kind) > 40 else ''}"


def alike(one: object, other: object) -> float:
    """The similarity of two ids: the number of equal parts, and the equal share of the first part that differs."""
    parts = list(zip(str(one).lower().split("/"), str(other).lower().split("/"), strict=False))
    begun = next((_begun_alike(left, right) for left, right in parts if left != right), 0.0)
    return sum(left == right for left, right in parts) + begun


def _begun_alike(one: str, other: str) -> float:
    same = next((place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), None)
    return (min(len(one), len(other)) if same is None else same) / max(len(one), len(other))


def _same(one: object, other: object) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.lower() == other.lower()


def _subnet(label: str, one: object, other: object) -> Box:
    """The box of a subnet; what is cut of its names is not where they differ from the other's."""
    parts, others = str(one).split("/"), str(other).split("/")
    if len(parts) != 11:
        return Box(name=f"{label}: {as_json(abridged(one))}", below="no subnet id")
    if len(others) != 11:
        others = parts
    name = around(parts[10], others[10], _LONGEST - len(label) - 2)
    network = around(parts[8], others[8], _LONGEST_BELOW // 2 - 3)
    return Box(name=f"{label}: {name}", below=f"in {network}, {around(parts[4], others[4], _LONGEST_BELOW // 2 - 3)}")


def around(text: str, other: str, longest: int) -> str:
    """The text, cut if it is too long, so that the first character in which it differs from the other stays.

    >>> around("a-very-long-name-of-east", "a-very-long-name-of-west", 12)
    '…name-of-ea…'
    >>> around("short", "shore", 12)
    'short'
    """
    if len(text) <= longest:
        return text
    same = next((place for place, pair in enumerate(zip(text, other, strict=False)) if pair[0] != pair[1]), None)
    differs = min(len(text), len(other)) if same is None and text != other else same or 0
    start = min(max(0, differs + 2 - (longest - 2)), len(text) - longest + 2)
    end = start + longest - 2
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _box(one: Box, y: float, *, kind: str) -> list[Element]:
    return [
        h("rect", x=_MARGIN, y=y, width=_WIDTH - 2 * _MARGIN, height=_ROW - 8, rx=4, class_=f"subnet {kind}"),
        h("text", _cut(one.name, _LONGEST), x=_MARGIN + 8, y=y + 15, class_="rule-label"),
        h("text", _cut(one.below, _LONGEST_BELOW), x=_MARGIN + 8, y=y + 29, class_="small"),
    ]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-longest // 2 + 1 :]}"

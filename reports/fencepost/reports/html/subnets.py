"""Subnets as boxes: those that the rules list, and the one that the caller comes from."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from fencepost.reports.html.tree import h
from fencepost.reports.visible import abridged, as_json

_WIDTH, _MARGIN, _ROW = 400.0, 8.0, 44.0
_SHOWN = 3
_LONGEST = 46


def subnet_boxes(listed: Sequence[object], own: object, *, expected: str, got: str, title: str) -> Element:
    """The picture: a full box for each listed subnet, most alike first, and a dashed one for the caller's own."""
    near = sorted(listed, key=lambda one: -alike(one, own))[:_SHOWN]
    parts: list[Element] = []
    y = 6.0
    for one in near:
        parts += _box(one, y, kind="listed", told="listed" + (", the caller's" if _same(one, own) else ""))
        y += _ROW
    if len(listed) > len(near):
        parts.append(h("text", f"and {len(listed) - len(near):,} more listed", x=_MARGIN, y=y + 8, class_="small"))
        y += 18
    parts += _box(own, y, kind="own", told="asked from")
    y += _ROW + 8
    for label, outcome in (("expected", expected), ("got", got)):
        parts.append(
            h("text", f"{label} {SIGNS.get(outcome, '')} {outcome}", x=_MARGIN, y=y, class_=f"outcome {label}")
        )
        y += 18
    height = y - 6
    box = f"0 0 {_WIDTH:.0f} {height:.0f}"
    return h("svg", h("title", title), parts, role="img", class_="line", view_box=box, width=_WIDTH, height=height)


SIGNS: Mapping[str, str] = {"allow": "✓", "deny": "✕"}
"""An outcome as a sign, so that its colour is not all that tells it."""


def alike(one: object, other: object) -> int:
    """In how many parts two ids agree."""
    parts = zip(str(one).lower().split("/"), str(other).lower().split("/"), strict=False)
    return sum(left == right for left, right in parts)


def _same(one: object, other: object) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.lower() == other.lower()


def _box(one: object, y: float, *, kind: str, told: str) -> list[Element]:
    parts = str(one).split("/")
    name, home = (
        (parts[10], f"{parts[8]}, {parts[4]}") if len(parts) == 11 else (as_json(abridged(one)), "no subnet id")
    )
    return [
        h("rect", x=_MARGIN, y=y, width=_WIDTH - 2 * _MARGIN, height=_ROW - 8, rx=4, class_=f"subnet {kind}"),
        h("text", _cut(f"{told}: {name}"), x=_MARGIN + 8, y=y + 15, class_="rule-label"),
        h("text", _cut(f"in {home}"), x=_MARGIN + 8, y=y + 29, class_="small"),
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 + 1 :]}"

"""A picture of rules and an address on a line: a rule is a bar, the address a mark, and nothing is to scale."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from itertools import pairwise
from math import log2
from xml.etree.ElementTree import Element

from fencepost.reports.html.boxes import outcome_told
from fencepost.reports.html.tree import h

_WIDTH, _MARGIN = 360.0, 8.0
_LANE, _CHARACTER = 32.0, 6.7
_LANES = 6
_END = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A rule on the line: its text and the first and last address, as numbers."""

    text: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The address of a request, as a number, with the expected and the actual outcome."""

    address: int
    expected: str
    got: str


def ranges_of(acls: Mapping[str, object]) -> tuple[tuple[Range, ...], tuple[object, ...]]:
    """The IP rules of a `networkAcls` that can be drawn, and the values of the others."""
    listed = acls.get("ipRules")
    entries = listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ()
    values = [entry.get("value") if isinstance(entry, Mapping) else entry for entry in entries]
    drawn = {index: one for index, value in enumerate(values) if (one := _range(value)) is not None}
    return tuple(drawn.values()), tuple(value for index, value in enumerate(values) if index not in drawn)


def number_of(address: object) -> int | None:
    """The IPv4 address as a number; None if it is no such text."""
    try:
        return int(IPv4Address(address)) if isinstance(address, str) else None
    except AddressValueError:
        return None


def _range(value: object) -> Range | None:
    if not isinstance(value, str) or not value.isascii():
        return None
    try:
        network = IPv4Network(value, strict=False)
    except ValueError:
        return None
    return Range(text=value, first=int(network.network_address), last=int(network.broadcast_address))


def address_line(ranges: Sequence[Range], probe: Probe | None, *, title: str) -> Element:
    """The picture. If there are many rules, it shows those that hold the address or lie next to it."""
    shown = _nearest(ranges, probe.address if probe else None)
    scale = _Scale.of(shown, probe)
    parts: list[Element] = []
    y = 4.0
    if probe is not None:
        parts.append(_text(f"asked: {IPv4Address(probe.address)}", scale.middle(probe.address), y + 12, "probe-label"))
        y += 20
    top = y
    for one in shown:
        parts += _bar(one, scale, y)
        y += _LANE
    on_axis = y + 8
    parts += _axis(shown, scale, on_axis - 2)
    y += 34
    if len(ranges) > len(shown):
        parts.append(h("text", f"and {len(ranges) - len(shown):,} more rules", x=_MARGIN, y=y + 10, class_="small"))
        y += 16
    if probe is not None:
        x = scale.middle(probe.address)
        parts.insert(0, h("line", x1=x, x2=x, y1=top - 4, y2=y + 2, class_="probe"))
        parts.append(h("circle", cx=x, cy=on_axis, r=5, class_="probe-dot"))
        for label, outcome in (("expected", probe.expected), ("got", probe.got)):
            parts.append(_text(outcome_told(label, outcome), x, y + 14, f"outcome {label}"))
            y += 18
    height = y + 6
    return h(
        "svg",
        h("title", title),
        parts,
        role="img",
        view_box=f"0 0 {_WIDTH:.0f} {height:.0f}",
        class_="line",
        width=_WIDTH,
        height=height,
    )


def _nearest(ranges: Sequence[Range], address: int | None) -> tuple[Range, ...]:
    """As many ranges as fit, in the order of their addresses."""
    if address is None:
        nearest = list(ranges)
    else:
        nearest = sorted(ranges, key=lambda one: max(one.first - address, address - one.last, 0))
    return tuple(sorted(dict.fromkeys(nearest[:_LANES]), key=lambda one: (one.first, -one.last)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """The horizontal scale: each piece between two edges has a width by its logarithm."""

    edges: tuple[int, ...]
    places: tuple[float, ...]

    @classmethod
    def of(cls, ranges: Sequence[Range], probe: Probe | None) -> "_Scale":
        marks = {0, _END, *(one.first for one in ranges), *(one.last + 1 for one in ranges)}
        if probe is not None:
            marks |= {probe.address, probe.address + 1}
        edges = sorted(marks)
        weights = [5 + log2(after - before) for before, after in pairwise(edges)]
        unit = (_WIDTH - 2 * _MARGIN) / sum(weights)
        places = [_MARGIN]
        for weight in weights:
            places.append(places[-1] + weight * unit)
        return cls(edges=tuple(edges), places=tuple(places))

    def start(self, address: int) -> float:
        """The start of the piece that begins with this edge."""
        return self.places[bisect_right(self.edges, address) - 1]

    def middle(self, address: int) -> float:
        """The middle of the piece that the address is in."""
        index = bisect_right(self.edges, address) - 1
        return (self.places[index] + self.places[index + 1]) / 2


def _bar(one: Range, scale: _Scale, y: float) -> list[Element]:
    left, right = scale.start(one.first), scale.start(one.last + 1)
    ends = f"{one.text if len(one.text) <= 24 else one.text[:23] + '…'}"
    if one.first != one.last:
        ends += f" = {IPv4Address(one.first)} – {IPv4Address(one.last)}"
    return [
        h("rect", x=left, y=y + 17, width=max(right - left, 2.0), height=9, rx=2, class_="rule"),
        _text(ends, (left + right) / 2, y + 12, "rule-label"),
    ]


def _axis(ranges: Sequence[Range], scale: _Scale, y: float) -> list[Element]:
    """The axis of all addresses; those that a rule holds are thicker and in another colour."""
    pieces = [h("rect", x=_MARGIN, y=y, width=_WIDTH - 2 * _MARGIN, height=4, class_="outside")]
    pieces += [
        h(
            "rect",
            x=scale.start(one.first),
            y=y - 2,
            width=max(scale.start(one.last + 1) - scale.start(one.first), 2.0),
            height=8,
            class_="inside",
        )
        for one in ranges
    ]
    pieces.append(h("text", str(IPv4Address(0)), x=_MARGIN, y=y + 20, class_="small"))
    pieces.append(
        h("text", str(IPv4Address(_END - 1)), x=_WIDTH - _MARGIN, y=y + 20, class_="small", text_anchor="end")
    )
    return pieces


def _text(text: str, x: float, y: float, kind: str) -> Element:
    """A text centred on x, moved if it would leave the picture."""
    half = len(text) * _CHARACTER / 2
    x = min(max(x, half + 2), _WIDTH - half - 2)
    return h("text", text, x=x, y=y, class_=kind, text_anchor="middle")

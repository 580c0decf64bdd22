"""A picture of rules and an address on a line: a rule is a bar, the address a mark, and nothing is to scale."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from itertools import pairwise
from math import log2
from xml.etree.ElementTree import Element

from fencepost.reports.counted import counted
from fencepost.reports.html.boxes import outcome_label
from fencepost.reports.html.tree import h

_WIDTH, _MARGIN = 360.0, 8.0
_LINE, _CHARACTER = 12.0, 6.7
_INSIDE = 1.0
"""The distance from the end of a bar at which its first or last address is marked."""

_LONGEST = 50
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
    values = entries_of(acls, "ipRules", "value")
    drawn = {index: one for index, value in enumerate(values) if (one := _range(value)) is not None}
    return tuple(drawn.values()), tuple(value for index, value in enumerate(values) if index not in drawn)


def entries_of(acls: Mapping[str, object], name: str, member: str) -> Sequence[object]:
    """The member of each entry of a list of rules; an entry that is no object as it is."""
    listed = acls.get(name)
    entries = listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ()
    return [entry.get(member) if isinstance(entry, Mapping) else entry for entry in entries]


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
    x = scale.mark(probe.address, shown) if probe is not None else 0.0
    if probe is not None:
        parts.append(_text(f"asked: {IPv4Address(probe.address)}", x, y + 12, "probe-label"))
        y += 20
    top = y
    for one in shown:
        bar, height = _bar(one, scale, y)
        parts += bar
        y += height
    on_axis = y + 8
    parts += _axis(shown, scale, on_axis - 2)
    y += 34
    if len(ranges) > len(shown):
        parts.append(
            h("text", f"and {counted(len(ranges) - len(shown), 'more rule')}", x=_MARGIN, y=y + 10, class_="small")
        )
        y += 16
    if probe is not None:
        parts.insert(0, h("line", x1=x, x2=x, y1=top - 4, y2=y + 2, class_="probe"))
        parts.append(h("circle", cx=x, cy=on_axis, r=5, class_="probe-dot"))
        for label, outcome in (("expected", probe.expected), ("got", probe.got)):
            parts.append(_text(outcome_label(label, outcome), x, y + 14, f"outcome {label}"))
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

    def mark(self, address: int, ranges: Sequence[Range]) -> float:
        """The place of an address: at the end of a bar whose last address it is, at the start of one whose first it is.

        Elsewhere, and where it is both, it is the middle of the piece that the address is in.
        """
        index = bisect_right(self.edges, address) - 1
        left, right = self.places[index], self.places[index + 1]
        wide = [one for one in ranges if one.first != one.last]
        is_first = address == 0 or any(one.first == address for one in wide)
        is_last = address == _END - 1 or any(one.last == address for one in wide)
        if is_first == is_last:
            return (left + right) / 2
        return left + _INSIDE if is_first else right - _INSIDE


def _bar(one: Range, scale: _Scale, y: float) -> tuple[list[Element], float]:
    """The bar with its label, on one line or on two, and the height of both."""
    left, right = scale.start(one.first), scale.start(one.last + 1)
    middle = (left + right) / 2
    text = one.text if len(one.text) <= _LONGEST else f"{one.text[: _LONGEST - 1]}…"
    lines = [text]
    if one.first != one.last:
        ends = f"{IPv4Address(one.first)} – {IPv4Address(one.last)}"
        whole = f"{text} = {ends}"
        lines = [whole] if len(whole) * _CHARACTER <= _WIDTH - 4 else [text, ends]
    below = y + 5 + _LINE * len(lines)
    parts = [_text(line, middle, y + _LINE * number, "rule-label") for number, line in enumerate(lines, start=1)]
    bar = h("rect", x=left, y=below, width=max(right - left, 2.0), height=9, rx=2, class_="rule")
    return [bar, *parts], below + 15 - y


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

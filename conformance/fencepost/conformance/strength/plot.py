"""The chart as a hand-made SVG: the score against decisions and against configurations."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from fencepost.conformance.bounded.exploration import LENGTH
from fencepost.conformance.strength.model import Strength
from fencepost.conformance.strength.study import GREEDY

_WIDTH, _HEIGHT = 400, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 100, 54, 52
_MARGIN = 12
_LOOK = 'role="img" aria-labelledby="title"'
_KINDS = {"kit": "kit", "vectors": "vectors", "inside": "inside", "naive": "naive", GREEDY: "kit"}
_SPARE = "spare"
_STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #24292f } .head { font-size: 15px; font-weight: 600 }
.name { font-weight: 600 } .page { fill: #fff } .grid { stroke: #d0d7de } polyline { fill: none; stroke-width: 2 }
.kit { --ink: #0550ae } .vectors { --ink: #bc4c00 } .inside { --ink: #1a7f37 } .naive { --ink: #8250df }
.spare { --ink: #57606a } polyline, .mark { stroke: var(--ink) } .name { fill: var(--ink) }
@media (prefers-color-scheme: dark) {
  text { fill: #ececf1 } .page { fill: #1c1f26 } .grid { stroke: #3d444d }
  .kit { --ink: #6cb6ff } .vectors { --ink: #f69d50 } .inside { --ink: #57ab5a } .naive { --ink: #c297ff }
  .spare { --ink: #a0a0ad } .name { fill: var(--ink) }
}
</style>"""
_DRAWN = (GREEDY, "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One curve and its label."""

    name: str
    curve: Sequence[tuple[int, float]]

    @property
    def kind(self) -> str:
        """The class of its colour."""
        return _KINDS.get(self.name, _SPARE)


def picture(strength: Strength) -> str:
    """The SVG: the share of killed mutants against decisions and, below, against configurations.

    It is as wide as a phone, in the reader's own colours, light or dark. Equal figures give equal text.
    """
    lines = [_Line(name=arm.name, curve=arm.curve) for arm in strength.arms]
    most = max((line.curve[-1][0] for line in lines if line.curve), default=10)
    upper = _Frame(most=most, top=0, is_logarithmic=True)
    orders = [_Line(name=one.name, curve=one.by_configurations) for one in strength.orders if one.name in _DRAWN]
    lower = _Frame(most=LENGTH, top=_HEIGHT, is_logarithmic=False)
    mutants = next((one.mutants for one in strength.orders), 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" viewBox="0 0 {_WIDTH} {2 * _HEIGHT}" {_LOOK}>',
        '<title id="title">Mutants killed against decisions asked, and against configurations</title>',
        _STYLE,
        f'<rect class="page" width="{_WIDTH}" height="{2 * _HEIGHT}"/>',
        _text(_MARGIN, 20, "Mutants killed, by decisions asked", kind="head"),
        _text(
            _MARGIN, 36, f"{strength.mutants} mutants; dashed: {strength.allowed:,} decisions, what each arm may ask"
        ),
        *_axes(upper, "decisions asked"),
        *_mark(upper, strength.allowed),
        *_lines(upper, lines),
        _text(_MARGIN, _HEIGHT + 20, "Mutants killed, by configurations", kind="head"),
        _text(_MARGIN, _HEIGHT + 36, f"{mutants} mutants that decisions alone show; dashed: 12 and 40"),
        *_axes(lower, "writes that change the rules"),
        *_mark(lower, 12),
        *_mark(lower, 40),
        *_lines(lower, orders),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Maps figures to positions in the chart; `top` is the first row of this part."""

    most: int
    top: int
    is_logarithmic: bool

    def x(self, spent: float) -> float:
        """The column of a cost."""
        most = max(10, self.most)
        share = math.log10(max(1.0, spent)) / math.log10(most) if self.is_logarithmic else spent / most
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, share: float) -> float:
        """The row of a share."""
        return self.top + _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    @property
    def marks(self) -> list[int]:
        """The costs that are labelled on the axis."""
        if self.is_logarithmic:
            return [10**power for power in range(int(math.log10(max(10, self.most))) + 1)]
        return list(range(0, self.most + 1, 8))


def _text(x: float, y: float, content: str, *, anchor: str = "start", kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(content)}</text>'


def _axes(frame: _Frame, label: str) -> Iterator[str]:
    right, bottom = frame.x(max(10, frame.most)), frame.y(0)
    for tenth in range(0, 11, 2):
        row = frame.y(tenth / 10)
        yield f'<line x1="{_LEFT}" x2="{right:.1f}" y1="{row:.1f}" y2="{row:.1f}" class="grid"/>'
        yield _text(_LEFT - 8, row + 4, f"{tenth * 10} %", anchor="end")
    for spent in frame.marks:
        column = frame.x(spent)
        yield f'<line x1="{column:.1f}" x2="{column:.1f}" y1="{frame.y(1):.1f}" y2="{bottom:.1f}" class="grid"/>'
        yield _text(column, bottom + 18, f"{spent:,}", anchor="middle")
    yield _text((_LEFT + right) / 2, frame.top + _HEIGHT - 12, label, anchor="middle")


def _mark(frame: _Frame, spent: int) -> Iterator[str]:
    column = frame.x(min(spent, max(10, frame.most)))
    line = f'x1="{column:.1f}" x2="{column:.1f}" y1="{frame.y(1):.1f}" y2="{frame.y(0):.1f}"'
    yield f'<line {line} class="mark {_SPARE}" stroke-dasharray="4 4"/>'


def _lines(frame: _Frame, lines: Sequence[_Line]) -> Iterator[str]:
    """The curves, each with its label at its end; labels that would overlap are moved apart."""
    ends: list[tuple[float, _Line]] = []
    for line in lines:
        if not line.curve:
            continue
        points = " ".join(f"{frame.x(spent):.1f},{frame.y(share):.1f}" for spent, share in line.curve)
        yield f'<polyline points="{points}" class="{line.kind}"/>'
        ends.append((frame.y(line.curve[-1][1]), line))
    free = float(frame.top + _HEIGHT)
    for row, line in sorted(ends, key=lambda end: -end[0]):
        free = min(row + 4, free - 15)
        label = f"{line.name}  {line.curve[-1][1]:.0%}"
        yield _text(frame.x(max(10, frame.most)) + 8, free, label, kind=f"name {line.kind}")

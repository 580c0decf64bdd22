"""The picture: score against decisions asked, a line for each arm, as an SVG made by hand."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from fencepost.conformance.strength.model import ArmResult, Strength

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 150, 46, 52
_INK, _GRID = "#24292f", "#d0d7de"
_COLOURS = {"kit": "#0550ae", "vectors": "#bc4c00", "inside": "#1a7f37", "naive": "#8250df"}
_SPARE = "#57606a"
_LOOK = 'font-family="system-ui, sans-serif" font-size="12" role="img" aria-labelledby="title"'


def picture(strength: Strength) -> str:
    """The SVG: decisions on a logarithmic scale, the share of the mutants killed beside it. The same for the same figures."""
    most = max((arm.curve[-1][0] for arm in strength.arms if arm.curve), default=10)
    frame = _Frame(most)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {_LOOK}>',
        '<title id="title">Mutants killed against decisions asked</title>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 20, "Mutants killed, by decisions asked", size=15, weight="600"),
        _text(
            _LEFT, 36, f"{strength.mutants} mutants; dashed: {strength.allowed:,} decisions, what each arm is allowed"
        ),
        *_axes(frame),
        *_allowance(frame, strength.allowed),
        *_lines(frame, strength.arms),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Frame:
    """From figures to places on the picture."""

    def __init__(self, most: int) -> None:
        self.most = max(10, most)

    def x(self, decisions: float) -> float:
        """The column of so many decisions."""
        share = math.log10(max(1.0, decisions)) / math.log10(self.most)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, share: float) -> float:
        """The row of a share."""
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _text(
    x: float, y: float, said: str, *, size: int = 12, anchor: str = "start", weight: str = "400", fill: str = _INK
) -> str:
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{fill}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(said)}</text>'


def _axes(frame: _Frame) -> Iterator[str]:
    right, bottom = frame.x(frame.most), frame.y(0)
    for tenth in range(0, 11, 2):
        row = frame.y(tenth / 10)
        yield f'<line x1="{_LEFT}" x2="{right:.1f}" y1="{row:.1f}" y2="{row:.1f}" stroke="{_GRID}"/>'
        yield _text(_LEFT - 8, row + 4, f"{tenth * 10} %", anchor="end")
    for power in range(int(math.log10(frame.most)) + 1):
        column = frame.x(10**power)
        yield f'<line x1="{column:.1f}" x2="{column:.1f}" y1="{_TOP}" y2="{bottom:.1f}" stroke="{_GRID}"/>'
        yield _text(column, bottom + 18, f"{10**power:,}", anchor="middle")
    yield _text((_LEFT + right) / 2, _HEIGHT - 12, "decisions asked", anchor="middle")


def _allowance(frame: _Frame, allowed: int) -> Iterator[str]:
    column = frame.x(min(allowed, frame.most))
    line = f'x1="{column:.1f}" x2="{column:.1f}" y1="{_TOP}" y2="{frame.y(0):.1f}"'
    yield f'<line {line} stroke="{_SPARE}" stroke-dasharray="4 4"/>'


def _lines(frame: _Frame, arms: Sequence[ArmResult]) -> Iterator[str]:
    """The curves, each with its name at its end; names that would overlap are moved apart."""
    ends: list[tuple[float, ArmResult]] = []
    for arm in arms:
        if not arm.curve:
            continue
        points = " ".join(f"{frame.x(spent):.1f},{frame.y(share):.1f}" for spent, share in arm.curve)
        width = 3 if arm.name == "kit" else 2
        colour = _COLOURS.get(arm.name, _SPARE)
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        ends.append((frame.y(arm.curve[-1][1]), arm))
    free = float(_HEIGHT)
    for row, arm in sorted(ends, key=lambda end: -end[0]):
        free = min(row + 4, free - 15)
        label = f"{arm.name}  {arm.curve[-1][1]:.0%}"
        yield _text(frame.x(frame.most) + 8, free, label, weight="600", fill=_COLOURS.get(arm.name, _SPARE))

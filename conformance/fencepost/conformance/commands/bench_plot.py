"""How the figures of `fencepost bench` grow with the number of rules, as an SVG: a panel for each measure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import count

_WIDTH, _HEIGHT = 420, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 24, 40, 44
_ROW = 20
_COLOURS = ("#2f81f7", "#d4700f", "#2da44e", "#a371f7", "#e5534b", "#848d97")
"""Colours that are read on a light page and on a dark page."""
_STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #24292f } .grid { stroke: #d0d7de } .page { fill: #ffffff }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #3d444d } .page { fill: #1c1f26 } }
</style>"""

Times = Mapping[str, Sequence[tuple[int, float]]]
"""The median times of one call, in seconds, by number of rules; by subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """The scales of one measure, both logarithmic; `top` is its first row."""

    top: int
    fewest: int
    most: int
    low: int
    high: int

    def x(self, rules: int) -> float:
        """The column of a number of rules."""
        span = math.log(self.most / self.fewest)
        return _LEFT + (math.log(rules / self.fewest) / span if span else 0.5) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, seconds: float) -> float:
        """The row of a time; `low` and `high` are powers of ten."""
        share = (math.log10(seconds) - self.low) / (self.high - self.low)
        return self.top + _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def bench_plot(measures: Mapping[str, Times]) -> str:
    """The SVG; the subjects are named below, each in the colour of its lines."""
    subjects = list(dict.fromkeys(subject for times in measures.values() for subject in times))
    colours = {subject: _COLOURS[number % len(_COLOURS)] for number, subject in enumerate(subjects)}
    height = len(measures) * _HEIGHT + len(subjects) * _ROW + _ROW
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" viewBox="0 0 {_WIDTH} {height}" role="img">']
    parts += ["<title>Median time of a call by number of rules</title>", _STYLE]
    parts.append(f'<rect class="page" width="{_WIDTH}" height="{height}"/>')
    for top, (measure, times) in zip(count(0, _HEIGHT), measures.items(), strict=False):
        parts += _panel(measure, times, top=top, colours=colours)
    for top, subject in zip(count(len(measures) * _HEIGHT, _ROW), subjects, strict=False):
        parts.append(f'<rect x="{_LEFT}" y="{top}" width="12" height="12" fill="{colours[subject]}"/>')
        parts.append(_text(_LEFT + 20, top + 11, subject))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(measure: str, times: Times, *, top: int, colours: Mapping[str, str]) -> Iterator[str]:
    points = [point for line in times.values() for point in line]
    rules, seconds = sorted({one for one, _ in points}), [one for _, one in points]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    panel = _Panel(top=top, fewest=rules[0], most=rules[-1], low=low, high=max(high, low + 1))
    yield _text(_LEFT, top + 22, f"{measure}: median time of a call")
    for power in range(panel.low, panel.high + 1):
        row = panel.y(10.0**power)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{row:.1f}" y2="{row:.1f}"/>'
        yield _text(_LEFT - 8, row + 4, _time(power), anchor="end")
    for one in rules:
        yield _text(panel.x(one), top + _HEIGHT - _BOTTOM + 18, f"{one:,}", anchor="middle")
    yield _text((_LEFT + _WIDTH - _RIGHT) / 2, top + _HEIGHT - 8, "rules", anchor="middle")
    for subject, line in times.items():
        ends = [(panel.x(one), panel.y(taken)) for one, taken in sorted(line)]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in ends)
        yield f'<polyline points="{joined}" fill="none" stroke="{colours[subject]}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colours[subject]}"/>' for x, y in ends)


def _time(power: int) -> str:
    """A power of ten of a second, in the unit that makes it 1, 10 or 100."""
    unit = power // 3
    return f"{10 ** (power - 3 * unit)} {({-3: 'ns', -2: 'µs', -1: 'ms'}).get(unit, 's')}"


def _text(x: float, y: float, content: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'

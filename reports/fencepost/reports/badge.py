"""`badge.svg`, the result as a small picture, and `badge.json`, the result for shields.io's endpoint badge."""

import json
from xml.etree.ElementTree import Element, SubElement, tostring

from fencepost.reports.counted import counted
from fencepost.reports.headline import colour_of, headline, restricting, standing
from fencepost.reports.model import Report
from fencepost.reports.renderer import FileRenderer
from fencepost.reports.visible import visible

_LABEL = "fencepost"
_COLOURS = {
    "green": ("brightgreen", "#23702e"),
    "yellow": ("yellow", "#8a6100"),
    "red": ("red", "#b0281a"),
    "grey": ("lightgrey", "#5a5f66"),
}
_CHARACTER, _PADDING, _HEIGHT = 6.6, 6.0, 20


def message(report: Report) -> str:
    """The text of the badge: the level of a passing run and what was not judged, or the number of failures."""
    return _result(report) + _inconclusive(report)


def _inconclusive(report: Report) -> str:
    """How many answers were inconclusive, if any were."""
    number = report.totals.inconclusive + report.totals.inconclusive_writes
    return f", {counted(number, 'inconclusive answer')}" if number else ""


def _result(report: Report) -> str:
    word, total = headline(report), len(report.clauses)
    passed = sum(clause.verdict == "pass" for clause in report.clauses)
    if word == "FAIL":
        failed = sum(standing(clause) == "fail" for clause in report.clauses)
        broken = sum(entry.broken for entry in report.ledger)
        parts = [counted(number, kind) for number, kind in ((failed, "clause"), (broken, "choice")) if number]
        return f"{' and '.join(parts)} broken" if parts else "fail"
    if word == "PARTIAL":
        is_less = report.selected or report.suite_version
        declared = ", ".join([*restricting(report), *(["selected clauses only"] if is_less else [])])
        return visible(f"partial, {passed} of {total} clauses{': ' if declared else ''}{declared}")
    if word == "PASS":
        return visible(f"{report.level or 'pass'}, {passed} of {total} clauses")
    return word.lower()


def _svg(report: Report) -> str:
    shown = message(report)
    left, right = (len(text) * _CHARACTER + 2 * _PADDING for text in (_LABEL, shown))
    width = left + right
    picture = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": f"{width:.0f}",
            "height": str(_HEIGHT),
            "role": "img",
            "aria-label": f"{_LABEL}: {shown}",
        },
    )
    SubElement(picture, "title").text = f"{_LABEL}: {shown}"
    _, colour = _COLOURS[colour_of(report)]
    for x, wide, fill in ((0.0, left, "#3b4048"), (left, right, colour)):
        SubElement(picture, "rect", {"x": f"{x:.1f}", "width": f"{wide:.1f}", "height": str(_HEIGHT), "fill": fill})
    words = {
        "fill": "#ffffff",
        "text-anchor": "middle",
        "font-family": "Verdana,DejaVu Sans,sans-serif",
        "font-size": "11",
    }
    for x, text, wide in ((left / 2, _LABEL, left), (left + right / 2, shown, right)):
        place = {"x": f"{x:.1f}", "y": "14", "textLength": f"{wide - 2 * _PADDING:.1f}"}
        SubElement(picture, "text", {**words, **place}).text = text
    return tostring(picture, encoding="unicode") + "\n"


def _endpoint(report: Report) -> str:
    colour, _ = _COLOURS[colour_of(report)]
    endpoint = {"schemaVersion": 1, "label": _LABEL, "message": message(report), "color": colour}
    return json.dumps(endpoint, indent=2) + "\n"


render = FileRenderer(file_name="badge.svg", write=_svg)
"""The renderer of the entry point `badge`."""

render_endpoint = FileRenderer(file_name="badge.json", write=_endpoint)
"""The renderer of the entry point `shields`."""

"""`badge.svg`, the result as a small picture, and `badge.json`, the result for shields.io's endpoint badge."""

import json
from xml.etree.ElementTree import Element, SubElement, tostring

from fencepost.reports.model import Report
from fencepost.reports.renderer import FileRenderer
from fencepost.reports.visible import visible

_LABEL = "fencepost"
_COLOURS = {"pass": ("brightgreen", "#23702e"), "partial": ("green", "#3f6b14"), "fail": ("red", "#b0281a")}
_OTHERWISE = ("lightgrey", "#5a5f66")
_CHARACTER, _PADDING, _HEIGHT = 6.6, 6.0, 20


def message(report: Report) -> str:
    """The text of the badge: the level of a passing run, or the number of failures."""
    failed = sum(clause.verdict == "fail" for clause in report.clauses)
    broken = sum(entry.broken for entry in report.ledger)
    if report.result == "fail":
        counts = [(failed, "clause"), (broken, "choice")]
        told = [f"{number} {kind}{'s' if number > 1 else ''}" for number, kind in counts if number]
        return f"{' and '.join(told)} broken" if told else "fail"
    if report.result in ("pass", "partial"):
        passed = sum(clause.verdict == "pass" for clause in report.clauses)
        named = report.level or report.result
        return visible(f"{named}, {passed} of {len(report.clauses)} clauses")
    return report.result


def _svg(report: Report) -> str:
    told = message(report)
    left, right = (len(text) * _CHARACTER + 2 * _PADDING for text in (_LABEL, told))
    width = left + right
    picture = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": f"{width:.0f}",
            "height": str(_HEIGHT),
            "role": "img",
            "aria-label": f"{_LABEL}: {told}",
        },
    )
    SubElement(picture, "title").text = f"{_LABEL}: {told}"
    _, colour = _COLOURS.get(report.result, _OTHERWISE)
    for x, wide, fill in ((0.0, left, "#3b4048"), (left, right, colour)):
        SubElement(picture, "rect", {"x": f"{x:.1f}", "width": f"{wide:.1f}", "height": str(_HEIGHT), "fill": fill})
    words = {
        "fill": "#ffffff",
        "text-anchor": "middle",
        "font-family": "Verdana,DejaVu Sans,sans-serif",
        "font-size": "11",
    }
    for x, text, wide in ((left / 2, _LABEL, left), (left + right / 2, told, right)):
        place = {"x": f"{x:.1f}", "y": "14", "textLength": f"{wide - 2 * _PADDING:.1f}"}
        SubElement(picture, "text", {**words, **place}).text = text
    return tostring(picture, encoding="unicode") + "\n"


def _endpoint(report: Report) -> str:
    colour, _ = _COLOURS.get(report.result, _OTHERWISE)
    told = {"schemaVersion": 1, "label": _LABEL, "message": message(report), "color": colour}
    return json.dumps(told, indent=2) + "\n"


render = FileRenderer(file_name="badge.svg", write=_svg)
"""The renderer of the entry point `badge`."""

render_endpoint = FileRenderer(file_name="badge.json", write=_endpoint)
"""The renderer of the entry point `shields`."""

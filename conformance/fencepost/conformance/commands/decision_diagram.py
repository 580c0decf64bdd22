"""The decision of a vault as a diagram in SVG: the questions in their order, and where each answer leads."""

from dataclasses import dataclass
from html import escape

_WIDTH, _ROW, _TOP = 400, 74, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question: its lines, and the clause and outcome of a yes; a no leads to the next question."""

    lines: tuple[str, ...]
    clause: str
    outcome: str


FIREWALL = (
    Question(lines=("Is it a control-plane", "operation?"), clause="CTL-1", outcome="passes"),
    Question(lines=("Is the default action", "Allow?"), clause="DEC-1", outcome="passes"),
    Question(lines=("Bypass AzureServices, and", "a trusted service calls?"), clause="DEC-11", outcome="passes"),
    Question(lines=("Does an IP rule cover its", "public address?"), clause="DEC-2", outcome="passes"),
    Question(lines=("Is its subnet listed, with", "its service endpoint on?"), clause="DEC-6", outcome="passes"),
)
"""The questions to a request before its credentials; a request that gets no yes is denied by DEC-3."""

CREDENTIALS = (
    Question(lines=("Is the token missing", "or invalid?"), clause="CRED-1", outcome="deny"),
    Question(lines=("Is the permission", "missing?"), clause="CRED-2", outcome="deny"),
)
"""The questions to a request that has passed; a request that gets no yes is allowed."""


def decision_diagram() -> str:
    """The diagram: as wide as a phone, in the reader's own colours, light or dark."""
    parts: list[str] = []
    y = _TOP
    for question in FIREWALL:
        parts += _question(question, y)
        y += _ROW
    parts.append(_end("deny", "DEC-3", y))
    y += _ROW
    parts.append(f'<text x="12" y="{y + 8}" class="head">What has passed needs credentials, too:</text>')
    y += 28
    for question in CREDENTIALS:
        parts += _question(question, y)
        y += _ROW
    parts.append(_end("allow", "", y))
    height = y + 50
    title = "How a vault decides: each question in turn, and the first yes decides"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{title}">\n'
        f"<title>{title}</title>\n{_STYLE}\n" + "\n".join(parts) + "\n</svg>\n"
    )


_STYLE = """<style>
text { font: 14px system-ui, sans-serif; fill: #1b1b1f } .head { font-weight: 600; font-size: 13px }
rect { fill: #fff; stroke: #5b5b66 } line { stroke: #5b5b66 } .small { font-size: 13px }
.allow { fill: #d9f2df } .deny { fill: #fbdcdc } .passes { fill: #dfe8fb }
@media (prefers-color-scheme: dark) {
  text { fill: #ececf1 } rect { fill: #26262c; stroke: #a0a0ad } line { stroke: #a0a0ad }
  .allow { fill: #1f4a2c } .deny { fill: #5a2326 } .passes { fill: #22345c }
}
</style>"""


def _question(question: Question, y: int) -> list[str]:
    lines = [
        f'<text x="115" y="{y + 21 + 19 * number}" text-anchor="middle">{escape(line)}</text>'
        for number, line in enumerate(question.lines)
    ]
    return [
        f'<rect x="10" y="{y}" width="210" height="50" rx="6"/>',
        *lines,
        f'<line x1="220" y1="{y + 25}" x2="264" y2="{y + 25}"/>',
        f'<text x="242" y="{y + 19}" text-anchor="middle" class="small">yes</text>',
        f'<rect x="264" y="{y + 4}" width="130" height="42" rx="6" class="{question.outcome}"/>',
        f'<text x="329" y="{y + 30}" text-anchor="middle">{question.outcome}: {question.clause}</text>',
        f'<line x1="115" y1="{y + 50}" x2="115" y2="{y + _ROW}"/>',
        f'<text x="124" y="{y + 66}" class="small">no</text>',
    ]


def _end(outcome: str, clause: str, y: int) -> str:
    label = f"{outcome}: {clause}" if clause else outcome
    return (
        f'<rect x="45" y="{y}" width="140" height="40" rx="6" class="{outcome}"/>'
        f'<text x="115" y="{y + 25}" text-anchor="middle">{label}</text>'
    )

"""The matrix as one HTML file without scripts or network access, with foreign text escaped."""

from collections.abc import Iterable, Iterator
from html import escape

from fencepost.conformance.comparison.matrix import Cell, Matrix, Row
from fencepost.reports.visible import visible

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_INTRODUCTION = (
    "The results of each implementation, clause by clause, for the network firewall of Azure Key Vault. "
    "A clause does not apply if the implementation does not offer what the clause needs."
)
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#6e7781;--good:#0a5c2b;--bad:#a40e26;--dim:#57606a}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#8b949e;--good:#56d364;--bad:#ff8f86;
--dim:#a8b1bb}}
body{font:1rem/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;max-width:80rem;
padding:1rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}
th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
th[scope=row]{position:sticky;left:0;background:var(--paper);max-width:9rem}
th.clause{white-space:nowrap}
h2::first-letter{text-transform:uppercase}
td.text{min-width:16rem;color:var(--dim)}
.pass{color:var(--good)}
.fail,.error{color:var(--bad);font-weight:700}
.dim{color:var(--dim)}
"""


def matrix_as_html(found: Matrix) -> str:
    """The page; its content-security policy blocks every script and every request."""
    heads = "".join(
        f'<th scope="col">{_text(column.name)}<br><span class="dim">'
        f"{_text(column.label.removeprefix(column.name).strip())}</span></th>"
        for column in found.columns
    )
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<link rel="icon" href="data:,">',
        f"<title>Conformance matrix</title><style>{_STYLE}</style></head><body><main><h1>Conformance matrix</h1>",
        f"<p>{_INTRODUCTION}</p>",
        *_table("The runs", heads, _facts(found), last=""),
    ]
    for group in found.groups:
        rows = (_row(row, f'<td>{_text(row.level)}</td><td class="text">{_text(row.text)}</td>') for row in group.rows)
        parts += _table(group.name, heads, rows, last='<th scope="col">level</th><th scope="col">what it promises</th>')
    for heading, others in (("Limits found", found.limits), ("Open points", found.ledger)):
        if others:
            parts += _table(heading, heads, (_row(row, "") for row in others), last="")
    return "\n".join([*parts, "</main></body></html>\n"])


def _table(heading: str, heads: str, rows: Iterable[str], *, last: str) -> Iterator[str]:
    # A scrolling region must be reachable by keyboard.
    title = _text(heading)
    yield f'<h2>{title}</h2><div class="scroll" tabindex="0" role="region" aria-label="{title}"><table>'
    yield f"<thead><tr><td></td>{heads}{last}</tr></thead><tbody>"
    yield from rows
    yield "</tbody></table></div>"


def _facts(found: Matrix) -> Iterator[str]:
    for name, values in found.facts():
        cells = "".join(f"<td>{_text(value)}</td>" for value in values)
        yield f'<tr><th scope="row">{name}</th>{cells}</tr>'


def _row(row: Row, last: str) -> str:
    cells = "".join(_cell(cell) for cell in row.cells)
    mark = ' class="clause"' if row.level else ""
    return f'<tr><th scope="row"{mark}>{_text(row.key)}</th>{cells}{last}</tr>'


def _cell(cell: Cell) -> str:
    kind = cell.verdict if cell.verdict in ("pass", "fail", "error") else ""
    shown = "FAIL" if kind == "fail" else cell.verdict
    text = f'<br><span class="dim">{_text(cell.detail)}</span>' if cell.detail else ""
    mark = f' class="{kind}"' if kind else ""
    return f"<td><span{mark}>{_text(shown)}</span>{text}</td>"


def _text(text: str) -> str:
    return escape(visible(text), quote=True)

"""The whole page: one file without network access, and with one script whose digest the page names."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from xml.etree.ElementTree import Element

from fencepost.reports.causes import causes
from fencepost.reports.headline import headline, standing
from fencepost.reports.html.clauses import SIGNS, clause_tables, key
from fencepost.reports.html.failures import failure_cards
from fencepost.reports.html.sections import banner, facts, known_failures, ledger, limits, sensitivity, the_run
from fencepost.reports.html.tree import Content, document, h, raw
from fencepost.reports.model import Report
from fencepost.reports.renderer import FileRenderer
from fencepost.reports.summary import named


def _write(report: Report) -> str:
    style, script = _own("style.css"), _own("script.js")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", http_equiv="Content-Security-Policy", content=policy),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("meta", name="referrer", content="no-referrer"),
        h("title", f"{headline(report)}: {named(report)} – fencepost"),
        h("link", rel="icon", href="data:,"),
        raw("style", style),
    )
    return document(h("html", head, h("body", _body(report), raw("script", script)), lang="en"))


def _own(name: str) -> str:
    return files("fencepost.reports.html").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def _body(report: Report) -> list[Element]:
    found = causes(report)
    texts = {clause.id: clause.text for clause in report.clauses}
    sections: list[tuple[str, str, Content]] = [
        ("clauses", "Clauses", [_filters(report), key(report.clauses), *clause_tables(report)]),
        ("ledger", "Open points", ledger(report)),
        ("limits", "Limits", limits(report)),
        ("sensitivity", "Would it have noticed?", sensitivity(report)),
        ("run", "The run", [facts(report), *the_run(report)]),
    ]
    if report.known_failures:
        sections.insert(0, ("known", "Known failures", known_failures(report)))
    if found:
        sections.insert(0, ("failures", "Failures", failure_cards(found, texts)))
    links = [h("li", h("a", title, href=f"#{name}")) for name, title, _ in sections]
    return [
        h("a", "Skip to what was found", href=f"#{sections[0][0]}", class_="skip"),
        banner(report),
        h("nav", h("ul", links), aria_label="Sections"),
        h("main", [_section(name, title, content) for name, title, content in sections]),
        h("footer", h("p", f"Made by fencepost {report.kit_version}. Nothing in this page comes from anywhere else.")),
    ]


def _section(name: str, title: str, content: Content) -> Element:
    return h("section", h("h2", title, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title")


def _filters(report: Report) -> Element:
    """The filters, which are hidden until their script runs."""
    there = set(map(standing, report.clauses))
    buttons = [h("button", "all", type_="button", aria_pressed="true", data_filter="")]
    buttons += [
        h("button", one, type_="button", aria_pressed="false", data_filter=one) for one in SIGNS if one in there
    ]
    return h(
        "div",
        buttons,
        h("label", "containing ", h("input", type_="search", id="filter-text")),
        h("span", id="filter-status", role="status", class_="quiet"),
        class_="filters",
        hidden="",
        role="group",
        aria_label="Filter the clauses",
    )


render = FileRenderer(file_name="report.html", write=_write)
"""The renderer of the entry point `html`."""

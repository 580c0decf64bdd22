"""docs/sources.md: where each clause comes from, and what covers each sentence of the announcement."""

from collections.abc import Iterator

from fencepost.conformance.catalogue import Catalogue, Clause, Sentence

_BASES = (
    ("documented", "a page or a specification says it"),
    ("recorded", "the service did it in recorded traffic or in an issue"),
    ("follows", "it follows from what a list of allow rules, a limit or a refusal is"),
    ("inferred", "it could be otherwise; the note says why it is judged"),
)


def sources_page(catalogue: Catalogue) -> str:
    """The page as Markdown, made from the catalogue alone."""
    return "\n".join(_lines(catalogue)) + "\n"


def _lines(catalogue: Catalogue) -> Iterator[str]:
    yield "# Where each clause comes from"
    yield ""
    yield "Made by `fencepost clauses --sources > docs/sources.md`. Each clause has a *basis*:"
    yield ""
    yield from (f"- **{basis}**: {meaning}." for basis, meaning in _BASES)
    for group, clauses in catalogue.groups.items():
        yield ""
        yield f"## {group.capitalize()}"
        yield ""
        yield "| clause | what it says | basis | what says it |"
        yield "| --- | --- | --- | --- |"
        yield from map(_clause, clauses)
    yield ""
    yield "## The announcement, sentence by sentence"
    yield ""
    yield "In short, in its order. “Nothing” stands where no clause covers the sentence, with the reason."
    yield ""
    yield "| it says | covered by |"
    yield "| --- | --- |"
    yield from map(_sentence, catalogue.announcement)
    yield ""
    yield "## The sources"
    yield ""
    yield "With the date or the commit of the copy that was read."
    yield ""
    yield "| short | source | copy read |"
    yield "| --- | --- | --- |"
    yield from (f"| {one.key} | {_cell(one.name)} | {_cell(one.read)} |" for one in catalogue.sources)


def _clause(clause: Clause) -> str:
    says = _cell(f"{clause.text}.") + (f"<br>*Note:* {_cell(clause.note)}" if clause.note else "")
    cited = "<br>".join(f"{one.source.key}: {_cell(one.says)}" for one in clause.citations)
    return f"| {clause.id} ({clause.level}) | {says} | {clause.basis} | {cited} |"


def _sentence(one: Sentence) -> str:
    return f"| {_cell(one.says)} | {', '.join(one.covered) or f'nothing: {_cell(one.why)}'} |"


def _cell(text: str) -> str:
    """The text as it shows in a table: a bar would end the cell, a star begin emphasis."""
    return text.replace("|", "\\|").replace("*", "\\*")

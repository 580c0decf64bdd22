"""The other sections: the verdict, the open points, the limits, the controls, and the run itself."""

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from fencepost.reports.causes import causes
from fencepost.reports.counted import counted
from fencepost.reports.headline import HEADLINES, colour_of, headline, not_judged, not_judged_in_short
from fencepost.reports.html.tree import Content, h
from fencepost.reports.model import Decoy, Report
from fencepost.reports.summary import in_words, known, named, reproduce, sentence
from fencepost.reports.visible import visible_lines

_LOG_LINES = 200
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?([/?#][A-Za-z0-9._~/?#&=%+,;:@*-]*)?")
"""Only a homepage of this form becomes a link; any other is shown as text."""


def banner(report: Report) -> Element:
    """The verdict: the headline, what was not judged, the counts in a sentence, and what is wrong."""
    word = headline(report)
    first = [h("li", one) for one in not_judged_in_short(report)]
    others = [h("li", str(one)) for one in not_judged(report) if one.clauses]
    return h(
        "header",
        h("p", "fencepost: does this network firewall let in exactly the callers that it must?", class_="quiet"),
        h("h1", h("span", f"{HEADLINES[word].sign} {word}", class_="result"), f" {named(report)}"),
        (h("p", h("b", "Not judged:"), class_="left-out"), h("ul", first, class_="left-out")) if first else None,
        h("details", h("summary", "the clauses of each reason"), h("ul", others)) if others else None,
        h("p", sentence(report), class_="sentence"),
        h("p", in_words(causes(report)), class_="sentence"),
        h("ul", [h("li", note) for note in report.notes]) if report.notes else None,
        h("details", h("summary", "How this was judged"), h("p", _asked(report)), h("p", report.scope), class_="quiet"),
        class_=f"banner {colour_of(report)}",
    )


def _asked(report: Report) -> str:
    """How the run came to its verdict, for readers who see such a page for the first time."""
    asked = f"{counted(report.totals.decisions, 'decision')} and {counted(report.totals.writes, 'write')}"
    return (
        f"Asked {asked}, and compared each answer with what the specification says: the network firewall of Azure Key "
        f"Vault, edition {report.profile}, clause by clause. What the implementation does not offer does not apply. "
        "A failure is shown by its smallest case: the rules in force, the caller or the written value, the right "
        "answer, and the answer that came."
    )


def facts(report: Report) -> Element:
    """The subject and the suite, folded; and the command that repeats the run."""
    subject = report.subject
    claimed = f" (it claims {subject.profile} itself)" if report.profile_is_override else ""
    rows: list[tuple[str, Content]] = [
        ("Subject", h("code", subject.subject)),
        ("Implementation", f"{subject.name} {subject.version}".strip() or "–"),
        ("Homepage", _link(subject.homepage)),
        (
            "Judged by",
            f"profile {report.profile}{claimed}; fencepost {report.kit_version}, catalogue {report.catalogue_version}",
        ),
        ("Level", report.level or "none"),
        ("Features", ", ".join(subject.features) or "none"),
        ("Not known, ignored", ", ".join(subject.unknown_features) or None),
        ("Effort and seed", f"{report.effort}, {report.seed}"),
        ("Only these", ", ".join(report.selected) or None),
        ("The suite as of", report.suite_version or None),
        ("Run it again", h("code", reproduce(report))),
    ]
    shown = [h("div", h("dt", name), h("dd", value)) for name, value in rows if value is not None]
    return _folded("What was judged, and how to run it again", h("dl", shown, class_="facts"))


def _link(homepage: str | None) -> Content:
    if homepage is None or not _ADDRESS.fullmatch(homepage):
        return homepage
    return h("a", homepage, href=homepage, rel="noopener noreferrer nofollow")


def ledger(report: Report) -> Iterator[Element]:
    """The open points with a known answer; the others by name."""
    known = [one for one in report.ledger if one.declared is not None or one.found is not None]
    silent = [one.key for one in report.ledger if one.declared is None and one.found is None]
    rows = [
        (
            one.key,
            one.declared or "–",
            one.found or "–",
            (h("b", "✕ broken "), one.detail) if one.broken else one.detail,
        )
        for one in known
    ]
    meaning = h(
        "p",
        "These points are open, or an implementation may differ from Azure in them. What was found is recorded; only a "
        "choice that the implementation declares and does not keep counts against it.",
    )
    columns = ("open point", "declared", "found", "")
    broken = [row for row, one in zip(rows, known, strict=True) if one.broken]
    others = [row for row, one in zip(rows, known, strict=True) if not one.broken]
    if broken:
        yield _table("Broken choices", columns, broken)
    if others:
        label = f"{counted(len(others), 'open point')} without a fault"
        yield _folded(label, meaning, _table("Open points", columns, others))
    else:
        yield meaning
    if silent:
        yield h("p", f"Neither declared nor probed: {', '.join(silent)}.", class_="quiet")


def known_failures(report: Report) -> Iterator[Element]:
    """The list of known failures and their standing."""
    yield h(
        "p",
        "The run tolerates the failures on this list for now. An entry that still fails as listed does not count; an "
        "entry with any other standing fails the run.",
    )
    yield _table("Known failures", ("entry", "stands", ""), known(report))


def limits(report: Report) -> Iterator[Element]:
    """The limits that were found."""
    rows = [(one.id, one.text, one.limit_found) for one in report.clauses if one.limit_found is not None]
    if rows:
        found = ", ".join(f"{clause}: {limit}" for clause, _, limit in rows)
        yield _folded(found, _table("Limits found", ("clause", "what it promises", "found"), rows))
    else:
        yield h("p", "No limit was looked for, or none was found.")


def sensitivity(report: Report) -> Iterator[Element]:
    """The result of the decoys, and the time of the first failure."""
    if report.sensitivity:
        caught = sum(one.caught for one in report.sensitivity)
        rows = [(one.id, one.clause, one.text, _noticed(one)) for one in report.sensitivity]
        faults = _table("Injected faults", ("fault", "breaks", "what it does", "noticed"), rows)
        yield _folded(
            f"The run noticed {caught} of {counted(len(rows), 'fault')} that it injected into the answers", faults
        )
    else:
        yield h("p", "This run has no sensitivity control: no faults were injected into the implementation's answers.")
    first = report.first_failure
    if first is not None:
        yield h(
            "p",
            f"The first failure came after {counted(first.decisions, 'decision')}, "
            f"{counted(first.configurations, 'configuration')} and {counted(first.examples, 'example')}.",
        )


def _noticed(decoy: Decoy) -> str:
    asked = f" in {counted(decoy.decisions, 'decision')}" if decoy.decisions else ""
    return f"{'✓ noticed' if decoy.caught else '✕ missed'}{asked}"


def the_run(report: Report) -> Iterator[Element]:
    """The cost of the run, its notes, and the subject's own log."""
    totals = report.totals
    rows = [
        (name.replace("_", " "), f"{getattr(totals, name):,}")
        for name in totals.__struct_fields__
        if getattr(totals, name)
    ]
    asked = _table("What the run asked", ("what", "how many"), rows)
    yield _folded("What the run asked", asked)
    if report.log:
        lines = visible_lines(report.log.rstrip("\n"))[-_LOG_LINES:]
        shown = [part for line in lines for part in (line, h("br"))]
        yield h("details", h("summary", "The end of the implementation's own log"), h("pre", shown))


def _folded(label: str, *content: Content) -> Element:
    return h("details", h("summary", label), *content, class_="folded")


def _table(caption: str, columns: Iterable[str], rows: Iterable[tuple[Content, ...]]) -> Element:
    head = h("tr", [h("th", name, scope="col") if name else h("td") for name in columns])
    body = [h("tr", h("th", first, scope="row"), [h("td", one) for one in others]) for first, *others in rows]
    return h("table", h("caption", caption), h("thead", head), h("tbody", body))

"""The report on a terminal: the clauses, every failure in full, the open points, the totals, the result."""

from collections import Counter
from collections.abc import Iterable

from fencepost.reports.causes import causes, causes_of
from fencepost.reports.counted import counted
from fencepost.reports.counterexample import counterexample
from fencepost.reports.headline import (
    colour_of,
    counts,
    headline,
    not_judged,
    not_judged_in_short,
    standing,
    standing_in_words,
)
from fencepost.reports.model import Clause, Decoy, LedgerEntry, Report, Subject, Totals
from fencepost.reports.page import Page
from fencepost.reports.renderer import ScreenRenderer
from fencepost.reports.summary import beside_the_clauses, findings, own_log
from fencepost.reports.visible import visible
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_STYLES = {
    "pass": "green",
    "fail": "bold red",
    "known failure": "red",
    "shown under another": "red",
    "error": "bold magenta",
    "inconclusive": "yellow",
    "vacuous": "yellow",
    "not asked": "yellow",
    "not applicable": "dim",
}
_COLOURS = {"green": "bold green", "yellow": "bold yellow", "red": "bold red", "grey": "bold magenta"}
_SHOUTED = frozenset({"fail", "error"})
_SUMMED_UP = frozenset({"not applicable", "not asked"})
"""The standings of clauses that share a line, unless all is to be shown."""
_LOG_LINES = 20
_ALIKE = 4
"""Up to so many counterexamples of one cause are all shown; of more, only the smallest."""
_CAUSES = 20
"""The most causes of one clause that are shown."""


def _draw(report: Report, page: Page) -> str:
    return page.draw(*_parts(report, page))


def _parts(report: Report, page: Page) -> Iterable[RenderableType]:
    yield _subject(report, page)
    yield Text()
    yield _clauses(report, page)
    yield from _not_asked(report, page)
    yield from _failures(report)
    yield from _own_log(report)
    if report.ledger:
        yield from _ledger(report.ledger, page)
    yield Text()
    yield _totals(report.totals)
    if report.sensitivity:
        yield _sensitivity(report.sensitivity)
    for note in report.notes:
        yield Text(visible(note), style="yellow")
    yield _result(report)


def _subject(report: Report, page: Page) -> RenderableType:
    subject = report.subject
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    named = visible(f"{subject.name} {subject.version}".strip())
    grid.add_row("subject", Text(f"{visible(subject.subject)}  {named}".rstrip(), style="bold"))
    if subject.homepage:
        grid.add_row("homepage", Text(visible(subject.homepage)))
    claimed = f" (the subject itself claims {visible(subject.profile)})" if report.profile_is_override else ""
    grid.add_row("profile", Text(visible(report.profile) + claimed))
    if report.scope:
        grid.add_row("", Text(visible(report.scope)))
    left_out = map(str, not_judged(report)) if page.is_verbose else not_judged_in_short(report)
    for number, one in enumerate(left_out):
        grid.add_row("" if number else "not judged", Text(visible(one), style="yellow"))
    if not page.is_verbose and any(one.clauses for one in not_judged(report)):
        grid.add_row("", Text("-v names the clauses of each reason", style="dim"))
    grid.add_row("features", Text(_features(subject)))
    grid.add_row("run", Text(f"fencepost {report.kit_version}, effort {report.effort}, seed {report.seed}"))
    return grid


def _features(subject: Subject) -> str:
    known = ", ".join(visible(name) for name in subject.features) or "none"
    unknown = ", ".join(visible(name) for name in subject.unknown_features)
    return f"{known}; not known and ignored: {unknown}" if unknown else known


def _verdict(clause: Clause) -> Text:
    word, name = standing_in_words(clause), standing(clause)
    return Text(word.upper() if name in _SHOUTED else visible(word), style=_STYLES.get(name, ""))


def _clauses(report: Report, page: Page) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=True, header_style="bold")
    table.add_column("clause", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("asked", justify="right", no_wrap=True)
    table.add_column("decisive", justify="right", no_wrap=True)
    table.add_column("found, or what it promises", ratio=1, overflow="fold")
    group, found = None, findings(report.clauses)
    for clause in report.clauses:
        if standing(clause) in _SUMMED_UP and not page.is_verbose:
            continue
        if clause.group != group:
            group = clause.group
            table.add_row(Text(visible(group), style="bold"))
        table.add_row(
            Text(f"  {clause.id}"),
            _verdict(clause),
            f"{clause.asked:,}" if clause.asked else "",
            f"{clause.decisive:,}" if clause.decisive else "",
            _found(clause, found[clause.id], page),
        )
    return table


def _found(clause: Clause, found: str, page: Page) -> Text:
    if found:
        return Text(visible(found))
    # A text for orientation may be cut on a screen, which can be widened; a finding is never cut.
    is_cut = page.is_screen and not page.is_verbose
    return Text(visible(clause.text), style="dim", no_wrap=is_cut, overflow="ellipsis" if is_cut else "fold")


def _not_asked(report: Report, page: Page) -> Iterable[RenderableType]:
    """The clauses that the run did not come to, on one line; the notes say why."""
    left = [clause.id for clause in report.clauses if clause.not_asked]
    if left and not page.is_verbose:
        yield Text(visible(f"not asked: {', '.join(left)}"), style=_STYLES["not asked"])


def _failures(report: Report) -> Iterable[RenderableType]:
    texts = {clause.id: clause.text for clause in report.clauses}
    for clause in {cause.clause.id: cause.clause for cause in causes(report)}.values():
        found = causes_of(clause)
        for place, cause in enumerate(found[:_CAUSES]):
            shown = cause.counterexamples if len(cause.counterexamples) <= _ALIKE else (cause.smallest,)
            for number, one in enumerate(shown):
                yield Text()
                yield _heading(clause)
                if clause.source and place == number == 0:
                    yield Padding(Text(visible(f"{clause.basis}: {clause.source}"), style="dim"), (0, 0, 0, 2))
                yield Padding(counterexample(one, clause_texts=texts), (0, 0, 0, 2))
                # The terminal wraps this line, so that it can be copied as one line.
                replay = Text("  replay    ", no_wrap=True, overflow="ignore")
                yield replay.append(visible(one.replay), style="bold")
            if len(shown) < len(cause.counterexamples):
                yield Text(f"  and {len(cause.counterexamples) - 1:,} more of this kind", style="dim")
        if len(found) > _CAUSES:
            yield Text(f"{clause.id} fails in {len(found) - _CAUSES:,} more ways", style="dim")


def _heading(clause: Clause) -> Text:
    return Text.assemble(_verdict(clause), " ", (clause.id, "bold"), f"  {visible(clause.text)}")


def _own_log(report: Report) -> Iterable[RenderableType]:
    """The end of the subject's own log, if a clause ended in error that does not show it."""
    if lines := own_log(report, _LOG_LINES):
        yield Text()
        yield Text("the end of the subject's own log", style="bold")
        yield from (Text(f"  {line}", overflow="fold") for line in lines)


def _ledger(ledger: Iterable[LedgerEntry], page: Page) -> Iterable[RenderableType]:
    """Each broken choice and observation, and the others counted on one line; all in full if all is to be shown."""
    every = list(ledger)
    entries = [entry for entry in every if not entry.is_observation]
    silent = [entry.key for entry in entries if entry.declared is None and entry.found is None]
    shown = [
        entry
        for entry in every
        if entry.broken or entry.is_observation or (page.is_verbose and entry.key not in silent)
    ]
    yield Text()
    if shown:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=True, header_style="bold")
        table.add_column("open point", no_wrap=True)
        table.add_column("declared", overflow="fold", max_width=24)
        table.add_column("found", overflow="fold", max_width=24)
        table.add_column("", ratio=1, overflow="fold")
        for entry in shown:
            table.add_row(
                Text(visible(entry.key)),
                Text(visible(entry.declared or "–")),
                Text(visible(entry.found or "–")),
                _broken(entry),
            )
        yield table
    if page.is_verbose:
        if silent:
            text = f"open, not declared, and no probe could tell: {', '.join(visible(key) for key in silent)}"
            yield Text(text, style="dim")
        return
    kinds = Counter[str](map(_kind, entries))
    text = ", ".join(f"{kinds[kind]} {kind}" for kind in _KINDS if kinds[kind])
    yield Text(f"{counted(len(entries), 'open point')}: {text} (-v shows each)", style="dim")


_KINDS = ("broken", "as declared", "declared, no probe could tell", "found, not declared", "open")


def _kind(entry: LedgerEntry) -> str:
    if entry.broken:
        return "broken"
    if entry.declared is None:
        return "open" if entry.found is None else "found, not declared"
    return "as declared" if entry.found is not None else "declared, no probe could tell"


def _broken(entry: LedgerEntry) -> Text:
    detail = visible(entry.detail)
    return Text.assemble(("BROKEN ", _STYLES["fail"]), detail) if entry.broken else Text(detail)


def _totals(totals: Totals) -> Text:
    decisions = f"{counted(totals.decisions, 'decision')} ({totals.allowed:,} allowed, {totals.denied:,} denied"
    decisions += f", {totals.inconclusive:,} inconclusive" if totals.inconclusive else ""
    apart = totals.decisions - totals.allowed - totals.denied - totals.inconclusive
    decisions += f", {apart:,} not counted for a clause: open points, decoys, replays" if apart > 0 else ""
    parts = [f"{decisions})", counted(totals.writes, "write"), counted(totals.resets, "reset")]
    if totals.shrink_calls:
        parts.append(
            f"beside them {counted(totals.shrink_writes, 'write')} and "
            f"{counted(totals.shrink_decisions, 'decision')} to shrink"
        )
    if totals.inconclusive_writes:
        parts.append(f"{counted(totals.inconclusive_writes, 'write')} that could not be put as asked")
    if totals.faults:
        parts.append(counted(totals.faults, "harness fault"))
    return Text(", ".join(parts))


def _sensitivity(decoys: Iterable[Decoy]) -> Text:
    """The faults that the run injected into the subject's answers, and which of them it noticed."""
    laid = list(decoys)
    text = Text(f"of {counted(len(laid), 'decoy fault')} laid over the answers, the run noticed ")
    noticed = [decoy for decoy in laid if decoy.caught]
    text.append(f"{'all' if len(noticed) == len(laid) else len(noticed)}: ")
    for place, decoy in enumerate(laid):
        text.append(", " if place else "")
        text.append(visible(decoy.id) + ("" if decoy.caught else " UNNOTICED"), "" if decoy.caught else _STYLES["fail"])
    return text


def _result(report: Report) -> Text:
    parts = [words for _, words in counts(report.clauses)]
    parts += beside_the_clauses(report)
    level = f"; level: {visible(report.level)}" if report.level and report.level != report.result else ""
    word = (headline(report), _COLOURS[colour_of(report)])
    return Text.assemble(word, f"  {', '.join(parts)}{level}; exit status {report.exit_status}")


render = ScreenRenderer(draw=_draw)
"""The renderer of the entry point `terminal`."""

"""`fencepost spellings`: how a subject reads every spelling of a rule, beside the reference's reading."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import click
from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.commands.completion import SUBJECT
from fencepost.conformance.commands.console import show, show_json
from fencepost.conformance.commands.opening import begun, with_timeouts
from fencepost.conformance.open_points.spellings import Profiler, Row
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.plan import Plan
from fencepost.reference import load_profile
from fencepost.reports.counted import counted
from fencepost.reports.visible import as_json, visible
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

_SHOWN, _LONGEST, _AT_MOST = 40, 64, 25
_A_LINE = 25
_STYLES = {
    "refused": "",
    "accepted": "green",
    "unstable": "yellow",
    "error": "yellow",
    "open": "dim",
    "inconclusive": "yellow",
}


@click.command()
@click.argument("subject", shell_complete=SUBJECT)
@click.option("--profile", help="Read by this profile, not by the profile that the subject claims.")
@click.option(
    "--differing", is_flag=True, help="Only the spellings that the subject reads differently from the reference."
)
@click.option("--json", "as_json_list", is_flag=True, help="As JSON: name, reason, place, value, and both answers.")
@with_timeouts
def spellings(
    *,
    subject: str,
    profile: str | None,
    differing: bool,
    as_json_list: bool,
    timeouts: Timeouts,
) -> None:
    """Write a rule for SUBJECT in every known spelling, and find out which callers it then lets in.

    Each spelling is refused, accepted as some addresses, inconsistent or inconclusive. Nothing is judged here: `check`
    does that. A subject that validates nothing (`decisions-only`) also gets spellings that `check` never sends it.
    """
    plan = Plan(subject=subject, effort=EFFORTS["quick"], profile=profile)
    with begun(plan, timeouts) as campaign:
        rows = list(_with_progress(profiled(campaign)))
    shown = [row for row in rows if row.differs or not differing]
    if as_json_list:
        show_json([_as_json(row) for row in shown])
        return
    notes = (
        []
        if campaign.capabilities.refusals
        else [Text("It validates nothing (decisions-only), so accepting a wrong spelling is no fault.")]
    )
    show(*notes, as_table(shown), Text(), Text(summary(rows)))


def profiled(campaign: Campaign) -> Iterator[Row]:
    """The parser profile of a campaign's subject; the reference reads without declared choices."""
    profile = load_profile(campaign.lockstep.vault.profile.name)
    profiler = Profiler(client=campaign.client, profile=profile, capabilities=campaign.capabilities)
    for done, row in enumerate(profiler.rows()):
        campaign.show_progress("parser profile", "after the clauses", done, len(profiler.spellings))
        yield row


def _with_progress(rows: Iterable[Row]) -> Iterable[Row]:
    """The rows; on stderr how many there are so far: a bar on a terminal, a line for each 25 in a log."""
    console = Console(stderr=True)
    with console.status("0 spellings") as status:
        for count, row in enumerate(rows, start=1):
            status.update(counted(count, "spelling"))
            if not console.is_terminal and count % _A_LINE == 0:
                console.print(counted(count, "spelling"), highlight=False)
            yield row


def as_table(rows: Iterable[Row]) -> Table:
    """The rows as a table, with marks at the differences."""
    drawn = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=True, header_style="bold")
    for name, ratio in (("spelling", 5), ("written", 5), ("the subject", 5), ("the reference", 7)):
        drawn.add_column(name, ratio=ratio, overflow="fold")
    for row in rows:
        mark, style = ("! ", "bold red") if row.differs else ("  ", _STYLES[row.subject.kind])
        drawn.add_row(
            Text(f"{mark}{visible(row.spelling.name)}", style="bold" if row.differs else ""),
            Text(_short(as_json(row.spelling.value), _SHOWN)),
            Text(_short(visible(row.subject.text), _LONGEST), style=style),
            _read(row),
        )
    return drawn


def _read(row: Row) -> Text:
    read = Text(row.reference.text, style=_STYLES[row.reference.kind])
    return (
        read.append(f": {_short(row.spelling.reason, _LONGEST)}", style="dim")
        if row.reference.kind == "refused"
        else read
    )


def essence(rows: Sequence[Row], subject: str) -> RenderableType:
    """The differences, and a count of the other spellings."""
    differing = [row for row in rows if row.differs]
    heading = Text(f"\nthe parser profile: {summary(rows)} (all of it: fencepost spellings {visible(subject)})")
    if not differing:
        return heading
    more = [Text(f"… {len(differing) - _AT_MOST} more")] if len(differing) > _AT_MOST else []
    return Group(heading, as_table(differing[:_AT_MOST]), *more)


def summary(rows: Sequence[Row]) -> str:
    """How many spellings had which result."""
    kinds = Counter(row.subject.kind for row in rows)
    by_kind = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    differing = sum(row.differs for row in rows)
    return f"{counted(len(rows), 'spelling')}: {by_kind}; {differing} read differently from the reference"


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _as_json(row: Row) -> dict[str, object]:
    spelling = row.spelling
    return {
        "name": spelling.name,
        "reason": spelling.reason,
        "member": spelling.member,
        "entry": spelling.entry,
        "value": spelling.value,
        "subject": {"kind": row.subject.kind, "told": row.subject.text},
        "reference": {"kind": row.reference.kind, "told": row.reference.text},
        "differs": row.differs,
    }

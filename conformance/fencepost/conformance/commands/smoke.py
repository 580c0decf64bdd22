"""`fencepost smoke`: is a subject wired up? Ten decisions, and every violation of the contract."""

import sys
from collections.abc import Iterable

import click
from fencepost.adapters.contract import (
    HarnessFault,
    RpcError,
    Statement,
    SubjectError,
    Timeouts,
    open_subject,
    shorten,
)
from fencepost.adapters.contract.vocabulary import FEATURES
from fencepost.conformance.commands.completion import SUBJECT
from fencepost.conformance.commands.console import labelled, show, table
from fencepost.conformance.commands.opening import call_timeout, start_timeout
from fencepost.conformance.commands.options import PROFILE
from fencepost.conformance.commands.smoke_mappings import Pace, first_calls, mappings_of, pace_in_words, pace_of, shown
from fencepost.conformance.commands.smoke_run import Answered, Noting, SmokeRun, smoke_run
from fencepost.conformance.commands.usage import usage
from fencepost.conformance.lockstep.raised_faults import shortened
from fencepost.reports.secrets import Mask
from fencepost.reports.summary import stands_in
from fencepost.reports.visible import visible, visible_lines
from rich.console import RenderableType
from rich.text import Text

_WORDS = {
    0: ("WIRED UP", "bold green"),
    1: ("WIRED UP, BUT WRONG", "bold red"),
    2: ("NOT WIRED UP", "bold magenta"),
}
_NOT_WIRED_UP = 2
_SHOWN, _LOG_LINES = 2000, 20


@click.command()
@click.argument("subject", shell_complete=SUBJECT)
@click.option(
    "--profile", "profile_name", type=PROFILE, help="Judge by this profile, not by the profile that the subject claims."
)
@start_timeout
@call_timeout
def smoke(*, subject: str, profile_name: str | None, start_timeout: float, call_timeout: float) -> None:
    """Ask SUBJECT ten decisions that any vault gets right, chosen from what its statement offers.

    Names every violation of the contract with the offending message, secrets masked as in a report. Of a cli: or rest:
    file it shows for each mapping the real request, to paste, and what was read from the real answer; of any other
    subject it shows the first putRules and the first getRules. It writes again: other rules, no rule lists and
    empty lists. It sends batches of up to 4,096 requests, times a decision, and says how much of the subject's time
    a quick run takes at most.

    Exit status: 0 wired up; 1 wired up, but an answer is obviously wrong; 2 the subject does not answer as the contract
    says.
    """
    try:
        timeouts = Timeouts(start=start_timeout, call=call_timeout)
        connection = open_subject(subject, timeouts=timeouts, profile=profile_name)
    except SubjectError as error:
        raise usage(str(error)) from None
    try:
        run = smoke_run(connection, profile_name=profile_name)
        mappings = mappings_of(connection)
        pace = pace_of(Noting(connection, run)) if run.exit_status != _NOT_WIRED_UP else None
        if isinstance(pace, HarnessFault):
            run.blame(pace)
    finally:
        connection.close()
    log = connection.log()  # whole only now: what a harness says on stderr may come after its answer
    mask = Mask.of_here()
    calls = shown(mappings, mask) if mappings else first_calls(run.exchanges, mask)
    with_refusals = run.statement is None or "decisions-only" not in run.statement.features
    timed = [Text(), pace_in_words(pace, with_refusals=with_refusals)] if isinstance(pace, Pace) else []
    show(*_parts(subject, run, log, mask), *calls, *timed, Text(), _result(run))
    sys.exit(run.exit_status)


def _parts(subject: str, run: SmokeRun, log: str, mask: Mask) -> Iterable[RenderableType]:
    yield labelled(_head(subject, run, mask))
    if shown := [*run.answers, *run.wrong_further]:
        yield Text()
        yield table(("", "got", "expected", "clause", "question"), [_row(answered, mask) for answered in shown])
    first: dict[tuple[str, str, str], str] = {}
    for fault in run.faults:
        found = (fault.expected, fault.came, fault.offending)
        yield from _fault(fault, run.calls.get(fault), first.get(found), mask)
        first.setdefault(found, fault.method)
    if run.exit_status == 2 and log.strip() and not stands_in(log, [fault.offending for fault in run.faults]):
        yield Text()
        yield Text("the end of the subject's own log", style="bold")
        yield from (
            Text(f"  {line}", overflow="fold") for line in visible_lines(mask.apply(log.rstrip("\n")))[-_LOG_LINES:]
        )


def _head(subject: str, run: SmokeRun, mask: Mask) -> Iterable[tuple[str, str | Text]]:
    yield "subject", Text(visible(mask.apply(subject)), style="bold")
    if run.statement is not None:
        yield "says", mask.apply(f"{run.statement.name} {run.statement.version}, profile {run.statement.profile}")
        yield "features", mask.apply(_features(run.statement))
    if run.profile is not None:
        yield "judged by", f"{run.profile.name} ({run.profile.title})"
    for mistake in run.mistakes:
        yield "statement", Text(visible(mask.apply(mistake)), style="bold red")
    if run.refusal is not None:
        parts = (run.refusal.status, run.refusal.code, run.refusal.message)
        answer = " ".join(str(part) for part in parts if part is not None) or "without a word"
        yield (
            "putRules",
            Text(f"{run.refused}: {visible(mask.apply(answer))}", style="bold red"),
        )


def _features(statement: Statement) -> str:
    unknown = [name for name in statement.features if name not in FEATURES]
    known = ", ".join(name for name in statement.features if name in FEATURES) or "none"
    return f"{known}; not known and ignored: {', '.join(unknown)}" if unknown else known


def _row(answered: Answered, mask: Mask) -> tuple[str | Text, ...]:
    mark = Text("WRONG", style="bold red") if answered.is_wrong else Text("ok", style="green")
    if answered.got.outcome == "inconclusive":
        mark = Text("?", style="yellow")
    reason = f" ({mask.apply(answered.got.reason)})" if answered.got.reason else ""
    question = answered.question
    return mark, answered.got.outcome, question.expected.value, question.clause, f"{question.says}{reason}"


def _fault(fault: HarnessFault, call: str | None, alike: str | None, mask: Mask) -> Iterable[RenderableType]:
    """The call, what was expected and what came; if a call of the method `alike` has shown the same, its name."""
    title = Text(f"contract violation in {visible(fault.method)} ({fault.kind})", style="bold")
    yield Text()
    if alike is not None:
        yield title.append(", as before" if alike == fault.method else f", as in {visible(alike)}", style="not bold")
        return
    yield title
    rows: list[tuple[str, str | Text]] = [
        *([("call", Text(visible(mask.apply(call)), overflow="fold"))] if call is not None else []),
        ("expected", fault.expected),
        ("got", Text(visible(mask.apply(fault.came)), style="red")),
    ]
    traceback = fault.traceback if isinstance(fault, RpcError) else ""
    if fault.offending.startswith("Traceback "):
        traceback = fault.offending
    elif fault.offending:
        rows += _lines("message", shorten(mask.apply(fault.offending), _SHOWN))
    if traceback:
        rows += _lines("traceback", shorten(mask.apply(shortened(traceback)), _SHOWN))
    yield labelled(rows)


def _lines(label: str, text: str) -> list[tuple[str, str | Text]]:
    return [(label if place == 0 else "", line) for place, line in enumerate(visible_lines(text.rstrip("\n")))]


def _result(run: SmokeRun) -> Text:
    word, style = _WORDS[run.exit_status]
    parts = [f"{len(run.answers) - run.wrong} of {len(run.answers)} decisions as expected"] if run.answers else []
    if run.wrong_further:
        parts.append(f"{len(run.wrong_further)} of {len(run.further)} wrong after further writes")
    if run.faults:
        parts.append(f"{len(run.faults)} contract {'violation' if len(run.faults) == 1 else 'violations'}")
    if run.mistakes:
        parts.append(f"{len(run.mistakes)} {'mistake' if len(run.mistakes) == 1 else 'mistakes'} in the statement")
    return Text.assemble((word, style), f"  {', '.join(parts)}; exit status {run.exit_status}")

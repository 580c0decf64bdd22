"""`fencepost replay`: replays stored counterexamples against a subject, with one line each and details of failures."""

import sys
from pathlib import Path

import click
from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.commands.case_files import found_cases
from fencepost.conformance.commands.completion import CASE, SUBJECT
from fencepost.conformance.commands.console import show, table
from fencepost.conformance.commands.opening import begun, with_timeouts
from fencepost.conformance.diagnosis.counterexample import counterexample
from fencepost.conformance.regression.known import answer_of
from fencepost.conformance.regression.replay import OVERLAPPING, Replayed, replay_case
from fencepost.conformance.regression.stored_case import FOLDER, StoredCase
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.plan import Plan
from fencepost.reports.counterexample import counterexample as drawn
from fencepost.reports.secrets import Mask
from rich.text import Text

_STATED = ("allow", "deny", "accepted", "refused")
"""The expected answers that a file may state in a word."""


@click.command()
@click.argument("case", shell_complete=CASE)
@click.argument("subject", shell_complete=SUBJECT)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="The folder in which to look for a case by its id.",
)
@click.option("--profile", help="Judge by this profile, not by the profile in which the case was found.")
@with_timeouts
def replay(*, case: str, subject: str, folder: Path, profile: str | None, timeouts: Timeouts) -> None:
    """Replay CASE against SUBJECT and judge the answer again.

    CASE is a file, an id or a folder of stored counterexamples, or a file of known failures.

    Exit status, the first that holds: 2 bad usage, or a subject that does not answer; 1 a case still fails; 2 a case
    could not be judged; otherwise 0, everything is fixed.
    """
    cases = found_cases(case, folder)
    results: list[tuple[StoredCase, Replayed]] = []
    for name in dict.fromkeys(profile or one.profile for one in cases):
        plan = Plan(subject=subject, effort=EFFORTS["quick"], profile=name)
        with begun(plan, timeouts) as campaign:
            mine = [one for one in cases if (profile or one.profile) == name]
            results += [(one, _replayed(one, campaign)) for one in mine]
    show(
        table(
            ("case", "state", "what came"),
            [(one.id, found.state, _result_in_words(one, found)) for one, found in results],
        )
    )
    for one, found in results:
        if found.mismatch is not None:
            _show_failure(one, found)
    states = {found.state for _, found in results}
    sys.exit(1 if "still failing" in states else 2 if "not judged" in states else 0)


def _replayed(one: StoredCase, campaign: Campaign) -> Replayed:
    if one.clause == OVERLAPPING:
        return Replayed(
            state="not judged",
            explanation="the case needs overlapping calls, and a replay sends them one after the other",
        )
    return replay_case(one.case, campaign.lockstep, campaign.capabilities)


def _result_in_words(one: StoredCase, found: Replayed) -> str:
    if found.mismatch is None:
        stated = answer_of(one.expected)
        if found.right and stated in _STATED and stated != found.right:
            return f"the right answer is {found.right}; the file expects {stated}"
        return Mask.of_here().apply(found.explanation)
    expected, got = found.mismatch.direction
    return Mask.of_here().apply(f"expected {expected}, got {got}{'; ' if found.explanation else ''}{found.explanation}")


def _show_failure(one: StoredCase, found: Replayed) -> None:
    assert found.mismatch is not None
    story = counterexample(one.clause, one.case, found.mismatch, replay="", calls_to_shrink=0)
    story = Mask.of_here().apply(story)
    texts = {clause.id: clause.text for clause in catalogue().clauses}
    show(Text(""), Text(f"{one.id}  {texts[one.clause]}", style="bold"), drawn(story, clause_texts=texts))

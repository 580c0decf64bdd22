"""`fencepost disagree`: the smallest input on which two implementations differ, without saying which is right."""

import sys
from contextlib import ExitStack
from dataclasses import replace

import click
from fencepost.adapters.contract import (
    Client,
    HarnessFault,
    Statement,
    Timeouts,
    check_statement,
)
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.capabilities import Capabilities, profile_of
from fencepost.conformance.commands.completion import SUBJECT
from fencepost.conformance.commands.console import labelled, show, show_json
from fencepost.conformance.commands.opening import as_usage, connected, with_timeouts
from fencepost.conformance.commands.options import EFFORT, SEED
from fencepost.conformance.commands.usage import usage
from fencepost.conformance.comparison.common_ground import common_statement
from fencepost.conformance.comparison.disagreement import Disagreement, Search, search
from fencepost.conformance.comparison.subject_oracle import SubjectOracle
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.regression.stored_case import calls_to_json
from fencepost.conformance.run.opening import explaining
from fencepost.reference import Profile, UnknownProfile, load_profile
from fencepost.reports.counted import counted
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import abridged, as_json, visible
from rich.text import Text


@click.command()
@click.argument("subject_a", shell_complete=SUBJECT)
@click.argument("subject_b", shell_complete=SUBJECT)
@click.option("--profile", help="The edition whose limits and names are used; by default the edition that both claim.")
@click.option("--effort", type=EFFORT, default="quick", show_default=True, help="How much to ask.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="The same seed asks the same questions.")
@click.option("--all", "goes_on", is_flag=True, help="Continue after the first difference: one of each kind.")
@click.option("--codes", is_flag=True, help="Also compare status and code of denials if both promise them.")
@click.option("--json", "as_data", is_flag=True, help="Write JSON.")
@with_timeouts
def disagree(
    *,
    subject_a: str,
    subject_b: str,
    profile: str | None,
    effort: str,
    seed: int,
    goes_on: bool,
    codes: bool,
    as_data: bool,
    timeouts: Timeouts,
) -> None:
    """Ask SUBJECT_A and SUBJECT_B the same and show where their answers differ; neither is judged.

    Exit status: 2 bad usage, or a subject that does not answer; 1 the two differ; 0 no difference was found.
    """
    with ExitStack() as stack:
        first = Client(stack.enter_context(connected(subject_a, timeouts, profile=profile)))
        wanted = profile or _described(first, subject_a).profile
        clients = [first, Client(stack.enter_context(connected(subject_b, timeouts, profile=wanted)))]
        try:
            judged_by, statements = _introduced(clients, (subject_a, subject_b), profile)
            found = _masked(_searched(clients, statements, judged_by, effort, seed, goes_on=goes_on, codes=codes))
        except UnknownProfile as error:
            raise click.UsageError(f"the profile to ask by: {error}") from None
        except HarnessFault as fault:
            raise usage(f"a subject does not answer: {fault}") from None
    if as_data:
        differences = [
            {"first": one.first, "second": one.second, "calls": calls_to_json(one.case.calls())} for one in found.found
        ]
        show_json({"differences": differences, "writes": found.writes, "decisions": found.decisions})
    else:
        _show(found, Mask.of_here().apply((subject_a, subject_b)))
    if found.fault and not found.found:
        raise usage(f"a subject stopped answering: {found.fault}")
    sys.exit(1 if found.found else 0)


def _introduced(
    clients: list[Client], names: tuple[str, str], profile: str | None
) -> tuple[Profile, tuple[Statement, Statement]]:
    """The statements of both, and the edition to ask by: the given edition, or the edition that both claim."""
    first, second = (_described(client, name) for client, name in zip(clients, names, strict=True))
    wanted = load_profile(profile or first.profile)
    claimed = (first.profile, second.profile)
    if profile is None and set(claimed) != {wanted.name}:
        text = ", ".join(f"{name} claims {one}" for name, one in zip(names, claimed, strict=True))
        raise usage(f"{text}; say by --profile which edition to ask by")
    return wanted, (first, second)


def _described(client: Client, name: str) -> Statement:
    """What a subject says of itself; bad usage, with its name, where it does not or it cannot be used."""
    with as_usage(), explaining(name, client.connection):
        return check_statement(client.describe())


def _searched(
    clients: list[Client],
    statements: tuple[Statement, Statement],
    profile: Profile,
    effort: str,
    seed: int,
    *,
    goes_on: bool,
    codes: bool,
) -> Search:
    common = common_statement(*statements, profile)
    profile = profile_of(common, profile.with_choices(common.choices))
    capabilities = Capabilities.from_statement(common, profile, settle_seconds=common.settle_seconds)
    first, second = clients
    oracle = SubjectOracle(first, with_codes=codes and capabilities.codes and capabilities.credentials)
    lockstep = Lockstep(second, profile, oracle=oracle, settle_seconds=common.settle_seconds)
    ration = EFFORTS[effort].offered(with_refusals=capabilities.refusals)
    return search(
        lockstep,
        first,
        profile=profile,
        capabilities=capabilities,
        effort=ration,
        seed=seed,
        goes_on=goes_on,
        listener=_progress,
    )


def _masked(found: Search) -> Search:
    """The same result, with the secrets in the subjects' answers masked."""
    mask = Mask.of_here()
    answers = [replace(one, first=mask.apply(one.first), second=mask.apply(one.second)) for one in found.found]
    return replace(found, found=tuple(answers), fault=mask.apply(found.fault))


def _progress(exploration: str, decisions: int) -> None:
    click.echo(f"{exploration}: {counted(decisions, 'decision')}", err=True)


def _show(found: Search, names: tuple[str, str]) -> None:
    for one in found.found:
        show(labelled([*_calls(one), (names[0], one.first), (names[1], one.second)]), Text(""))
    asked = f"{counted(found.decisions, 'decision')} and {counted(found.writes, 'write')} asked of each"
    show(Text(f"{counted(len(found.found), 'difference') if found.found else 'no differences'} found; {asked}"))
    if found.fault:
        show(Text(visible(f"the search ended early: {found.fault}")))


def _calls(one: Disagreement) -> list[tuple[str, str | Text]]:
    return [
        ("calls" if number == 1 else "", f"{number} {call.method} {as_json(abridged(call.params))}")
        for number, call in enumerate(one.case.calls(), start=1)
    ]

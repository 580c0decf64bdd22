"""The files of a campaign in its commands: the plan, and the folder of streams; what is wrong with them is named."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from fencepost.conformance.campaign.merging import Incomplete
from fencepost.conformance.campaign.plan_file import CampaignPlan, PlanRefused
from fencepost.conformance.campaign.planning import read_plan
from fencepost.conformance.commands.options import OLD_FILE, OLD_FOLDER
from fencepost.conformance.commands.usage import os_error_as_usage, usage
from fencepost.reports.visible import visible

PLAN_FILE = click.argument("plan_file", type=OLD_FILE, metavar="PLAN")
STREAMS = click.argument("folder", type=OLD_FOLDER, metavar="DIR")


def plan_at(path: Path) -> CampaignPlan:
    """The plan in the file; bad usage if it is none."""
    try:
        with os_error_as_usage(str(path)):
            return read_plan(path)
    except PlanRefused as error:
        raise usage(str(error)) from None


@contextmanager
def in_full(plan: CampaignPlan, plan_file: Path, folder: Path) -> Iterator[None]:
    """End the command with exit status 2 where a stream is wrong: each is named, with the command that makes it."""
    try:
        yield
    except Incomplete as error:
        for problem in error.problems:
            click.echo(visible(problem), err=True)
        for number in error.again:
            text = f"fencepost campaign run {plan_file} --shard {number}/{len(plan.shards)} --out {folder}"
            click.echo(visible(f"run again: {text}"), err=True)
        click.echo("no verdict: the campaign is not complete", err=True)
        sys.exit(2)

"""Opening a subject for a command: what keeps it from being asked ends the command with exit status 2."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import click
from fencepost.adapters.contract import Connection, Timeouts
from fencepost.conformance.commands.options import WAITING
from fencepost.conformance.commands.usage import HarnessFailed, usage
from fencepost.conformance.run import opening
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.opening import CannotBegin, explaining
from fencepost.conformance.run.plan import Plan

call_timeout = click.option(
    "--call-timeout", type=WAITING, default=10.0, show_default=True, help="Time limit of one call, in seconds."
)
start_timeout = click.option(
    "--start-timeout", type=WAITING, default=30.0, show_default=True, help="Time limit of the start, in seconds."
)


def with_timeouts(command: Callable[..., None]) -> Callable[..., None]:
    """The command with both options, which it gets as `timeouts`."""

    @call_timeout
    @start_timeout
    @wraps(command)
    def called(*, call_timeout: float, start_timeout: float, **others: object) -> None:
        command(timeouts=Timeouts(start=start_timeout, call=call_timeout), **others)

    return called


@contextmanager
def as_usage() -> Iterator[None]:
    """Bad usage where no run can begin; a harness that fails is an error without a hint at the command's usage."""
    try:
        yield
    except CannotBegin as error:
        raise (HarnessFailed(str(error)) if error.is_of_harness else usage(str(error))) from None


@contextmanager
def connected(subject: str, timeouts: Timeouts, *, profile: str | None = None) -> Iterator[Connection]:
    """A connection to the subject, closed at the end; bad usage where subject string or profile names nothing."""
    with as_usage(), opening.connected(subject, timeouts, profile=profile) as connection:
        yield connection


@contextmanager
def begun(plan: Plan, timeouts: Timeouts) -> Iterator[Campaign]:
    """A campaign with statement and open points read; bad usage where the subject does not answer."""
    with connected(plan.subject, timeouts, profile=plan.profile) as connection, explaining(plan.subject, connection):
        campaign = opening.begun(connection, plan)
        campaign.settle()
        yield campaign

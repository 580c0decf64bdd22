"""Opens a subject for a command; if that fails, bad usage gives the reason."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from fencepost.adapters.contract import (
    Client,
    Connection,
    HarnessFault,
    StatementError,
    SubjectError,
    Timeouts,
    open_subject,
)
from fencepost.conformance.commands.options import WAITING
from fencepost.conformance.commands.usage import unanswered, usage
from fencepost.conformance.run.campaign import Campaign, Plan
from fencepost.reference import UnknownProfile, load_profile

call_timeout = click.option(
    "--call-timeout", type=WAITING, default=10.0, show_default=True, help="Time limit of one call, in seconds."
)
start_timeout = click.option(
    "--start-timeout", type=WAITING, default=30.0, show_default=True, help="Time limit of the start, in seconds."
)


@contextmanager
def connected(subject: str, timeouts: Timeouts, *, profile: str | None = None) -> Iterator[Connection]:
    """A connection to the subject, closed at the end; bad usage where the subject string or the profile names nothing.

    A shipped subject is opened as `profile`; another subject never learns of it.
    """
    try:
        if profile is not None:
            load_profile(profile)
        connection = open_subject(subject, timeouts=timeouts, profile=profile)
    except UnknownProfile as error:
        raise usage(f"the profile to judge by: {error}") from None
    except SubjectError as error:
        raise usage(str(error)) from None
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def begun(
    plan: Plan, timeouts: Timeouts, *, through: Callable[[Connection], Connection] = lambda connection: connection
) -> Iterator[Campaign]:
    """A campaign that has read the statement and probed the open points; `through` may wrap the connection first.

    Bad usage if the run cannot begin, and if the subject stops answering later.
    """
    with connected(plan.subject, timeouts, profile=plan.profile) as connection:
        wrapped = through(connection)
        campaign = Campaign(Client(wrapped), plan)
        try:
            campaign.begin()
            campaign.settle()
            yield campaign
        except UnknownProfile as error:
            raise click.UsageError(f"the profile to judge by: {error}") from None
        except StatementError as error:
            raise usage(f"the conformance statement cannot be used:\n{error}") from None
        except HarnessFault as fault:
            raise unanswered(plan.subject, fault, wrapped.log()) from None

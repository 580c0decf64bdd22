"""Opening a subject: a connection, the run that begins on it, and why it could not begin."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from fencepost.adapters.contract import (
    Client,
    Connection,
    HarnessFault,
    StatementError,
    SubjectError,
    Timeouts,
    open_factory,
    open_subject,
)
from fencepost.conformance.bench.exploration import Exploration
from fencepost.conformance.lockstep.circuit_breaker import TIMEOUTS, with_circuit_breaker
from fencepost.conformance.lockstep.deadline import Deadline
from fencepost.conformance.lockstep.raised_faults import without_folders
from fencepost.conformance.run.campaign import Campaign, begin
from fencepost.conformance.run.order import EXPLORATIONS
from fencepost.conformance.run.plan import Listener, Plan
from fencepost.reference import UnknownProfile, load_profile
from fencepost.reports.secrets import Mask
from fencepost.reports.summary import stands_in
from fencepost.reports.visible import visible_lines

Subject: TypeAlias = str | Callable[[], object]
"""A subject string, or a factory of an implementation in Python: a class, or a function without arguments."""


@dataclass(kw_only=True, eq=False)
class CannotBegin(ValueError):
    """No run can begin: the string names nothing, the subject does not answer, or its statement is invalid.

    `is_of_harness` is True if the subject does not answer.
    """

    reasons: tuple[str, ...]
    is_of_harness: bool = False

    def __str__(self) -> str:
        """The reasons, a line each; unprintable characters are escaped and secrets masked."""
        return "\n".join(visible_lines(Mask.of_here().apply("\n".join(self.reasons))))


@contextmanager
def explaining(subject: str, connection: Connection) -> Iterator[None]:
    """Turns every error that keeps the subject from being asked into `CannotBegin`, with the subject's name."""
    try:
        yield
    except UnknownProfile as error:
        raise CannotBegin(reasons=(f"the profile to judge by: {error}",)) from None
    except StatementError as error:
        text = f"the conformance statement of {subject} cannot be used:"
        raise CannotBegin(reasons=(text, *error.mistakes)) from None
    except HarnessFault as fault:
        log, last_words = connection.log().strip(), fault.offending.strip()
        log = last_words if last_words and log.endswith(last_words) else log  # earlier starts wrote more
        end = () if stands_in(log, [str(fault)]) else ("the end of its own log:", log)
        text = f"{subject} does not answer: {without_folders(str(fault))}"
        raise CannotBegin(reasons=(text, *end), is_of_harness=True) from None


@contextmanager
def connected(
    subject: Subject, timeouts: Timeouts, *, profile: str | None = None, deadline: Deadline | None = None
) -> Iterator[Connection]:
    """A connection to the subject, closed at the end. It limits the wait for a silent harness.

    A shipped subject is opened as `profile`; no other subject learns of it.
    """
    limited = deadline.within(timeouts) if deadline is not None else timeouts
    try:
        if profile is not None:
            load_profile(profile)
        if isinstance(subject, str):
            connection = open_subject(subject, timeouts=limited, profile=profile)
        else:
            connection = open_factory(subject, timeouts=limited)
    except UnknownProfile as error:
        raise CannotBegin(reasons=(f"the profile to judge by: {error}",)) from None
    except SubjectError as error:
        raise CannotBegin(reasons=(str(error),)) from None
    try:
        yield with_circuit_breaker(connection, seconds=TIMEOUTS * timeouts.call)
    finally:
        connection.close()


def begun(
    connection: Connection,
    plan: Plan,
    listener: Listener = lambda _: None,
    *,
    explorations: Sequence[Exploration] = EXPLORATIONS,
) -> Campaign:
    """The run of this plan on the connection, its statement read. `explorations` are those of one wave."""
    with explaining(plan.subject, connection):
        return begin(Client(connection), plan, listener, explorations=explorations)

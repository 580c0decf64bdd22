"""How a test runs the kit: opens a subject, begins a run of it, and sees what passes between the two."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, TypedDict, Unpack

from fencepost.adapters.contract import Client, Connection, JsonObject, open_factory, open_subject
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.bench.effort import EFFORTS, Effort
from fencepost.conformance.bench.exploration import Exploration
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.bounded.bounds import Bounds
from fencepost.conformance.bounded.run import BoundedRun, without_ration
from fencepost.conformance.bounded.schedule import Schedule
from fencepost.conformance.implementations import reference
from fencepost.conformance.mutants import mutant
from fencepost.conformance.run.campaign import Campaign, begin
from fencepost.conformance.run.order import EXPLORATIONS
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Report

Subject: TypeAlias = str | Callable[[], object] | Connection
"""A subject string, a factory of a Python object, or a connection that the test has opened itself."""

WRITES = (
    *("putRules", "updateRules", "addIpRule", "removeIpRule"),
    *("addVirtualNetworkRule", "removeVirtualNetworkRule"),
)


def snake(name: str) -> str:
    """The Python spelling of a name of the wire: `putRules` is `put_rules`."""
    return re.sub("[A-Z]", lambda capital: "_" + capital.group().lower(), name)


def connection_to(subject: Subject, profile: str | None = None) -> Connection:
    """A connection to the subject; `reference` and `mutant:ID` are opened as the profile, where a profile is given."""
    if not isinstance(subject, str):
        return open_factory(subject) if callable(subject) else subject
    name, _, rest = subject.partition(":")
    if profile is not None and subject == "reference":
        return open_factory(lambda: reference(profile))
    if profile is not None and name == "mutant":
        return open_factory(lambda: mutant(rest, profile=profile))
    return open_subject(subject)


class Options(TypedDict, total=False):
    """What a run is to be like, where it is not a quick run of seed 0 in the profile that the subject states."""

    profile: str | None
    seed: int
    effort: str | Effort
    settle_seconds: float | None
    fail_fast: bool
    with_decoys: bool


@contextmanager
def begun(subject: Subject, *clauses: str, **options: Unpack[Options]) -> Iterator[Campaign]:
    """A run that has read the statement and asked nothing else; the subject is closed at the end of the block."""
    client = Client(connection_to(subject, options.get("profile")))
    try:
        yield begin(client, _plan(subject, clauses, options))
    finally:
        client.close()


def _plan(subject: Subject, clauses: tuple[str, ...], options: Options) -> Plan:
    effort = options.get("effort", "quick")
    return Plan(
        subject=subject if isinstance(subject, str) else "it",
        effort=EFFORTS[effort] if isinstance(effort, str) else effort,
        seed=options.get("seed", 0),
        profile=options.get("profile"),
        clauses=clauses,
        settle_seconds=options.get("settle_seconds"),
        fail_fast=options.get("fail_fast", False),
        with_decoys=options.get("with_decoys", True),
    )


def judged_within(bounds: Bounds, subject: Subject, *clauses: str, **options: Unpack[Options]) -> Report:
    """The report of a run within these bounds."""
    client = Client(connection_to(subject, options.get("profile")))
    try:
        plan = without_ration(_plan(subject, clauses, options))
        run = BoundedRun(begin(client, plan), bounds, schedule=_schedule)
        run.run()
        return run.report()
    finally:
        client.close()


def _schedule(setting: Setting) -> Schedule:
    """The schedule of a bounded run, worked out once for subjects that are asked the same."""
    choices = tuple(sorted((key, str(answer)) for key, answer in setting.profile.choices.items()))
    key = (setting.profile.name, choices, setting.capabilities, setting.seed)
    if key not in _SCHEDULES:
        _SCHEDULES[key] = Schedule(setting)
    return _SCHEDULES[key]


_SCHEDULES: dict[object, Schedule] = {}


def judged(subject: Subject, *clauses: str, **options: Unpack[Options]) -> Report:
    """The report of a run of these clauses, of all where none is named."""
    with begun(subject, *clauses, **options) as campaign:
        campaign.run()
        return campaign.report()


def explored(subject: Subject, *explorations: Exploration, **options: Unpack[Options]) -> Campaign:
    """A run that has settled the open points and run just these explorations; its subject is closed."""
    with begun(subject, **options) as campaign:
        campaign.settle()
        for exploration in explorations:
            campaign.explore(exploration)
        return campaign


def named(*names: str) -> tuple[Exploration, ...]:
    """The explorations of these names, in the order of a run."""
    assert set(names) <= {one.name for one in EXPLORATIONS}
    return tuple(one for one in EXPLORATIONS if one.name in names)


class Sent(NamedTuple):
    """One call: its method, how many requests it carries, and a digest of its parameters."""

    method: str
    requests: int
    digest: str


@dataclass
class Calls:
    """The calls that were sent to a subject."""

    sent: list[Sent] = field(default_factory=list)

    def note(self, method: str, params: JsonObject) -> None:
        requests = params.get("requests", ())
        assert isinstance(requests, list | tuple)
        digest = hashlib.sha256(json.dumps(params).encode()).hexdigest()
        self.sent.append(Sent(method, len(requests), digest))

    def count(self, *methods: str) -> int:
        return sum(call.method in methods for call in self.sent)

    @property
    def writes(self) -> int:
        return self.count(*WRITES)

    @property
    def decisions(self) -> int:
        return sum(call.requests for call in self.sent)

    @property
    def digest(self) -> str:
        """The same for the same calls in the same order."""
        return hashlib.sha256("\n".join(f"{call.method} {call.digest}" for call in self.sent).encode()).hexdigest()

    def between_resets(self) -> list[int]:
        """The decisions after each `reset`, and first those before any."""
        found = [0]
        for call in self.sent:
            if call.method == "reset":
                found.append(0)
            found[-1] += call.requests
        return found


class Counted(Relay):
    """A connection that notes what is sent."""

    def __init__(self, inner: Connection) -> None:
        super().__init__(inner)
        self.calls = Calls()

    def call(self, method: str, params: JsonObject) -> object:
        self.calls.note(method, params)
        return super().call(method, params)

"""The first exchanges that `smoke` shows, of each mapping of an adapter file or of the contract, and the pace."""

import json
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fencepost.adapters.contract import Client, Connection, HarnessFault, JsonObject, ShownMapping, ShowsMappings
from fencepost.adapters.contract.vocabulary import MAX_BATCH
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.commands.console import labelled
from fencepost.conformance.commands.smoke_run import Exchange
from fencepost.conformance.lockstep.clock import now
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible, visible_lines
from rich.console import RenderableType
from rich.text import Text

_ENOUGH = 0.25
_LINES = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds for a decision, of so many asked at once, and for a write."""

    decision: float
    at_once: int
    write: float


def mappings_of(connection: Connection) -> tuple[ShownMapping, ...]:
    """What the connection has read by each mapping so far; nothing where it has no file."""
    return tuple(connection.mappings()) if isinstance(connection, ShowsMappings) else ()


def pace_of(connection: Connection, *, default_action: str = "Deny") -> Pace | HarnessFault:
    """The time of a write, and of a decision in batches of 16 requests and more; the first `HarnessFault` instead.

    The batches grow to 4,096 requests, or until one takes a quarter of a second. The subject keeps the rules written.
    """
    client = Client(connection)
    rules = wire_rules(["20.1.2.0/24", "40.80.120.7"], default_action=default_action)
    try:
        write = _took(lambda: client.write("putRules", {"networkAcls": rules}))
        many, took = 4, 0.0
        while took < _ENOUGH and many < MAX_BATCH:
            many *= 4
            asked = [_request(number) for number in range(many)]
            took = _took(lambda asked=asked: client.decide(asked))  # type: ignore[misc]  # a default argument
    except HarnessFault as fault:
        return fault
    return Pace(decision=took / many, at_once=many, write=write)


def shown(mappings: Iterable[ShownMapping], mask: Mask) -> Iterable[RenderableType]:
    """For each mapping the request, what came back, and what was read from it."""
    for one in mappings:
        yield Text()
        yield Text(f"by the mapping {visible(one.mapping)}", style="bold")
        rows = [*_lines("request", masked_words(one.request, mask)), *_lines("output", mask.apply(one.output))]
        yield labelled(rows)


def masked_words(command: str, mask: Mask) -> str:
    """A command line with secrets masked word by word, so that a masked header ends with its word.

    >>> masked_words("curl -H 'Authorization: Bearer hunter2' http://127.0.0.1/rules", Mask.of({}))
    "curl -H 'Authorization: ***' http://127.0.0.1/rules"
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return mask.apply(command)
    is_one_line = shlex.join(words) == command
    return shlex.join(mask.apply(word) for word in words) if is_one_line else mask.apply(command)


def first_calls(exchanges: Iterable[Exchange], mask: Mask) -> Iterable[RenderableType]:
    """The first call of each method with its answer, as JSON, secrets masked."""
    for one in exchanges:
        yield Text()
        yield Text(f"the first {one.method}", style="bold")
        messages = (("sent", one.params), ("answer", one.answer))
        yield labelled(
            (label, Text(visible(mask.apply(json.dumps(value))), overflow="fold")) for label, value in messages
        )


def pace_in_words(pace: Pace, *, with_refusals: bool) -> Text:
    """The time of a decision, and the most of the subject's time that a quick run takes."""
    quick = EFFORTS["quick"].offered(with_refusals=with_refusals)
    most = quick.decisions * pace.decision + quick.writes * pace.write
    return Text(
        f"a decision takes {_in_units(pace.decision)} ({pace.at_once:,} asked at once), "
        f"a write {_in_units(pace.write)}; a quick run asks at most "
        f"{quick.decisions:,} decisions and {quick.writes:,} writes: at most about {_in_words(most)} "
        "of the subject's time; the time of the kit and of counterexamples is not in it"
    )


def _request(number: int) -> JsonObject:
    address = f"20.1.{1 + number % 2}.{number // 2 % 256}" if number < 512 else f"52.{number % 200}.{number // 200}.7"
    return {"plane": "data", "operation": "SecretGet", "source": {"address": address}}


def _took(work: Callable[[], object]) -> float:
    began = now()
    work()
    return now() - began


def _lines(label: str, text: str) -> list[tuple[str, str | Text]]:
    lines = visible_lines(text.rstrip("\n"))
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"… {len(lines) - _LINES + 1} lines more"]
    return [(label if place == 0 else "", Text(visible(line), overflow="fold")) for place, line in enumerate(lines)]


def _in_units(seconds: float) -> str:
    return (
        f"{seconds * 1e6:.0f} µs"
        if seconds < 0.001
        else f"{seconds * 1000:.1f} ms"
        if seconds < 1
        else f"{seconds:.1f} s"
    )


def _in_words(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{round(seconds / 60)} min"

"""`--events`: what tools read during a run: lines `progress`, then the lines of run.ndjson."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec
from fencepost.conformance.commands.progress import Pace
from fencepost.conformance.commands.usage import os_error_as_usage
from fencepost.conformance.run.plan import Listener, Progress
from fencepost.reports.events import Environment, report_to_events
from fencepost.reports.files import opened_to_write
from fencepost.reports.model import Report, encoded
from fencepost.reports.page import Page
from fencepost.reports.secrets import without_secrets

STDOUT = "-"


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="event", tag="progress"):
    """Where a run is: the exploration and its scenarios, decisions so far, verdicts so far, and times in seconds.

    `settled` of the `clauses` that apply have failed or were decisive as often as a pass takes. `seconds_left` is what
    is left of `--budget`, if it was given.
    """

    exploration: str
    done: int
    total: int
    decisions: int
    decisions_per_second: float
    settled: int
    clauses: int
    failed: tuple[str, ...]
    seconds: float
    seconds_left: float | None


_Write: TypeAlias = Callable[[bytes], None]


class LiveEvents:
    """The stream of a run: `listener` writes a line for each step of the progress, `end` the run itself."""

    def __init__(self, write: _Write, pace: Pace) -> None:
        self._write = write
        self._pace = pace

    def listener(self, progress: Progress) -> None:
        """Write where the run is."""
        left = self._pace.left
        event = ProgressEvent(
            exploration=progress.exploration,
            done=progress.done,
            total=progress.total,
            decisions=progress.decisions,
            decisions_per_second=round(self._pace.rate(progress.decisions), 1),
            settled=progress.settled,
            clauses=progress.clauses,
            failed=progress.failed,
            seconds=round(self._pace.seconds, 3),
            seconds_left=round(left, 3) if left is not None else None,
        )
        self._write(encoded(event) + b"\n")

    def end(self, report: Report) -> None:
        """Write the lines of run.ndjson; secrets are masked."""
        for line in report_to_events(without_secrets(report), environment=Environment.here(Page())):
            self._write(line)


@contextmanager
def live_events(target: str | None, *, budget: float | None) -> Iterator[LiveEvents]:
    """The stream into a file or, for `-`, to stdout; without a target it goes nowhere. Bad usage where it cannot."""
    pace = Pace(budget=budget)
    if target is None:
        yield LiveEvents(lambda _: None, pace)
    elif target == STDOUT:
        yield LiveEvents(_writer(sys.stdout.buffer), pace)
    else:
        option = f"--events {target}"
        with os_error_as_usage(option):
            file = opened_to_write(Path(target))  # closed below, where an error is bad usage too
        write = _writer(file)

        def checked(line: bytes) -> None:
            with os_error_as_usage(option):
                write(line)

        try:
            yield LiveEvents(checked, pace)
        finally:
            with os_error_as_usage(option):
                file.close()


def both(one: Listener, other: Listener) -> Listener:
    """A listener that hands on to both."""

    def listen(progress: Progress) -> None:
        one(progress)
        other(progress)

    return listen


def _writer(stream: BinaryIO) -> _Write:
    def write(line: bytes) -> None:
        stream.write(line)
        stream.flush()

    return write


def progress_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a line `progress`."""
    schema = msgspec.json.schema(ProgressEvent)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "a line of progress", **schema}

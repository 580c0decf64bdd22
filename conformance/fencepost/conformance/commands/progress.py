"""Live progress of a run on stderr: a bar on a terminal; in a log a line for each exploration, and one every 30 s."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import click
from fencepost.conformance.run.plan import Listener, Progress
from fencepost.reports.counted import counted
from fencepost.reports.visible import visible
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

EVERY = 30.0
"""After so many seconds at the most, a log has another line."""

_LEAST_SHARE = 0.02
"""From this share of a run on, its pace tells how long the rest takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a run goes: the seconds since it began, and what is left of its budget in seconds, if it has one."""

    budget: float | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """The seconds since the run began."""
        return time.monotonic() - self.began

    @property
    def left(self) -> float | None:
        """The seconds that are left of the budget; None where there is none."""
        return None if self.budget is None else max(0.0, self.budget - self.seconds)

    def expected(self, share: float) -> float | None:
        """The seconds for the rest of the run at this pace, where this share is through; None while that is a guess."""
        return self.seconds * (1 - share) / share if share >= _LEAST_SHARE else None

    def rate(self, decisions: int) -> float:
        """Decisions a second, from the beginning on."""
        seconds = self.seconds
        return decisions / seconds if seconds > 0 else 0.0


@contextmanager
def live_progress(*, budget: float | None = None, every: float = EVERY) -> Iterator[Listener]:
    """A listener that shows the progress of a run, and the kit's own log, on stderr."""
    console = Console(file=sys.stderr)
    with _noted_on(console), _shown_on(console, Pace(budget=budget), every) as listener:
        yield listener


@contextmanager
def _noted_on(console: Console) -> Iterator[None]:
    """Show the kit's own log, which has times and other facts that no report may hold."""
    log, notes = logging.getLogger("fencepost"), _Notes(console)
    level = log.level
    log.addHandler(notes)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(notes)


class _Notes(logging.Handler):
    """Prints one line for each record."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Write the message of the record."""
        self._console.print(visible(record.getMessage()), highlight=False, markup=False)


@contextmanager
def _shown_on(console: Console, pace: Pace, every: float) -> Iterator[Listener]:
    if not console.is_terminal:
        with _Log(console, pace).every(every) as log:
            yield log
        return
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[details]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("open points", total=None, details="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=progress.exploration,
                total=progress.total,
                completed=progress.done,
                details=", ".join(_details(progress, pace)),
            )

        yield show


class _Log:
    """Prints a line when an exploration begins; while `every` is on, one in each period, too."""

    def __init__(self, console: Console, pace: Pace) -> None:
        self._console = console
        self._pace = pace
        self._last: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        is_new = self._last is None or _place(progress) != _place(self._last)
        self._last = progress
        if is_new:
            parts = [progress.wave, counted(progress.decisions, "decision"), *_failed(progress)]
            self._print(f"{progress.exploration}: {', '.join(parts)}")

    @contextmanager
    def every(self, seconds: float) -> Iterator["_Log"]:
        """Print where the run is, each time that so many seconds are over."""
        over = Event()

        def log_lines() -> None:
            while not over.wait(seconds):
                self._print(self._where())

        thread = Thread(target=log_lines, name="progress", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()

    def _where(self) -> str:
        at = self._last
        elapsed = f"after {_time(self._pace.seconds)}"
        if at is None:
            return f"{elapsed}: the open points"
        return f"{elapsed}: {at.exploration} {at.done}/{at.total}, {', '.join(_details(at, self._pace))}"

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False)


def log_tenths(what: str, done: int, total: int) -> None:
    """A line on stderr for each tenth of a part that is done."""
    if done == total or (done and done % max(1, total // 10) == 0):
        click.echo(f"{what}: {done} of {total}", err=True)


def _place(progress: Progress) -> tuple[str, str]:
    return progress.exploration, progress.wave


def _details(progress: Progress, pace: Pace) -> Iterator[str]:
    """The wave, decisions and their rate, verdicts so far, and the time that is left."""
    yield progress.wave
    yield f"{counted(progress.decisions, 'decision')} ({pace.rate(progress.decisions):,.0f}/s)"
    yield f"{progress.settled} of {progress.clauses} clauses settled"
    yield from _failed(progress)
    expected = pace.expected(progress.share)
    if pace.left is not None:
        yield f"{_time(pace.left)} left"
    elif expected is not None and progress.share < 1:
        yield f"about {_time(expected)} left at this pace"


def _failed(progress: Progress) -> Iterator[str]:
    if progress.failed:
        yield f"failed: {', '.join(progress.failed)}"


def _time(seconds: float) -> str:
    """The time in words.

    >>> _time(59.6), _time(3725)
    ('1 min 0 s', '1 h 2 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"

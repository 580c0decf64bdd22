"""Live progress of a run on stderr: a bar on a terminal, one line for each exploration in a log."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fencepost.conformance.run.plan import Listener, Progress
from fencepost.reports.visible import visible
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


@contextmanager
def live_progress() -> Iterator[Listener]:
    """A listener that shows the progress of a run, and the kit's own log, on stderr."""
    console = Console(file=sys.stderr)
    with _noted_on(console), _shown_on(console) as listener:
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
def _shown_on(console: Console) -> Iterator[Listener]:
    if not console.is_terminal:
        yield _Log(console)
        return
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("the ledger", total=None, told="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=progress.exploration,
                total=progress.total,
                completed=progress.done,
                told=_told(progress),
            )

        yield show


class _Log:
    """Prints one line when an exploration begins."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ("", "")

    def __call__(self, progress: Progress) -> None:
        here = (progress.exploration, progress.wave)
        if here == self._last:
            return
        self._last = here
        self._console.print(f"{progress.exploration}: {_told(progress)}", highlight=False, markup=False)


def _told(progress: Progress) -> str:
    failed = f", failed: {', '.join(progress.failed)}" if progress.failed else ""
    return f"{progress.wave}, {progress.decisions} decisions{failed}"

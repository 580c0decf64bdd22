"""Live progress of a run on stderr: a bar for a person, a line an exploration for a log."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fencepost.conformance.campaign import Listener, Progress
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


@contextmanager
def live_progress() -> Iterator[Listener]:
    """A listener that shows where a run is, on stderr."""
    console = Console(file=sys.stderr)
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
    """A line when an exploration begins."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def __call__(self, progress: Progress) -> None:
        if progress.exploration == self._last:
            return
        self._last = progress.exploration
        self._console.print(f"{progress.exploration}: {_told(progress)}", highlight=False, markup=False)


def _told(progress: Progress) -> str:
    failed = f", failed: {', '.join(progress.failed)}" if progress.failed else ""
    return f"{progress.decisions} decisions{failed}"

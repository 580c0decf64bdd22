"""A thread that runs one job after another, with a time limit for the caller."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

_T = TypeVar("_T")


class Overdue(TimeoutError):
    """The job has not ended in time; the worker is still busy and cannot be used again."""


class Worker:
    """A daemon thread for jobs that may hang."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread = threading.Thread(target=_work, args=(self._jobs,), name=name, daemon=True)
        self._thread.start()

    def run(self, job: Callable[[], _T], seconds: float) -> _T:
        """What the job returns or raises; `Overdue` if it takes longer than so many seconds."""
        results: SimpleQueue[tuple[_T] | BaseException] = SimpleQueue()

        def attempt() -> None:
            try:
                results.put((job(),))
            except BaseException as error:  # The exception is raised in the waiting thread.
                results.put(error)

        self._jobs.put(attempt)
        try:
            outcome = results.get(timeout=seconds)
        except Empty:
            raise Overdue(f"no result within {seconds:g} s") from None
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome[0]

    def stop(self, last: Callable[[], object], seconds: float) -> None:
        """Run a last job, which must not raise, after the others, and end; wait at most so many seconds."""
        self._jobs.put(last)
        self._jobs.put(None)
        # The garbage collector may run this in the worker's own thread.
        if threading.current_thread() is not self._thread:
            self._thread.join(seconds)


def _work(jobs: SimpleQueue[Callable[[], object] | None]) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # The job's objects must not live on until the next job.

"""Jobs in worker processes, each within a time limit; a job that takes longer, or ends its process, has no result."""

import gc
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Generic, TypeVar

from fencepost.conformance.strength.pool import settle_in

_J = TypeVar("_J")
_R = TypeVar("_R")

MEMORY = 2 << 30
"""The memory that a worker may take, in bytes, where the system can limit it."""


def within(
    limit: float, work: Callable[[_J], _R], jobs: Sequence[_J], *, processes: int
) -> Iterator[tuple[int, _R | None]]:
    """The index and the result of each job, as they come; None for a job that did not end within so many seconds."""
    waiting = list(reversed(list(enumerate(jobs))))
    workers: list[_Worker[_J, _R]] = [_Worker(work) for _ in range(min(processes, len(jobs)))]
    try:
        for worker in workers:
            worker.begin(*waiting.pop(), limit)
        while busy := [worker for worker in workers if worker.place is not None]:
            wait([worker.pipe for worker in busy], timeout=max(0.0, min(one.until for one in busy) - monotonic()))
            for worker in busy:
                if worker.pipe.poll() or monotonic() >= worker.until:
                    place = worker.place
                    assert place is not None
                    yield place, worker.result()
                    if waiting:
                        worker.begin(*waiting.pop(), limit)
    finally:
        for worker in workers:
            worker.end()


class _Worker(Generic[_J, _R]):
    """A process, and the place of the job that it is at; it is begun anew where it has died or was ended."""

    def __init__(self, work: Callable[[_J], _R]) -> None:
        self._work = work
        self.place: int | None = None
        self.until = 0.0
        self._start()

    def begin(self, place: int, job: _J, limit: float) -> None:
        """Give the process its next job."""
        self.place, self.until = place, monotonic() + limit
        self.pipe.send(job)

    def result(self) -> _R | None:
        """The result; if there is none, the process is ended and another begun."""
        self.place = None
        try:
            if self.pipe.poll():
                result: _R = self.pipe.recv()
                return result
        except EOFError:
            pass
        self.end()
        self._start()
        return None

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        self._process.join()
        self.pipe.close()

    def _start(self) -> None:
        # Spawned, not forked, as in `pool`: a fork would inherit threads.
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._work), daemon=True)
        self._process.start()
        theirs.close()


def _serve(pipe: Connection, work: Callable[[_J], _R]) -> None:
    settle_in()
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, OSError, ValueError):
        pass  # a system that limits no memory
    while True:
        pipe.send(work(pipe.recv()))
        gc.collect()

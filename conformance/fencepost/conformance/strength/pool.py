"""Runs many independent jobs on a few processes, with ordered results and progress."""

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import TypeVar

_J = TypeVar("_J")
_R = TypeVar("_R")


_GARBAGE = 100_000

OnProgress = Callable[[str, int, int], None]
"""Called with a part of the work, how much of it is done, and its size."""


def spread(work: Callable[[_J], _R], jobs: Sequence[_J], *, processes: int) -> Iterator[tuple[int, _R]]:
    """The index and the result of each job, as they come. With one process the jobs run in this process.

    Jobs and results must be picklable; `work` is a function of a module.
    """
    if processes <= 1 or len(jobs) <= 1:
        yield from ((place, work(job)) for place, job in enumerate(jobs))
        return
    # Processes are spawned, not forked: a fork would inherit the threads in which subjects run.
    workers = min(processes, len(jobs))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=settle_in) as pool:
        places = {pool.submit(work, job): place for place, job in enumerate(jobs)}
        try:
            for future in as_completed(places):
                yield places[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def gathered(
    work: Callable[[_J], _R], jobs: Sequence[_J], what: str, on_progress: OnProgress, *, processes: int
) -> list[_R]:
    """The results in the order of the jobs, which are the part `what` of the progress."""
    found: dict[int, _R] = {}
    for place, result in spread(work, jobs, processes=processes):
        found[place] = result
        on_progress(what, len(found), len(jobs))
    return [found[place] for place in range(len(jobs))]


def settle_in() -> None:
    """Make a worker leave Ctrl-C to its parent, and end when its parent has ended.

    Runs make many small values and few cycles, so existing objects are frozen and garbage is collected less often.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    parent = parent_process()
    if parent is not None:
        Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def default_processes() -> int:
    """Two, or one on a machine with a single processor."""
    return min(2, os.cpu_count() or 1)

"""Many independent jobs on a few processes, their results in order, with a word of progress for each."""

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


def spread(work: Callable[[_J], _R], jobs: Sequence[_J], *, processes: int) -> Iterator[tuple[int, _R]]:
    """The place and the result of each job, as they come. One process means this one.

    Jobs and results must be picklable; `work` is a function of a module.
    """
    if processes <= 1 or len(jobs) <= 1:
        yield from ((place, work(job)) for place, job in enumerate(jobs))
        return
    # Fresh processes, not forks: a fork would inherit the threads that subjects run in.
    workers = min(processes, len(jobs))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_settle_in) as pool:
        places = {pool.submit(work, job): place for place, job in enumerate(jobs)}
        try:
            for future in as_completed(places):
                yield places[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _settle_in() -> None:
    """A worker leaves Ctrl-C to its parent, and ends when that is gone, however it went.

    Runs make many small values and hardly a cycle: what is there is not searched for garbage, and the rest less often.
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
    """Two, or one where the machine has no more."""
    return min(2, os.cpu_count() or 1)

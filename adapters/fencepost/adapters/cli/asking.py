"""Decisions by processes that end: one process for each, or one for a batch of them."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from fencepost.adapters.cli.lines import LineReading
from fencepost.adapters.cli.sections import Decide
from fencepost.adapters.declared.engine import ASKED, Answer, RequestObject, Shown, decision, decisions
from fencepost.adapters.declared.reading import Broken, Reading
from fencepost.adapters.declared.rule_file import as_line
from fencepost.adapters.declared.run import Output, Run, ended_by_signal, environment
from fencepost.adapters.declared.texts import filled, filler

_T = TypeVar("_T")
_R = TypeVar("_R")


class Asking:
    """The ways `one` and `batch`: as many processes at a time as the file says."""

    def __init__(self, decide: Decide, shown: Shown) -> None:
        self._decide = decide
        self._shown = shown
        self._reading: Reading[Output] = Reading(where="decide", mappings=decide.outcomes)
        self._lines = LineReading.of_decisions(decide)
        self._environment = environment({})
        self._pool = ThreadPoolExecutor(decide.parallel, "fencepost-cli") if decide.parallel > 1 else None

    def ask(self, requests: Sequence[RequestObject], values: Mapping[str, str], deadline: float) -> list[Answer]:
        """One decision a request, in order."""
        if self._decide.way == "one":
            make = self._run_maker(values)
            return self._each(lambda request: self._one(make(request), values, deadline), requests)
        lines, parts = self._parts(requests, values)
        made = self._each(lambda part: self._batch(part, values, deadline), parts)
        answers = list(chain.from_iterable(made))
        if len(answers) == len(lines):
            return answers
        of_line = dict(zip(chain.from_iterable(parts), answers, strict=True))
        return [of_line[line] for line in lines]

    def bare_loop(self, requests: Sequence[RequestObject], values: Mapping[str, str]) -> Callable[[], object]:
        """A loop that runs the same processes, as many at a time."""
        if self._decide.way == "one":
            runs = list(map(self._run_maker(values), requests))
        else:
            runs = [self._run_of(part, values) for part in self._parts(requests, values)[1]]
        return lambda: self._each(_run, runs)

    def _parts(self, requests: Sequence[RequestObject], values: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
        """The line of each request, and the lines of each process."""
        each = self._decide.each or ""
        if each == "${address}":  # a call for each request would take half of the time
            lines = [request["source"]["address"] for request in requests]
        else:
            lines = list(map(filler(each, ASKED, values), requests))
        # A tool that names what it means would name a line twice that was sent twice: it is sent once.
        sent = list(dict.fromkeys(lines)) if self._lines.is_keyed else lines
        size = min(self._decide.batch_size, -(-len(sent) // self._decide.parallel) or 1)
        return lines, [sent[start : start + size] for start in range(0, len(sent), size)]

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _each(self, work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        return list(self._pool.map(work, items)) if self._pool is not None else [work(item) for item in items]

    def _one(self, run: Run, values: Mapping[str, str], deadline: float) -> Answer:
        output = run.output(deadline)
        ended_by_signal(output, run)
        try:
            outcome = self._reading.of(output, "")
        except Broken as broken:
            broken.offending = f"{run.shown()}\n{output.shown()}"
            raise
        self._shown.note(f"decide.{outcome}", lambda: as_line(values) + run.shown(), output.shown)
        return decision(outcome)

    def _batch(self, lines: Sequence[str], values: Mapping[str, str], deadline: float) -> Sequence[Answer]:
        run, batch = self._run_of(lines, values), self._lines.batch(lines)
        output = run.output(deadline, batch.hear)
        ended_by_signal(output, run)
        if not self._decide.done.fits(output):
            raise Broken(expected="a batch that ends as decide.done says", came=output.shown(), offending=run.shown())
        outcomes, firsts = batch.outcomes()
        for meaning, (sent, line) in firsts.items():
            self._shown.note(f"decide.{meaning}", partial(self._pasted, sent, values), partial(str, line))
        return decisions(outcomes)

    def _pasted(self, line: str, values: Mapping[str, str]) -> str:
        return as_line(values) + self._run_of([line], values).shown()

    def _run_of(self, lines: Sequence[str], values: Mapping[str, str]) -> Run:
        """The process that is asked these lines."""
        command = tuple(filled(part, values) for part in self._decide.run)
        return self._running(values)(command=command, stdin="\n".join([*lines, ""]).encode("utf-8"))

    def _run_maker(self, values: Mapping[str, str]) -> Callable[[RequestObject], Run]:
        """A function from a request to the process that is asked."""
        running = self._running(values)
        parts = [filler(part, ASKED, values) for part in self._decide.run]
        text = filler(self._decide.stdin, ASKED, values)
        return lambda request: running(
            command=tuple(part(request) for part in parts), stdin=text(request).encode("utf-8")
        )

    def _running(self, values: Mapping[str, str]) -> Callable[..., Run]:
        """A function from a command and its input to the process."""
        own = {name: filled(text, values) for name, text in self._decide.env.items()}
        return partial(
            Run, environment={**self._environment, **own}, own=own, folder=Path(filled(self._decide.folder, values))
        )


def _run(run: Run) -> object:
    return subprocess.run(
        run.command, input=run.stdin, capture_output=True, env=run.environment, cwd=run.folder, check=False
    )

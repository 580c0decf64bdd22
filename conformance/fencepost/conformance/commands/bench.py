"""`fencepost bench`: how fast implementations decide and write, measured and stored by pytest-benchmark."""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import quantiles
from typing import Any

import click
import pytest
from fencepost.adapters.contract import Timeouts
from fencepost.conformance.commands import bench_measures
from fencepost.conformance.commands.bench_measures import BULK, Measures, fixtures
from fencepost.conformance.commands.bench_plot import bench_plot
from fencepost.conformance.commands.completion import SUBJECT
from fencepost.conformance.commands.console import show, table
from fencepost.conformance.commands.opening import as_usage, connected, with_timeouts
from fencepost.conformance.commands.options import NEW_FOLDER
from fencepost.reports.counted import counted
from fencepost.reports.files import write_text
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible

_MEASURES: Mapping[str, tuple[str, int]] = {
    "test_one_decision": ("one decision", 1),
    "test_decisions_in_bulk": (f"decisions, {BULK} a call", BULK),
    "test_write": ("write of all rules", 1),
}
"""What a test measures, in words, and how many of it one call has."""

_SVG = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.argument("subjects", nargs=-1, required=True, metavar="SUBJECT…", shell_complete=SUBJECT)
@click.option(
    "--rules",
    "counts",
    type=click.IntRange(1, 1_000),
    multiple=True,
    default=(3, 127, 1_000),
    show_default=True,
    metavar="N",
    help="Measure with so many IP rules in force; repeatable.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.01, 600),
    default=1.0,
    show_default=True,
    help="About how long a measure takes.",
)
@click.option("--save", metavar="NAME", help="Store the figures under this name, for --compare.")
@click.option("--compare", metavar="NUMBER", help="Show stored figures of this number beside the new figures.")
@click.option(
    "--fail-if-slower",
    "worse",
    metavar="PERCENT",
    type=click.IntRange(1),
    help="With --compare: exit status 1 where a median is slower by so much.",
)
@click.option(
    "--storage",
    type=NEW_FOLDER,
    default=".benchmarks",
    show_default=True,
    metavar="DIR",
    help="Where figures are stored.",
)
@click.option("--plot", metavar="FILE.svg", type=_SVG, help="Draw the medians by number of rules into this SVG file.")
@with_timeouts
def bench(
    *,
    subjects: tuple[str, ...],
    counts: tuple[int, ...],
    seconds: float,
    save: str | None,
    compare: str | None,
    worse: int | None,
    storage: Path,
    plot: Path | None,
    timeouts: Timeouts,
) -> None:
    """Measure latency and throughput of SUBJECTs: median and 99th percentile, of decisions and of writes.

    Decisions are checked once before they are measured: wrong decisions get no figures. A write must be accepted each
    time. All figures are of calls through the kit's own carrier, which takes its share. pytest-benchmark measures,
    stores and compares.

    Exit status, the first that holds: 1 a measure failed, or is slower than --fail-if-slower allows; 2 bad usage, no
    subject, or with --fail-if-slower a measure that has no stored figures; otherwise 0.
    """
    if find_spec("pytest_benchmark") is None:
        raise click.UsageError("bench takes pytest-benchmark: pip install pytest-benchmark")
    if worse is not None and compare is None:
        raise click.UsageError("--fail-if-slower needs --compare NUMBER")
    if compare is not None:
        _check_stored(storage, compare)
    if plot is not None and not plot.resolve().parent.is_dir():
        raise click.UsageError(f"{plot}: there is no folder {plot.parent}")
    for subject in subjects:
        with as_usage(), connected(subject, timeouts):
            pass  # a subject that cannot be opened ends the command before anything is measured
    options = [f"--benchmark-storage={storage.resolve()}", f"--benchmark-max-time={seconds}"]
    if save is not None:
        options.append(f"--benchmark-save={save}")
    if compare is not None:
        options += [f"--benchmark-compare={compare}", "--benchmark-columns=median,ops,rounds"]
    else:
        options.append("--benchmark-quiet")
    if worse is not None:
        options.append(f"--benchmark-compare-fail=median:{worse}%")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        arguments = [
            *("-c", str(Path(folder) / "pytest.ini"), f"--rootdir={folder}", "-p", "no:cacheprovider", "-q"),
            *(
                "--no-header",
                "-Wignore::pytest.PytestAssertRewriteWarning",
                "--tb=short",
                "-o",
                "console_output_style=classic",
            ),
            *("--import-mode=importlib", "--benchmark-only", "--benchmark-warmup=off", "--benchmark-min-rounds=20"),
            *("--benchmark-group-by=func,param:rules", *options, bench_measures.__file__),
        ]
        measures = Measures(subjects, tuple(sorted(set(counts))))
        is_good = _run(arguments, [measures, fixtures(timeouts)])
    made = _sorted(measures.figures)
    if made:
        show(table(("measure", "rules", "median", "p99", "a second", "subject"), list(_rows(made))))
        if plot is not None:
            write_text(plot, bench_plot(_medians(made)))
            click.echo(f"written: {plot}", err=True)
    without = measures.not_compared if compare is not None else []
    for one in _sorted(without):
        label, _ = _MEASURES[one["name"]]
        where = f"{label}, {counted(one['params']['rules'], 'rule')}, {one['params']['subject']}"
        click.echo(visible(f"not compared: {where}: the stored figures {compare} have no such measure"), err=True)
    sys.exit(1 if not is_good else 2 if without and worse is not None else 0)


def _check_stored(storage: Path, compare: str) -> None:
    """Bad usage where no figures of this number are stored, and which there are."""
    from pytest_benchmark.storage.file import FileStorage
    from pytest_benchmark.utils import get_machine_id

    storage_at: Any = FileStorage
    this_machine: Any = get_machine_id
    stored = storage_at(storage, None, default_machine_id=this_machine()) if storage.is_dir() else None
    try:
        if stored is not None and stored.query(compare):
            return
        there = sorted({path.name.partition("_")[0] for path in stored.query()}) if stored is not None else []
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--compare") from None
    known = f"there is {', '.join(there)}" if there else "nothing is stored there; --save NAME stores figures"
    raise click.BadParameter(f"{storage} has no figures {compare!r} of this machine; {known}", param_hint="--compare")


def _run(arguments: Sequence[str], plugins: Sequence[object]) -> bool:
    """Whether every measure was made, and none is too slow: pytest-benchmark names those, and raises."""
    from pytest_benchmark.session import PerformanceRegression

    try:
        return pytest.main([*arguments], plugins=[*plugins]) == pytest.ExitCode.OK
    except PerformanceRegression:
        return False


def _sorted(benchmarks: Any) -> list[Any]:
    """What was measured, by measure and number of rules; text that looks like a secret is masked in the subjects."""
    mask, places = Mask.of_here(), list(_MEASURES)
    for one in benchmarks:
        one["name"] = one["name"].partition("[")[0]
        one["params"]["subject"] = mask.apply(str(one["params"]["subject"]))
    return sorted(benchmarks, key=lambda one: (places.index(one["name"]), one["params"]["rules"]))


def _medians(benchmarks: Sequence[Any]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for one in benchmarks:
        label, _ = _MEASURES[one["name"]]
        times = found.setdefault(label, {}).setdefault(one["params"]["subject"], [])
        times.append((one["params"]["rules"], one["stats"]["median"]))
    return found


def _rows(benchmarks: Sequence[Any]) -> Iterator[tuple[str, ...]]:
    """A row for each measure; times are of one call."""
    for one in benchmarks:
        label, count = _MEASURES[one["name"]]
        stats = one["stats"]
        yield (
            label,
            f"{one['params']['rules']:,}",
            _time(stats["median"]),
            _time(quantiles(stats["data"], n=100, method="inclusive")[-1]),
            f"{count / stats['median']:,.0f}",
            one["params"]["subject"],
        )


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs" if seconds < 0.01 else f"{seconds * 1e3:,.1f} ms"

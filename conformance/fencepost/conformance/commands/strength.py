"""`fencepost strength`: runs the suite against the mutant catalogue, beside three simpler suites."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import click
import msgspec
from fencepost.adapters.contract import HarnessFault, StatementError, SubjectError
from fencepost.conformance.commands.completion import MUTANT, SUBJECT
from fencepost.conformance.commands.console import show
from fencepost.conformance.commands.generated_table import drawn as drawn_generated
from fencepost.conformance.commands.opening import as_usage
from fencepost.conformance.commands.options import COUNT, EFFORT, FILE
from fencepost.conformance.commands.progress import log_tenths
from fencepost.conformance.commands.strength_table import acquittals, drawn
from fencepost.conformance.mutants import CATALOGUE, mutant
from fencepost.conformance.mutants.mutant import Group
from fencepost.conformance.strength.calibration import calibrated
from fencepost.conformance.strength.false_alarms import PEERS, FalseAlarms, count_false_alarms
from fencepost.conformance.strength.generated import measure
from fencepost.conformance.strength.generated.operators import OPERATORS
from fencepost.conformance.strength.generated.structures import STRUCTURES
from fencepost.conformance.strength.plot import picture
from fencepost.conformance.strength.pool import OnProgress, default_processes
from fencepost.conformance.strength.study import ALLOWED, Design, carry_out
from fencepost.reference import profile_names
from fencepost.reports.files import opened_to_write
from fencepost.reports.visible import visible
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_FILES = frozenset({"--json", "--plot", "--calibrate", "--jobs"})


@click.command()
@click.option("--effort", type=EFFORT, default="quick", show_default=True, help="How much a run asks.")
@click.option("--seeds", type=COUNT, default=2, show_default=True, help="The number of seeds, from 0 on.")
@click.option(
    "--profile",
    type=click.Choice(list(profile_names())),
    help="Only the mutants of this profile; by default each in the announcement's profile, or else in its own.",
)
@click.option(
    "--mutant", "mutants", multiple=True, metavar="ID", shell_complete=MUTANT, help="Only this mutant; repeatable."
)
@click.option(
    "--group", "groups", multiple=True, type=click.Choice(list(get_args(Group))), help="Only this group; repeatable."
)
@click.option(
    "--allowed",
    type=COUNT,
    default=ALLOWED,
    show_default=True,
    help="The number of decisions of each suite in the comparison.",
)
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write every figure into this file.")
@click.option(
    "--plot", "plot_file", type=FILE, metavar="FILE.svg", help="Draw the score against decisions into this SVG file."
)
@click.option(
    "--calibrate",
    "calibration_file",
    type=FILE,
    metavar="FILE",
    help="Also run every mutant in a bounded run, and write the curve by which `check --budget` states its strength.",
)
@click.option(
    "--matrix/--no-matrix",
    "with_matrix",
    default=True,
    show_default=True,
    help=(
        "Whether the runs of seed 0 go to their end, for the matrix of clauses and mutants; this takes most of the "
        "time."
    ),
)
@click.option(
    "--correct",
    "correct",
    multiple=True,
    metavar="SUBJECT",
    shell_complete=SUBJECT,
    help=(
        "Run this correct implementation and count false alarms; `peers` are four shipped implementations. Repeatable."
    ),
)
@click.option(
    "--generated",
    is_flag=True,
    help="Measure by mutants made from the source of correct structures, not the catalogue.",
)
@click.option(
    "--mechanisms",
    is_flag=True,
    help="Measure by faults that other people wrote, each an edit of a correct structure's source.",
)
@click.option(
    "--structure",
    "structures",
    multiple=True,
    type=click.Choice(list(STRUCTURES)),
    help="With --generated or --mechanisms: only of this structure; repeatable.",
)
@click.option(
    "--operator",
    "operators",
    multiple=True,
    type=click.Choice(list(OPERATORS)),
    help="With --generated: only mutants by this operator; repeatable.",
)
@click.option(
    "--sample", type=COUNT, help="With --generated or --mechanisms: so many of them, drawn by the seed; else all."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="With --generated or --mechanisms: the seed of the sample, and the first of the --seeds of the runs.",
)
@click.option("--jobs", type=COUNT, default=default_processes, show_default="2", help="The number of processes.")
def strength(
    *,
    effort: str,
    seeds: int,
    profile: str | None,
    mutants: tuple[str, ...],
    groups: tuple[str, ...],
    allowed: int,
    json_file: Path | None,
    plot_file: Path | None,
    calibration_file: Path | None,
    with_matrix: bool,
    correct: tuple[str, ...],
    generated: bool,
    mechanisms: bool,
    structures: tuple[str, ...],
    operators: tuple[str, ...],
    sample: int | None,
    seed: int,
    jobs: int,
) -> None:
    """Run the suite against every mutant of the catalogue, and three simpler suites beside it.

    A mutant is killed if `fencepost check` would end with exit status 1. The figures go to stdout, progress to stderr.
    With the defaults it takes under fifteen minutes on two cores. Exit status 0 whatever the score is.

    With --correct the suite runs against a correct implementation, in which it must find nothing wrong. Exit status 1
    if it reports a failure.

    With --generated the mutants are vaults whose matcher has one slip in its source. Killed is a mutant that every seed
    kills; survivors that a long random run cannot tell from the original are undecided, and crashes are errors.

    With --mechanisms the faults are edits by people who know how such structures fail, and not how the suite asks. The
    suite may be developed against the first of every three in a file; the others are only ever measured.
    """
    if generated and mechanisms:
        raise click.UsageError("--generated and --mechanisms are two measures; choose one of them.")
    made = generated or mechanisms
    if not made and (structures or sample is not None or seed):
        raise click.UsageError("--structure, --sample and --seed go with --generated or --mechanisms.")
    if not generated and operators:
        raise click.UsageError("--operator goes with --generated.")
    if made:
        if json_file is not None and not json_file.resolve().parent.is_dir():
            raise click.UsageError(f"{json_file}: there is no folder {json_file.parent}")
        wanted = measure.Design(
            source="generated" if generated else "mechanisms",
            structures=structures or tuple(STRUCTURES),
            operators=operators or tuple(OPERATORS),
            sample=sample,
            profile=profile or "keyvault",
            effort=effort,
            seed=seed,
            seeds=seeds,
            processes=jobs,
        )
        with _progress() as on_progress:
            measured = measure.measure(wanted, on_progress)
        _write(json_file, msgspec.json.format(msgspec.json.encode(measured), indent=2) + b"\n")
        show(*drawn_generated(measured))
        return
    if correct:
        subjects = tuple(name for one in correct for name in (PEERS if one == "peers" else (one,)))
        with _progress() as on_progress:
            acquitted = _acquitted(subjects, effort, seeds, jobs, on_progress)
        show(acquittals(acquitted))
        sys.exit(int(any(one.alarms for one in acquitted)))
    if plot_file is not None and plot_file.suffix != ".svg":
        raise click.BadParameter(f"{plot_file.name!r}: the picture is an SVG; name it FILE.svg", param_hint="--plot")
    design = Design(
        effort=effort,
        seeds=seeds,
        profile=profile,
        mutants=_chosen(mutants, groups),
        allowed=allowed,
        processes=jobs,
        with_matrix=with_matrix,
        calibrates=calibration_file is not None,
    )
    if not design.pairs():
        raise click.UsageError("No mutant is left: the profile shows none of the named mutants.")
    for file in (json_file, plot_file, calibration_file):
        if file is not None and not file.resolve().parent.is_dir():
            raise click.UsageError(f"{file}: there is no folder {file.parent}")
    with _progress() as on_progress:
        found = carry_out(design, on_progress)
    _write(json_file, msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    _write(plot_file, picture(found).encode("utf-8"))
    if calibration_file is not None:
        encoded = msgspec.json.encode(calibrated(found, _command()))
        _write(calibration_file, encoded + b"\n")
    show(*drawn(found))


def _acquitted(
    subjects: tuple[str, ...], effort: str, seeds: int, processes: int, on_progress: OnProgress
) -> tuple[FalseAlarms, ...]:
    try:
        with as_usage():
            return tuple(
                count_false_alarms(subjects, effort=effort, seeds=seeds, processes=processes, on_progress=on_progress)
            )
    except (SubjectError, HarnessFault, StatementError) as error:
        raise click.UsageError(visible(str(error))) from None


def _command() -> str:
    """The command line, without the paths of its files."""
    words = sys.argv[1:]
    kept = [word for place, word in enumerate(words) if not {word, *words[max(0, place - 1) : place]} & _FILES]
    return " ".join(("fencepost", *kept, "--calibrate"))


def _chosen(names: tuple[str, ...], groups: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        try:
            mutant(name)
        except SubjectError as error:
            raise click.BadParameter(str(error), param_hint="--mutant") from None
    return tuple(
        entry.id
        for entry in CATALOGUE.values()
        if (not names or entry.id in names) and (not groups or entry.group in groups)
    )


def _write(file: Path | None, content: bytes) -> None:
    if file is None:
        return
    try:
        with opened_to_write(file) as opened:
            opened.write(content)
    except OSError as error:
        raise click.UsageError(f"{file}: {error}") from None
    click.echo(f"written: {file}", err=True)


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """A progress bar on a terminal, ten lines for each part in a log."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield log_tenths
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks = dict[str, TaskID]()

        def on_progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield on_progress

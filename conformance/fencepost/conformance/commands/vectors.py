"""`fencepost vectors`: writes language-neutral test vectors to a file, and runs them from a file."""

import sys
from dataclasses import replace
from pathlib import Path

import click
import msgspec
from fencepost.adapters.contract import Client, HarnessFault, StatementError, Timeouts, check_statement
from fencepost.conformance.commands.completion import SUBJECT
from fencepost.conformance.commands.console import show, show_json, table, write_out
from fencepost.conformance.commands.opening import connected, with_timeouts
from fencepost.conformance.commands.options import COUNT, FILE, OLD_FILE
from fencepost.conformance.commands.progress import log_tenths
from fencepost.conformance.commands.usage import os_error_as_usage, usage
from fencepost.conformance.regression.vector_file import (
    VectorFile,
    VectorsRefused,
    vectors_from_json,
    vectors_schema,
    vectors_to_json,
)
from fencepost.conformance.regression.vector_run import VectorResult, run_vectors
from fencepost.reference import profile_names
from fencepost.reports.files import bytes_of
from fencepost.reports.secrets import Mask
from rich.text import Text


@click.group()
def vectors() -> None:
    """Write test vectors that run without this kit, and run them."""


@vectors.command(short_help="Write the vectors of one edition.")
@click.option(
    "--profile",
    type=click.Choice(profile_names()),
    default="keyvault",
    show_default=True,
    help="The profile of the vectors.",
)
@click.option("--out", type=FILE, metavar="FILE", help="Write into this file, not to stdout.")
def export(*, profile: str, out: Path | None) -> None:
    """Write few tests that find all mutants that the edition alone can show, tests of edges and limits, and long lives.

    Takes two minutes: each test is tried on the mutants. Counts of what is done are shown on stderr.
    """
    from fencepost.conformance.regression.vectors import vector_file

    found = vector_file(profile, on_progress=log_tenths)
    write_out(vectors_to_json(found), out)


@vectors.command(short_help="Write the JSON Schema of a file of vectors.")
def schema() -> None:
    """Write the JSON Schema (draft 2020-12) of files of vectors."""
    show_json(vectors_schema())


@vectors.command(short_help="Measure the vectors of a file by generated mutants.")
@click.argument("file", type=OLD_FILE)
@click.option("--sample", type=COUNT, default=200, show_default=True, help="So many mutants.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The seed of the sample.")
@click.option("--jobs", type=COUNT, default=2, show_default=True, help="The number of processes.")
@click.option(
    "--update",
    type=FILE,
    metavar="DATA.json",
    help="Write the strength of this edition into the kit's own data, from where `export` takes it.",
)
def measure(*, file: Path, sample: int, seed: int, jobs: int, update: Path | None) -> None:
    """Write how many vaults with one slip in their source the tests of FILE find, as the member `strength` of a file.

    The vaults are of the held-out structures of `fencepost strength --generated`. Takes minutes.
    """
    from fencepost.conformance.regression.vector_strength import Measured, updated
    from fencepost.conformance.strength.generated.by_vectors import measured

    known = _read(file)
    strength = measured(file, sample=sample, seed=seed, processes=jobs, on_progress=log_tenths)
    show_json(msgspec.to_builtins(strength))
    if update is not None:
        try:
            updated(update, known.profile, Measured(digest=known.digest, strength=strength))
        except (OSError, msgspec.MsgspecError) as error:
            raise usage(f"--update {update}: {error}") from None


@vectors.command(short_help="Run the vectors of a file against a subject.")
@click.argument("file", type=OLD_FILE)
@click.argument("subject", shell_complete=SUBJECT)
@with_timeouts
def run(*, file: Path, subject: str, timeouts: Timeouts) -> None:
    """Run the tests of FILE that SUBJECT's statement allows; the answers are compared with the file, not the reference.

    Exit status, the first that holds: 2 bad usage, a file that holds no vectors, or a subject that does not answer; 1 a
    test failed; otherwise 0.
    """
    known = _read(file)
    with connected(subject, timeouts, profile=known.profile) as connection:
        client = Client(connection)
        try:
            statement = check_statement(client.describe())
            if statement.profile != known.profile:
                text = f"{subject} claims {statement.profile}, and the vectors are of {known.profile}"
                raise usage(text)
            results = list(run_vectors(known, client, statement))
        except StatementError as error:
            raise usage(f"the conformance statement cannot be used:\n{error}") from None
        except HarnessFault as fault:
            raise usage(f"{subject} does not answer: {fault}") from None
    mask = Mask.of_here()
    _show(known, [replace(one, reason=mask.apply(one.reason)) for one in results])
    sys.exit(1 if any(one.state == "failed" for one in results) else 0)


def _read(file: Path) -> VectorFile:
    try:
        with os_error_as_usage(str(file)):
            return vectors_from_json(bytes_of(file))
    except VectorsRefused as error:
        raise usage(f"{file}: {error}") from None


def _show(known: VectorFile, results: list[VectorResult]) -> None:
    failed = [one for one in results if one.state == "failed"]
    for one in failed:
        bugs = [f"{flag}: {known.notes[flag].description}" for flag in one.test.flags[:3]]
        more = [f"and {len(one.test.flags) - 3} more bugs"] if len(one.test.flags) > 3 else []
        show(
            table((f"FAIL {one.test.id}", one.test.comment), [("", one.reason), *(("", bug) for bug in (*bugs, *more))])
        )
    counts = {state: sum(one.state == state for one in results) for state in ("passed", "failed", "not asked")}
    show(Text(f"{counts['passed']} passed, {counts['failed']} failed, {counts['not asked']} not asked: not offered"))

"""The field report, of real engines and libraries that are subjects by name.

`python -m fencepost.conformance.commands.field run docs/field [SUBJECT…]` judges them and stores what was found;
`python -m fencepost.conformance.commands.field page docs/field > docs/field-report.md` makes the page of it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from fencepost.adapters.contract import SubjectError, engines
from fencepost.conformance.commands.field_measures import SECONDS, SPELLINGS, measured
from fencepost.conformance.commands.options import OLD_FOLDER
from fencepost.conformance.commands.run_files import read_run
from fencepost.conformance.comparison.matrix import Matrix, matrix
from fencepost.reports.model import Report

_MEASURED = "measured.json"
_FINDINGS = "findings.md"
_HEAD = """# What the field looks like

Engines and libraries that products use, each judged by `fencepost check SUBJECT --call-timeout 120`: quick effort,
seed 0, profile `keyvault`. How each is asked, and what to install: [engines](engines.md). Made from the runs in
`docs/field` by

```sh
python -m fencepost.conformance.commands.field page docs/field > docs/field-report.md
```

The runs are made again, all or some of them, by `python -m fencepost.conformance.commands.field run docs/field
[SUBJECT…]`. A stored run has only the clauses that apply to its subject. `measure` in place of `run` repeats
the measurements alone.
"""


@click.group()
def field() -> None:
    """Judge engines and libraries by name, and make the page of what was found."""


@field.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("subjects", nargs=-1)
def run(folder: Path, subjects: tuple[str, ...]) -> None:
    """Judge SUBJECTS, or all there are, and store in FOLDER what was found."""
    folder.mkdir(parents=True, exist_ok=True)
    for subject in subjects or _everyone():
        with tempfile.TemporaryDirectory() as reports:
            outcome = _checked(subject, Path(reports))
            file = Path(reports) / "report.json"
            if file.exists():
                (folder / f"{subject}.json").write_bytes(_shorter(file))
                _note(folder, subject, measured(subject))
        click.echo(f"{subject}: {outcome}")


@field.command()
@click.argument("folder", type=OLD_FOLDER)
@click.argument("subjects", nargs=-1)
def measure(folder: Path, subjects: tuple[str, ...]) -> None:
    """Measure SUBJECTS again, or all there are, without judging them anew."""
    for subject in subjects or _everyone():
        _note(folder, subject, measured(subject))
        click.echo(subject)


def _everyone() -> tuple[str, ...]:
    return (*sorted(engines()), "cedar", "nginx")


def _checked(subject: str, reports: Path) -> str:
    """Judge the subject by the command that the page names; its last line."""
    command = [sys.executable, "-c", "from fencepost.conformance.commands import main; main()", "check", subject]
    done = subprocess.run(
        [*command, "--call-timeout", f"{SECONDS:g}", "--report", str(reports)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"


def _shorter(report: Path) -> bytes:
    """The run without the clauses that do not apply, which are most of it, and without the subject's own log."""
    document = json.loads(report.read_bytes())
    document["log"] = ""
    document["clauses"] = [row for row in document["clauses"] if row["verdict"] != "not applicable"]
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _note(folder: Path, subject: str, measured: Mapping[str, object]) -> None:
    path = folder / _MEASURED
    known = dict(_measures(path)) if path.exists() else {}
    known[subject] = measured
    path.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")


def _measures(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """The measurements by subject; bad usage where the file holds none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise click.UsageError(f"{path}: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise click.UsageError(f"{path}: expected an object of objects")
    return found


@field.command()
@click.argument("folder", type=OLD_FOLDER)
def page(folder: Path) -> None:
    """Print the page in Markdown."""
    try:
        lines = list(_page(folder))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        text = f"{folder / _MEASURED}: not as `field measure` writes it: {type(error).__name__}: {error}"
        raise click.UsageError(text) from None
    click.echo("\n".join(lines))


def _page(folder: Path) -> Iterator[str]:
    measured = _measures(folder / _MEASURED)
    runs = {name: read_run(folder / f"{name}.json") for name in sorted(measured)}
    table = matrix(list(runs.values()))
    yield _HEAD
    yield from _clauses(list(runs), table)
    yield from _conditions(runs, measured)
    yield from _lengths(measured)
    yield from _profiles(measured)
    findings = folder / _FINDINGS
    if findings.exists():
        yield findings.read_text(encoding="utf-8").rstrip()


def _clauses(names: Sequence[str], table: Matrix) -> Iterator[str]:
    rows = [row for group in table.groups for row in group.rows]
    most = [row for row in rows if sum(cell.verdict != "–" for cell in row.cells) > 2]
    yield "## Engines and clauses\n"
    yield "Clauses that only a subject or two are asked are left out. What a clause promises: [sources](sources.md)."
    yield "*(…)* is a clause whose wrong answers are shown under another that fails.\n"
    yield from _header(["subject", "result", *(row.key for row in most)])
    for place, name in enumerate(names):
        column = table.columns[place]
        yield _line([f"`{name}`", column.result, *(_shown(row.cells[place].verdict) for row in most)])
    yield ""


def _shown(verdict: str) -> str:
    known = {"pass": "✓", "fail": "**FAIL**", "FAIL": "**FAIL**", "–": ""}
    return known.get(verdict, "*(…)*" if verdict.startswith("shown under") else verdict)


def _conditions(runs: Mapping[str, Report], measured: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "## Versions and speed\n"
    yield "Decisions a second inside one call of `decide` (4,096 requests, or 64 where 64 take over a second; none in"
    yield "a rule), and the median of the writes until they are in force, both under 100 rules. The machine had two"
    yield "cores and other work. *Of a bare loop*: the median of 6 to 60 pairs, one call of `decide` and a loop of the"
    yield "same calls at the same concurrency, by turns: other work slows both. The loop has its requests ready, as"
    yield "bytes. It reads each HTTP answer to its end and takes its status; of a tool it reads all lines, and compares"
    yield "none. *–*: not measured.\n"
    yield from _header(["subject", "what it is", "version", "decisions/s", "of a bare loop", "a write", "date"])
    for name, report in runs.items():
        one = measured[name]
        decisions = f"{one['decisions']:,}" if "decisions" in one else "–"
        speed = [decisions, f"{one['bare']:.2f}" if "bare" in one else "–"]
        written = f"{one['write']:g} ms" if "write" in one else "–"
        yield _line([f"`{name}`", report.subject.name, report.subject.version, *speed, written, one["date"]])
    yield ""


def _lengths(measured: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "## Lengths, order and nesting\n"
    yield "*Rules*: the most single addresses in one rule set of which the first and the last were in force and their"
    yield "neighbours not, of 1,000, 4,000 and 16,000. *An id*: the same for the length of a subnet's id, of 255, 271,"
    yield "1,024 and 8,192 characters, where the subject knows subnets. *≥*: no more were tried. *Depends on order*:"
    yield "whether one of the six orders of 20.17.12.18, 20.17.12.0/24 and 20.17.0.0/16 lets others in."
    yield "*–*: not measured.\n"
    yield from _header(["subject", "rules", "an id", "depends on order"])
    for name, one in measured.items():
        yield _line([f"`{name}`", *(one.get(key, "–") for key in ("rules", "ids", "order"))])
    yield ""


def _profiles(measured: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "## Parser profiles\n"
    yield "How each reads a rule in an odd spelling: *refused*; *the range*, 20.1.2.0/24; *the address*, 20.1.2.3;"
    yield "*octal*, 16.1.2.3; *everybody*; *nobody*; *otherwise*, other callers; *cannot be said*, the adapter does not"
    yield "pass the rule on; *stops*, the engine or its command ends. None of it is judged: these subjects validate"
    yield "nothing.\n"
    yield from _header(["subject", *(f"{name} `{value}`" for name, value in SPELLINGS.items())])
    for name, one in measured.items():
        yield _line([f"`{name}`", *one["spellings"].values()])
    yield ""


def _header(cells: Sequence[str]) -> Iterator[str]:
    yield _line(cells)
    yield _line(["---"] * len(cells))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    try:
        field()
    except SubjectError as error:
        raise SystemExit(str(error)) from None

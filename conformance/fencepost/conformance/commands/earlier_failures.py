"""The earlier failures that a run starts with: the list of known failures, and the folder of stored counterexamples."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import click
from fencepost.adapters.contract import HarnessFault
from fencepost.conformance.commands.case_files import read_folder
from fencepost.conformance.commands.usage import os_error_as_usage, usage
from fencepost.conformance.regression.known import KnownFailure
from fencepost.conformance.regression.reading import NotACase
from fencepost.conformance.regression.stored_case import FOLDER, StoredCase, store, stored_from_report
from fencepost.conformance.rule_files.json_file import UnreadableInput
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.earlier import Recalled, known_at, replay_known, replay_stored
from fencepost.reports.model import Report
from fencepost.reports.secrets import without_secrets
from fencepost.reports.visible import visible
from msgspec import structs


@dataclass(slots=True, kw_only=True)
class EarlierFailures:
    """Known failures and stored cases, read before the subject is asked anything; `folder` is where new cases go.

    `recalled` is the result of the replay. `is_strict` means that each stored case must have been judged. `place` is
    where the folder is, whatever becomes the working directory.
    """

    known: tuple[KnownFailure, ...] = ()
    known_file: Path | None = None
    cases: tuple[StoredCase, ...] = ()
    folder: Path | None = None
    is_strict: bool = False
    recalled: Recalled = field(default_factory=Recalled)
    place: Path = field(init=False)

    def __post_init__(self) -> None:
        self.place = (self.folder or Path()).absolute()

    @classmethod
    def of(cls, known_file: Path | None, folder: Path | None, *, is_strict: bool = False) -> "EarlierFailures":
        """The content of the files; bad usage if one cannot be read.

        Without `folder` the default folder is used if it exists. A list or a folder that does not exist yet is named on
        stderr.
        """
        if folder is not None and not folder.exists():
            click.echo(visible(f"stored cases: none, the folder {folder} is not there yet"), err=True)
        if folder is None and Path(FOLDER).is_dir():
            folder = Path(FOLDER)
        known: tuple[KnownFailure, ...] = ()
        if known_file is not None and os.path.lexists(known_file):  # a link that leads nowhere is no missing list
            known = read_known(known_file)
        elif known_file is not None:
            click.echo(visible(f"known failures: none, the list {known_file} is not there yet"), err=True)
        return cls(
            known=known,
            known_file=known_file,
            cases=read_folder(folder) if folder is not None else (),
            folder=folder,
            is_strict=is_strict,
        )

    def recall(self, campaign: Campaign) -> Recalled:
        """Replay the known failures, then the stored cases; bad usage if the subject does not answer."""
        try:
            replay_known(campaign, self.known, self.known_file)
        except HarnessFault as fault:
            raise usage(f"the known failures cannot be replayed: {fault}") from None
        recalled = replay_stored(campaign, self.cases, self.folder)
        if self.cases:
            click.echo(visible(str(recalled)), err=True)
        for line in recalled.not_judged:
            click.echo(visible(f"  not judged: {line}"), err=True)
        return recalled

    def demanded(self, report: Report) -> Report:
        """The report; inconclusive if it would end with 0, and a stored case that must be judged was not."""
        lines = self.recalled.not_judged if self.is_strict and report.exit_status == 0 else ()
        if not lines:
            return report
        notes = (*report.notes, *(f"a stored case was not judged: {line}" for line in lines))
        return structs.replace(report, result="inconclusive", exit_status=2, level=None, notes=notes)

    def store(self, report: Report) -> None:
        """Store the counterexamples of a run that are new; bad usage if the folder cannot be written."""
        if self.folder is None:
            if any(row.counterexamples for row in report.clauses):
                text = f"to keep what was found and replay it first in later runs: mkdir {FOLDER}, or --regressions DIR"
                click.echo(text, err=True)
            return
        with os_error_as_usage(f"--regressions {self.folder}"):
            written = store(stored_from_report(without_secrets(report)), self.place)
        if written:
            click.echo(f"stored: {', '.join(str(self.folder / path.name) for path in written)}", err=True)


def read_known(path: Path) -> tuple[KnownFailure, ...]:
    """The entries of a list of known failures; bad usage, with every reason, if the file is none."""
    try:
        return known_at(path)
    except (UnreadableInput, NotACase) as error:
        raise click.UsageError(str(error)) from None

"""The folder of a run: its report, and its journal while there is something to resume."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import click
from fencepost.conformance.commands.usage import os_error_as_usage, usage
from fencepost.conformance.regression.runnable import write_runnable
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.journal import CannotResume, Checkpoint, Circumstances, Journal, Recorded, read_journal
from fencepost.conformance.run.plan import Plan
from fencepost.conformance.run.subject_file import subject_file
from fencepost.reports.model import Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import write_files
from fencepost.reports.visible import visible


@dataclass(slots=True)
class RunFolder:
    """The place of the report, and of the journal during the run: the named folder, or none.

    The place stays where it is when a subject in this process changes the working directory, which was `started_in`.
    """

    path: Path | None
    recorded: Recorded | None = None
    journal: Journal | None = None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_in: Path = field(default_factory=Path.cwd)
    place: Path = field(init=False)

    def __post_init__(self) -> None:
        self.place = self.started_in / (self.path or "")

    @classmethod
    def of(cls, plan: Plan, folder: Path | None, resumed: Path | None) -> "RunFolder":
        """The folder of --report or --resume; bad usage if the run in the folder is another run."""
        if resumed is None:
            return cls(path=folder)
        try:
            recorded = read_journal(resumed)
            then, now = recorded.circumstances, Circumstances(plan=plan.as_json())
            if reasons := tuple(then.differences(now)):
                raise CannotResume(folder=resumed, reasons=reasons)
        except CannotResume as error:
            raise usage(str(error)) from None
        return cls(path=resumed, recorded=recorded)

    def follow(self, campaign: Campaign) -> None:
        """Write the campaign's journal from here on; continue after the last recorded checkpoint, if any."""
        if self.path is None:
            return
        circumstances = campaign.circumstances()
        if self.recorded is None:
            with _written_into(self.path):
                self.journal = Journal.begin(self.place, circumstances)
        elif reasons := tuple(self.recorded.circumstances.differences(circumstances)):
            raise usage(str(CannotResume(folder=self.path, reasons=reasons)))
        else:
            with _written_into(self.path):
                self.journal = Journal.resume(self.place, self.recorded)
            if self.recorded.checkpoint is not None:
                campaign.resume(self.recorded.checkpoint)
        campaign.record = self._add

    def _add(self, checkpoint: Checkpoint) -> None:
        assert self.path is not None
        assert self.journal is not None
        with _written_into(self.path):
            self.journal.add(checkpoint)

    def finish(self, report: Report, campaign: Campaign) -> None:
        """Write the report's files; the journal stays only if a part of the run is left."""
        if self.path is None:
            return
        self.write(report, Page.since(self.began, clause_seconds=campaign.times.seconds))
        if self.journal is None:
            return
        if campaign.is_unfinished:
            self.journal.close()
            click.echo(f"to go on from here: the same command with --resume {self.path}", err=True)
        else:
            self.journal.remove()

    def write(self, report: Report, page: Page = Page()) -> None:  # noqa: B008 - it never changes
        """Write the report's files and those of its failures, and name them; bad usage if the folder takes none."""
        if self.path is None:
            return
        page = replace(page, source=subject_file(report.subject.subject, self.started_in))
        with _written_into(self.path):
            written = write_files(report, self.place, on_failure=_unwritten, page=page)
            written += write_runnable(report, self.place)
        click.echo(f"written: {', '.join(str(self.path / one.relative_to(self.place)) for one in written)}", err=True)


def write_report(report: Report, folder: Path) -> None:
    """Write the report's files and those of its failures into the folder; see `RunFolder.write`."""
    RunFolder(path=folder).write(report)


def _written_into(folder: Path) -> AbstractContextManager[None]:
    return os_error_as_usage(f"nothing can be written into {folder}")


def _unwritten(name: str, error: Exception) -> None:
    """Say that a form of the report could not be made; an error on writing is raised."""
    if isinstance(error, OSError):
        raise error
    click.echo(visible(f"the report {name!r} could not be made: {type(error).__name__}: {error}"), err=True)

"""The earlier failures that a run starts with: the list of known failures, and the folder of stored counterexamples."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from fencepost.adapters.contract import HarnessFault
from fencepost.conformance.commands.case_files import read_folder
from fencepost.conformance.commands.usage import usage
from fencepost.conformance.diagnosis.counterexample import counterexample
from fencepost.conformance.regression.known import KnownFailure, known_from_json
from fencepost.conformance.regression.reading import NotACase
from fencepost.conformance.regression.replay import replay_case
from fencepost.conformance.regression.stored_case import FOLDER, StoredCase, store, stored_from_report
from fencepost.conformance.rule_files.json_file import UnreadableInput, read_json
from fencepost.conformance.run.campaign import Campaign
from fencepost.reports.model import Report
from fencepost.reports.secrets import without_secrets
from fencepost.reports.summary import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierFailures:
    """Known failures and stored cases, read before the subject is asked anything; `folder` is where new cases go."""

    known: tuple[KnownFailure, ...] = ()
    known_file: Path | None = None
    cases: tuple[StoredCase, ...] = ()
    folder: Path | None = None

    @classmethod
    def of(cls, known_file: Path | None, folder: Path | None) -> "EarlierFailures":
        """The content of the files; bad usage if one cannot be read.

        Without `folder` the default folder is used if it exists.
        """
        if folder is None and Path(FOLDER).is_dir():
            folder = Path(FOLDER)
        return cls(
            known=read_known(known_file) if known_file is not None else (),
            known_file=known_file,
            cases=read_folder(folder) if folder is not None else (),
            folder=folder,
        )

    def recall(self, campaign: Campaign) -> None:
        """Replay the known failures, then the stored cases; bad usage if the subject does not answer."""
        subject, today = quoted(campaign.plan.subject), datetime.now(UTC).date()
        line = f"fencepost replay {self.known_file} {subject}"
        try:
            campaign.baseline.replay(self.known, campaign.lockstep, campaign.capabilities, today=today, line=line)
        except HarnessFault as fault:
            raise usage(f"the known failures cannot be replayed: {fault}") from None
        wanted = {clause.id for clause in campaign.selected()}
        profile = campaign.lockstep.vault.profile.name
        asked = [one for one in self.cases if one.profile == profile and one.clause in wanted]
        held = sum(
            _holds(one, campaign, f"fencepost replay {one.id} {subject} --folder {self.folder}") for one in asked
        )
        if self.cases:
            left = len(self.cases) - len(asked)
            other = f"; {left} of another profile or of a clause that is not asked" if left else ""
            click.echo(f"stored cases: {len(asked)} replayed, {held} of them hold{other}", err=True)

    def store(self, report: Report) -> None:
        """Store the counterexamples of a run that are new; bad usage if the folder cannot be written."""
        if self.folder is None:
            if any(row.counterexamples for row in report.clauses):
                told = f"to keep what was found and replay it first in later runs: mkdir {FOLDER}, or --regressions DIR"
                click.echo(told, err=True)
            return
        try:
            written = store(stored_from_report(without_secrets(report)), self.folder)
        except OSError as error:
            raise usage(f"--regressions {self.folder}: {error.strerror or error}") from None
        if written:
            click.echo(f"stored: {', '.join(str(path) for path in written)}", err=True)


def _holds(one: StoredCase, campaign: Campaign, line: str) -> bool:
    """Replay a stored counterexample: if it still fails, the run fails, unless it is like a known failure."""
    try:
        replayed = replay_case(one.case, campaign.lockstep, campaign.capabilities)
    except HarnessFault as fault:
        campaign.tally.errors.setdefault(one.clause, str(fault))
        return False
    found = replayed.mismatch
    if found is not None and replayed.is_steady and not campaign.baseline.knows(one.clause, one.case, found):
        told = counterexample(one.clause, one.case, found, replay=line, calls_to_shrink=0)
        campaign.tally.failures[one.clause].append(told)
    return replayed.state == "fixed"


def read_known(path: Path) -> tuple[KnownFailure, ...]:
    """The entries of a list of known failures; bad usage, with every reason, if the file is none."""
    try:
        return known_from_json(read_json(str(path)))
    except UnreadableInput as error:
        raise click.UsageError(str(error)) from None
    except NotACase as error:
        raise click.UsageError("\n".join(f"{path}: {reason}" for reason in error.reasons)) from None

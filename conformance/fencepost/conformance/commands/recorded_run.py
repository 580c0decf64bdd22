"""The run of `certify`: recorded from its first call, kept in a folder where one is given, and resumed from there."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
from fencepost.adapters.contract import Client, Connection, Statement, check_statement
from fencepost.conformance.certificate.bundle import TRANSCRIPT
from fencepost.conformance.certificate.continuing import Earlier, NoTranscript, continued
from fencepost.conformance.certificate.immutable import why_mutable
from fencepost.conformance.certificate.recording import Recorder
from fencepost.conformance.certificate.replaying import TranscriptDiffers
from fencepost.conformance.commands.earlier_failures import EarlierFailures
from fencepost.conformance.commands.interruption import Interruption, interruptible
from fencepost.conformance.commands.opening import as_usage
from fencepost.conformance.commands.progress import live_progress
from fencepost.conformance.commands.usage import usage
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.conformance.run.journal import Circumstances
from fencepost.conformance.run.opening import begun, explaining
from fencepost.conformance.run.plan import Listener, Plan
from fencepost.reports.files import bytes_of
from fencepost.reports.model import Report
from fencepost.reports.secrets import Mask


@dataclass(slots=True, kw_only=True)
class Kept:
    """The file of a transcript, in the folder of the run or without a name; `earlier` is what the run resumes.

    A transcript in a folder is removed at the end unless `is_wanted`.
    """

    file: BinaryIO
    folder: Path | None = None
    earlier: Earlier | None = None
    is_wanted: bool = False

    def content(self) -> bytes:
        """The transcript so far."""
        self.file.seek(0)
        return self.file.read()


@contextmanager
def kept(folder: Path | None, *, is_resumed: bool) -> Iterator[Kept]:
    """Where the transcript goes; bad usage if there is nothing to resume in the folder, or nothing can be written."""
    if folder is None:
        with tempfile.TemporaryFile() as file:
            yield Kept(file=file)
        return
    path, place = folder / TRANSCRIPT, (folder / TRANSCRIPT).absolute()
    try:
        earlier = Earlier.of(bytes_of(path)) if is_resumed else None
        opened = _begun_anew(path, earlier)
    except NoTranscript as error:
        raise usage(f"the run in {folder} cannot be resumed: {path}: {error}") from None
    except OSError as error:
        why = f"the run in {folder} cannot be resumed: " if is_resumed else ""
        raise usage(f"{why}{path}: {error.strerror or error}") from None
    with opened as file:
        recording = Kept(file=file, folder=folder, earlier=earlier, is_wanted=True)
        try:
            yield recording
        finally:
            if not recording.is_wanted:
                place.unlink(missing_ok=True)


def _begun_anew(path: Path, earlier: Earlier | None) -> BinaryIO:
    """The file of the transcript with the earlier part alone, open at its end; the old file stays until then."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    file = new.open("x+b")
    if earlier is not None:
        file.write(earlier.packed)
        file.flush()
    new.replace(path)
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a recorded run came to; `is_unfinished` is True where a resumption could go on."""

    report: Report
    is_unfinished: bool


def recorded(
    plan: Plan, connection: Connection, kept_in: Kept, past: EarlierFailures, interruption: Interruption
) -> Found:
    """The run, recorded in the file. Stored cases go first, unrecorded; one that still fails ends the run.

    Bad usage if the run cannot begin, the version is not immutable, or what was recorded is of another run.
    """
    earlier = kept_in.earlier
    recorder = Recorder(kept_in.file, clean=Mask.of_here().apply, after=earlier.position if earlier else None)
    with recorder, as_usage(), explaining(plan.subject, connection), live_progress() as progress:
        listener = interruptible(progress, interruption)
        statement = check_statement(Client(connection).describe())
        moving = why_mutable(statement.version)
        if moving:
            raise usage(f"{moving}: a certificate is for one immutable version")
        failing = _still_failing(plan, connection, past)
        if failing is not None:
            return Found(report=failing, is_unfinished=False)
        if earlier is not None:
            then, wanted = (Circumstances(plan=one) for one in (earlier.plan, plan.as_json()))
            if reasons := tuple(then.differences(wanted)):
                raise usage("\n".join((f"the run in {kept_in.folder} cannot be resumed:", *reasons)))
        try:
            return _run(plan, connection, recorder, earlier, statement, listener, interruption)
        except TranscriptDiffers as error:
            text = f"{error}\nIs it the same subject, with the same options, and the same fencepost?"
            raise usage(f"the run in {kept_in.folder} cannot be resumed: {text}") from None


def _run(
    plan: Plan,
    connection: Connection,
    recorder: Recorder,
    earlier: Earlier | None,
    statement: Statement,
    listener: Listener,
    interruption: Interruption,
) -> Found:
    asked, clock = recorder.connect(connection, plan.as_json()), recorder.clock
    joined = continued(earlier.transcript(), asked, clock) if earlier is not None else None
    with using_clock(joined.clock if joined is not None else clock):
        campaign = begun(joined or asked, plan, listener)
        campaign.is_resumed = joined is not None
        before, now = (msgspec.to_builtins(one) for one in (campaign.statement, statement))
        if joined is not None and before != recorder.cleaned(now):
            raise usage("the run cannot be resumed: describe is answered otherwise now")
        try:
            campaign.run()
            report = campaign.report()
            interruption.check()
        except KeyboardInterrupt:
            campaign.cut_short()
            report = campaign.report()
        if joined is not None and not joined.is_live and not campaign.is_unfinished:
            raise usage("the run cannot be resumed: the recorded run was asked more than this one")
        recorder.end(report.log)
    return Found(report=report, is_unfinished=campaign.is_unfinished)


def _still_failing(plan: Plan, connection: Connection, past: EarlierFailures) -> Report | None:
    """The report of a run that replays the stored cases and asks nothing more, if one still fails."""
    if not past.cases:
        return None
    campaign = begun(connection, plan)
    campaign.settle()
    past.recalled = past.recall(campaign)
    if not campaign.tally.failed:
        return None
    campaign.cut_short("not asked: a stored case still fails")
    return campaign.report()

"""The event stream of a shard: a header, a line for each task, and a footer with a digest of all lines before it."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from fencepost.conformance.campaign.plan_file import CampaignPlan, Shard
from fencepost.conformance.campaign.task import TaskResult
from fencepost.conformance.run.findings import Findings
from fencepost.reports.files import LARGEST
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible

PATTERN = "shard-*.ndjson"
"""The names of streams in a folder."""

_FORM = 3
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What reading a line raises: it is no JSON, of another form, no UTF-8, or nested too deep."""


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="shard", forbid_unknown_fields=True):
    """The first line: which shard of which campaign the stream is of."""

    form: int
    campaign: str
    number: int
    of: int
    id: str


class _Found(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="task", forbid_unknown_fields=True):
    task: str
    findings: Findings
    transcript: str = ""


class _Footer(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="end", forbid_unknown_fields=True):
    tasks: int
    digest: str


@dataclass(kw_only=True, eq=False)
class StreamRefused(ValueError):
    """The file is no whole stream; `header` is its first line, where that could be read."""

    reason: str
    header: Header | None = None

    def __str__(self) -> str:
        return visible(self.reason)


def file_name(shard: Shard) -> str:
    """The name of the shard's stream."""
    return f"shard-{shard.number:05}.ndjson"


def stream_of(plan: CampaignPlan, shard: Shard, results: Iterable[TaskResult]) -> bytes:
    """The stream of what the shard's tasks have found, in their order; secrets are masked as in a report."""
    header = Header(form=_FORM, campaign=plan.campaign, number=shard.number, of=len(plan.shards), id=shard.id)
    mask = Mask.of_here()
    lines = [msgspec.json.encode(header)]
    for task, result in zip(shard.tasks, results, strict=True):
        recorded = {"transcript": b64encode(result.transcript).decode("ascii")} if result.transcript else {}
        # The standard library writes what msgspec cannot: half a surrogate pair, as a value under test may hold.
        line = {"event": "task", "task": task.id, "findings": _plain(result.findings, mask), **recorded}
        lines.append(json.dumps(line, separators=(",", ":")).encode("ascii"))
    body = b"".join(line + b"\n" for line in lines)
    footer = _Footer(tasks=len(shard.tasks), digest=_digest(body))
    return body + msgspec.json.encode(footer) + b"\n"


def _plain(findings: Findings, mask: Mask) -> object:
    plain = msgspec.to_builtins(findings)
    plain["served"] = sorted(plain["served"])
    return mask.apply(plain)


def as_streamed(findings: Findings) -> Findings:
    """The findings as a stream brings them, whatever this process's environment holds."""
    return msgspec.convert(json.loads(json.dumps(_plain(findings, Mask.of({})))), type=Findings)


def checked_stream(path: Path, plan: CampaignPlan) -> Header:
    """The header of a whole stream of this campaign, read line by line; `StreamRefused` if it is none."""
    try:
        return _checked(path, plan)
    except OSError as error:
        raise StreamRefused(reason=error.strerror or str(error)) from None


def _checked(path: Path, plan: CampaignPlan) -> Header:
    digest = hashlib.sha256()
    header: Header | None = None
    tasks: list[str] = []
    if not path.is_file():
        raise StreamRefused(reason="is no regular file")
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LARGEST), b""), start=1):
            if not line.endswith(b"\n"):
                raise StreamRefused(reason=f"is truncated in line {number}", header=header)
            if header is None:
                header = _header(line, plan)
            elif line.startswith(b'{"event":"end"'):
                _check_end(line, file.read(1), digest.hexdigest(), tasks, header, plan)
                return header
            else:
                tasks.append(_task_of(line, number, header))
            digest.update(line)
    raise StreamRefused(reason="is truncated: its last line is missing", header=header)


def _header(line: bytes, plan: CampaignPlan) -> Header:
    try:
        header = msgspec.json.decode(line, type=Header)
    except _UNREADABLE as error:
        raise StreamRefused(reason=f"is no stream of a campaign: {error}") from None
    if header.form != _FORM or header.campaign != plan.campaign:
        raise StreamRefused(reason=f"is of another campaign ({header.campaign:.40}, form {header.form})")
    known = {shard.number: shard.id for shard in plan.shards}
    if known.get(header.number) != header.id or header.of != len(plan.shards):
        raise StreamRefused(reason=f"is of a shard that the plan does not have: {header.number}/{header.of}")
    return header


class _Named(msgspec.Struct):
    task: str
    transcript: bytes = b""


def _task_of(line: bytes, number: int, header: Header) -> str:
    """The id of the task of this line, whose findings are not looked at."""
    try:
        return msgspec.json.decode(line, type=_Named).task
    except _UNREADABLE as error:
        raise StreamRefused(reason=f"is corrupted in line {number}: {error}", header=header) from None


def _check_end(line: bytes, more: bytes, digest: str, tasks: list[str], header: Header, plan: CampaignPlan) -> None:
    try:
        footer = msgspec.json.decode(line, type=_Footer)
    except _UNREADABLE as error:
        raise StreamRefused(reason=f"is corrupted in its last line: {error}", header=header) from None
    if more:
        raise StreamRefused(reason="is corrupted: something follows its last line", header=header)
    expected = [task.id for task in plan.shards[header.number - 1].tasks]
    if footer.digest != f"sha256:{digest}" or footer.tasks != len(tasks) or tasks != expected:
        raise StreamRefused(
            reason="is corrupted: its digest or its tasks are not those of its last line", header=header
        )


def findings_in(path: Path) -> Iterator[Findings]:
    """What the tasks of a checked stream have found, in their order; `StreamRefused` where a line is malformed."""
    for number, line in _task_lines(path):
        try:
            yield msgspec.convert(json.loads(line), type=_Found).findings
        except (ValueError, RecursionError) as error:  # msgspec's own is a ValueError
            raise StreamRefused(reason=f"line {number}: {error!s:.200}") from None


def transcripts_of(path: Path) -> Iterator[bytes]:
    """The transcripts of the tasks of a checked stream, in their order; `StreamRefused` where a task has none."""
    for number, line in _task_lines(path):
        transcript = msgspec.json.decode(line, type=_Named).transcript
        if not transcript:
            raise StreamRefused(reason=f"line {number}: the task has no transcript")
        yield transcript


def _task_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The numbered lines of tasks."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.startswith(b'{"event":"task"'):
                yield number, line


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"

"""Making the stream of a shard: its tasks, one after another."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from fencepost.conformance.campaign.plan_file import CampaignPlan, Shard, Task
from fencepost.conformance.campaign.stream import StreamRefused, checked_stream, file_name, stream_of
from fencepost.conformance.campaign.task import TaskResult, result_of
from fencepost.conformance.run.plan import Listener
from fencepost.reports.files import write_atomically

Announcement: TypeAlias = Callable[[int, Task], None]
"""Called with the number of a task in its shard, and the task, before it begins."""


def shard_stream(
    plan: CampaignPlan,
    shard: Shard,
    *,
    announce: Announcement = lambda _, __: None,
    listener: Listener = lambda _: None,
    shared: Path | None = None,
) -> bytes:
    """The stream of the shard. `CannotBegin` where a subject cannot be asked; then there is no stream at all.

    `shared` is the folder of stored cases that the shards share, if any; `OSError` where it cannot be written.
    """

    def results() -> Iterator[TaskResult]:
        for number, task in enumerate(shard.tasks, start=1):
            announce(number, task)
            yield result_of(task, plan.recipe, listener, shared=shared)

    return stream_of(plan, shard, results())


def is_there(plan: CampaignPlan, shard: Shard, folder: Path) -> bool:
    """Whether the folder has the shard's stream, whole."""
    try:
        return checked_stream(folder / file_name(shard), plan).number == shard.number
    except StreamRefused:
        return False


def keep(stream: bytes, shard: Shard, folder: Path) -> Path:
    """Write the stream into the folder, whole or not at all; `OSError` where it cannot be written."""
    path = folder / file_name(shard)
    write_atomically(path, stream)
    return path

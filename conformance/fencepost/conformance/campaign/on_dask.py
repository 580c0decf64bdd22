"""Running the shards of a campaign on a Dask cluster, which runs the shard of a lost worker again."""

from collections.abc import Iterator, Sequence

from fencepost.conformance.campaign.plan_file import CampaignPlan, Shard, plan_from_json, plan_to_json
from fencepost.conformance.campaign.shard_run import shard_stream
from fencepost.conformance.run.opening import CannotBegin

LOSSES = 10
"""A shard that was on so many workers that were lost is given up."""


def _made(data: bytes, number: int) -> bytes | str:
    """What a worker does: the stream of the shard of this number, or why its subject cannot be asked."""
    plan = plan_from_json(data)
    try:
        return shard_stream(plan, plan.shards[number - 1])
    except CannotBegin as error:
        return str(error)


def streams_from(address: str, plan: CampaignPlan, shards: Sequence[Shard]) -> Iterator[tuple[Shard, bytes | str]]:
    """The stream of each shard as it comes, or why there is none. `OSError` where no scheduler answers at the address.

    Each worker needs this fencepost, and what the subject string names.
    """
    import dask
    from distributed import Client, as_completed

    # Read by the scheduler that a test or a user starts in this process; a scheduler elsewhere has its own setting.
    with dask.config.set({"distributed.scheduler.allowed-failures": LOSSES}), Client(address) as client:
        data = client.scatter(plan_to_json(plan), broadcast=True)
        by_key = {f"fencepost-{plan.campaign}-{shard.id}": shard for shard in shards}
        futures = [
            client.submit(_made, data, shard.number, key=key, priority=-shard.number, pure=False)
            for key, shard in by_key.items()
        ]
        for future in as_completed(futures):
            error = future.exception()
            told = f"{type(error).__name__}: {error}"
            yield by_key[future.key], told if error is not None else future.result()
            future.release()

"""Running the shards of a campaign on a Dask cluster, which runs the shard of a lost worker again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from fencepost.conformance.campaign.plan_file import CampaignPlan, PlanRefused, Shard, recipe_from_json
from fencepost.conformance.campaign.planning import planned
from fencepost.conformance.campaign.shard_run import shard_stream
from fencepost.conformance.run.opening import CannotBegin


def _made(recipe: bytes, shards: int, number: int, shared: str) -> bytes | str:
    """What a worker does: the stream of the shard of this number, or why there is none."""
    try:
        plan = planned(recipe_from_json(recipe), shards=shards)
        return shard_stream(plan, plan.shards[number - 1], shared=Path(shared) if shared else None)
    except (CannotBegin, PlanRefused, OSError) as error:
        return str(error)


def streams_from(
    address: str, plan: CampaignPlan, shards: Sequence[Shard], *, shared: Path | None = None
) -> Iterator[tuple[Shard, bytes | str]]:
    """The stream of each shard as it comes, or why there is none. `OSError` where no scheduler answers at the address.

    Each worker needs this fencepost, what the subject string names, and the folder `shared`, if any, at its path here.
    """
    from distributed import Client, as_completed

    with Client(address) as client:
        # Each call carries the recipe: data that lies with the workers would be lost with them.
        recipe, count = msgspec.json.encode(plan.recipe), len(plan.shards)
        folder = str(shared.resolve()) if shared is not None else ""
        by_key = {f"fencepost-{plan.campaign}-{shard.id}": shard for shard in shards}
        futures = [
            client.submit(_made, recipe, count, shard.number, folder, key=key, priority=-shard.number, pure=False)
            for key, shard in by_key.items()
        ]
        for future in as_completed(futures):
            error = future.exception()
            reason = f"{type(error).__name__}: {error}"
            yield by_key[future.key], reason if error is not None else future.result()

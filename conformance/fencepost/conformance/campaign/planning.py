"""From a recipe to a plan: every task with its seed, packed into shards of about equal weight, the heaviest first."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import add
from pathlib import Path

import msgspec
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.campaign.groups import GROUPS, Cost
from fencepost.conformance.campaign.plan_file import (
    CampaignPlan,
    Floors,
    PlanRefused,
    Recipe,
    Shard,
    Task,
    plan_from_json,
)
from fencepost.conformance.judging.verdicts import DECISIONS
from fencepost.conformance.regression.reading import NotACase
from fencepost.reports.files import bytes_of


def planned(recipe: Recipe, *, shards: int) -> CampaignPlan:
    """The plan of this recipe in so many shards; `ValueError` where there are fewer tasks."""
    campaign = _digest(recipe)[:16]
    tasks = tuple(_tasks(recipe, campaign))
    if not 1 <= shards <= len(tasks):
        raise ValueError(f"{shards} shards: the campaign has {len(tasks)} tasks, and a shard holds one at the least")
    packed = sorted(_packed(tasks, recipe, shards), key=lambda chosen: -_estimate(chosen, recipe).milliseconds)
    return CampaignPlan(
        campaign=campaign,
        recipe=recipe,
        floors=Floors(decisions=DECISIONS * recipe.seeds),
        estimate=_estimate(tasks, recipe),
        shards=tuple(_shard(number, chosen, recipe, campaign) for number, chosen in enumerate(packed, start=1)),
    )


def read_plan(path: Path) -> CampaignPlan:
    """The plan in the file; `PlanRefused` where it is none or was altered, `OSError` where it cannot be read."""
    return checked(plan_from_json(bytes_of(path), path), path)


def checked(plan: CampaignPlan, path: Path) -> CampaignPlan:
    """The plan itself, where it is what its recipe leads to; `PlanRefused` otherwise."""
    recipe = plan.recipe
    if recipe.effort not in EFFORTS or not recipe.subjects or recipe.seeds < 1:
        raise PlanRefused(path=path, reason="its recipe names no subject, no seed or no effort")
    if recipe.known:
        try:
            recipe.known.failures()
        except NotACase as error:
            raise PlanRefused(path=path, reason=f"its list of known failures is none: {error}") from None
    # The tasks are counted first: a recipe alone could demand more of them than a machine can make.
    is_whole = sum(len(shard.tasks) for shard in plan.shards) == len(recipe.subjects) * recipe.seeds * len(GROUPS)
    try:
        is_its_own = is_whole and planned(recipe, shards=len(plan.shards)) == plan
    except ValueError as error:
        raise PlanRefused(path=path, reason=str(error)) from None
    if not is_its_own:
        raise PlanRefused(path=path, reason="was altered: its shards are not those of its recipe")
    return plan


def seeds_for(decisions: int, *, subjects: int, effort: str) -> int:
    """How many seeds it takes to ask about so many decisions in all."""
    a_seed = reduce(add, (group.cost for group in GROUPS.values())).decisions * EFFORTS[effort].scale * subjects
    return max(1, -(-decisions // a_seed))


def _tasks(recipe: Recipe, campaign: str) -> Iterator[Task]:
    for place in range(recipe.seeds):
        for subject in range(len(recipe.subjects)):
            for group in GROUPS:
                key = f"{campaign}:{place}:{subject}:{group}"
                digest = hashlib.sha256(key.encode()).digest()
                seed = int.from_bytes(digest[16:24]) >> 1
                yield Task(id=digest[:8].hex(), subject=subject, group=group, seed=seed)


def _cost(task: Task, recipe: Recipe) -> Cost:
    return GROUPS[task.group].cost.times(EFFORTS[recipe.effort].scale)


def _estimate(tasks: Iterable[Task], recipe: Recipe) -> Cost:
    return reduce(add, (_cost(task, recipe) for task in tasks), Cost())


def _packed(tasks: Iterable[Task], recipe: Recipe, shards: int) -> list[list[Task]]:
    """Each task, from the heaviest on, into the shard that is the lightest so far."""
    chosen: list[list[Task]] = [[] for _ in range(shards)]
    weights = [(0, number) for number in range(shards)]
    for task in sorted(tasks, key=lambda task: -_cost(task, recipe).milliseconds):
        weight, number = heapq.heappop(weights)
        chosen[number].append(task)
        heapq.heappush(weights, (weight + _cost(task, recipe).milliseconds, number))
    return chosen


def _shard(number: int, tasks: Iterable[Task], recipe: Recipe, campaign: str) -> Shard:
    found = Shard(number=number, id=campaign, estimate=_estimate(tasks, recipe), tasks=tuple(tasks))
    return msgspec.structs.replace(found, id=_digest(found)[:16])


def _digest(value: msgspec.Struct) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()

"""What a task of each group costs, measured: `python -m fencepost.conformance.campaign.measured`."""

import sys
import time

from fencepost.conformance.campaign.groups import GROUPS, Cost
from fencepost.conformance.campaign.plan_file import Recipe
from fencepost.conformance.campaign.planning import planned
from fencepost.conformance.campaign.task import found_by


def measured(group: str, subject: str = "reference") -> Cost:
    """What a task of the group costs at quick effort; the milliseconds are those of this machine."""
    recipe = Recipe(subjects=(subject,), seeds=1)
    plan = planned(recipe, shards=1)
    (task,) = (one for one in plan.shards[0].tasks if one.group == group)
    began = time.process_time()
    totals = found_by(task, recipe).totals
    took = time.process_time() - began
    return Cost(decisions=totals.decisions, writes=totals.writes, milliseconds=round(took * 1_000))


if __name__ == "__main__":
    for name, known in GROUPS.items():
        sys.stdout.write(f"{name:10} {measured(name)}  in the table: {known.cost}\n")
